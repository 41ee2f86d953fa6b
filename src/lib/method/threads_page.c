/* Which threads are in the page: those with the newest mail first. It is told in one of three ways:
 *
 *   asked for          how
 *   threads            these it is
 *   a page             mails are walked through from the newest, or from the bound, until there are threads enough (threads_walk.c)
 *   total; or no       a line is read for each mail of the folders, and all threads are looked at
 *   index to walk in
 *
 *   what can go wrong                                 the rule for it
 *   a bound whose thread has gone, or has newer mail  it is a place all the same
 *   many threads for a small page                     a heap of the page's size is kept, not all sorted
 *
 * tests/maildir-threads.t */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include "threads_internal.h"

/* By id, as its digits have it. */
static int compare_ids(uint64_t a, uint64_t b)
{
  char x[THREAD_ID_LEN + 1], y[THREAD_ID_LEN + 1];
  conversations_id(a, x);
  conversations_id(b, y);
  return strcmp(x, y);
}

/* The newest first, ties by id, downwards. */
static int order(row const *a, row const *b)
{
  if (a->newest != b->newest) return a->newest > b->newest ? -1 : 1;
  return -compare_ids(a->id, b->id);
}

static int compare_rows(void const *x, void const *y) { return order(x, y); }

/* Sinks the last of the heap's rows to its place: the heap has on top what comes last in order. */
static void sift(row *heap, size_t count, size_t i)
{
  for (size_t child; (child = 2 * i + 1) < count; i = child) {
    row const x = heap[i];
    if (child + 1 < count && order(heap + child + 1, heap + child) > 0) child++;
    if (order(heap + child, heap + i) <= 0) return;
    heap[i] = heap[child];
    heap[child] = x;
  }
}

int threads_is_behind(view const *v, row const *r) { return r->there && (!v->bounded || order(&v->bound, r) < 0); }

/* The first most rows of the order, sorted, of those behind the bound. Returns how many rows lie behind it. */
static size_t sort_page(view *v, size_t most)
{
  size_t behind = 0;
  v->count = 0;
  for (size_t i = 0; i < v->rows; i++) {
    row const *const x = v->row + i;
    if (!threads_is_behind(v, x)) continue;
    behind++;
    if (v->count < most) {
      v->page[v->count++] = *x;
      if (v->count == most)
        for (size_t k = most / 2; k-- > 0;) sift(v->page, most, k);
    } else if (order(x, v->page) < 0) {
      v->page[0] = *x;
      sift(v->page, most, 0);
    }
  }
  if (v->count) qsort(v->page, v->count, sizeof *v->page, compare_rows);
  return behind;
}

/* Those that are named. */
static int name_rows(view *v)
{
  for (size_t i = 0; i < v->request->n_threads; i++) {
    uint64_t const id = conversations_scan(v->request->threads[i]);
    if (id && !threads_row(v, id)) return method_temporary(v->call, "take memory");
  }
  return threads_take_members(v);
}

/* The page, and how many threads lie behind the bound, as far as that is known. */
int threads_choose(view *v, size_t limit, size_t *behind)
{
  int done = 1, code = v->request->n_threads ? name_rows(v) : EXIT_DONE;
  if (code == EXIT_DONE && !v->request->n_threads && (!(done = threads_can_walk(v)) || (code = threads_walk(v, limit, &done)) == EXIT_DONE) && !done)
    code = threads_all_rows(v);
  *behind = code == EXIT_DONE ? sort_page(v, limit) : 0;
  return code;
}

/* The mails of the page's threads, where all were looked at. */
int threads_fill_page(view *v)
{
  if (v->members) return EXIT_DONE;
  threads_forget(v);
  for (size_t i = 0; i < v->count; i++)
    if (!threads_row(v, v->page[i].id)) return method_temporary(v->call, "take memory");
  return threads_take_members(v);
}

/* Behind all threads whose newest mail is younger. */
static int read_date(view *v, char const *date)
{
  int64_t seconds;
  int const code = method_date(v->call, date, &seconds);
  if (code == EXIT_DONE) v->bound = (row){ .newest = seconds + 1 };
  return code;
}

/* The bound, as if it were a row. */
int threads_read_bound(view *v)
{
  Porter__Bound const *b = v->request->bound;
  char *end;
  v->bounded = b && (*b->param || *b->id || *b->date);
  if (!v->bounded) return EXIT_DONE;
  if (!*b->param && !*b->id) return read_date(v, b->date);
  errno = 0;
  v->bound.newest = strtoll(b->param, &end, 10);
  v->bound.id = conversations_scan(b->id);
  if (!errno && *b->param && !*end && v->bound.id) return EXIT_DONE;
  return method_fail(v->call, PORTER__ERROR__CODE__BAD_REQUEST, "no bound of threads:", slice_of(b->param), 0);
}
