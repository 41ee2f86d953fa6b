/* Refusing a mail by its octets, without reading it as mail. The needle (search.c) shows in the octets, letter by letter and as
 * neighbours, unless something hides it. What can:
 *
 *   what hides it                        how it is seen, at an octet that is special
 *   a tag                                < behind the beginning of the needle
 *   a character reference                &#, or & with something in between that decoding takes away
 *   a soft line break, an escape         = behind the beginning of the needle; =XX that stands for one of its letters, or for &
 *   an encoded word                      =? and all the rest of it: decoded here, and looked at in the same way
 *   quotes, comments, backslashes        behind the beginning of the needle, or inside =?
 *   ISO-2022's escapes, HZ's             behind the beginning of the needle
 *   UTF-16, UTF-32, a dropped octet      NUL
 *   base64, uuencode, UTF-7, an encoded  a field Content-Type or Content-Transfer-Encoding that says so, or anything else
 *   message                              than the few things that are well known; base64 that is no text hides nothing
 *
 * Whatever is seen, needed or not, only means that the mail is read. tests/fuzz/mail_search.c looks for what was forgotten. */
#include <string.h>

#include <porter/text.h>

#include "private.h"
#include "search.h"

#define SHORTEST 3        /* a shorter needle is found nearly everywhere */
#define WORD_MAX 1000     /* octets of an encoded word that is looked at; with a longer one the mail is read */

/* Whether octet i of s stands behind a beginning of the needle, but not all of it; with next, whether that may go on there. */
static int behind(mail_matcher const *m, char const *s, size_t i, char const *next)
{
  char const last = i ? to_lower(s[i - 1]) : 0;
  if (last != m->needle[0] && !(i > 1 && m->pairs >> MAIL_PAIR(to_lower(s[i - 2]), last) & 1)) return 0;
  for (size_t n = 1; n < m->needle_len && n <= i; n++) {
    size_t k = n;
    if (m->needle[n - 1] != last || (next && to_lower(*next) != m->needle[n])) continue;
    while (k && to_lower(s[i - n + k - 1]) == m->needle[k - 1]) k--;
    if (!k) return 1;
  }
  return 0;
}

static int hex(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  c = to_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What makes a special octet's neighbours uncertain, as decoding may take it away. */
static int vanishes(char c)
{
  return c == '"' || c == '\\' || c == '=' || c == '~' || c == '(' || c == '\r' || c == 0x1b || c == 0x0e || c == 0x0f;
}

static int word_octets_hide(mail_matcher const *m, char const *s, size_t len);

/* The encoded word whose "=?" is at s[i]. */
static int word_hides(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  char out[WORD_MAX + TRANSFER_ROOM];
  size_t const end = len - i < WORD_MAX ? len : i + WORD_MAX, label = i += 2;
  size_t label_len, n = 0;
  while (i < end && s[i] != '?' && !is_space(s[i])) if (s[i] == '"' || s[i] == '\\') return 1; else i++;
  if (i < end && s[i] != '?') return 0;
  if (end - i < 3) return 1;
  label_len = i - label;
  if (s[i + 2] != '?' || !strchr("bBqQ", s[i + 1])) return vanishes(s[i + 1]) || vanishes(s[i + 2]);
  int const base64 = to_lower(s[i + 1]) == 'b';
  size_t const text = i += 3;
  while (i < end && !(s[i] == '?' && i + 1 < end && s[i + 1] == '=')) if (s[i] == '"' || s[i] == '\\') return 1; else i++;
  if (i == end || !fields_spend(f, i - label)) return 1;
  char const *const star = memchr(s + label, '*', label_len);
  if (label_hides((slice){ s + label, star ? (size_t)(star - s) - label : label_len })) return 1;
  if (!base64) return behind(m, s, i, NULL);  /* its escapes are looked at where they stand */
  base64_state st = BASE64_ZERO;
  n = base64_decode(&st, out, s + text, i - text);
  n += base64_finish(&st, out + n);
  return word_octets_hide(m, out, n);
}

/* The special octet at s[i]. f is null in an encoded word, which has neither fields nor encoded words. */
static int special_hides(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  char const c = s[i], next = i + 1 < len ? s[i + 1] : 0;
  size_t k = i + 1;
  if (!c) return 1;
  if (c == '\r') return next != '\n';
  if (c == '?') {
    while (i && (s[i - 1] == '"' || s[i - 1] == '\\')) i--;
    return i && s[i] != '?' && s[i - 1] == '=';  /* ="? may become =? */
  }
  if (c == '&') return next == '#' || vanishes(next);
  if (c == '"' || c == '\\') {
    if (!behind(m, s, i, NULL)) return 0;
    while (k < len && (s[k] == '"' || s[k] == '\\')) k++;
    return k < len && (vanishes(s[k]) || s[k] == '<' || s[k] == '&' || behind(m, s, i, s + k));
  }
  if (behind(m, s, i, NULL)) return 1;
  if (c != '=') return 0;
  if (next == '(') return 1;
  if (hex(next) >= 0 && i + 2 < len && hex(s[i + 2]) >= 0) {
    char const octet = to_lower((char)(hex(next) << 4 | hex(s[i + 2])));
    return octet == '&' || ((m->letters >> (octet & 63) & 1) && memchr(m->needle, octet, m->needle_len));
  }
  return next == '?' && (!f || word_hides(m, f, s, len, i));
}

/* --- all octets --- */

static int octet_hides(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  char const c = s[i];
  if (c == '\n') return f && i + 1 < len && field_hides(f, s + i + 1, s + len);
  if ((c == '"' || c == '\\') && i + 1 < len && s[i + 1] == '?' && special_hides(m, f, s, len, i + 1)) return 1;
  return special_hides(m, f, s, len, i);
}

#define PLACES 32

/* Which of PLACES octets must be looked at, and at which of them the needle may begin. */
typedef struct places_s places;
struct places_s { uint32_t special, needle; };

static int is_special(char c)
{
  static char const special[128] = { [0] = 1, ['\n'] = 1, ['\r'] = 1, [0x0e] = 1, [0x0f] = 1, [0x1b] = 1, ['"'] = 1, ['&'] = 1, ['('] = 1,
    ['<'] = 1, ['='] = 1, ['?'] = 1, ['\\'] = 1, ['~'] = 1 };
  return c >= 0 && special[(int)c];
}

static inline places places_portable(mail_matcher const *m, char const *s)
{
  places p = { 0, 0 };
  for (unsigned int i = 0; i < PLACES; i++) {
    p.special |= (uint32_t)is_special(s[i]) << i;
    p.needle |= (uint32_t)((s[i] | 0x20) == (m->needle[0] | 0x20)) << i;
  }
  return p;
}

/* Whether the needle is at octet i, or a beginning of it and then what hides the rest. */
static int needle_at(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  size_t k = 0;
  while (k < m->needle_len && i + k < len && to_lower(s[i + k]) == m->needle[k]) k++;
  if (k == m->needle_len) return 1;
  return k && i + k < len && s[i + k] != '\n' && is_special(s[i + k]) && special_hides(m, f, s, len, i + k);
}

/* What those at octet i of s hide. */
static inline int places_hide(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t i, places p)
{
  for (; p.needle; p.needle &= p.needle - 1) if (needle_at(m, f, s, len, i + (size_t)__builtin_ctz(p.needle))) return 1;
  for (; p.special; p.special &= p.special - 1) {
    size_t const at = i + (size_t)__builtin_ctz(p.special);
    if (at < len && octet_hides(m, f, s, len, at)) return 1;
  }
  return 0;
}

/* Looks at so many blocks of PLACES octets from octet from of s on; they, and one more octet, can be read at view. */
typedef int blocks_func(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t from, size_t blocks, char const *view);

static int blocks_portable(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t from, size_t blocks, char const *view)
{
  for (; blocks; blocks--, from += PLACES, view += PLACES)
    if (places_hide(m, f, s, len, from, places_portable(m, view))) return 1;
  return 0;
}

#if defined __x86_64__ && defined __GLIBC__ && __GLIBC_PREREQ(2, 33)
#include <immintrin.h>
#include <sys/platform/x86.h>

/* For each octet of octets the bits that low has for its lower four bits and high for its upper four. */
#define CLASS(octets, low, high) _mm256_and_si256(_mm256_shuffle_epi8(low, _mm256_and_si256(octets, nibble)), \
  _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(octets, 4), nibble)))
#define TABLE(...) _mm256_broadcastsi128_si256(_mm_setr_epi8(__VA_ARGS__))
#define LOAD(table) _mm256_broadcastsi128_si256(_mm_loadu_si128((__m128i const *)(table)))
#define NONE(vector) ((uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(vector, _mm256_setzero_si256())))

/* The same, but of the special octets only those that octet_hides would not pass at the first look, which the octet behind tells:
 *
 *   bit      octet                  and behind it
 *   0x01     =                      2 to 7: an escape of ASCII that is no control
 *   0x20     =                      ( ? / 8
 *   0x02     LF                     c C
 *   0x04     CR                     whose lower four bits are not LF's
 *   0x40     CR                     whose upper four bits are not LF's
 *   0x08     " \ (and , R)          ?
 *   0x10     NUL                    any
 *   0x80     &                      any
 *
 * Those that matter behind a beginning of the needle are found from there: its first letter, with its second behind it or one of
 * them (m->behind_low and _high). */
__attribute__((target("avx2")))
static int blocks_avx2(mail_matcher const *m, mail_fields *f, char const *s, size_t len, size_t from, size_t blocks, char const *view)
{
  enum { ANY = 0x90 - 0x100 };
  __m256i const nibble = _mm256_set1_epi8(0x0f), small = _mm256_set1_epi8(0x20), first = _mm256_set1_epi8(m->needle[0] | 0x20);
  __m256i const here_low = TABLE(0x10, 0, 0x08, 0, 0, 0, 0x80 - 0x100, 0, 0, 0, 0x02, 0, 0x08, 0x65, 0, 0);
  __m256i const here_high = TABLE(0x56, 0, 0x88 - 0x100, 0x21, 0, 0x08, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  __m256i const next_low = TABLE(ANY | 0x44, ANY | 0x44, ANY | 0x45, ANY | 0x47, ANY | 0x45, ANY | 0x45, ANY | 0x45, ANY | 0x45,
    ANY | 0x64, ANY | 0x44, ANY | 0x40, ANY | 0x44, ANY | 0x44, ANY | 0x44, ANY | 0x44, ANY | 0x6c);
  __m256i const next_high = TABLE(ANY | 0x04, ANY | 0x44, ANY | 0x64, ANY | 0x6d, ANY | 0x46, ANY | 0x44, ANY | 0x46, ANY | 0x44,
    ANY | 0x44, ANY | 0x44, ANY | 0x44, ANY | 0x44, ANY | 0x44, ANY | 0x44, ANY | 0x44, ANY | 0x44);
  __m256i const behind_low = LOAD(m->behind_low), behind_high = LOAD(m->behind_high);
  for (; blocks; blocks--, from += PLACES, view += PLACES) {
    __m256i const in = _mm256_loadu_si256((__m256i const *)view), next = _mm256_loadu_si256((__m256i const *)(view + 1));
    __m256i const pairs = _mm256_and_si256(CLASS(in, here_low, here_high), CLASS(next, next_low, next_high));
    __m256i const begins = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_or_si256(in, small), first), CLASS(next, behind_low, behind_high));
    places const p = { ~NONE(pairs), ~NONE(begins) };
    if ((p.special | p.needle) && places_hide(m, f, s, len, from, p)) return 1;
  }
  return 0;
}

static blocks_func *blocks_best(void)
{
  return CPU_FEATURE_ACTIVE(AVX2) ? blocks_avx2 : blocks_portable;
}
#else
static blocks_func *blocks_best(void)
{
  return blocks_portable;
}
#endif

static int octets_hide(mail_matcher const *m, mail_fields *f, char const *s, size_t len)
{
  blocks_func *const blocks = blocks_best();
  char last[2 * PLACES];
  size_t const whole = len / PLACES - (len && len % PLACES == 0);  /* one octet behind a block is looked at too */
  size_t const done = whole * PLACES;
  if (f && field_hides(f, s, s + len)) return 1;
  if (blocks(m, f, s, len, 0, whole, s)) return 1;
  memset(last, ' ', sizeof last);
  if (len) memcpy(last, s + done, len - done);
  return blocks(m, f, s, len, done, 1, last);
}

/* The octets of an encoded word; more may follow on them. */
static int word_octets_hide(mail_matcher const *m, char const *s, size_t len)
{
  return octets_hide(m, NULL, s, len) || behind(m, s, len, NULL);
}

/* Each bit of behind_low and behind_high is for octets that share their upper or their lower four bits. */
void mail_refuse_init(mail_matcher *m)
{
  static struct { char high; char low[2]; } const hiding[] = { { 0x0, { 0xe, 0xf } }, { 0x1, { 0xb, 0xb } }, { 0x2, { 0x2, 0x8 } },
    { 0x3, { 0xc, 0xd } }, { 0x5, { 0xc, 0xc } }, { 0x7, { 0xe, 0xe } } };  /* SO SI ESC " ( < = \ ~ */
  unsigned char const second = (unsigned char)m->needle[1];
  for (unsigned int i = 0; i < sizeof hiding / sizeof *hiding; i++) {
    m->behind_high[(int)hiding[i].high] |= (unsigned char)(1 << i);
    for (int k = 0; k < 2; k++) m->behind_low[(int)hiding[i].low[k]] |= (unsigned char)(1 << i);
  }
  m->behind_low[second & 15] |= 0x80;
  m->behind_high[second >> 4] |= 0x80;
  if (second >= 'a') m->behind_high[(second >> 4) - 2] |= 0x80;  /* the capital */
}

int mail_refuse(mail_matcher const *m, slice octets)
{
  mail_fields f = { .work = 4 * octets.len + 4096 };
  return m->needle_len >= SHORTEST && !octets_hide(m, &f, octets.s, octets.len);
}

int mail_refuse_text(mail_matcher const *m, slice octets)
{
  return m->needle_len >= SHORTEST && !octets_hide(m, NULL, octets.s, octets.len);
}
