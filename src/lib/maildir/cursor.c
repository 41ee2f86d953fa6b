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
 *
 * Tests: tests/maildir-bounds.t, tests/maildir-op.t, tests/index-model.t. */
#include <errno.h>
#include <stdlib.h>

#include "cursor_internal.h"

#define HEAP_SHARE 16 /* when a 16th has been walked through, the rest is sorted */

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
    (*p)->match = cursor_ask(c, (*p)->key.mail, (*p)->match);
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

/* The index broke: from here on keys are made. */
static int without_index(cursor *c)
{
  order_key const last = c->last;
  c->index = NULL;
  if (!cursor_make_places(c)) return 0;
  seek_place(c, last.mail ? &last : NULL, c->backwards, c->with_place);
  return pass_places(c, c->skipped) >= 0;
}

/* --- for the methods --- */

int cursor_open(cursor **out, folder *f, enum order_by by, mail_match *match, void *context)
{
  cursor *c = calloc(1, sizeof *c);
  *out = c;
  if (!c) return 0;
  *c = (cursor){ .f = f, .by = by, .match = match, .context = context };
  c->index = cursor_index(c);
  if (!c->index && !cursor_make_places(c)) return 0;
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

void cursor_seek(cursor *c, order_key const *from, int backwards, int with_place)
{
  c->backwards = backwards;
  c->with_place = with_place;
  c->skipped = 0;
  c->last = from ? *from : (order_key){ .mail = NULL };
  if (!c->index) seek_place(c, from, backwards, with_place);
  else if (!cursor_seek_index(c, from)) c->index->broken = 1;
}

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
    there = cursor_next_indexed(c, k);
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
