/* Message identifiers: RFC 5322 3.6.4, 4.5.4. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

typedef struct ids_s ids;
struct ids_s {
  arena *a;
  slice *list;
  size_t count, room;
};

/* Adds v without the blanks of folding. */
static int add(ids *ids, slice v)
{
  size_t i;
  v = trim(v);
  if (!v.len) return 1;
  if (ids->count == ids->room) {
    size_t const room = ids->room ? 2 * ids->room : 4;
    slice *list = arena_take(ids->a, room * sizeof *list);
    if (!list) return 0;
    if (ids->count) memcpy(list, ids->list, ids->count * sizeof *list);
    ids->list = list;
    ids->room = room;
  }
  for (i = seen_run(v.s, v.len); i < v.len && !is_space(v.s[i]);) i++;
  if (i < v.len) {
    char *s = arena_take(ids->a, v.len), *p = s;
    if (!s) return 0;
    for (i = 0; i < v.len; i++)
      if (!is_space(v.s[i])) *p++ = v.s[i];
    v = (slice){ s, (size_t)(p - s) };
  }
  if (!charset_decode(ids->a, NULL, v, &v)) return 0;
  ids->list[ids->count++] = v;
  return 1;
}

int mail_ids(arena *a, slice raw, slice **list, size_t *count)
{
  ids ids = { .a = a };
  size_t i = 0;
  *list = NULL;
  *count = 0;
  raw = cut_field(raw);
  /* Old In-Reply-To fields have prose around the id: only what is in angles counts, if anything is. */
  while (i < raw.len) {
    char const *open = memchr(raw.s + i, '<', raw.len - i);
    char const *close = open ? memchr(open, '>', raw.len - (size_t)(open - raw.s)) : NULL;
    if (!close) break;
    for (char const *s = open; (s = memchr(s + 1, '<', (size_t)(close - s - 1)));) open = s;
    if (!add(&ids, (slice){ open + 1, (size_t)(close - open - 1) })) return 0;
    i = (size_t)(close - raw.s) + 1;
  }
  for (i = 0; !ids.count && i < raw.len;) {
    size_t start;
    while (i < raw.len && (is_space(raw.s[i]) || raw.s[i] == '<')) i++;
    for (start = i; i < raw.len && !is_space(raw.s[i]); i++)
      ;
    slice const v = { raw.s + start, i - start };
    if (memchr(v.s, '@', v.len) && !add(&ids, v)) return 0;
  }
  *list = ids.list;
  *count = ids.count;
  return 1;
}
