/* base64 (RFC 2045 6.8). Plain lines are decoded sixteen characters at a time where the processor can (SSSE3, after Wojciech
 * Mula and Daniel Lemire, "Faster Base64 Encoding and Decoding Using AVX2 Instructions", 2018), else eight. */
#include <string.h>

#include <porter/text.h>
#include "bytes.h"

#define OTHER 0x40 /* not in the alphabet */
#define PADDING 0x80

/* The value of a base64 character. */
static unsigned char const value[256] = {
#define X OTHER
#define R8(a) a, a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7
#define X16 X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
  X16, X16, X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63, R8(52), 60, 61, X, X, X, PADDING, X, X, X, 0, 1, 2, 3, 4, 5, 6, R8(7), R8(15), 23, 24,
  25, X, X, X, X, X, X, 26, 27, 28, 29, 30, 31, 32, R8(33), R8(41), 49, 50, 51, X, X, X, X, X, X16, X16, X16, X16, X16, X16, X16, X16
#undef X16
#undef R8
#undef X
};

/* Decodes whole groups of four characters as long as there is nothing but the alphabet; returns how many groups. May write
 * TRANSFER_ROOM octets more than count. */
typedef size_t groups_func(char *out, char const *s, size_t len);

static size_t groups_portable(char *out, char const *s, size_t len)
{
  unsigned char const *from = (unsigned char const *)s;
  size_t n = 0;
  for (; len - 4 * n >= 8; n += 2) {
    unsigned char const *f = from + 4 * n;
    uint32_t a = value[f[0]], b = value[f[1]], c = value[f[2]], d = value[f[3]];
    uint32_t e = value[f[4]], g = value[f[5]], h = value[f[6]], i = value[f[7]];
    uint64_t w;
    if ((a | b | c | d | e | g | h | i) & (OTHER | PADDING)) break;
    w = (uint64_t)(a << 18 | b << 12 | c << 6 | d) << 24 | (e << 18 | g << 12 | h << 6 | i);
    put_eight(out + 3 * n, __builtin_bswap64(w << 16));
  }
  return n;
}

#if defined __x86_64__ && defined __GLIBC__ && __GLIBC_PREREQ(2, 33)
#include <immintrin.h>
#include <sys/platform/x86.h>

__attribute__((target("ssse3"))) static size_t groups_ssse3(char *out, char const *s, size_t len)
{
  /* By the upper four bits of a character: which bit says that the lower four are wrong for it (two tables), and what to add. */
  __m128i const low_class = _mm_setr_epi8(0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1a, 0x1b, 0x1b, 0x1b, 0x1a);
  __m128i const high_class = _mm_setr_epi8(0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10);
  __m128i const add = _mm_setr_epi8(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
  __m128i const order = _mm_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1);
  __m128i const nibble = _mm_set1_epi8(0x0f), slash = _mm_set1_epi8('/');
  size_t n = 0;
  while (len - 4 * n >= 16) {
    __m128i const in = _mm_loadu_si128((__m128i const *)(s + 4 * n));
    __m128i const high = _mm_and_si128(_mm_srli_epi32(in, 4), nibble);
    __m128i const wrong = _mm_and_si128(_mm_shuffle_epi8(low_class, _mm_and_si128(in, nibble)), _mm_shuffle_epi8(high_class, high));
    unsigned int const bad = (unsigned int)_mm_movemask_epi8(_mm_cmpgt_epi8(wrong, _mm_setzero_si128()));
    /* '/' needs another difference than '+': its class is one less. */
    __m128i const values = _mm_add_epi8(in, _mm_shuffle_epi8(add, _mm_add_epi8(high, _mm_cmpeq_epi8(in, slash))));
    __m128i const pairs = _mm_maddubs_epi16(values, _mm_set1_epi32(0x01400140));
    __m128i const fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00011000));
    _mm_storeu_si128((__m128i *)(out + 3 * n), _mm_shuffle_epi8(fours, order));
    if (bad) return n + ((size_t)__builtin_ctz(bad) >> 2);
    n += 4;
  }
  return n + groups_portable(out + 3 * n, s + 4 * n, len - 4 * n);
}

static groups_func *groups_best(void) { return CPU_FEATURE_ACTIVE(SSSE3) ? groups_ssse3 : groups_portable; }
#else
static groups_func *groups_best(void) { return groups_portable; }
#endif

size_t base64_decode(base64_state *st, char *out, char const *s, size_t len)
{
  groups_func *const groups = groups_best();
  size_t n = 0, i = 0;
  while (i < len && !st->ended) {
    unsigned char v;
    if (!st->count) {
      size_t got;
      while (i < len && (s[i] == '\r' || s[i] == '\n')) i++;
      got = groups(out + n, s + i, len - i);
      n += 3 * got;
      i += 4 * got;
      if (got) continue;
      if (i == len) break;
    }
    v = value[(unsigned char)s[i++]];
    if (v == PADDING) st->ended = 1;
    if (v >= OTHER) continue;
    st->bits = st->bits << 6 | v;
    if (++st->count == 4) {
      out[n++] = (char)(st->bits >> 16);
      out[n++] = (char)(st->bits >> 8);
      out[n++] = (char)st->bits;
      st->count = 0;
    }
  }
  return n;
}

size_t base64_finish(base64_state *st, char *out)
{
  size_t n = 0;
  uint32_t bits = st->bits << (24 - 6 * st->count);
  if (st->count >= 2) out[n++] = (char)(bits >> 16);
  if (st->count == 3) out[n++] = (char)(bits >> 8);
  st->count = 0;
  st->ended = 1;
  return n;
}
