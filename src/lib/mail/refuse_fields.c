/* What the fields Content-Type and Content-Transfer-Encoding say of parts that hide a needle: see refuse.c. Whatever looks like one of
 * them, at the beginning of a line, counts, be it in a head or not. */
#include <string.h>

#include <porter/text.h>

#include "refuse_private.h"

#define FIELD_MAX 1000 /* octets of a field that is looked at; a longer one may hide anything */

/* The value of a field, up to where it ends: a line end that no blank follows. Too long: len is 0. */
static slice value_at(char const *s, size_t len)
{
  size_t const limit = len < FIELD_MAX ? len : FIELD_MAX;
  size_t i = 0;
  for (;; i++) {
    char const *const line = memchr(s + i, '\n', limit - i);
    if (!line) return (slice){ s, limit < len ? 0 : len };
    i = (size_t)(line - s);
    if (i + 1 == len || !is_blank(line[1])) return (slice){ s, i };
  }
}

/* Content-Transfer-Encoding: only these leave text as it is, or quoted-printable, which is looked at. */
static int encoding_hides(slice v, int *printable)
{
  v = trim(v);
  if (is_word(v, "quoted-printable")) return *printable = 1, 0;
  return !is_word(v, "7bit") && !is_word(v, "8bit") && !is_word(v, "binary");
}

/* Whether s, up to end, begins with word, a string in lower case, in any letter case. */
static int begins(char const *s, char const *end, char const *word)
{
  while (*word && s < end && to_lower(*s) == *word) s++, word++;
  return !*word;
}

/* One in which octets that look like ASCII may be none, or such that are none come between: UTF-16, UTF-7; HZ, ISO-2022-KR and -CN,
 * which shift without an escape; those with octets below 128 inside of characters. */
int charset_hides(charset const *c)
{
  static char const *const names[] = { "hz-gb-2312", "iso-2022-kr", "iso-2022-cn", "shift_jis", "big5", "big5-hkscs", "gb18030" };
  if (c == charset_utf8) return 0;
  if (charset_kind(c) == CHARSET_OTHER) return 1;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (!strcmp(charset_name(c), names[i])) return 1;
  return 0;
}

/* Behind "charset": whether its value is one that keeps no ASCII where it was, or one that is not seen here. */
static int value_hides(char const *s, char const *end, int *known)
{
  while (s < end && is_space(*s)) s++;
  if (s == end || *s != '=') return 1;
  for (s++; s < end && (is_space(*s) || *s == '"'); s++)
    ;
  char const *const label = s;
  for (; s < end && !is_space(*s) && *s != ';' && *s != '"'; s++)
    if (*s == '%') return 1;
  charset const *const c = charset_find(label, (size_t)(s - label));
  *known = *known || c;
  return c && charset_hides(c);
}

/* S/MIME is opened; a star is in RFC 2231's names. */
static int type_hides(slice v, mail_fields *f)
{
  static char const matters[256] = {
    ['\\'] = 1, ['('] = 1, ['*'] = 1, ['m'] = 1, ['M'] = 1, ['d'] = 1, ['D'] = 1, ['c'] = 1, ['C'] = 1, ['h'] = 1, ['H'] = 1, ['7'] = 1
  };
  int is_html = 0, known = 0;
  v = trim(v);
  char const *const end = v.s + v.len;
  if (!v.len) return 1;
  for (char const *s = v.s; s < end; s++) {
    if (!matters[(unsigned char)*s]) continue;
    switch (to_lower(*s)) {
    case 'c':
      if (begins(s, end, "charset") && value_hides(s + 7, end, &known)) return 1;
      break;
    case 'h': is_html = is_html || begins(s, end, "html"); break;
    case 'm': f->message = f->message || begins(s, end, "message"); break;
    case 'd': f->message = f->message || begins(s, end, "digest"); break;
    case '7':
      if (begins(s, end, "7-mime")) return 1;
      break;
    default: return 1;
    }
  }
  f->unlabelled = f->unlabelled || (is_html && !known);
  return 0;
}

/* Parts that are no text, whatever else they are. */
static int is_opaque(slice v)
{
  static char const *const types[] = { "application/", "image/", "audio/", "video/", "font/" };
  v = trim(v);
  if (!v.len || to_lower(*v.s) == 't') return 0;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    if (begins(v.s, v.s + v.len, types[i])) return v.len > strlen(types[i]);
  }
  return 0;
}

/* The line s begins with "content-": the same for its value as for a field's. An empty value where it is none. */
static slice content_field(char const *s, char const *end, char const **name)
{
  *name = s + 8;
  for (s += 8; s<end && * s> ' ' && *s != ':'; s++)
    ;
  while (s < end && is_blank(*s)) s++;
  return s < end && *s == ':' ? value_at(s + 1, (size_t)(end - s) - 1) : (slice){ s, 0 };
}

static int is_content(char const *s, char const *end)
{
  static char const content[8] = "content-", small[8] = "       "; /* eight octets at once, as nearly all lines are none */
  uint64_t want, bits, have;
  if (end - s <= 9) return 0;
  memcpy(&want, content, 8);
  memcpy(&bits, small, 8);
  memcpy(&have, s, 8);
  return (have | bits) == want;
}

/* Behind this field and those named Content-... that follow on it; null where that takes too much work. */
static char const *run_end(mail_fields *f, char const *s, char const *end)
{
  char const *name;
  while (is_content(s, end)) {
    slice const value = content_field(s, end, &name);
    if (!fields_spend(f, (size_t)(value.s + value.len - s))) return NULL;
    if (!value.len || value.s + value.len == end) break;
    s = value.s + value.len + 1;
  }
  return s;
}

static int is_type(char const *name) { return to_lower(name[0]) == 't' && to_lower(name[1]) == 'y'; }

/* Whether for certain an empty line, which ends a head, is in s. */
static int has_empty_line(mail_fields *f, char const *s, char const *end)
{
  size_t const len = s ? (size_t)(end - s) : 0;
  if (!fields_spend(f, len)) return 0;
  return !s || memmem(s, len, "\n\n", 2) || memmem(s, len, "\n\r\n", 3);
}

int field_hides(mail_fields *f, char const *s, char const *end)
{
  char const *name;
  if (!is_content(s, end)) return 0;
  slice const value = content_field(s, end, &name);
  if (to_lower(name[0]) == 'd' && to_lower(name[1]) == 'i') return !value.len || !fields_spend(f, value.len) || memchr(value.s, '*', value.len);
  if (to_lower(name[0]) != 't') return 0;
  if (!value.len || !fields_spend(f, value.len)) return 1;
  if (is_type(name)) {
    f->before = f->type;
    f->type = s;
    f->opaque = is_opaque(value);
    f->joined = f->opaque ? run_end(f, s, end) : s;
    if (!f->joined) return 1;
    return type_hides(value, f) || (f->printable && f->message);
  }
  if (!encoding_hides(value, &f->printable)) return f->printable && f->message;
  /* base64 of no text: the only type of this head stands before it with nothing but such fields between, or so behind it. */
  if (f->type && f->opaque && s < f->joined) return !has_empty_line(f, f->before, f->type);
  if (!has_empty_line(f, f->type, s)) return 1;
  for (char const *next = value.s + value.len + 1; is_content(next, end);) {
    slice const v = content_field(next, end, &name);
    if (!fields_spend(f, (size_t)(v.s + v.len - next))) break;
    if (is_type(name)) return !is_opaque(v);
    if (!v.len || v.s + v.len == end) break;
    next = v.s + v.len + 1;
  }
  return 1;
}
