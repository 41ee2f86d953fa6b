/* Rows of threads, and their mails, as lines of the folders tell them.
 *
 *   what can go wrong                             the rule for it
 *   an index breaks while its lines are told      all is told once more, from listings
 *   a thread has no mail in the folders asked     its row says so: it is none of the answer's
 *
 * tests/maildir-threads.t */
#include <stdint.h>
#include <stdlib.h>

#include <porter/exit.h>
#include "threads_internal.h"

/* Room for one more in a list that grows. */
static int make_room(void *list, size_t count, size_t *room, size_t size)
{
  void **const old = list;
  size_t const more = *room ? 2 * *room : 256;
  void *s;
  if (count < *room) return 1;
  if (!(s = realloc(*old, more * size))) return 0;
  *old = s;
  *room = more;
  return 1;
}

/* The row of a thread, which gets one; null where memory fails. */
row *threads_row(view *v, uint64_t id)
{
  uint32_t const number = thread_number(&v->numbers, id);
  if (number == UINT32_MAX || !make_room(&v->row, v->rows, &v->row_room, sizeof *v->row)) return NULL;
  if (number == v->rows) v->row[v->rows++] = (row){ .id = id, .first = MEMBER_NONE };
  return v->row + number;
}

void threads_forget(void *context)
{
  view *const v = context;
  thread_numbers_free(&v->numbers);
  v->rows = v->members = 0;
}

static size_t folder_of(view *v, folder const *f)
{
  if (v->folder >= v->s.count || v->s.f[v->folder] != f)
    for (v->folder = 0; v->s.f[v->folder] != f;) v->folder++;
  return v->folder;
}

static void note_arrival(row *r, int64_t arrival)
{
  if (!r->there || arrival > r->newest) r->newest = arrival;
  r->there = 1;
}

static int take_member(void *context, folder *f, mail_line const *line)
{
  view *const v = context;
  size_t const i = folder_of(v, f);
  uint32_t const number = thread_number_find(&v->numbers, line->thread);
  row *r;
  if (number == UINT32_MAX) return 1;
  if (!make_room(&v->member, v->members, &v->member_room, sizeof *v->member)) return 0;
  r = v->row + number;
  v->member[v->members] = (member){ line->arrival, line->number, r->first, (uint32_t)i };
  r->first = (uint32_t)v->members++;
  r->count++;
  if (i < v->asked) note_arrival(r, line->arrival);
  return 1;
}

static void forget_members(void *context)
{
  view *const v = context;
  v->members = 0;
  for (size_t i = 0; i < v->rows; i++) v->row[i] = (row){ .id = v->row[i].id, .first = MEMBER_NONE };
}

/* Of all that have a row. */
int threads_take_members(view *v)
{
  thread_set set = { .bits = { 0 } };
  for (size_t i = 0; i < v->rows; i++) thread_set_add(&set, v->row[i].id);
  forget_members(v);
  return conversations_lines(&v->s, 0, &set, take_member, forget_members, v);
}

/* All there are. */
static int take_row(void *context, folder *f, mail_line const *line)
{
  view *const v = context;
  row *const r = threads_row(v, line->thread);
  if (!r) return 0;
  if (folder_of(v, f) < v->asked) note_arrival(r, line->arrival);
  return 1;
}

int threads_all_rows(view *v)
{
  threads_forget(v);
  return conversations_lines(&v->s, 0, NULL, take_row, threads_forget, v);
}
