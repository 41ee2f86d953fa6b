/* The scan over all octets, in blocks of PLACES: which of them must be looked at, and at which of them the needle may begin. What is there
 * hides it or not by refuse_special.c and, behind a line end, refuse_fields.c.
 *
 * What can go wrong, and the rule for it:
 *
 *   the end is no whole block, and the octet behind      the rest is looked at in a copy with blanks behind it; what hides is asked of
 *   a block is looked at with it                         the octets themselves
 *   a processor lacks AVX2                               blocks_portable; which one runs is asked of the C library (GLIBC_TUNABLES)
 *   the two disagree                                     they may: places of AVX2 are fewer, by what the octet behind them tells; what
 *                                                        both must find is what octet_hides or needle_at says yes to
 *
 * tests: those of refuse.c, for both; tests/linear-text.t, search-* with AVX2 and without; tests/bench/text. */
#include <string.h>

#include "refuse_private.h"

static int octet_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  char const c = s[i];
  if (c == '\n') return f && i + 1 < len && field_hides(f, s + i + 1, s + len);
  if ((c == '"' || c == '\\') && i + 1 < len && s[i + 1] == '?' && special_hides(m, f, s, len, i + 1, 0)) return 1;
  return special_hides(m, f, s, len, i, 0);
}

#define PLACES 32

/* Which of PLACES octets must be looked at, and at which of them the needle may begin. */
typedef struct places_s places;
struct places_s {
  uint32_t special, needle;
};

/* Above 127, whether char has a sign (x86-64) or has none (arm64). */
static inline int is_high(char c) { return (unsigned char)c > 0x7f; }

/* Those that special_hides does not pass whatever is around them, and line ends. */
static int is_special(char c)
{
  static char const special[128] = {
    [0] = 1, ['\n'] = 1, ['\r'] = 1, [0x0e] = 1, [0x0f] = 1, [0x1b] = 1, ['"'] = 1, ['&'] = 1, ['('] = 1, ['<'] = 1, ['='] = 1, ['?'] = 1, ['\\'] = 1
  };
  return is_high(c) || special[(int)c];
}

static inline places places_portable(mail_refusal const *m, char const *s)
{
  places p = { 0, 0 };
  for (unsigned int i = 0; i < PLACES; i++) {
    p.special |= (uint32_t)(is_special(s[i]) && !(is_high(s[i]) && is_high(s[i + 1]))) << i;
    p.needle |= (uint32_t)((s[i] | 0x20) == (m->needle[0] | 0x20)) << i;
  }
  return p;
}

/* Whether the needle is at octet i, or a beginning of it and then what hides the rest. */
static int needle_at(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  size_t k = 0;
  while (k < m->needle_len && i + k < len && to_lower(s[i + k]) == m->needle[k]) k++;
  if (k == m->needle_len) return 1;
  return k && i + k < len && s[i + k] != '\n' && is_special(s[i + k]) && (is_high(s[i + k]) || special_hides(m, f, s, len, i + k, 1));
}

/* What those at octet i of s hide. */
static inline int places_hide(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i, places p)
{
  for (; p.needle; p.needle &= p.needle - 1)
    if (needle_at(m, f, s, len, i + (size_t)__builtin_ctz(p.needle))) return 1;
  for (; p.special; p.special &= p.special - 1) {
    size_t const at = i + (size_t)__builtin_ctz(p.special);
    if (at < len && octet_hides(m, f, s, len, at)) return 1;
  }
  return 0;
}

/* Looks at so many blocks of PLACES octets from octet from of s on; they, and one more octet, can be read at view. */
typedef int blocks_func(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t from, size_t blocks, char const *view);

static int blocks_portable(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t from, size_t blocks, char const *view)
{
  for (; blocks; blocks--, from += PLACES, view += PLACES)
    if (places_hide(m, f, s, len, from, places_portable(m, view))) return 1;
  return 0;
}

#if defined __x86_64__ && defined __GLIBC__ && __GLIBC_PREREQ(2, 33)
#include <immintrin.h>
#include <sys/platform/x86.h>

/* For each octet of octets the bits that low has for its lower four bits and high for its upper four. */
#define CLASS(octets, low, high) \
  _mm256_and_si256( \
    _mm256_shuffle_epi8(low, _mm256_and_si256(octets, nibble)), _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(octets, 4), nibble)))
#define TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))
#define LOAD(table) _mm256_broadcastsi128_si256(_mm_loadu_si128((__m128i const *)(table)))
#define NONE(vector) ((uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(vector, _mm256_setzero_si256())))

/* The same, but of the special octets only those that octet_hides would not pass at the first look, which the octet behind tells:
 *
 *   bit      octet                  and behind it
 *   0x01     =                      1 to 9, A to I, a to i: an escape
 *   0x20     =                      ( ? / 8
 *   0x02     LF                     c C
 *   0x04     CR                     whose lower four bits are not LF's
 *   0x40     CR                     whose upper four bits are not LF's
 *   0x08     " \ (and , R)          ?
 *
 * and of any octet behind it: NUL 0x01, & 0x02, ESC 0x04; and above 127 those with none such behind them.
 *
 * Those that matter behind a beginning of the needle are found from there: its first letter, with its second behind it or one of
 * them (m->behind_low and _high). */
__attribute__((target("avx2"))) static int blocks_avx2(
  mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t from, size_t blocks, char const *view)
{
  __m256i const nibble = _mm256_set1_epi8(0x0f), small = _mm256_set1_epi8(0x20), first = _mm256_set1_epi8(m->needle[0] | 0x20);
  __m256i const here_low = TABLE(0, 0, 0x08, 0, 0, 0, 0, 0, 0, 0, 0x02, 0, 0x08, 0x65, 0, 0);
  __m256i const here_high = TABLE(0x46, 0, 0x08, 0x21, 0, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  __m256i const next_low = TABLE(0x44, 0x45, 0x45, 0x47, 0x45, 0x45, 0x45, 0x45, 0x65, 0x45, 0x40, 0x44, 0x44, 0x44, 0x44, 0x6c);
  __m256i const next_high = TABLE(0x04, 0x44, 0x64, 0x6d, 0x47, 0x44, 0x47, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44, 0x44);
  __m256i const any_low = TABLE(0x01, 0, 0, 0, 0, 0, 0x02, 0, 0, 0, 0, 0x04, 0, 0, 0, 0);
  __m256i const any_high = TABLE(0x01, 0x04, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  __m256i const behind_low = LOAD(m->behind_low), behind_high = LOAD(m->behind_high);
  for (; blocks; blocks--, from += PLACES, view += PLACES) {
    __m256i const in = _mm256_loadu_si256((__m256i const *)view), next = _mm256_loadu_si256((__m256i const *)(view + 1));
    __m256i const pairs = _mm256_and_si256(CLASS(in, here_low, here_high), CLASS(next, next_low, next_high));
    __m256i const begins = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(in, small), first), CLASS(next, behind_low, behind_high));
    uint32_t const beyond = (uint32_t)_mm256_movemask_epi8(in) & ~(uint32_t)_mm256_movemask_epi8(next);
    places const p = { ~NONE(_mm256_or_si256(pairs, CLASS(in, any_low, any_high))) | beyond, ~NONE(begins) };
    if ((p.special | p.needle) && places_hide(m, f, s, len, from, p)) return 1;
  }
  return 0;
}

static blocks_func *blocks_best(void) { return CPU_FEATURE_ACTIVE(AVX2) ? blocks_avx2 : blocks_portable; }
#else
static blocks_func *blocks_best(void) { return blocks_portable; }
#endif

int octets_hide(mail_refusal const *m, mail_fields *f, char const *s, size_t len)
{
  blocks_func *const blocks = blocks_best();
  char last[2 * PLACES];
  size_t const whole = len / PLACES - (len && len % PLACES == 0); /* one octet behind a block is looked at too */
  size_t const done = whole * PLACES;
  if (f && field_hides(f, s, s + len)) return 1;
  if (blocks(m, f, s, len, 0, whole, s)) return 1;
  memset(last, ' ', sizeof last);
  if (len) memcpy(last, s + done, len - done);
  return blocks(m, f, s, len, done, 1, last);
}

/* Each bit of behind_low and behind_high is for octets that share their upper or their lower four bits. */
void octets_prepare(mail_refusal *m)
{
  static struct {
    char high;
    char low[2];
  } const hiding[] = { { 0x0, { 0xe, 0xf } }, { 0x1, { 0xb, 0xb } }, { 0x2, { 0x2, 0x8 } }, { 0x3, { 0xc, 0xd } }, { 0x5, { 0xc, 0xc } },
    { 0x2, { 0x6, 0x6 } } }; /* SO SI ESC " ( < = \ & */
  unsigned char const second = (unsigned char)m->needle[1];
  for (unsigned int i = 0; i < sizeof hiding / sizeof *hiding; i++) {
    m->behind_high[(int)hiding[i].high] |= (unsigned char)(1 << i);
    for (int k = 0; k < 2; k++) m->behind_low[(int)hiding[i].low[k]] |= (unsigned char)(1 << i);
  }
  for (unsigned int i = 0; i < 16; i++) {
    m->behind_low[i] |= 0x40;
    if (i >= 8) m->behind_high[i] |= 0x40;
  }
  m->behind_low[second & 15] |= 0x80;
  m->behind_high[second >> 4] |= 0x80;
  if (second >= 'a') m->behind_high[(second >> 4) - 2] |= 0x80; /* the capital */
}
