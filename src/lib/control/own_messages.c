/* Messages on their way out: as the values of GETINFO's keys, and as events. */
#include <errno.h>
#include <string.h>

#include <skalibs/types.h>

#include <porter/control_words.h>

#include "control_internal.h"

#define RECENT_COUNT 50
#define RECENT_SIZE 65536
#define NEW_COUNT 10
#define CHANGES_AGAIN 1000000   /* ns, while names change */
#define CHANGES_LATER 100000000 /* ns, while something is wrong */

/* --- GETINFO --- */

static int to_me(bus const *b, bus_record const *r) { return !r->to || r->to == b->serial; }

static int recent_to_me(bus const *b, bus_record const *r)
{
  if (!r->to) return 1;
  return control_equal(r->destination, b->name) && (r->to == b->serial || (b->uid != BUS_UID_NONE && r->uid == b->uid));
}

#define EVENT_MAX (sizeof "650 POSTMESSAGE   @ \r\n" + UINT64_FMT + 2 * CONTROL_NAME_MAX + CONTROL_TEXT_MAX)
static slice const unset = { .s = "unset", .len = 5 };

static size_t event_length(bus_record const *r)
{
  char id[UINT64_FMT];
  return sizeof "650 POSTMESSAGE   @ \r\n" - 1 + output_number_fmt(id, r->id) + (r->source.len ? r->source : unset).len + r->destination.len
    + r->text.len;
}

/* Straight into the buffer: every message comes here once for each listener. */
static void event_put(control_output *o, bus_record const *r)
{
  slice source = r->source.len ? r->source : unset;
  char *s;
  if (o->bytes.a - o->bytes.len < EVENT_MAX && !stralloc_readyplus(&o->bytes, EVENT_MAX)) {
    o->failed = 1;
    return;
  }
  s = mempcpy(o->bytes.s + o->bytes.len, "650 POSTMESSAGE ", 16);
  s += output_number_fmt(s, r->id);
  *s++ = ' ';
  s = mempcpy(s, source.s, source.len);
  s = mempcpy(s, " @", 2);
  s = mempcpy(s, r->destination.s, r->destination.len);
  *s++ = ' ';
  s = mempcpy(s, r->text.s, r->text.len);
  s = mempcpy(s, "\r\n", 2);
  o->bytes.len = (size_t)(s - o->bytes.s);
}

/* The places of the last few messages that count, in a ring. */
struct survey {
  control *c;
  int (*counts)(bus const *b, bus_record const *r);
  unsigned int max, count;
  bus_cursor at[RECENT_COUNT];
  size_t length[RECENT_COUNT];
};

static int survey_record(void *context, bus_record const *r)
{
  struct survey *s = context;
  if (s->counts(&s->c->own.bus, r)) {
    s->at[s->count % s->max] = r->at;
    s->length[s->count % s->max] = event_length(r);
    s->count++;
  }
  return 1;
}

/* The last of the survey that fit. */
static void survey_choose(struct survey const *s, bus_cursor *from)
{
  size_t size = 0;
  unsigned int n = s->count < s->max ? s->count : s->max;
  for (unsigned int i = 1; i <= n; i++) {
    unsigned int slot = (s->count - i) % s->max;
    size += s->length[slot];
    if (s->max == RECENT_COUNT && size > RECENT_SIZE) break;
    *from = s->at[slot];
  }
}

static int survey_log(control *c, enum control_key key, bus_cursor *at)
{
  struct survey s = { .c = c, .counts = key == KEY_NEW ? &to_me : &recent_to_me, .max = key == KEY_NEW ? NEW_COUNT : RECENT_COUNT };
  if (!bus_scan(&c->own.bus, at, &survey_record, &s)) {
    int e = errno;
    if (e == EBADMSG && !bus_heal(&c->own.bus, at)) e = errno;
    return errno = e, 0;
  }
  c->own.answer.end[key] = s.count ? at->id : 0;
  survey_choose(&s, &c->own.answer.from[key]);
  return 1;
}

static void list_put(void *context, char const *name)
{
  control_output *o = context;
  output_line(o, name[0] ? name : "unset");
}

static int take_list(control *c, stralloc *taken)
{
  control_output list = CONTROL_OUTPUT_ZERO;
  int const good = bus_list(&c->own.bus, &list_put, &list);
  stralloc_free(taken);
  *taken = list.bytes;
  return good && list.failed ? errno = ENOMEM, 0 : good;
}

static int prepare(control *c, unsigned int keys)
{
  control_answer *a = &c->own.answer;
  bus_cursor at;
  if (keys != 1 << KEY_LAST) {
    bus_check(&c->own.bus, 1);
    if (!bus_join(&c->own.bus)) return 0;
  }
  if (keys & 1 << KEY_LIST && !take_list(c, &a->list)) return 0;
  if (keys & 1 << KEY_RECENT && !(bus_oldest(&c->own.bus, &at) && survey_log(c, KEY_RECENT, &at))) return 0;
  a->end[KEY_NEW] = 0;
  /* With events on, what is unread will come as events. */
  return !(keys & 1 << KEY_NEW) || c->own.bus.listening || survey_log(c, KEY_NEW, &c->own.bus.cursor);
}

int own_prepare(control *c, unsigned int keys)
{
  if (!c->own.answer.ready) c->own.answer.ready = prepare(c, keys);
  if (c->own.answer.ready) return 1;
  if (errno == EAGAIN) return control_again(c, 0), 0;
  return -1;
}

void own_answered(control *c)
{
  stralloc_free(&c->own.answer.list);
  c->own.answer.ready = 0;
  c->own.answer.at = 0;
}

struct show {
  control *c;
  enum control_key key;
};

static int show_record(void *context, bus_record const *r)
{
  struct show const *s = context;
  if (r->id >= s->c->own.answer.end[s->key]) return 0;
  if ((s->key == KEY_NEW ? to_me : recent_to_me)(&s->c->own.bus, r)) event_put(&s->c->client.output, r);
  return 1;
}

void own_put(control *c, enum control_key key)
{
  control_answer *a = &c->own.answer;
  control_output *o = &c->client.output;
  int single = key == KEY_LOST || key == KEY_LAST || (key != KEY_LIST && !a->end[key]);
  output_string(o, single ? "250-" : "250+");
  output_string(o, control_key_name[key]);
  output_add(o, "=", 1);
  if (key == KEY_LOST) output_number(o, bus_lost(&c->own.bus));
  if (key == KEY_LAST) output_number(o, c->own.posted);
  output_line(o, "");
  if (single) return;
  if (key == KEY_LIST) output_add(o, a->list.s, a->list.len);
  else {
    struct show show = { .c = c, .key = key };
    bus_cursor at = a->from[key];
    if (!bus_scan(&c->own.bus, &at, &show_record, &show)) control_warn(c, "read the message log", errno);
    /* Asked for twice, what was unread is read now. */
    if (key == KEY_NEW) a->end[key] = 0;
  }
  output_line(o, ".");
}

int own_getinfo(control *c, slice arguments)
{
  slice rest = arguments, word;
  unsigned int keys = 0;
  while (control_next(&rest, &word)) keys |= 1U << control_key_find(word);
  switch (own_prepare(c, keys)) {
  case 0: return 0;
  case -1: control_failure(c, errno); return own_answered(c), 1;
  }
  rest = (slice){ .s = arguments.s + c->own.answer.at, .len = arguments.len - c->own.answer.at };
  while (control_next(&rest, &word)) {
    if (!control_room(c)) return 0;
    own_put(c, control_key_find(word));
    c->own.answer.at = (size_t)(rest.s - arguments.s);
  }
  output_line(&c->client.output, "250 OK");
  return own_answered(c), 1;
}

/* --- events --- */

unsigned int own_event_find(slice word)
{
  return control_is(word, "POSTMESSAGE") ? EVENT_MESSAGES : control_is(word, "CONTROLLERS") ? EVENT_CONTROLLERS : 0;
}

static void watcher_close(control *c)
{
  bus_watcher_close(&c->own.watcher);
  watch_closed(&c->watch, WATCH_CHANGES);
}

int own_listen(control *c, unsigned int events)
{
  int opened = events & EVENT_CONTROLLERS && !c->own.watcher.open, e;
  if (opened && !bus_watcher_open(&c->own.bus, &c->own.watcher)) return 0;
  if (bus_listen(&c->own.bus, (events & EVENT_MESSAGES) != 0)) {
    if (!(events & EVENT_CONTROLLERS)) watcher_close(c);
    return 1;
  }
  e = errno;
  if (opened) watcher_close(c);
  return errno = e, 0;
}

static void change_put(void *context, char const *was, char const *is)
{
  control_output *o = context;
  output_string(o, was && is ? "650 CONTROLLERS RENAMED " : is ? "650 CONTROLLERS JOINED " : "650 CONTROLLERS LEFT ");
  if (was) output_string(o, *was ? was : "unset");
  if (was && is) output_add(o, " ", 1);
  if (is) output_string(o, *is ? is : "unset");
  output_line(o, "");
}

void own_changes(control *c)
{
  uint64_t joined = c->own.watcher.joined;
  int good, e;
  if (!c->own.watcher.open || c->client.gone || !control_room(c)) return;
  good = bus_watcher_look(&c->own.bus, &c->own.watcher, &change_put, &c->client.output);
  e = errno;
  /* Of another state directory now: another descriptor, perhaps with the same number. */
  if (c->own.watcher.joined != joined) watch_closed(&c->watch, WATCH_CHANGES);
  if (good) return;
  control_again(c, e == EBUSY || e == EAGAIN ? CHANGES_AGAIN : CHANGES_LATER);
  if (e != EBUSY && e != EAGAIN && e != ESTALE) control_warn(c, "watch the state directory", e);
}

static int deliver(void *context, bus_record const *r)
{
  control *c = context;
  if (!to_me(&c->own.bus, r)) return 1;
  if (!control_room(c)) return 0;
  event_put(&c->client.output, r);
  return 1;
}

void own_events(control *c)
{
  if (!c->own.bus.serial || !c->own.bus.listening || c->client.gone) return;
  if (!bus_scan(&c->own.bus, &c->own.bus.cursor, &deliver, c)) {
    int e = errno;
    control_warn(c, "read the message log", e);
    if (e == EBADMSG && bus_heal(&c->own.bus, &c->own.bus.cursor)) control_again(c, 0);
  }
  /* A reader who is slow must not keep segments that the log has left. */
  if (output_pending(&c->client.output) >= OUTPUT_FULL) bus_segment_release(&c->own.bus);
}
