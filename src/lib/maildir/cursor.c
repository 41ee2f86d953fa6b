/* Walking through a folder in an order. The keys of all mails are made once; the walk then takes them from a heap, so that a page
 * costs one comparison or two a mail, and what lies behind the page is never sorted. A walk that goes on and on sorts
 * the rest.
 *
 *   place[] = | heap: not walked yet ........ | walked, the last first | outside the walk .... |
 *             0                            left                      within                 count
 *   with sorted set, place[next] to place[within - 1] are the walk's rest, in its order.
 *
 * Where the folder has an index nothing is made or sorted: the walk goes along the order that the index has, and a mail is matched when it is
 * reached. Should the index break under way, the walk goes on from where it stands with keys that are made.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "indexed.h"
#include "sieve.h"

#define HEAP_SHARE 16 /* when a 16th has been walked through, the rest is sorted */

typedef struct place_s place;
struct place_s {
  order_key key;
  int match; /* of enum mail_match_answer */
};

struct cursor_s {
  folder *f;
  enum order_by by;
  mail_match *match;
  void *context;
  arena a; /* the keys' texts */
  place *place;
  size_t count, within, left, next;
  int backwards, sorted;
  arena scratch;
  mail_file file;
  folder_index *index; /* null: the keys are made */
  index_cursor walk;
  order_key last; /* of the mail that was given last, or where the walk began; without a mail: an end */
  int with_place;
  size_t skipped; /* mails that were passed over behind that */
  sieve sieve;    /* what the text filter leaves of the walk */
};

/* --- keys --- */

static enum mail_field const field_of[] = { [ORDER_DATE] = FIELD_DATE, [ORDER_SENDER] = FIELD_FROM, [ORDER_SUBJECT] = FIELD_SUBJECT };

static int is_free(enum order_by by) { return by == ORDER_SIZE || by == ORDER_ARRIVAL || by == ORDER_BASE; }

/* What octets of the field are read as that no encoded word explains: then more of the mail is read, of which read says that all of it
 * is in file. *value goes into scratch memory. A mail that has gone meanwhile declares nothing. */
static int find_charsets(cursor *c, order_key const *k, int read, mime_tree *tree, mail_charsets *charsets, slice *value)
{
  *charsets = (mail_charsets){ .looked = 1, .fallback = c->f->box->fallback };
  if (!value->s || !mail_field_is_raw(*value)) return 1;
  if (!(value->s = arena_copy(&c->scratch, value->s, value->len))) return 0;
  if (!read && !mail_file_start(&c->file, c->f, k->mail, MAIL_DECLARED_MAX)) return errno != ENOMEM;
  if (!mime_parse(&c->scratch, c->file.s, c->file.len < MAIL_DECLARED_MAX ? c->file.len : MAIL_DECLARED_MAX, charsets->fallback, tree)) return 0;
  *charsets = mail_charsets_of(tree, 0);
  return 1;
}

/* From the value of the field that the order asks for. */
static int key_of_value(cursor *c, order_key *k, int read, slice value)
{
  mime_tree tree;
  mail_charsets charsets;
  mail_date date;
  slice text;
  int good;
  if (c->by == ORDER_DATE) {
    if (value.s && mail_date_parse(value, &date)) return k->number = date.seconds, 1;
    return folder_arrival(c->f, k->mail, &k->number);
  }
  good = find_charsets(c, k, read, &tree, &charsets, &value)
    && (c->by == ORDER_SENDER ? order_sender : order_subject)(&c->scratch, &charsets, value, &text);
  if (good && text.len) good = (k->text.s = arena_copy(&c->a, text.s, text.len)) != NULL;
  k->text.len = good ? text.len : 0;
  arena_reset(&c->scratch);
  return good;
}

static int free_key(cursor *c, order_key *k)
{
  uint64_t size = 0;
  if (c->by == ORDER_BASE) return 1;
  if (c->by == ORDER_ARRIVAL) return folder_arrival(c->f, k->mail, &k->number);
  if (!folder_size(c->f, k->mail, &size)) return 0;
  k->number = (int64_t)size;
  return 1;
}

/* What errno says of one mail: 0 it has gone, 1 it cannot be read, which is noted, -1 the call fails. */
static int trouble(cursor *c, mail_entry *e)
{
  if (errno == ENOENT) return 0;
  if (!mail_unreadable(errno)) return -1;
  folder_unread_file(c->f, e);
  return 1;
}

/* Asks the match, with the mail's octets where it wants them. What cannot be read matches nothing. */
static int ask(cursor *c, mail_entry *e, int answer)
{
  slice octets;
  if (answer != MATCH_UNKNOWN) return answer;
  if (!mail_file_octets(&c->file, c->f, e)) return trouble(c, e) < 0 ? MATCH_FAILED : MATCH_NO;
  octets = (slice){ c->file.s, c->file.len };
  return c->match(c->context, c->f, e, &octets);
}

/* Matches the mail now, as it is read for its key in any case; *read: its octets are in file. */
static int match_early(cursor *c, place *p, int *read)
{
  *read = p->match == MATCH_UNKNOWN && !is_free(c->by);
  if (*read) p->match = ask(c, p->key.mail, p->match);
  return p->match;
}

static int make_key(cursor *c, order_key *k, int read)
{
  slice value;
  int good;
  if (is_free(c->by)) return free_key(c, k);
  if (read) good = mail_head_find(&value, field_of[c->by], c->file.s, c->file.len, 1) >= 0;
  else good = mail_file_field(&c->file, c->f, k->mail, field_of[c->by], &value);
  if (!good) {
    if (trouble(c, k->mail) <= 0) return 0;
    value = (slice)SLICE_ZERO;
  }
  return key_of_value(c, k, read, value);
}

/* 1: the mail is, or may be, on the way; 0: it is not; -1 with errno. */
static int consider(cursor *c, place *p, mail_entry *e)
{
  int read;
  *p = (place){ .key = { .mail = e }, .match = MATCH_YES };
  if (c->match) p->match = c->match(c->context, c->f, e, NULL);
  if (p->match > MATCH_NO) match_early(c, p, &read);
  if (p->match <= MATCH_NO) return p->match;
  if (make_key(c, &p->key, read)) return 1;
  return errno == ENOENT ? 0 : -1;
}

static int make_places(cursor *c)
{
  folder *f = c->f;
  if (!folder_know(f)) return 0;
  c->place = malloc((f->mails.count ? f->mails.count : 1) * sizeof *c->place);
  if (!c->place) return 0;
  for (size_t i = 0; i < f->mails.count; i++) {
    int one = consider(c, c->place + c->count, f->mails.mail + i);
    if (one < 0) return 0;
    c->count += (size_t)one;
  }
  return 1;
}

/* What cannot be read counts where the order's keys would be read from mails. */
static folder_index *index_for(cursor *c)
{
  folder_index *const ix = c->by == ORDER_BASE || c->match ? folder_index_fresh(c->f) : folder_index_made(c->f);
  if (!ix || !folder_index_remake(c->f, !is_free(c->by))) return NULL;
  return ix;
}

int cursor_open(cursor **out, folder *f, enum order_by by, mail_match *match, void *context)
{
  cursor *c = calloc(1, sizeof *c);
  *out = c;
  if (!c) return 0;
  *c = (cursor){ .f = f, .by = by, .match = match, .context = context };
  c->index = index_for(c);
  if (!c->index && !make_places(c)) return 0;
  cursor_seek(c, NULL, 0, 0);
  return 1;
}

void cursor_close(cursor *c)
{
  int error = errno;
  if (!c) return;
  sieve_close(&c->sieve);
  arena_free(&c->a);
  arena_free(&c->scratch);
  mail_file_close(&c->file);
  free(c->place);
  free(c);
  errno = error;
}

/* --- the walk --- */

/* Whether x is walked before y. */
static int before(cursor const *c, place const *x, place const *y)
{
  int r = order_compare(&x->key, &y->key);
  return c->backwards ? r > 0 : r < 0;
}

static void swap(place *x, place *y)
{
  place z = *x;
  *x = *y;
  *y = z;
}

static void sift(cursor *c, size_t i)
{
  for (;;) {
    size_t child = 2 * i + 1;
    if (child >= c->left) return;
    if (child + 1 < c->left && before(c, c->place + child + 1, c->place + child)) child++;
    if (!before(c, c->place + child, c->place + i)) return;
    swap(c->place + child, c->place + i);
    i = child;
  }
}

static void seek_place(cursor *c, order_key const *from, int backwards, int with_place)
{
  c->backwards = backwards;
  c->sorted = 0;
  c->within = c->count;
  if (from) {
    c->within = 0;
    for (size_t i = 0; i < c->count; i++) {
      int r = order_compare(&c->place[i].key, from);
      if (r ? (r > 0) != backwards : with_place) swap(c->place + i, c->place + c->within++);
    }
  }
  c->left = c->within;
  for (size_t i = c->left / 2; i-- > 0;) sift(c, i);
}

static int up(void const *x, void const *y) { return order_compare(&((place const *)x)->key, &((place const *)y)->key); }

static int down(void const *x, void const *y) { return up(y, x); }

/* The next place of the walk; null at its end. */
static place *take(cursor *c)
{
  if (!c->sorted && c->left && c->within - c->left > 64 && (c->within - c->left) * HEAP_SHARE > c->within) {
    qsort(c->place, c->left, sizeof *c->place, c->backwards ? down : up);
    c->sorted = 1;
    c->next = 0;
  }
  if (c->sorted) return c->next < c->left ? c->place + c->next++ : NULL;
  if (!c->left) return NULL;
  swap(c->place, c->place + --c->left);
  sift(c, 0);
  return c->place + c->left;
}

/* The next that belongs to the walk: 1, 0, -1. */
static int take_match(cursor *c, place **p)
{
  while ((*p = take(c))) {
    (*p)->match = ask(c, (*p)->key.mail, (*p)->match);
    if ((*p)->match) return (*p)->match < 0 ? -1 : 1;
  }
  return 0;
}

/* Passes over so many: 1, or -1 with errno. */
static int pass_places(cursor *c, size_t count)
{
  place *p;
  int there = 1;
  while (there > 0 && count--) there = take_match(c, &p);
  return there < 0 ? -1 : 1;
}

/* --- along an index --- */

static int is_text(enum order_by by) { return by == ORDER_SENDER || by == ORDER_SUBJECT; }

/* A bound that is a plain mid names the one mail of its base: the walk goes on behind that. 0: broken. */
static int pass_plain(cursor *c, index_key const *k)
{
  index_cursor ahead = c->walk;
  index_room room;
  index_mail m;
  index_key key;
  uint32_t number;
  int const there = index_cursor_next(&ahead, &number);
  if (there <= 0) return !there;
  if (!index_get(c->index, number, &m, &room)) return 0;
  index_mail_key(&key, (unsigned int)c->by, &m);
  key.inode = 0;
  if (!(m.r.flags & INDEX_TWIN) && !index_key_compare(&key, k)) c->walk = ahead;
  return 1;
}

static int seek_index(cursor *c, order_key const *from)
{
  index_key k = { 0 };
  if (!from || !from->mail) return index_cursor_open(&c->walk, c->index, (unsigned int)c->by, c->backwards);
  if (!index_cursor_open(&c->walk, c->index, (unsigned int)c->by, 0)) return 0;
  k = (index_key){ .number = from->number, .text = from->text, .base = from->mail->base, .inode = from->mail->inode };
  if (c->by == ORDER_BASE) k.number = 0;
  if (!index_cursor_seek(&c->walk, &k, k.inode && c->backwards == c->with_place)) return 0;
  return k.inode || c->backwards != c->with_place || pass_plain(c, &k);
}

/* The index broke: from here on keys are made. */
static int without_index(cursor *c)
{
  order_key const last = c->last;
  c->index = NULL;
  if (!make_places(c)) return 0;
  seek_place(c, last.mail ? &last : NULL, c->backwards, c->with_place);
  return pass_places(c, c->skipped) >= 0;
}

void cursor_seek(cursor *c, order_key const *from, int backwards, int with_place)
{
  c->backwards = backwards;
  c->with_place = with_place;
  c->skipped = 0;
  c->last = from ? *from : (order_key){ .mail = NULL };
  if (!c->index) seek_place(c, from, backwards, with_place);
  else if (!seek_index(c, from)) c->index->broken = 1;
}

/* The next of the index: 1, 0, -1; 2: one that is not wanted. */
static int take_indexed(cursor *c, order_key *k)
{
  uint32_t number;
  index_room room;
  index_mail m;
  int const there = c->index->broken ? -1 : c->backwards ? index_cursor_previous(&c->walk, &number) : index_cursor_next(&c->walk, &number);
  if (there <= 0) return there;
  if (sieve_without(&c->sieve, number)) return 2;
  if (!index_get(c->index, number, &m, &room)) return -1;
  *k = (order_key){ .mail = folder_index_entry(c->f, &m) };
  if (!k->mail) return -1;
  if (is_text(c->by)) {
    slice const text = { m.text.s + (c->by == ORDER_SENDER ? 0 : m.r.sender_len), c->by == ORDER_SENDER ? m.r.sender_len : m.r.subject_len };
    k->text = (slice){ arena_copy(&c->a, text.s, text.len), text.len };
    if (!k->text.s) return -1;
  } else if (c->by != ORDER_BASE) k->number = c->by == ORDER_DATE ? m.r.date : c->by == ORDER_ARRIVAL ? m.r.arrival : (int64_t)m.r.size;
  return 1;
}

/* 1, 0, -1; -2: the index broke. */
static int next_indexed(cursor *c, order_key *k)
{
  for (;;) {
    int answer = MATCH_YES;
    int const there = take_indexed(c, k);
    if (there <= 0) return there ? -2 : 0;
    if (there > 1) continue;
    if (c->match) answer = c->match(c->context, c->f, k->mail, NULL);
    if (answer == MATCH_UNKNOWN) {
      answer = ask(c, k->mail, answer);
      if (answer >= 0 && c->file.len) sieve_learn(&c->sieve, k->mail, (slice){ c->file.s, c->file.len });
    }
    if (answer == MATCH_FAILED) return -1;
    c->last = *k;
    c->with_place = 0;
    c->skipped = 0;
    if (answer == MATCH_YES) return 1;
  }
}

/* --- for the methods --- */

void cursor_narrow(cursor *c, slice compared)
{
  if (c->index && c->sieve.patterns < CURSOR_NARROW_MAX) c->sieve.pattern[c->sieve.patterns++] = compared;
  c->sieve.f = c->f;
}

int cursor_next(cursor *c, order_key *k)
{
  place *p;
  int there;
  if (c->index) {
    there = next_indexed(c, k);
    if (there != -2) return there;
    if (!without_index(c)) return -1;
  }
  there = take_match(c, &p);
  if (there > 0) *k = p->key;
  return there;
}

int cursor_skip(cursor *c, size_t count)
{
  order_key k;
  int there = 1;
  if (c->index && !c->match) {
    if (!c->index->broken && index_cursor_skip(&c->walk, count, !c->backwards)) return c->skipped += count, 1;
    if (!without_index(c)) return -1;
  }
  if (!c->index) return pass_places(c, count);
  while (there > 0 && count--) there = cursor_next(c, &k);
  return there < 0 ? -1 : 1;
}
