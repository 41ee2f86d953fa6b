/* Listening for messages: the recent ones and the events in one order, none twice, and what was lost. */
#include <string.h>

#include <skalibs/types.h>

#include <porter/control_client.h>
#include <porter/control_message.h>

/* What can wait at once. The server keeps 512 KiB of log, so only a server that means harm fills it. */
#define WAITING_MAX (4 << 20)
#define WORD(s) \
  { \
    s, sizeof s - 1 \
  }

static slice const recent_command = WORD("GETINFO recent-messages");
static slice const lost_command = WORD("GETINFO messages-lost");

/* --- what waits --- */

static int keep(control_listener *l, stralloc *sa, slice s)
{
  if (l->recent.len + l->early.len + l->queue.len + s.len >= WAITING_MAX)
    return control_client_broken(l->client, "the server sends too much before its reply");
  if (!stralloc_catb(sa, s.s, s.len) || !stralloc_0(sa)) return control_client_broken_sys(l->client, "unable to keep a message");
  return 1;
}

static int sort_out(void *context, control_line const *line)
{
  control_listener *l = context;
  if (line->status == 650) return line->kind != CONTROL_END || keep(l, &l->early, line->text);
  return line->kind != CONTROL_DATA || keep(l, &l->recent, line->text);
}

static int enqueue(void *context, control_line const *line)
{
  control_listener *l = context;
  return line->status != 650 || line->kind != CONTROL_END || keep(l, &l->queue, line->text);
}

/* Looks at the next line that waits in sa: 1 a message, 0 nothing left, -1 malformed. Other events are passed over. */
static int waiting(stralloc const *sa, size_t *at, control_message *m)
{
  while (*at < sa->len) {
    slice s = { .s = sa->s + *at, .len = strlen(sa->s + *at) };
    if (control_message_parse(m, s)) return 1;
    if (control_prefix_take(&s, "POSTMESSAGE ") || control_prefix_take(&s, "650 ")) return -1;
    *at += s.len + 1;
  }
  return 0;
}

/* The next of both by id: 1, 0 nothing left, -1 malformed. */
static int waiting_take(control_listener *l, control_message *m)
{
  control_message early;
  int const r = waiting(&l->recent, &l->recent_at, m), e = waiting(&l->early, &l->early_at, &early);
  if (r < 0 || e < 0) return -1;
  if (e && (!r || early.id < m->id)) *m = early;
  else if (!r) return 0;
  else {
    l->recent_at += m->line.s + m->line.len + 1 - (l->recent.s + l->recent_at);
    return 1;
  }
  l->early_at += m->line.s + m->line.len + 1 - (l->early.s + l->early_at);
  l->event = m->id;
  return 1;
}

/* The next of the events that came while a message of ours was posted: 1, 0 nothing left, -1 malformed. */
static int queue_take(control_listener *l, control_message *m)
{
  int const r = waiting(&l->queue, &l->queue_at, m);
  if (r > 0) l->queue_at += (size_t)(m->line.s + m->line.len + 1 - (l->queue.s + l->queue_at));
  else l->queue.len = l->queue_at = 0;
  return r;
}

static void forget(control_listener *l)
{
  stralloc_free(&l->recent);
  stralloc_free(&l->early);
  l->recent_at = l->early_at = 0;
}

/* --- the events --- */

static int ask_lost(control_listener *l)
{
  l->jumped = 0;
  if (l->unasked || !control_client_send(l->client, &lost_command, 1)) return l->unasked;
  l->asking = 1;
  tain now;
  tain_now(&now);
  tain_uint(&l->patience, l->client->patience);
  tain_add(&l->patience, &now, &l->patience);
  return 1;
}

/* A line of the reply to messages-lost: "250-messages-lost=7", "250 OK", or a refusal by a server that has no such key. */
static int lost_line(control_listener *l, control_line const *line, uint64_t *more)
{
  slice s = line->text;
  uint64_t n;
  if (!l->asking) return control_client_broken(l->client, "the server sent a reply to nothing");
  if (line->status / 100 != 2) l->unasked = 1;
  else if (line->kind == CONTROL_MID && control_prefix_take(&s, "messages-lost=")) {
    char digits[21] = { 0 };
    if (s.len > 20) return control_client_broken(l->client, "the server's messages-lost is malformed");
    memcpy(digits, s.s, s.len);
    if (!uint640_scan(digits, &n) || n < l->lost) return control_client_broken(l->client, "the server's messages-lost is malformed");
    *more += n - l->lost;
    l->lost = n;
  }
  if (line->kind == CONTROL_END) l->asking = 0;
  return 1;
}

/* Notes where an id leaves a gap, which may be a loss, or messages for others. */
static void give_out(control_listener *l, control_message const *m)
{
  if (m->id != l->last + 1) l->jumped = 1;
  l->last = m->id;
}

/* Whether m is among the recent messages, whose lines before it are passed over: both rise. */
static int given_in_recent(control_listener *l, control_message const *m)
{
  control_message other;
  while (waiting(&l->recent, &l->recent_at, &other) == 1) {
    if (other.id == m->id) return other.line.len == m->line.len && !memcmp(other.line.s, m->line.s, m->line.len);
    if (other.id > m->id) return 0;
    l->recent_at += (size_t)(other.line.s + other.line.len + 1 - (l->recent.s + l->recent_at));
  }
  return 0;
}

/* Whether the message of an event is new. Events rise, and so an id that does not is that of another bus; but the first ones may be
 * of messages that were given out as recent. */
static int fresh(control_listener *l, control_message const *m)
{
  if (m->id <= l->event) forget(l);
  else if (given_in_recent(l, m)) return l->event = m->id, 0;
  if (m->id > l->merged) forget(l);
  l->event = m->id;
  give_out(l, m);
  return 1;
}

static int command(control_listener *l, slice s) { return control_client_ask(l->client, &s, 1, sort_out, l); }

int control_listen(control_listener *l, control_client *c, char const *name, int recent)
{
  *l = (control_listener){ .client = c, .merging = 1 };
  return command(l, (slice)WORD("SETEVENTS POSTMESSAGE")) && (!name || control_client_name(c, name, sort_out, l))
    && (!recent || command(l, recent_command));
}

enum control_news control_listener_next(control_listener *l, control_message *m, uint64_t *lost, tain const *deadline)
{
  int r;
  *lost = l->untold;
  l->untold = 0;
  if (*lost) return CONTROL_NEWS_LOST;
  while (l->merging && (r = waiting_take(l, m))) {
    if (r < 0) return control_client_broken(l->client, "the server sent a malformed message"), CONTROL_NEWS_FAILED;
    if (m->id <= l->last) continue;
    give_out(l, m);
    l->merged = l->last;
    return CONTROL_NEWS_MESSAGE;
  }
  if (l->merging) l->recent_at = 0, stralloc_free(&l->early);
  l->merging = 0;
  while ((r = queue_take(l, m))) {
    if (r < 0) return control_client_broken(l->client, "the server sent a malformed message"), CONTROL_NEWS_FAILED;
    if (fresh(l, m)) return CONTROL_NEWS_MESSAGE;
  }
  for (;;) {
    control_line line;
    tain now;
    if (l->jumped && !l->asking && !ask_lost(l)) return CONTROL_NEWS_FAILED;
    tain_now(&now);
    if (!tain_less(&now, deadline)) return CONTROL_NEWS_NONE;
    int const ours = l->asking && tain_less(&l->patience, deadline);
    if (!control_client_line(l->client, &line, ours ? &l->patience : deadline))
      return !ours && l->client->timed_out ? CONTROL_NEWS_NONE : CONTROL_NEWS_FAILED;
    if (line.status != 650) {
      if (!lost_line(l, &line, lost)) return CONTROL_NEWS_FAILED;
      if (*lost) return CONTROL_NEWS_LOST;
    } else if (line.kind == CONTROL_END && control_prefix_take(&(slice){ line.text.s, line.text.len }, "POSTMESSAGE ")) {
      if (!control_message_parse(m, line.text)) return control_client_broken(l->client, "the server sent a malformed message"), CONTROL_NEWS_FAILED;
      if (fresh(l, m)) return CONTROL_NEWS_MESSAGE;
    }
  }
}

int control_listener_post(control_listener *l, slice to, slice text)
{
  slice const command[] = { WORD("POSTMESSAGE @"), to, WORD(" "), text };
  while (l->asking) {
    control_line line;
    if (!control_client_line(l->client, &line, &l->patience)) return 0;
    if (!(line.status == 650 ? enqueue(l, &line) : lost_line(l, &line, &l->untold))) return 0;
  }
  return control_client_ask(l->client, command, sizeof command / sizeof *command, enqueue, l);
}

int control_listener_end(control_listener *l, uint64_t *lost)
{
  control_line line;
  *lost = l->untold;
  forget(l);
  stralloc_free(&l->queue);
  for (;;) {
    if (l->jumped && !l->asking && !ask_lost(l)) return 0;
    if (!l->asking) return 1;
    if (!control_client_line(l->client, &line, &l->patience)) return 0;
    if (line.status != 650 && !lost_line(l, &line, lost)) return 0;
  }
}
