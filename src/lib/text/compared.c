/* Text that is compared: letter case, marks, width and what is not seen make no difference. Most of it is one table, made at build
 * time (src/gen/compared_tables.c); Hangul syllables are taken apart by rule (Unicode 3.12). */
#include <errno.h>

#include <porter/text.h>
#include "bytes.h"
#include "compared_tables.h"

_Static_assert(COMPARED_LONGEST <= TEXT_COMPARED_MAX, "TEXT_COMPARED_MAX is too small");

static size_t hangul(char *s, uint32_t c)
{
  uint32_t const i = c - 0xac00, last = i % 28;
  size_t n = utf8_put(s, 0x1100 + i / 588);
  n += utf8_put(s + n, 0x1161 + i % 588 / 28);
  return last ? n + utf8_put(s + n, 0x11a7 + last) : n;
}

size_t text_compared_point(char *s, uint32_t c)
{
  if (c >= 0xac00 && c < 0xd7a4) return hangul(s, c);
  uint16_t const entry = c < COMPARED_END ? compared_entry[compared_block[c >> COMPARED_SHIFT]][c & ((1 << COMPARED_SHIFT) - 1)] : 0;
  if (!entry) return utf8_put(s, c);
  memcpy(s, compared_forms + entry + 1, compared_forms[entry]);
  return compared_forms[entry];
}

int text_compared(arena *a, slice from, slice *out)
{
  if (from.len > SIZE_MAX / 8) return errno = ENOMEM, 0;
  size_t const size = 3 * from.len + TEXT_COMPARED_MAX;
  size_t n = 0;
  char *const to = arena_take(a, size);
  if (!to) return 0;
  for (size_t i = 0; i < from.len;) {
    uint32_t c;
    i += utf8_get(&c, from.s + i, from.len - i);
    size_t const len = text_compared_point(to + n, c);
    if (len != 1 || to[n] != ' ' || !n || to[n - 1] != ' ') n += len;
  }
  arena_shrink(a, to, size, n);
  *out = (slice){ to, n };
  return 1;
}
