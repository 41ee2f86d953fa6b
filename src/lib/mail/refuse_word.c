/* Encoded words (RFC 2047): whether one hides a letter of the needle. Whatever looks like one counts, wherever it is.
 *
 *   what stands at =?                                  whether it hides
 *   white space before the second question mark        no: it is none
 *   quotes, a backslash, no end in WORD_MAX octets     yes: it may be another one than it looks like, or none
 *   neither B nor Q behind its charset                 no: it is none; unless decoding takes away what stands there
 *   a charset that hides ASCII                         yes; in base64 only if it is neither ASCII nor ASCII between shifts
 *   Q                                                  behind the beginning of the needle; the escapes are looked at where they stand
 *   B                                                  its octets are decoded, and looked at as those of a text; where that does not refuse
 *                                                      them, and at the end, read by the charset as words are, and compared: the
 *                                                      needle, or its beginning at the end; a character that is cut; a charset that
 *                                                      is not sure, or has not shifted back to ASCII
 *
 * What can go wrong: one seems to begin at every other octet, and all have the same end. Each costs its octets of the work that may be
 * done a second time (fields_spend); where none is left the mail is read.
 * tests: those of refuse.c; tests/linear-text.t, search-words and search-open-words. */
#include <string.h>

#include <porter/text.h>

#include "refuse_private.h"

#define WORD_MAX 1000 /* octets of an encoded word that is looked at; with a longer one the mail is read */

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
  word_text t; /* its room need not be cleared */
  int unsure;
  t.len = 0;
  t.broken = 0;
  charset_look_open(&l, label);
  charset_look_feed(&l, s, len);
  charset_open(&stream, charset_judged(&l, m->fallback, &unsure));
  if (unsure || (len && memchr(s, 0, len))) return 1;
  charset_feed(&stream, s, len, word_put, &t);
  charset_finish(&stream, word_put, &t);
  return t.broken || memmem(t.s, t.len, m->needle, m->needle_len) || needle_behind(m, t.s, t.len, NULL);
}

/* Whether its octets alone tell that there is no needle: those of a text, in which no words are looked for, unless the next word
 * may end the character at its end. */
static int word_octets_refused(mail_refusal const *m, charset const *label, char const *s, size_t len)
{
  if (!len || s[len - 1] & 0x80 || (label && charset_hides(label))) return 0;
  return !octets_hide(m, NULL, s, len) && !needle_behind(m, s, len, NULL);
}

/* Whether what shifts has shifted back, so that the next word is not read otherwise. */
static int ends_in_ascii(char const *s, size_t len)
{
  char const *const last = len ? memrchr(s, 0x1b, len) : NULL;
  if (len && (memchr(s, 0x0e, len) || memchr(s, '~', len))) return 0;
  return !last || (s + len - last >= 3 && last[1] == '(' && (last[2] == 'B' || last[2] == 'J'));
}

int word_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i)
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
  if (!base64) return needle_behind(m, s, i, NULL); /* its escapes are looked at where they stand */
  base64_state st = BASE64_ZERO;
  n = base64_decode(&st, out, s + text, i - text);
  n += base64_finish(&st, out + n);
  if (c && charset_kind(c) == CHARSET_SHIFTS && !ends_in_ascii(out, n)) return 1;
  return !word_octets_refused(m, c, out, n) && word_octets_hide(m, c, out, n);
}
