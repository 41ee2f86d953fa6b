/* What hides a letter of the needle at one special octet, raw or escaped: rules 1 and 2 of refuse.c, whose second table has a row for each
 * kind. Whoever asks has that octet in front of him, and says whether a beginning of the needle is before it; he asks at each such beginning, so
 * that all others look only behind it: is there a rest of the needle, or what may hide one?
 *
 * What can go wrong, and the rule for it:
 *
 *   a character stands for more letters than it has octets   a run of n octets above 127 may be 2 n letters, a reference as many as its
 *                                                            compared form has
 *   each octet of a run is special                           the run is looked at once, from its end, and no further back than the
 *                                                            needle is long
 *   a soft line break in a run, or beside it                 passed over on both sides
 *   the text is not in quoted-printable, not HTML, ...       nobody asks: what would hide there hides here too (rule 4)
 *   time                                                     every look is bounded by the needle's length, or ends at the next octet of
 *                                                            its own kind
 *
 * tests: those of refuse.c. */
#include <string.h>

#include <porter/hex.h>
#include <porter/text.h>

#include "readable.h"
#include "refuse_private.h"

int needle_behind(mail_refusal const *m, char const *s, size_t i, char const *next)
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
  static char const hides[256] = {
    [0] = 1, ['='] = 1, ['<'] = 1, ['&'] = 1, ['"'] = 1, ['\\'] = 1, ['('] = 1, ['\r'] = 1, [0x1b] = 1, [0x0e] = 1, [0x0f] = 1, ['?'] = 1
  };
  return (c & 0x80) || hides[(unsigned char)c];
}

/* --- characters beyond ASCII --- */

/* Whether a stretch of them that ends before s[to] and stands for at most so many letters may begin the needle: a rest of it is behind
 * it, or something special that may hide one. What is behind the needle's beginning is seen from there. */
static int foreign_hides(mail_refusal const *m, char const *s, size_t len, size_t to, size_t letters)
{
  if (letters >= m->needle_len || to == len || hides_what_follows(s[to])) return 1;
  char const behind = to_lower(s[to]);
  if (!(m->letters >> (behind & 63) & 1)) return 0;
  for (size_t d = 1; d <= letters; d++) {
    size_t k = 1;
    if (m->needle[d] != behind) continue;
    while (d + k < m->needle_len && to + k < len && to_lower(s[to + k]) == m->needle[d + k]) k++;
    if (d + k == m->needle_len || to + k == len || hides_what_follows(s[to + k])) return 1;
  }
  return 0;
}

/* =XX of quoted-printable. */
static int is_escape(char const *s, size_t len, size_t i)
{
  return i + 2 < len && s[i] == '=' && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0;
}

/* One that stands for an octet above 127. */
static inline int is_foreign_escape(char const *s, size_t len, size_t i)
{
  return i + 2 < len && s[i] == '=' && hex_value(s[i + 1]) >= 8 && hex_value(s[i + 2]) >= 0;
}

/* Behind a soft line break at s[i]; i where there is none. Where it is none, as the text is not in quoted-printable, nothing goes on
 * behind it anyway. */
static size_t behind_soft_break(char const *s, size_t len, size_t i)
{
  if (i + 1 >= len || s[i] != '=') return i;
  if (s[i + 1] == '\n') return i + 2;
  return i + 2 < len && s[i + 1] == '\r' && s[i + 2] == '\n' ? i + 3 : i;
}

/* Before a soft line break that ends before s[i]. */
static inline size_t before_soft_break(char const *s, size_t i)
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
  return foreign_hides(m, s, len, to, 2 * octets);
}

/* --- references, escapes --- */

/* The character reference at s[i]: what it stands for is known. */
static int reference_hides(mail_refusal const *m, char const *s, size_t len, size_t i, int begun)
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
  return begun || (form_len && foreign_hides(m, s, len, to + (s[to] == ';'), form_len));
}

/* ISO-2022: whether what the escape at s[i] designates may have letters. Of sets of two octets they are in rows 3 and 8 to 11. */
static int escape_hides(mail_fields *f, char const *s, size_t len, size_t i)
{
  size_t k = i + 2;
  if (k >= len || s[i + 1] != '$') return i + 1 == len || s[i + 1] == '.' || (f && (f->beyond = 1, 0));
  if (f) f->beyond = 1;
  if (s[k] == '(') k++;
  if (k >= len || (s[k] >= ')' && s[k] <= '+')) return 1;
  for (k++; k + 1 < len && s[k] > ' ' && s[k] < 127; k += 2)
    if (s[k] == '#' || (s[k] >= '(' && s[k] <= '+')) return 1;
  return 0;
}

/* --- any --- */

int special_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i, int begun)
{
  char const c = s[i], next = i + 1 < len ? s[i + 1] : 0;
  size_t k = i + 1;
  if (!c) return 1;
  if ((unsigned char)c >= 0x80) return is_foreign(s, len, i + 1) ? 0 : run_hides(m, f, s, len, i + 1);
  if (c == 0x1b) return begun || escape_hides(f, s, len, i);
  if (c == '\r') return next != '\n';
  if (c == '?') {
    while (i && (s[i - 1] == '"' || s[i - 1] == '\\')) i--;
    return i && s[i] != '?' && s[i - 1] == '='; /* ="? may become =? */
  }
  if (c == '&') return vanishes(next) || (next & 0x80) || reference_hides(m, s, len, i, begun);
  if (c == '"' || c == '\\') {
    if (!begun) return 0;
    while (k < len && (s[k] == '"' || s[k] == '\\')) k++;
    return k < len && ((s[k] & 0x80) || vanishes(s[k]) || s[k] == '<' || s[k] == '&' || needle_behind(m, s, i, s + k));
  }
  if (begun || c != '=') return begun;
  if (next == '(') return 1;
  if (is_foreign_escape(s, len, i)) { return is_foreign(s, len, i + 3) ? 0 : run_hides(m, f, s, len, i + 3); }
  if (is_escape(s, len, i)) {
    char const octet = to_lower((char)(hex_value(next) << 4 | hex_value(s[i + 2])));
    return octet == '&' || octet == 0x1b || !octet || ((m->letters >> (octet & 63) & 1) && memchr(m->needle, octet, m->needle_len));
  }
  return next == '?' && (!f || word_hides(m, f, s, len, i));
}
