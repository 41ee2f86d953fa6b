/* Letter case: Unicode's simple case folding (CaseFolding.txt, C and S), one code point for one. */
#include <errno.h>

#include <porter/text.h>
#include "bytes.h"
#include "fold_tables.h"

static uint32_t fold_point(uint32_t c)
{
  return c < FOLD_END ? (uint32_t)((int32_t)c + fold_difference[fold_block[c >> FOLD_SHIFT]][c & ((1 << FOLD_SHIFT) - 1)]) : c;
}

/* Eight ASCII octets in lower case: bit 7 of each sum says whether the octet is at least 'A', above 'Z'. */
static uint64_t eight_lower(uint64_t w)
{
  uint64_t letters = (w + EIGHT(0x80 - 'A')) & ~(w + EIGHT(0x80 - 'Z' - 1)) & EIGHT(0x80);
  return w | letters >> 2;
}

int text_fold(arena *a, slice from, slice *out)
{
  /* Valid text grows by half at most (U+023A); room for what is not valid costs nothing. */
  size_t size, n = 0, i = 0;
  char *to;
  if (from.len > SIZE_MAX / 4) return errno = ENOMEM, 0;
  size = 3 * from.len + 8;
  to = arena_take(a, size);
  if (!to) return 0;
  while (i < from.len) {
    while (from.len - i >= 8) {
      uint64_t w = eight(from.s + i);
      if (w & EIGHT(0x80)) break;
      put_eight(to + n, eight_lower(w));
      n += 8;
      i += 8;
    }
    for (int k = 0; k < 8 && i < from.len; k++) {
      uint32_t c = (unsigned char)from.s[i];
      if (c < 0x80) {
        to[n++] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        i++;
        continue;
      }
      i += utf8_get(&c, from.s + i, from.len - i);
      n += utf8_put(to + n, fold_point(c));
    }
  }
  arena_shrink(a, to, size, n);
  out->s = to;
  out->len = n;
  return 1;
}
