/* A short ASCII string in octets, in any letter case: sixteen places at a time are tried for its first and its last octet. */
#include <string.h>

#include "refuse_private.h"

static int here(char const *s, char const *needle, size_t needle_len)
{
  for (size_t i = 0; i < needle_len; i++)
    if (to_lower(s[i]) != needle[i]) return 0;
  return 1;
}

#ifdef __SSE2__
#include <emmintrin.h>

static __m128i equal(char const *s, __m128i lower, __m128i upper)
{
  __m128i const in = _mm_loadu_si128((__m128i const *)s);
  return _mm_or_si128(_mm_cmpeq_epi8(in, lower), _mm_cmpeq_epi8(in, upper));
}
#endif

static char to_upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c; }

char const *caseless_find(char const *s, size_t len, char const *needle, size_t needle_len)
{
  size_t i = 0;
  if (len < needle_len) return NULL;
#ifdef __SSE2__
  char const first = needle[0], last = needle[needle_len - 1];
  __m128i const first_lower = _mm_set1_epi8(first), first_upper = _mm_set1_epi8(to_upper(first));
  __m128i const last_lower = _mm_set1_epi8(last), last_upper = _mm_set1_epi8(to_upper(last));
  for (; len - i >= needle_len + 15; i += 16) {
    unsigned int places =
      (unsigned int)_mm_movemask_epi8(_mm_and_si128(equal(s + i, first_lower, first_upper), equal(s + i + needle_len - 1, last_lower, last_upper)));
    for (; places; places &= places - 1) {
      char const *const at = s + i + __builtin_ctz(places);
      if (here(at, needle, needle_len)) return at;
    }
  }
#endif
  for (; len - i >= needle_len; i++)
    if ((s[i] == needle[0] || s[i] == to_upper(needle[0])) && here(s + i, needle, needle_len)) return s + i;
  return NULL;
}
