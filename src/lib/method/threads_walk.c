/* The walk: mails of the folders asked are met from the newest on, until there are threads enough for a page.
 *
 *   what can go wrong                                 the rule for it
 *   a thread that was met has mail before the bound   it is none of the page's, and the walk goes on
 *   hundreds of mails of one time, or of one thread   the walk is given up, and all threads are looked at
 *
 * tests/maildir-threads.t */
#include <porter/exit.h>
#include "threads_internal.h"

#define WALK_MAX 1000 /* mails, and 4 for each thread that is wanted */

typedef struct walk_s walk;
struct walk_s {
  cursor **lane; /* one for each folder asked */
  order_key *key;
  int *there;
  int64_t last; /* arrival of the last thread that was met */
  size_t steps, most;
};

static int walk_step(walk *w, size_t i)
{
  w->there[i] = cursor_next(w->lane[i], w->key + i);
  return w->there[i] >= 0;
}

static int walk_open(view *v, walk *w)
{
  order_key from = { .mail = NULL };
  arena *const a = v->call->a;
  w->lane = arena_array(a, v->asked + 1, sizeof *w->lane);
  w->key = arena_array(a, v->asked + 1, sizeof *w->key);
  w->there = arena_array(a, v->asked + 1, sizeof *w->there);
  if (!w->lane || !w->key || !w->there) return 0;
  /* Behind all mails of the bound's time. */
  if (v->bounded && !order_key_bound(&from, ORDER_ARRIVAL, a, (slice){ "0", 1 }, (slice){ "", 0 })) return 0;
  if (v->bounded) from.number = v->bound.newest < INT64_MAX ? v->bound.newest + 1 : INT64_MAX;
  for (size_t i = 0; i < v->asked; i++) {
    if (!v->s.f[i]) continue;
    if (!cursor_open(w->lane + i, v->s.f[i], ORDER_ARRIVAL, NULL, NULL)) return 0;
    cursor_seek(w->lane[i], v->bounded ? &from : NULL, 1, 0);
    if (!walk_step(w, i)) return 0;
  }
  return 1;
}

static void walk_close(view const *v, walk *w)
{
  for (size_t i = 0; w->lane && i < v->asked; i++) cursor_close(w->lane[i]);
}

/* Which folder has the newest mail that was not met; asked where none. */
static size_t walk_newest(view const *v, walk const *w)
{
  size_t best = v->asked;
  for (size_t i = 0; i < v->asked; i++)
    if (w->there[i] > 0 && (best == v->asked || w->key[i].number > w->key[best].number)) best = i;
  return best;
}

enum { WALK_FAILED = -1, WALK_END, WALK_ENOUGH, WALK_LONG };

/* Goes on until so many threads were met, and all mails of the time of the last. */
static int walk_on(view *v, walk *w, size_t wanted)
{
  for (;;) {
    size_t const i = walk_newest(v, w), before = v->rows;
    uint64_t thread;
    if (i == v->asked) return WALK_END;
    if (v->rows >= wanted && w->key[i].number < w->last) return WALK_ENOUGH;
    if (w->steps++ == w->most) return WALK_LONG;
    thread = folder_thread(v->s.f[i], w->key[i].mail);
    if (thread && !threads_row(v, thread)) return WALK_FAILED;
    if (v->rows > before) w->last = w->key[i].number;
    if (!walk_step(w, i)) return WALK_FAILED;
  }
}

static size_t count_behind(view const *v)
{
  size_t n = 0;
  for (size_t i = 0; i < v->rows; i++) n += (size_t)threads_is_behind(v, v->row + i);
  return n;
}

/* How many threads are to be met where some of those that were lie not behind the bound. Each time all records are read for it, so a part more of what
 * there is. */
static size_t more_rows(size_t rows, size_t lacking) { return rows + (2 * lacking > rows / 2 ? 2 * lacking : rows / 2); }

/* *done: there are rows enough for a page, and one to know that there are more; or all there are. */
int threads_walk(view *v, size_t limit, int *done)
{
  walk w = { .most = WALK_MAX + 4 * limit };
  size_t wanted = limit + 1;
  int met = walk_open(v, &w) ? WALK_ENOUGH : WALK_FAILED, code = EXIT_DONE;
  *done = 0;
  while (code == EXIT_DONE && met == WALK_ENOUGH && !*done) {
    size_t behind;
    met = walk_on(v, &w, wanted);
    if (met != WALK_END && met != WALK_ENOUGH) break;
    code = threads_take_members(v);
    behind = count_behind(v);
    *done = met == WALK_END || behind > limit;
    wanted = more_rows(v->rows, limit + 1 - (behind > limit ? limit : behind));
  }
  walk_close(v, &w);
  if (code == EXIT_DONE && met == WALK_FAILED) code = method_temporary(v->call, "read folder");
  return code;
}

int threads_can_walk(view const *v)
{
  if (v->request->total) return 0;
  for (size_t i = 0; i < v->asked; i++)
    if (v->s.f[i] && !folder_by_index(v->s.f[i])) return 0;
  return 1;
}
