/* The orders of a new image from those of the old one: all mails of the old image that are still there stand as they stood, and what came or was
 * read anew is put between them, each by one bisection. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

/* Where in the order of old each extra belongs. */
static int find_places(folder_index *old, unsigned int by, uint32_t **place)
{
  size_t const count = old->extras[by];
  *place = malloc(count * sizeof **place + 1);
  if (!*place) return 0;
  for (size_t i = 0; i < count; i++) {
    index_room room;
    index_mail m;
    index_key k;
    if (!index_get(old, old->change[old->extra[by][i]].mail.number, &m, &room)) return 0;
    index_mail_key(&k, by, &m);
    if (!index_order_before(old, by, &k, *place + i)) return 0;
  }
  return 1;
}

typedef struct merging_s merging;
struct merging_s {
  uint32_t const *map;
  char *to;
  uint32_t n, done;
};

static int give(merging *m, uint32_t number)
{
  if (m->map[number] == UINT32_MAX || m->done == m->n) return 0;
  put32(m->to + 4 * (size_t)m->done++, m->map[number]);
  return 1;
}

/* Those of the image's mails from place i of its order on, up to place end. */
static int give_image(merging *m, folder_index const *old, unsigned int by, uint32_t i, uint32_t end)
{
  char const *const order = old->memory[SECTION_ORDERS + by];
  for (; i < end; i++) {
    uint32_t const number = get32(order + 4 * (size_t)i);
    if (number >= old->h.n || (!index_hidden(old, by, number) && !give(m, number))) return 0;
  }
  return 1;
}

static int merge_order(folder_index *old, unsigned int by, merging *m)
{
  uint32_t *place = NULL, at = 0;
  int good = index_extra(old, by) && find_places(old, by, &place);
  for (size_t next = 0; good && next < old->extras[by]; at = place[next++])
    good = place[next] >= at && give_image(m, old, by, at, place[next]) && give(m, old->change[old->extra[by][next]].mail.number);
  good = good && give_image(m, old, by, at, old->h.n);
  free(place);
  return good && m->done == m->n;
}

int index_merge(folder_index *ix, folder_index *old, uint32_t const *map, uint32_t n)
{
  for (unsigned int by = 0; by < INDEX_ORDERS; by++) {
    merging m = { .map = map, .n = n, .to = malloc(n ? 4 * (size_t)n : 1) };
    ix->memory[SECTION_ORDERS + by] = m.to;
    if (m.to && index_load(old, (enum index_section)(SECTION_ORDERS + by), INDEX_FILE_MAX) && merge_order(old, by, &m)) continue;
    for (by = 0; by < INDEX_ORDERS; by++) free(ix->memory[SECTION_ORDERS + by]), ix->memory[SECTION_ORDERS + by] = NULL;
    return 0;
  }
  return 1;
}
