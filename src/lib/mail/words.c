/* Text of fields: unfolding (RFC 5322 2.2.3), encoded words (RFC 2047), raw octets.
 *
 * An encoded word is =?charset?B?...?= or =?charset?Q?...?=, anywhere, whatever it holds: senders put blanks into them,
 * quotes around them, and no blank between them. White space between two of them is dropped, and the octets of neighbours
 * with one charset are joined before they are converted, as a character or an ISO-2022 state may be split between them. */
#include <errno.h>
#include <string.h>

#include <porter/hex.h>
#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

int text_put(text *t, char const *s, size_t len)
{
  if (len > t->room - t->len) {
    size_t const room = 2 * t->room > t->len + len ? 2 * t->room : t->len + len + 64;
    char *p = arena_take(t->a, room);
    if (!p) return 0;
    if (t->len) memcpy(p, t->s, t->len);
    t->s = p;
    t->room = room;
  }
  if (len) memcpy(t->s + t->len, s, len);
  t->len += len;
  return 1;
}

int lower_case(arena *a, slice v, slice *out)
{
  size_t i = 0;
  while (i < v.len && to_lower(v.s[i]) == v.s[i]) i++;
  *out = v;
  if (i == v.len) return 1;
  char *s = arena_take(a, v.len);
  if (!s) return 0;
  for (i = 0; i < v.len; i++) s[i] = to_lower(v.s[i]);
  out->s = s;
  return 1;
}

/* --- one encoded word --- */

typedef struct word_s word;
struct word_s {
  slice charset, text;
  int base64;
  size_t end;
};

/* The "?=" that is next, or null. */
static char const *word_close(char const *s, char const *end)
{
  while ((s = memchr(s, '?', (size_t)(end - s))) && (end - s < 2 || s[1] != '=')) s++;
  return s;
}

/* Reads the encoded word at s[i], where "=?" is. */
static int word_read(char const *s, size_t len, size_t i, size_t *last, word *w)
{
  size_t const start = i + 2;
  char const *end;
  for (i = start; i < len && s[i] != '?' && !is_space(s[i]); i++)
    ;
  if (len - i < 5 || s[i] != '?' || s[i + 2] != '?' || !strchr("bBqQ", s[i + 1]) || i + 3 >= *last) return 0;
  end = word_close(s + i + 3, s + len);
  if (!end) {
    *last = i;
    return 0;
  }
  w->charset = (slice){ s + start, i - start };
  /* RFC 2231 5: charset*language */
  char const *star = memchr(w->charset.s, '*', w->charset.len);
  if (star) w->charset.len = (size_t)(star - w->charset.s);
  w->base64 = to_lower(s[i + 1]) == 'b';
  w->text = (slice){ s + i + 3, (size_t)(end - s) - i - 3 };
  w->end = (size_t)(end - s) + 2;
  return 1;
}

size_t word_end(char const *s, size_t len, size_t i, size_t *last)
{
  word w;
  return len - i > 6 && s[i] == '=' && s[i + 1] == '?' && word_read(s, len, i, last, &w) ? w.end : 0;
}

static size_t word_octets(word const *w, char *out)
{
  if (w->base64) {
    base64_state st = BASE64_ZERO;
    size_t n = base64_decode(&st, out, w->text.s, w->text.len);
    return n + base64_finish(&st, out + n);
  }
  char *p = out;
  for (size_t i = 0; i < w->text.len; i++) {
    char const *s = w->text.s + i;
    if (*s == '_') *p++ = ' ';
    else if (*s == '=' && w->text.len - i > 2 && hex_value(s[1]) >= 0 && hex_value(s[2]) >= 0) {
      *p++ = (char)(hex_value(s[1]) << 4 | hex_value(s[2]));
      i += 2;
    } else *p++ = *s;
  }
  return (size_t)(p - out);
}

/* --- a field --- */

static int same_label(slice a, slice b)
{
  if (a.len != b.len) return 0;
  for (size_t i = 0; i < a.len; i++)
    if (to_lower(a.s[i]) != to_lower(b.s[i])) return 0;
  return 1;
}

static int put_decoded(text *t, charset const *c, slice v)
{
  slice out;
  return !v.len || (charset_decode(t->a, c, v, &out) && text_put(t, out.s, out.len));
}

/* What neighbouring words of one charset hold. */
static int put_words(text *t, mail_charsets *charsets, slice label, slice octets)
{
  return put_decoded(t, charset_judge(t->a, charset_find(label.s, label.len), charsets->fallback, octets), octets);
}

static int put_raw(text *t, mail_charsets *charsets, int octets, slice v)
{
  return put_decoded(t, octets == WORDS_UTF8 ? charset_utf8 : charset_of_field(t->a, charsets, v), v);
}

static int decode(text *t, mail_charsets *charsets, slice raw, int raw_are)
{
  char *octets = arena_take(t->a, raw.len + TRANSFER_ROOM); /* what neighbours with one charset hold so far */
  size_t count = 0, pos = 0, from = 0, last = raw.len;
  slice label = SLICE_ZERO;
  int after_word = 0;
  word w;
  if (!octets) return 0;
  for (;;) {
    char const *mark = raw.len - from > 6 ? memmem(raw.s + from, raw.len - from, "=?", 2) : NULL;
    size_t const i = mark ? (size_t)(mark - raw.s) : raw.len;
    if (mark && !word_read(raw.s, raw.len, i, &last, &w)) {
      from = i + 2;
      /* "=?=?utf-8?..." */
      if (from < raw.len && raw.s[from - 1] == '?' && raw.s[from] == '=') from = i + 2;
      continue;
    }
    size_t k = pos;
    while (after_word && k < i && is_space(raw.s[k])) k++;
    int const joined = mark && after_word && k == i && same_label(label, w.charset);
    if (!joined && after_word) {
      if (!put_words(t, charsets, label, (slice){ octets, count })) return 0;
      count = 0;
    }
    if (!(mark && after_word && k == i) && !put_raw(t, charsets, raw_are, (slice){ raw.s + pos, i - pos })) return 0;
    if (!mark) return 1;
    label = w.charset;
    count += word_octets(&w, octets + count);
    after_word = 1;
    pos = from = w.end;
  }
}

int field_unfold(arena *a, slice *v)
{
  if (!memchr(v->s, '\n', v->len) && !memchr(v->s, '\r', v->len)) return 1;
  char *s = arena_take(a, v->len), *p = s;
  if (!s) return 0;
  for (size_t i = 0; i < v->len; i++) {
    char const c = v->s[i];
    size_t const next = i + 1 + (c == '\r' && i + 1 < v->len && v->s[i + 1] == '\n');
    if (c != '\r' && c != '\n') *p++ = c;
    else if (next < v->len && is_blank(v->s[next])) i = next - 1;
    else *p++ = ' ';
  }
  *v = (slice){ s, (size_t)(p - s) };
  return 1;
}

charset const *words_charset(slice v)
{
  size_t last = v.len;
  word w;
  for (size_t i = 0; v.len - i > 6;) {
    char const *const mark = memmem(v.s + i, v.len - i, "=?", 2);
    if (!mark) break;
    i = (size_t)(mark - v.s);
    if (!word_read(v.s, v.len, i, &last, &w)) {
      i += 2;
      continue;
    }
    charset const *const c = charset_find(w.charset.s, w.charset.len);
    if (c) return c;
    i = w.end;
  }
  return NULL;
}

/* Whether "=?" is in v. */
static int has_mark(slice v)
{
  char const *s = v.s, *const end = v.s + v.len;
  while (s < end && (s = memchr(s, '?', (size_t)(end - s))))
    if (s++ > v.s && s[-2] == '=') return 1;
  return 0;
}

int words_decode(arena *a, mail_charsets *charsets, slice raw, int octets, slice *out)
{
  text t = { .a = a };
  raw = trim(cut_field(raw));
  if (!raw.len) return *out = raw, 1;
  int const plain = !is_raw(raw) && !has_mark(raw);
  if (!field_unfold(a, &raw)) return 0;
  if (!plain) {
    if (!decode(&t, charsets, raw, octets)) return 0;
    raw = (slice){ t.s, t.len };
  }
  *out = trim(raw);
  return 1;
}

int mail_text(arena *a, mail_charsets *charsets, slice raw, slice *out) { return words_decode(a, charsets, raw, WORDS_RAW, out); }
