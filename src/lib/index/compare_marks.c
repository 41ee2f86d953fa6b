/* Marks: a mail whose base another inode has is a twin, and one of several names is linked. Whenever one of a base came or went, the others are
 * looked at. */
#include <errno.h>
#include <stdlib.h>

#include "compare_internal.h"

/* Looked for first, taken in after that: each change would have the order of bases made anew. */
static int mark(working *w, uint32_t number, uint32_t clear, uint32_t set)
{
  index_operation o = { .kind = INDEX_KEYS, .number = number };
  index_room text;
  index_mail m;
  if (!index_get(w->ix, number, &m, &text)) return errno == ENOENT && !w->ix->broken;
  o.where = m.where;
  o.inode = m.inode;
  o.record = m.r;
  o.record.flags = (uint16_t)((m.r.flags & ~clear) | set);
  o.text = m.text;
  if (o.record.flags == m.r.flags) return 1;
  if (!(o.text.s = arena_copy(&w->c->a, m.text.s, m.text.len))) return 0;
  return compare_emit(w, &o, &m);
}

/* The mails of a base bear the mark where there are several, and one alone bears none. */
static int mark_base(working *w, slice base, uint32_t **numbers, size_t *room)
{
  size_t count;
  for (;;) {
    if (!index_base_find(w->ix, base, 0, *numbers, *room, &count)) return 0;
    if (count < *room) break; /* it counts no further */
    free(*numbers);
    *room = *room ? 2 * *room : 64;
    *numbers = malloc(*room * sizeof **numbers);
    if (!*numbers) return *room = 0, 0;
  }
  for (size_t i = 0; i < count; i++)
    if (!mark(w, (*numbers)[i], INDEX_TWIN, count > 1 ? INDEX_TWIN : 0)) return 0;
  return 1;
}

static int by_octets(void const *a, void const *b)
{
  slice const *const x = a, *const y = b;
  return slice_compare(*x, *y);
}

static int take_marks(working *w, size_t from)
{
  for (size_t i = from; i < w->c->count; i++)
    if (!index_change_make(w->ix, w->c->operation + i, (uint32_t)w->ix->last.sequence + 1)) return 0;
  return 1;
}

int compare_marks(working *w)
{
  size_t before = w->c->count;
  uint32_t *numbers = NULL;
  size_t room = 0;
  int good = 1;
  if (w->touched_count) qsort(w->touched, w->touched_count, sizeof *w->touched, by_octets);
  for (size_t i = 0; good && i < w->touched_count; i++)
    if (!i || !slice_same(w->touched[i], w->touched[i - 1])) good = mark_base(w, w->touched[i], &numbers, &room);
  free(numbers);
  good = good && take_marks(w, before);
  before = w->c->count;
  for (size_t i = 0; good && i < w->linked_count; i++) good = mark(w, w->linked[i], 0, INDEX_LINKED);
  return good && take_marks(w, before);
}
