/* Refusing a mail by its octets, without reading it as mail: most mails contain no given pattern, and it would cost more to read them
 * than to get them from the disk. The needle is the longest run of ASCII letters and digits in the pattern's compared form. It shows
 * in the octets, letter by letter and as neighbours, unless something hides it. What must hold:
 *
 *   1  a letter of the needle comes from itself (in either case), from an escape or a reference that stands for it, or from a
 *      character beyond ASCII: of two neighbouring octets above 127 come at most four letters
 *   2  between two letters that become neighbours stands only what decoding takes away: markup, soft line breaks, escapes of ISO-2022,
 *      quotes, comments, and characters that comparing drops, all of which are beyond ASCII or references
 *   3  octets are something else than they look like only where a field says so (base64, UTF-16 ...), or HTML, without a charset in its field, names one
 *   4  whatever is seen of these, needed or not, only means that the mail is read: refusing is never guessing
 *
 *   what hides it                        how it is seen, at an octet that is special
 *   a tag                                < behind the beginning of the needle
 *   a character reference                & and what the reference stands for; or with something inside that decoding takes away
 *   a soft line break, an escape         = behind the beginning of the needle; =XX that stands for one of its letters, or for &
 *   characters beyond ASCII              a run of octets above 127, raw or as =XX: behind the beginning of the needle, or with a rest
 *                                        of it behind them, or so long that all of it may be in it (foreign_hides)
 *   an encoded word                      =? and all the rest of it: base64 is read and compared, the other looked at where it stands
 *   quotes, comments, backslashes        behind the beginning of the needle, or inside =?
 *   ISO-2022's escapes                   behind the beginning of the needle; ESC $ before a row of letters
 *   UTF-16, UTF-32, a dropped octet      NUL
 *   CR as line end                       CR without LF behind it
 *   base64, uuencode, UTF-7, an encoded  a field Content-... that says so, or anything else than the few things that are well known;
 *   message, S/MIME, names in pieces     base64 that is no text hides nothing
 *
 * tests/unit/search.c makes mails that hide the needle in each of these ways and compares with the full reading (mail_matcher's
 * thorough); tests/fuzz/mail_search.c does so for whatever a fuzzer finds; tests/linear-text.t counts what it costs. */
#include <string.h>

#include <porter/text.h>

#include <porter/hex.h>

#include "readable.h"
#include "refuse_private.h"

#define SHORTEST 3    /* a shorter needle is found nearly everywhere */
#define WORD_MAX 1000 /* octets of an encoded word that is looked at; with a longer one the mail is read */

/* Whether octet i of s stands behind a beginning of the needle, but not all of it; with next, whether that may go on there. */
static int behind(mail_refusal const *m, char const *s, size_t i, char const *next)
{
  char const last = i ? to_lower(s[i - 1]) : 0;
  if (last != m->needle[0] && !(i > 1 && m->pairs >> NEEDLE_PAIR(to_lower(s[i - 2]), last) & 1)) return 0;
  for (size_t n = 1; n < m->needle_len && n <= i; n++) {
    size_t k = n;
    if (m->needle[n - 1] != last || (next && to_lower(*next) != m->needle[n])) continue;
    while (k && to_lower(s[i - n + k - 1]) == m->needle[k - 1]) k--;
    if (!k) return 1;
  }
  return 0;
}

/* What may come between two letters, or be one. */
static int hides_what_follows(char c)
{
  return !c || c == '=' || c == '<' || c == '&' || c == '"' || c == '\\' || c == '(' || c == '\r' || c == 0x1b || c == 0x0e || c == 0x0f || c == '?';
}

/* What makes a special octet's neighbours uncertain, as decoding may take it away. */
static int vanishes(char c) { return c == '"' || c == '\\' || c == '=' || c == '(' || c == '\r' || c == 0x1b || c == 0x0e || c == 0x0f; }

/* --- characters beyond ASCII --- */

/* Whether a stretch of them that ends before s[to] and stands for at most so many letters may begin the needle: a rest of it is behind
 * it, or something special that may hide one. What is behind the needle's beginning is seen from there. */
static int foreign_hides(mail_refusal const *m, char const *s, size_t len, size_t to, size_t letters)
{
  if (letters >= m->needle_len) return 1;
  if (to < len && !(s[to] & 0x80) && !hides_what_follows(s[to]) && !(m->letters >> (to_lower(s[to]) & 63) & 1)) return 0;
  for (size_t d = 1; d <= letters; d++) {
    size_t k = 0;
    while (d + k < m->needle_len && to + k < len && to_lower(s[to + k]) == m->needle[d + k]) k++;
    if (d + k == m->needle_len || to + k == len || (unsigned char)s[to + k] >= 0x80 || hides_what_follows(s[to + k])) return 1;
  }
  return 0;
}

static int is_escape(char const *s, size_t len, size_t i)
{
  return i + 2 < len && s[i] == '=' && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0;
}

static int is_foreign_escape(char const *s, size_t len, size_t i) { return is_escape(s, len, i) && hex_value(s[i + 1]) >= 8; }

/* Behind a soft line break at s[i]; i where there is none. Where it is none, as the text is not in quoted-printable, nothing goes on
 * behind it anyway. */
static size_t behind_soft_break(char const *s, size_t len, size_t i)
{
  if (i + 1 >= len || s[i] != '=') return i;
  if (s[i + 1] == '\n') return i + 2;
  return i + 2 < len && s[i + 1] == '\r' && s[i + 2] == '\n' ? i + 3 : i;
}

/* Before a soft line break that ends before s[i]. */
static size_t before_soft_break(char const *s, size_t i)
{
  if (i < 2 || s[i - 1] != '\n') return i;
  if (s[i - 2] == '=') return i - 2;
  return i > 2 && s[i - 2] == '\r' && s[i - 3] == '=' ? i - 3 : i;
}

/* Whether such an octet is at s[i]. */
static int is_foreign(char const *s, size_t len, size_t i) { return i < len && ((s[i] & 0x80) || is_foreign_escape(s, len, i)); }

/* A run of octets above 127, raw or escaped, ends before s[to]; soft line breaks may be in it. */
static int run_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t to)
{
  size_t octets = 0, from = to;
  if (f) f->beyond = 1;
  if (m->any_hides) return 1;
  to = behind_soft_break(s, len, to);
  if (is_foreign(s, len, to)) return 0;
  from = before_soft_break(s, to);
  while (2 * octets < m->needle_len) {
    if (from && (unsigned char)s[from - 1] >= 0x80) from--;
    else if (from > 2 && is_foreign_escape(s, len, from - 3)) from -= 3;
    else break;
    from = before_soft_break(s, from);
    octets++;
  }
  if (from < to && behind(m, s, from, NULL)) return 1;
  return foreign_hides(m, s, len, to, 2 * octets);
}

/* The character reference at s[i]: what it stands for is known. */
static int reference_hides(mail_refusal const *m, char const *s, size_t len, size_t i)
{
  char name[16], form[TEXT_COMPARED_MAX];
  size_t n = 0, to = i + 1;
  int letter = 0;
  for (; to < len && n < sizeof name - 1 && (s[to] == '#' || (to_lower(s[to]) >= 'a' && to_lower(s[to]) <= 'z') || (s[to] >= '0' && s[to] <= '9'));
       to++)
    name[n++] = s[to];
  name[n] = 0;
  if (to == len || vanishes(s[to]) || (unsigned char)s[to] >= 0x80) return 1;
  uint32_t const c = html_reference(name);
  if (!c) return 0;
  size_t const form_len = text_compared_point(form, c);
  for (size_t k = 0; k < form_len; k++) letter = letter || (form[k] >= 'a' && form[k] <= 'z') || (form[k] >= '0' && form[k] <= '9') || form[k] == '&';
  if (form_len && !letter) return 0;
  if (behind(m, s, i, NULL)) return 1;
  return form_len && foreign_hides(m, s, len, to + (s[to] == ';'), form_len);
}

/* ISO-2022: whether what the escape at s[i] designates may have letters. Of sets of two octets they are in rows 3 and 8 to 11. */
static int escape_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  size_t k = i + 2;
  if (behind(m, s, i, NULL)) return 1;
  if (k >= len || s[i + 1] != '$') return i + 1 == len || s[i + 1] == '.' || (f && (f->beyond = 1, 0));
  if (f) f->beyond = 1;
  if (s[k] == '(') k++;
  if (k >= len || (s[k] >= ')' && s[k] <= '+')) return 1;
  for (k++; k + 1 < len && s[k] > ' ' && s[k] < 127; k += 2)
    if (s[k] == '#' || (s[k] >= '(' && s[k] <= '+')) return 1;
  return 0;
}

/* --- encoded words --- */

/* The compared text of an encoded word. */
typedef struct word_text_s word_text;
struct word_text_s {
  char s[4096];
  size_t len;
  int broken; /* a character is cut, or there is too much */
};

static int word_put(void *context, char const *s, size_t len)
{
  word_text *const t = context;
  for (size_t i = 0; i < len;) {
    uint32_t c;
    if (sizeof t->s - t->len < TEXT_COMPARED_MAX) return t->broken = 1, 0;
    if (!(s[i] & 0x80)) {
      t->s[t->len++] = to_lower(s[i++]);
      continue;
    }
    i += utf8_get(&c, s + i, len - i);
    if (c == 0xfffd) t->broken = 1;
    t->len += text_compared_point(t->s + t->len, c);
  }
  return 1;
}

/* Reads the octets of a word as their label has it, and looks for the needle, or a beginning of it at the end. */
static int word_octets_hide(mail_refusal const *m, charset const *label, char const *s, size_t len)
{
  charset_look l;
  charset_stream stream;
  word_text t = { .len = 0 };
  int unsure;
  charset_look_open(&l, label);
  charset_look_feed(&l, s, len);
  charset_open(&stream, charset_judged(&l, m->fallback, &unsure));
  if (unsure || (len && memchr(s, 0, len))) return 1;
  charset_feed(&stream, s, len, word_put, &t);
  charset_finish(&stream, word_put, &t);
  return t.broken || memmem(t.s, t.len, m->needle, m->needle_len) || behind(m, t.s, t.len, NULL);
}

/* Whether what shifts has shifted back, so that the next word is not read otherwise. */
static int ends_in_ascii(char const *s, size_t len)
{
  char const *const last = len ? memrchr(s, 0x1b, len) : NULL;
  if (len && (memchr(s, 0x0e, len) || memchr(s, '~', len))) return 0;
  return !last || (s + len - last >= 3 && last[1] == '(' && (last[2] == 'B' || last[2] == 'J'));
}

/* The encoded word whose "=?" is at s[i]. */
static int word_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  char out[WORD_MAX + TRANSFER_ROOM];
  size_t const end = len - i < WORD_MAX ? len : i + WORD_MAX, label = i += 2;
  size_t label_len, n = 0;
  while (i < end && s[i] != '?' && !is_space(s[i]))
    if (s[i] == '"' || s[i] == '\\') return 1;
    else i++;
  if (i < end && s[i] != '?') return 0;
  if (end - i < 3) return 1;
  label_len = i - label;
  if (s[i + 2] != '?' || !strchr("bBqQ", s[i + 1])) return vanishes(s[i + 1]) || vanishes(s[i + 2]);
  int const base64 = to_lower(s[i + 1]) == 'b';
  size_t const text = i += 3;
  while (i < end && !(s[i] == '?' && i + 1 < end && s[i + 1] == '='))
    if (s[i] == '"' || s[i] == '\\') return 1;
    else i++;
  if (i == end || !fields_spend(f, i - label)) return 1;
  char const *const star = memchr(s + label, '*', label_len);
  slice const name = { s + label, star ? (size_t)(star - s) - label : label_len };
  charset const *const c = charset_find(name.s, name.len);
  if (c && (base64 ? charset_kind(c) == CHARSET_OTHER : charset_hides(c))) return 1;
  if (!base64) return behind(m, s, i, NULL); /* its escapes are looked at where they stand */
  base64_state st = BASE64_ZERO;
  n = base64_decode(&st, out, s + text, i - text);
  n += base64_finish(&st, out + n);
  if (c && charset_kind(c) == CHARSET_SHIFTS && !ends_in_ascii(out, n)) return 1;
  return word_octets_hide(m, c, out, n);
}

/* The special octet at s[i]. f is null in an encoded word, which has neither fields nor encoded words. */
static int special_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  char const c = s[i], next = i + 1 < len ? s[i + 1] : 0;
  size_t k = i + 1;
  if (!c) return 1;
  if ((unsigned char)c >= 0x80) return is_foreign(s, len, i + 1) ? 0 : run_hides(m, f, s, len, i + 1);
  if (c == 0x1b) return escape_hides(m, f, s, len, i);
  if (c == '\r') return next != '\n';
  if (c == '?') {
    while (i && (s[i - 1] == '"' || s[i - 1] == '\\')) i--;
    return i && s[i] != '?' && s[i - 1] == '='; /* ="? may become =? */
  }
  if (c == '&') return vanishes(next) || (next & 0x80) || reference_hides(m, s, len, i);
  if (c == '"' || c == '\\') {
    if (!behind(m, s, i, NULL)) return 0;
    while (k < len && (s[k] == '"' || s[k] == '\\')) k++;
    return k < len && ((s[k] & 0x80) || vanishes(s[k]) || s[k] == '<' || s[k] == '&' || behind(m, s, i, s + k));
  }
  if (behind(m, s, i, NULL)) return 1;
  if (c != '=') return 0;
  if (next == '(') return 1;
  if (is_foreign_escape(s, len, i)) { return is_foreign(s, len, i + 3) ? 0 : run_hides(m, f, s, len, i + 3); }
  if (is_escape(s, len, i)) {
    char const octet = to_lower((char)(hex_value(next) << 4 | hex_value(s[i + 2])));
    return octet == '&' || octet == 0x1b || !octet || ((m->letters >> (octet & 63) & 1) && memchr(m->needle, octet, m->needle_len));
  }
  return next == '?' && (!f || word_hides(m, f, s, len, i));
}

/* --- all octets --- */

static int octet_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i)
{
  char const c = s[i];
  if (c == '\n') return f && i + 1 < len && field_hides(f, s + i + 1, s + len);
  if ((c == '"' || c == '\\') && i + 1 < len && s[i + 1] == '?' && special_hides(m, f, s, len, i + 1)) return 1;
  return special_hides(m, f, s, len, i);
}

#define PLACES 32

/* Which of PLACES octets must be looked at, and at which of them the needle may begin. */
typedef struct places_s places;
struct places_s {
  uint32_t special, needle;
};

static int is_special(char c)
{
  static char const special[128] = {
    [0] = 1, ['\n'] = 1, ['\r'] = 1, [0x0e] = 1, [0x0f] = 1, [0x1b] = 1, ['"'] = 1, ['&'] = 1, ['('] = 1, ['<'] = 1, ['='] = 1, ['?'] = 1, ['\\'] = 1
  };
  return c < 0 || special[(int)c];
}

static inline places places_portable(mail_refusal const *m, char const *s)
{
  places p = { 0, 0 };
  for (unsigned int i = 0; i < PLACES; i++) {
    p.special |= (uint32_t)(is_special(s[i]) && !(s[i] < 0 && s[i + 1] < 0)) << i;
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
  return k && i + k < len && s[i + k] != '\n' && is_special(s[i + k]) && (s[i + k] < 0 || special_hides(m, f, s, len, i + k));
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

static int octets_hide(mail_refusal const *m, mail_fields *f, char const *s, size_t len)
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
static void set_behind(mail_refusal *m)
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

mail_refusal *mail_refusal_make(arena *a, slice compared, charset const *fallback)
{
  mail_refusal *const m = arena_array(a, 1, sizeof *m);
  if (!m) return NULL;
  m->fallback = fallback;
  m->any_hides = fallback && charset_hides(fallback);
  for (size_t i = 0, run = 0; i < compared.len; i++) {
    char const c = compared.s[i];
    if (c & 0x80) m->beyond_ascii = 1;
    run = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? run + 1 : 0;
    if (run > m->needle_len && run <= NEEDLE_MAX) {
      m->needle_len = (unsigned int)run;
      memcpy(m->needle, compared.s + i + 1 - run, run);
    }
  }
  for (unsigned int i = 0; i < m->needle_len; i++) {
    m->letters |= UINT64_C(1) << (m->needle[i] & 63);
    if (i) m->pairs |= UINT64_C(1) << NEEDLE_PAIR(m->needle[i - 1], m->needle[i]);
  }
  set_behind(m);
  return m;
}

int mail_refuse(mail_refusal const *m, slice octets)
{
  mail_fields f = { .work = 4 * octets.len + 4096 };
  return m->needle_len >= SHORTEST && !octets_hide(m, &f, octets.s, octets.len) && !(f.beyond && f.unlabelled);
}

/* --- a text part --- */

/* Decoded text, in pieces. */
typedef struct scan_s scan;
struct scan_s {
  mail_refusal const *m;
  int needle, beyond;        /* was seen; beyond: an octet that is no plain ASCII */
  char tail[2 * NEEDLE_MAX]; /* the end of the last piece, and the start of this one */
  size_t tail_len;
};

static int scan_put(void *context, char const *s, size_t len)
{
  scan *const n = context;
  size_t const keep = n->m->needle_len ? n->m->needle_len - 1 : 0;
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)s[i] >= 0x80 || !s[i] || s[i] == 0x1b) return n->beyond = 1, 0;
  if (!n->m->needle_len) return 1;
  if (n->tail_len) {
    size_t const more = len < keep ? len : keep;
    memcpy(n->tail + n->tail_len, s, more);
    if (caseless_find(n->tail, n->tail_len + more, n->m->needle, n->m->needle_len)) n->needle = 1;
  }
  if (!n->needle && caseless_find(s, len, n->m->needle, n->m->needle_len)) n->needle = 1;
  if (len >= keep) {
    memcpy(n->tail, s + len - keep, keep);
    n->tail_len = keep;
  } else {
    /* A short piece: the tail is the end of both. */
    size_t const all = n->tail_len + len, from = all > keep ? all - keep : 0;
    if (!n->tail_len) memcpy(n->tail, s, len);
    memmove(n->tail, n->tail + from, all - from);
    n->tail_len = all - from;
  }
  return 1;
}

/* HTML is scanned behind its reader, and must be plain before it too: references give what is beyond. */
struct html_scan {
  html h;
  scan n;
};

static int html_scan_put(void *context, char const *s, size_t len)
{
  struct html_scan *const t = context;
  for (size_t i = 0; i < len; i++)
    if (!s[i] || s[i] == 0x1b) return t->n.beyond = 1, 0;
  return html_feed(&t->h, s, len);
}

int mail_refuse_text(mail_refusal const *m, mime_part const *part)
{
  charset const *const c = charset_find(part->charset.s, part->charset.len);
  scan n = { .m = m };
  if ((c && charset_hides(c)) || (!m->needle_len && !m->beyond_ascii)) return 0;
  if (part->encoding == ENCODING_NONE && m->needle_len >= SHORTEST && (c || !mime_is_html(part))
    && !octets_hide(m, NULL, part->body.s, part->body.len))
    return 1;
  switch (text_kind(part)) {
  case TEXT_PLAIN: mime_decode(part, scan_put, &n); break;
  case TEXT_HTML: {
    struct html_scan t = { .n = n };
    html_open(&t.h, scan_put, &t.n);
    if (mime_decode(part, html_scan_put, &t)) html_finish(&t.h);
    n = t.n;
    break;
  }
  default: return 0;
  }
  return !n.beyond && (m->beyond_ascii || (m->needle_len && !n.needle));
}
