/* Text that is compared where accents count. A letter is a code point that is no mark (of those that compared.c drops), with the marks behind it:
 *
 *   letter                 in this form
 *   without marks          itself, folded and decomposed
 *   with marks             the letter from a plane that Unicode has not (APART + its code point), its marks in canonical order, an octet FF
 *   marks without letter   the marks, an octet FF
 *
 * so that "e" is not found in "é", nor "ẹ" in "ệ", though one is the start of the other where both are decomposed.
 *
 *   what can go wrong                                  the rule for it
 *   marks in another order than the canonical one      each goes before those of a higher class, up to one of class 0
 *   a million marks on one letter                      TEXT_MARKS_MAX count, the others are dropped
 *   a blank with a mark                                is no blank any more, and not made one with those before it
 *
 * tests/unit/compared.c, tests/charset.t against Python's unicodedata, tests/fuzz/compared.c. */
#include <errno.h>

#include <porter/text.h>
#include "bytes.h"

typedef struct mark_range_s mark_range;
struct mark_range_s {
  uint32_t first, last;
  unsigned int class;
};
#define ACCENTED_TABLES
#include "compared_tables.h"

#define APART 0x140000u /* with it, each code point is above all that Unicode has, and still fits into four octets */
#define LETTER_END ((char)0xff)
#define POINT_MAX 4

/* One more than the canonical class of a mark; 0 for what is none. */
static unsigned int mark_class(uint32_t c)
{
  size_t from = 0, to = sizeof accented_mark / sizeof *accented_mark;
  if (c < accented_mark[0].first) return 0;
  while (to - from > 1) {
    size_t const middle = from + (to - from) / 2;
    if (accented_mark[middle].first <= c) from = middle;
    else to = middle;
  }
  return c <= accented_mark[from].last ? accented_mark[from].class + 1 : 0;
}

static size_t form_of(char *s, uint32_t c)
{
  if (c >= ACCENTED_END || (c >= 0xac00 && c < 0xd7a4)) return text_compared_point(s, c);
  uint16_t const entry = accented_entry[accented_block[c >> ACCENTED_SHIFT]][c & ((1 << ACCENTED_SHIFT) - 1)];
  if (!entry) return utf8_put(s, c);
  memcpy(s, accented_forms + entry + 1, accented_forms[entry]);
  return accented_forms[entry];
}

/* The letter gets its first mark. */
static size_t set_apart(text_letter *t, char *s, size_t len)
{
  uint32_t c;
  if (t->letter == len) return len;
  utf8_get(&c, s + t->letter, len - t->letter);
  c += APART;
  s[t->letter] = (char)(0xf0 | c >> 18);
  s[t->letter + 1] = (char)(0x80 | (c >> 12 & 0x3f));
  s[t->letter + 2] = (char)(0x80 | (c >> 6 & 0x3f));
  s[t->letter + 3] = (char)(0x80 | (c & 0x3f));
  return t->letter + POINT_MAX;
}

static size_t previous(char const *s, size_t at)
{
  do at--;
  while (((unsigned char)s[at] & 0xc0) == 0x80);
  return at;
}

static size_t add_mark(text_letter *t, char *s, size_t len, uint32_t c, unsigned int class)
{
  char mark[POINT_MAX];
  size_t const n = utf8_put(mark, c);
  size_t at;
  if (t->count == TEXT_MARKS_MAX) return len;
  if (!t->count++) t->marks = len = set_apart(t, s, len);
  for (at = len; class > 1 && at > t->marks;) {
    uint32_t before;
    size_t const place = previous(s, at);
    utf8_get(&before, s + place, at - place);
    if (mark_class(before) <= class) break;
    at = place;
  }
  memmove(s + at + n, s + at, len - at);
  memcpy(s + at, mark, n);
  return len + n;
}

static size_t add_letter(text_letter *t, char *s, size_t len, uint32_t c)
{
  if (c == ' ' && !t->count && len > t->letter && s[t->letter] == ' ') return len;
  len = text_accented_end(t, s, len);
  return len + utf8_put(s + len, c);
}

size_t text_accented_add(text_letter *t, char *s, size_t len, uint32_t c)
{
  char form[TEXT_COMPARED_MAX];
  size_t const n = form_of(form, c);
  for (size_t i = 0; i < n;) {
    uint32_t one;
    i += utf8_get(&one, form + i, n - i);
    unsigned int const class = mark_class(one);
    len = class ? add_mark(t, s, len, one, class) : add_letter(t, s, len, one);
  }
  return len;
}

size_t text_accented_end(text_letter *t, char *s, size_t len)
{
  if (t->count) s[len++] = LETTER_END;
  *t = (text_letter){ len, len, 0 };
  return len;
}

int text_accented(arena *a, slice from, slice *out)
{
  text_letter t = TEXT_LETTER_ZERO;
  if (from.len > SIZE_MAX / 16) return errno = ENOMEM, 0;
  size_t const size = 8 * from.len + TEXT_ACCENTED_MAX;
  size_t n = 0;
  char *const to = arena_take(a, size);
  if (!to) return 0;
  for (size_t i = 0; i < from.len;) {
    uint32_t c;
    i += utf8_get(&c, from.s + i, from.len - i);
    n = text_accented_add(&t, to, n, c);
  }
  n = text_accented_end(&t, to, n);
  arena_shrink(a, to, size, n);
  *out = (slice){ to, n };
  return 1;
}
