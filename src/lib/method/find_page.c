/* The page of a Find: which mails are in it, whether more lie on both sides of it, where it begins in all that match, and how many those are.
 *
 *   asked for                  how it is taken
 *   AFTER, BEFORE a place      walked from the place, with the order or against it; one mail more is asked for, on both sides
 *   start                      so many are passed over first
 *   start, with back           so many are gone against the way first; where that ends is the page's first
 *   total                      all that match are walked through, and give the position too
 *   one_a_thread               from the beginning, the first of each thread is kept, and the page cut out of them
 *
 * What can go wrong, and the rule for it:
 *
 *   the place's mail has gone, or does not match    it is a place all the same: what lies strictly behind it
 *   start is beyond all                             an empty page, with nothing ahead; with back the page begins with the first there is
 *   back without a place                            it is the far end, so the last mails; with start 0 an empty page
 *   a mail comes after threads were given           it stands for itself
 *
 * tests/maildir-find.t against a plain evaluation; one a thread: tests/maildir-threads.t. */
#include <stdint.h>
#include <string.h>

#include <porter/exit.h>

#include "conversations.h"
#include "find.h"

static int put(find *fi, find_page *p, hit const *h)
{
  if (p->count == p->room) {
    size_t room = p->room ? 2 * p->room : 64;
    hit *more = arena_array(fi->call->a, room, sizeof *more);
    if (!more) return 0;
    if (p->count) memcpy(more, p->hit, p->count * sizeof *more);
    p->hit = more;
    p->room = room;
  }
  p->hit[p->count++] = *h;
  return 1;
}

/* --- walked --- */

static int same_hit(hit const *a, hit const *b) { return a->folder == b->folder && !order_compare(&a->key, &b->key); }

/* With back: goes as many against the way, and makes that the place, which then belongs to the page. */
static int go_back(find *fi, int backwards, hit *place, int *moved)
{
  hit h;
  int there = find_seek(fi, fi->bounded ? &fi->bound : NULL, fi->at_folder, !backwards, 0) ? 1 : -1;
  *moved = 0;
  for (uint64_t i = 0; there > 0 && i < fi->request->start; i++) {
    there = find_next(fi, &h);
    if (there > 0) *place = h, *moved = 1;
  }
  return there >= 0;
}

/* *passed: how many start passed over. */
static int take(find *fi, find_page *p, size_t most, int backwards, uint64_t *passed)
{
  hit place = fi->bound, h;
  int there = 1, moved = 0, back = fi->request->back;
  if (back && !go_back(fi, backwards, &place, &moved)) return 0;
  if (!find_seek(fi, moved || fi->bounded ? &place : NULL, moved || fi->at_folder, backwards, moved)) return 0;
  if (back && !moved && !fi->bounded) return 1; /* before the end there is nothing */
  for (uint64_t i = 0; there > 0 && !fi->request->back && i < fi->request->start; i++) {
    there = find_next(fi, &h);
    *passed += there > 0;
  }
  while (there > 0 && p->count < most && (there = find_next(fi, &h)) > 0)
    if (!put(fi, p, &h)) return 0;
  if (there > 0) there = find_next(fi, &h);
  p->ahead = there > 0;
  return there >= 0;
}

/* Whether anything lies before the page on its way. */
static int look_behind(find *fi, find_page *p, int backwards)
{
  hit h;
  int there;
  if (p->count) there = find_seek(fi, p->hit, 1, !backwards, 0) ? find_next(fi, &h) : -1;
  else there = find_seek(fi, fi->bounded ? &fi->bound : NULL, fi->at_folder, !backwards, 1) ? find_next(fi, &h) : -1;
  p->behind = there > 0;
  return there >= 0;
}

/* In the answer's order. */
static void turn(find_page *p)
{
  for (size_t i = 0; i < p->count / 2; i++) {
    hit h = p->hit[i];
    p->hit[i] = p->hit[p->count - 1 - i];
    p->hit[p->count - 1 - i] = h;
  }
}

/* All that match, and how many of them lie before the page's first. */
static int count_all(find *fi, find_page *p)
{
  hit h;
  int there = find_seek(fi, NULL, 0, fi->descending, 0) ? 1 : -1;
  while (there > 0 && (there = find_next(fi, &h)) > 0) {
    if (p->count && same_hit(&h, p->hit)) p->position = p->total;
    p->total++;
  }
  return there >= 0;
}

/* --- one a thread: worked out from the beginning --- */

/* The first of each thread, in order, of all that match; of most threads at most. */
static int walk_first(find *fi, thread_numbers *seen, size_t most, find_page *all)
{
  hit h;
  int there = find_seek(fi, NULL, 0, fi->descending, 0) ? 1 : -1;
  while (there > 0 && all->count < most && (there = find_next(fi, &h)) > 0) {
    uint64_t const thread = folder_thread(fi->s.f[h.folder], h.key.mail);
    uint32_t const before = seen->count;
    if (thread && thread_number(seen, thread) == UINT32_MAX) return 0;
    if (thread && seen->count == before) continue;
    if (!put(fi, all, &h)) return 0;
  }
  return there >= 0;
}

/* A page from the beginning needs no more than itself, and one to know that there are more. */
static int first_of_each(find *fi, size_t most, find_page *all)
{
  Porter__FindReq const *const request = fi->request;
  int const from_start = !fi->bounded && !fi->before && !request->back && !request->total;
  thread_numbers seen = { .id = NULL };
  int good;
  good = walk_first(fi, &seen, from_start && request->start < SIZE_MAX - most - 1 ? (size_t)request->start + most + 1 : SIZE_MAX, all);
  thread_numbers_free(&seen);
  return good ? EXIT_DONE : method_temporary(fi->call, "read mail");
}

/* How many of them lie before the bound's place, or at it. */
static size_t count_before(find const *fi, find_page const *all, int at_too)
{
  size_t i = 0;
  for (; i < all->count; i++) {
    hit const *h = all->hit + i;
    int r = order_compare(&h->key, &fi->bound.key);
    if (!r) r = h->folder < fi->bound.folder ? -1 : fi->at_folder && h->folder == fi->bound.folder ? 0 : 1;
    if (fi->descending) r = -r;
    if (r > 0 || (!r && !at_too)) break;
  }
  return i;
}

static size_t less(size_t n, uint64_t by) { return by > n ? 0 : n - (size_t)by; }

static size_t more(size_t n, uint64_t by, size_t most) { return by > most - n ? most : n + (size_t)by; }

/* Cuts the page out of them; ahead and behind are as if it had been walked. */
static void cut_out(find const *fi, find_page const *all, find_page *p, size_t most)
{
  uint64_t start = fi->request->start;
  size_t n = all->count, from, to;
  if (fi->before) {
    to = fi->bounded ? count_before(fi, all, 0) : n;
    to = fi->request->back ? more(to, start, n) : less(to, start);
    from = less(to, most);
  } else {
    from = !fi->bounded ? fi->request->back ? n : 0 : count_before(fi, all, !(fi->request->back && start));
    from = fi->request->back ? less(from, start) : more(from, start, n);
    to = more(from, most, n);
  }
  *p = (find_page){ .hit = all->hit + from, .count = to - from, .position = from };
  p->ahead = fi->before ? from > 0 : to < n;
  p->behind = fi->before ? to < n : from > 0;
}

static int take_threads(find *fi, size_t most, find_page *p)
{
  find_page all = { .hit = NULL };
  int const code = first_of_each(fi, most, &all);
  if (code != EXIT_DONE) return code;
  cut_out(fi, &all, p, most);
  if (fi->request->total) p->total = all.count;
  return EXIT_DONE;
}

/* --- either --- */

int find_page_take(find *fi, size_t most, find_page *p)
{
  int const backwards = fi->descending != fi->before;
  uint64_t passed = 0;
  *p = (find_page){ .hit = NULL };
  if (fi->request->one_a_thread) return take_threads(fi, most, p);
  if (!take(fi, p, most, backwards, &passed) || !look_behind(fi, p, backwards)) return method_temporary(fi->call, "read mail");
  if (fi->before) turn(p);
  if (!fi->bounded && !fi->before && !fi->request->back) p->position = passed;
  if (fi->request->total && !count_all(fi, p)) return method_temporary(fi->call, "read mail");
  return EXIT_DONE;
}
