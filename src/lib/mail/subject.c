/* The base subject (RFC 5256 2.1): what is left without Re:, Fwd:, what other languages have for these (reply_mark.c), [list] and (fwd).
 *
 * Both ends only ever move inwards, so each octet is looked at a bounded number of times:
 *   end      "(fwd)" and white space go, as often as they come
 *   start    a leader (blobs, then a mark, maybe with a blob, and a colon) or white space goes; a blob alone goes if something is left
 *   both     "[fwd:" ... "]" goes, and all begins anew
 */
#include <porter/order.h>

#include "private.h"

/* The length of white space at s, 0 for none: no-break and wide blanks, too, as programs write one for the other. */
static size_t white(char const *s, size_t len)
{
  unsigned char const *const u = (unsigned char const *)s;
  if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r') return 1;
  if (len >= 2 && u[0] == 0xc2) return u[1] == 0xa0 ? 2 : 0;
  if (len < 3 || (u[0] != 0xe2 && u[0] != 0xe3) || u[1] != 0x80) return 0;
  if (u[0] == 0xe3) return u[2] == 0x80 ? 3 : 0; /* U+3000 */
  return u[2] <= 0x8a || u[2] == 0xaf ? 3 : 0;   /* U+2000 to U+200A, U+202F */
}

static size_t fold_space(char *s, size_t len)
{
  size_t n = 0;
  for (size_t i = 0, blank; i < len; i += blank) {
    for (; i < len && (unsigned char)s[i] > ' ' && (unsigned char)s[i] < 0xc2; i++) s[n++] = s[i];
    if (i == len) break;
    blank = white(s + i, len - i);
    if (!blank) s[n++] = s[i], blank = 1;
    else if (n && s[n - 1] != ' ') s[n++] = ' ';
  }
  return n && s[n - 1] == ' ' ? n - 1 : n;
}

size_t subject_blob(char const *s, size_t len)
{
  size_t i = 1;
  if (!len || s[0] != '[') return 0;
  while (i < len && s[i] != '[' && s[i] != ']') i++;
  if (i == len || s[i] != ']') return 0;
  for (i++; i < len && s[i] == ' ';) i++;
  return i;
}

/* Whether s ends with "(fwd)". */
static int is_forwarded(slice s) { return s.len >= 5 && !memcmp(s.s + s.len - 5, "(fwd)", 5); }

/* How many octets of blobs and a mark are in front. Blobs without a mark behind them go too, but something must be left. */
static size_t leader(slice s)
{
  size_t blobs = 0, last = 0, n;
  while ((n = subject_blob(s.s + blobs, s.len - blobs)) != 0) {
    last = blobs;
    blobs += n;
  }
  n = reply_mark(s.s + blobs, s.len - blobs);
  if (n) return blobs + n;
  return blobs < s.len ? blobs : last;
}

slice subject_base(char *subject, size_t len)
{
  slice s = { subject, fold_space(subject, len) };
  for (;;) {
    size_t n;
    while (s.len && (s.s[s.len - 1] == ' ' || is_forwarded(s))) s.len -= s.s[s.len - 1] == ' ' ? 1 : 5;
    while (s.len && *s.s == ' ') s.s++, s.len--;
    n = leader(s);
    if (n) {
      s.s += n;
      s.len -= n;
      continue;
    }
    if (s.len >= 6 && s.s[s.len - 1] == ']' && !memcmp(s.s, "[fwd:", 5)) {
      s.s += 5;
      s.len -= 6;
      continue;
    }
    return s;
  }
}
