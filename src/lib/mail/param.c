/* Content-Type and Content-Disposition: the word in front and the parameters (RFC 2045 5.1, 2183, 2231).
 *
 * Parameters are parted by semicolons outside of quotes; an unquoted value may hold anything but one, as "=" in
 * boundaries and blanks in file names are common. An unclosed quote holds up to the next semicolon. Where the semicolon was
 * forgotten, a blank and one of the names below with its "=" begin the next one.
 * Of two charsets of which the first is none that is known the second counts. A charset of several words is the first of them, if
 * that is known. A field with octets that are no ASCII is converted before it is read, as in Chinese and Japanese charsets a quote
 * or a backslash may be half a character; but for the boundary, which stands in the body as it stands here.
 * RFC 2231: name*0, name*1 ... are one value in the order of their numbers; a star at the end means that the piece has
 * %XX and that the value begins with charset'language'. A plain parameter goes before an extended one of its name, and one
 * that is not continued (name*) before one that is. */
#include <string.h>

#include <porter/hex.h>
#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

static char const *const names[PARAM_COUNT] = {
  [PARAM_BOUNDARY] = "boundary", [PARAM_CHARSET] = "charset", [PARAM_NAME] = "name", [PARAM_FILENAME] = "filename"
};

size_t param_end(char const *s, size_t len, size_t i)
{
  size_t first = len;
  int quoted = 0;
  for (; i < len; i++) {
    if (s[i] == '"' && !(i && s[i - 1] == '\\')) quoted = !quoted;
    else if (s[i] == ';') {
      if (!quoted) return i;
      if (first == len) first = i;
    }
  }
  return quoted ? first : len;
}

/* Whether s begins with one of the names and "=". */
static int begins_param(char const *s, size_t len)
{
  size_t i = 0;
  while (i < len && ((to_lower(s[i]) >= 'a' && to_lower(s[i]) <= 'z'))) i++;
  unsigned int k = 0;
  while (k < PARAM_COUNT && !is_word((slice){ s, i }, names[k])) k++;
  if (k == PARAM_COUNT) return 0;
  while (i < len && (s[i] == '*' || (s[i] >= '0' && s[i] <= '9'))) i++;
  while (i < len && is_blank(s[i])) i++;
  return i < len && s[i] == '=';
}

/* Where in v, a parameter without its semicolon, the next one begins, as there should be one; its length where that is not so. */
static size_t forgotten_end(slice v)
{
  int quoted = 0;
  if (v.len < 2 || (!memchr(v.s + 1, ' ', v.len - 1) && !memchr(v.s + 1, '\t', v.len - 1))) return v.len;
  for (size_t i = 0; i + 1 < v.len; i++) {
    if (v.s[i] == '"' && !(i && v.s[i - 1] == '\\')) quoted = !quoted;
    else if (!quoted && i && is_blank(v.s[i]) && !is_blank(v.s[i + 1]) && begins_param(v.s + i + 1, v.len - i - 1)) return i;
  }
  return v.len;
}

/* What lies between the first quote and the last; in the arena where it holds quoted pairs. A backslash quotes only itself and the
 * quote: file names are full of others that mean themselves. */
int param_unquote(arena *a, slice *v)
{
  size_t n;
  if (!v->len || (*v->s != '"' && *v->s != '<')) return 1;
  if (*v->s == '<') {
    if (v->len > 1 && v->s[v->len - 1] == '>') v->s++, v->len -= 2;
    return 1;
  }
  v->s++, v->len--;
  for (n = v->len; n && v->s[n - 1] != '"'; n--)
    ;
  if (n) v->len = n - 1;
  if (!memchr(v->s, '\\', v->len)) return 1;
  char *s = arena_take(a, v->len), *p = s;
  if (!s) return 0;
  for (size_t i = 0; i < v->len; i++) {
    if (v->s[i] == '\\' && i + 1 < v->len && (v->s[i + 1] == '\\' || v->s[i + 1] == '"')) i++;
    *p++ = v->s[i];
  }
  *v = (slice){ s, (size_t)(p - s) };
  return 1;
}

int param_pieces_join(arena *a, mail_charsets *charsets, int octets, param_pieces const *p, slice *out, int *raw)
{
  param_piece const *const piece = p->whole.set ? &p->whole : p->piece;
  unsigned int const count = p->whole.set ? 1 : p->count;
  int extended = 0;
  size_t room = 0;
  charset const *c = NULL;
  for (unsigned int k = 0; k < count; k++) room += piece[k].value.len;
  char *s = arena_take(a, room), *end = s;
  if (!s) return 0;
  for (unsigned int k = 0; k < count; k++) {
    slice const v = piece[k].value;
    extended |= piece[k].extended;
    for (size_t i = 0; i < v.len; i++) {
      if (piece[k].extended && v.s[i] == '%' && v.len - i > 2 && hex_value(v.s[i + 1]) >= 0 && hex_value(v.s[i + 2]) >= 0) {
        *end++ = (char)(hex_value(v.s[i + 1]) << 4 | hex_value(v.s[i + 2]));
        i += 2;
      } else *end++ = v.s[i];
    }
  }
  *out = (slice){ s, (size_t)(end - s) };
  if (extended) {
    char const *first = memchr(s, '\'', out->len);
    char const *second = first ? memchr(first + 1, '\'', (size_t)(end - first - 1)) : NULL;
    c = first ? charset_find(s, (size_t)(first - s)) : NULL;
    if (!second && c) second = first; /* utf-8'name: the language was forgotten with its quote */
    if (second) *out = (slice){ second + 1, (size_t)(end - second - 1) };
  }
  if (c) c = charset_judge(a, c, charsets->fallback, *out);
  else if (extended || octets == WORDS_RAW) {
    *raw = *raw || is_raw(*out);
    c = charset_of_field(a, charsets, *out);
  } else c = charset_utf8;
  return charset_decode(a, c, *out, out) && words_decode(a, charsets, *out, WORDS_UTF8, out);
}

int param_split(slice *v, slice *name, char const **star)
{
  char const *const equals = v->len ? memchr(v->s, '=', v->len) : NULL;
  if (!equals) return 0;
  *name = trim((slice){ v->s, (size_t)(equals - v->s) });
  while (name->len && *name->s == '(') {
    size_t const n = skip_comment(name->s, name->len, 0);
    *name = trim((slice){ name->s + n, name->len - n });
  }
  *star = name->len ? memchr(name->s, '*', name->len) : NULL;
  *v = trim((slice){ equals + 1, (size_t)(v->s + v->len - equals - 1) });
  return 1;
}

/* Whether digits are the number of a piece. */
static int piece_number(char const *s, char const *end, unsigned int *number)
{
  *number = 0;
  for (; s < end; s++) {
    if (*s < '0' || *s > '9') return 0;
    *number = 10 * *number + (unsigned int)(*s - '0');
    if (*number >= PARAM_PIECES_MAX) return 0;
  }
  return 1;
}

int param_piece_take(arena *a, param_pieces *p, slice name, char const *star, slice value)
{
  int const extended = name.s[name.len - 1] == '*';
  char const *const end = name.s + name.len - (extended && name.s + name.len - 1 > star);
  unsigned int number;
  param_piece *at = &p->whole;
  if (!piece_number(star + 1, end, &number)) return 1;
  if (star + 1 < end) {
    if (!p->piece && !(p->piece = arena_array(a, PARAM_PIECES_MAX, sizeof *p->piece))) return 0;
    at = p->piece + number;
    if (number >= p->count) p->count = number + 1;
  }
  if (!at->set) *at = (param_piece){ .value = value, .set = 1, .extended = (unsigned char)extended };
  return 1;
}

/* One parameter, name=value, without its semicolon. */
static int param_read(arena *a, slice v, params *p, param_pieces *continued)
{
  slice name;
  char const *star;
  unsigned int i = 0;
  if (!param_split(&v, &name, &star)) return 1;
  slice const base = { name.s, star ? (size_t)(star - name.s) : name.len };
  while (i < PARAM_COUNT && !is_word(base, names[i])) i++;
  if (i == PARAM_COUNT || (!star && p->value[i].s && i != PARAM_CHARSET)) return 1;
  if (!param_unquote(a, &v)) return 0;
  if (star) return param_piece_take(a, continued + i, name, star, v);
  if (p->value[i].s && (charset_find(p->value[i].s, p->value[i].len) || !charset_find(v.s, v.len))) return 1;
  p->value[i] = v;
  return 1;
}

/* What stands between two semicolons: one parameter, or more where one of them was forgotten. */
static int section_read(arena *a, slice v, params *p, param_pieces *continued)
{
  while (v.len) {
    size_t const n = forgotten_end(v);
    if (!param_read(a, (slice){ v.s, n }, p, continued)) return 0;
    v.s += n, v.len -= n;
  }
  return 1;
}

/* The label that a charset's value is. */
static void cut_label(slice *label)
{
  slice first = *label;
  for (size_t i = 0; i < first.len; i++)
    if (is_space(first.s[i]) || first.s[i] == '(') first.len = i;
  char const *const comment = memchr(label->s, '(', label->len);
  if (comment) label->len = (size_t)(comment - label->s);
  *label = trim(*label);
  if (first.len == label->len || charset_find(first.s, first.len) || !charset_find(label->s, label->len)) *label = first;
}

/* params_read of a field that is unfolded; octets as in words_decode. */
static int read_all(arena *a, mail_charsets *charsets, int octets, slice raw, slice *word, params *p)
{
  param_pieces continued[PARAM_COUNT] = { 0 };
  size_t pos = param_end(raw.s, raw.len, 0);
  memset(p, 0, sizeof *p);
  /* Where the word was forgotten, the first parameter stands in its place. */
  *word = trim((slice){ raw.s, pos });
  if (!section_read(a, *word, p, continued)) return 0;
  word->len = forgotten_end(*word);
  while (pos < raw.len) {
    size_t const end = param_end(raw.s, raw.len, pos + 1);
    if (!section_read(a, (slice){ raw.s + pos + 1, end - pos - 1 }, p, continued)) return 0;
    pos = end;
  }
  for (unsigned int i = 0; i < PARAM_COUNT; i++) {
    if (!p->value[i].s && param_pieces_any(continued + i)) {
      if (!param_pieces_join(a, charsets, octets, &continued[i], &p->value[i], &p->raw)) return 0;
      p->pieced |= 1u << i;
    } else if (i != PARAM_BOUNDARY && p->value[i].s && !words_decode(a, charsets, p->value[i], WORDS_UTF8, &p->value[i])) return 0;
  }
  if (p->value[PARAM_CHARSET].len) cut_label(&p->value[PARAM_CHARSET]);
  return 1;
}

int params_read(arena *a, mail_charsets *charsets, slice raw, slice *word, params *p)
{
  params octets;
  slice text;
  raw = cut_field(raw);
  if (raw.len && !field_unfold(a, &raw)) return 0;
  if (!is_raw(raw)) return read_all(a, charsets, WORDS_UTF8, raw, word, p);
  if (!read_all(a, charsets, WORDS_RAW, raw, word, &octets)) return 0;
  if (!charset_decode(a, charset_of_field(a, charsets, raw), raw, &text) || !read_all(a, charsets, WORDS_UTF8, text, word, p)) return 0;
  /* What comes in pieces may have a character in two of them. */
  for (unsigned int i = 0; i < PARAM_COUNT; i++)
    if (i == PARAM_BOUNDARY || (octets.pieced >> i & 1)) p->value[i] = octets.value[i];
  return p->raw = 1;
}
