/* The base subject (RFC 5256 2.1): what is left without Re:, Fwd:, [list] and (fwd).
 *
 * Both ends only ever move inwards, so each octet is looked at a bounded number of times:
 *   end      "(fwd)" and white space go, as often as they come
 *   start    a leader (blobs, then re, fw or fwd, maybe a blob, ":") or white space goes; a blob alone goes if something is left
 *   both     "[fwd:" ... "]" goes, and all begins anew
 */
#include <string.h>
#include <strings.h>

#include <porter/order.h>

static size_t fold_space(char *s, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    if ((unsigned char)s[i] > ' ') {
      s[n++] = s[i];
      continue;
    }
    char c = s[i] == '\t' || s[i] == '\n' || s[i] == '\r' ? ' ' : s[i];
    if (c != ' ' || (n && s[n - 1] != ' ')) s[n++] = c;
  }
  return n && s[n - 1] == ' ' ? n - 1 : n;
}

/* The length of "[" *BLOBCHAR "]" *WSP at s, 0 for none. */
static size_t blob(char const *s, size_t len)
{
  size_t i = 1;
  if (!len || s[0] != '[') return 0;
  while (i < len && s[i] != '[' && s[i] != ']') i++;
  if (i == len || s[i] != ']') return 0;
  for (i++; i < len && s[i] == ' ';) i++;
  return i;
}

/* The length of ("re" / "fw" / "fwd") *WSP [blob] ":" at s, 0 for none. */
static size_t reply_mark(char const *s, size_t len)
{
  size_t i;
  if (!len || ((s[0] | 0x20) != 'r' && (s[0] | 0x20) != 'f')) return 0;
  if (len >= 3 && !strncasecmp(s, "fwd", 3)) i = 3;
  else if (len >= 2 && (!strncasecmp(s, "re", 2) || !strncasecmp(s, "fw", 2))) i = 2;
  else return 0;
  while (i < len && s[i] == ' ') i++;
  i += blob(s + i, len - i);
  return i < len && s[i] == ':' ? i + 1 : 0;
}

slice subject_base(char *subject, size_t len)
{
  slice s = { subject, fold_space(subject, len) };
  for (;;) {
    size_t blobs = 0, last = 0, n;
    while (s.len && (s.s[s.len - 1] == ' ' || (s.len >= 5 && s.s[s.len - 1] == ')' && !strncasecmp(s.s + s.len - 5, "(fwd)", 5))))
      s.len -= s.s[s.len - 1] == ' ' ? 1 : 5;
    while (s.len && *s.s == ' ') s.s++, s.len--;
    while ((n = blob(s.s + blobs, s.len - blobs)) != 0) {
      last = blobs;
      blobs += n;
    }
    n = reply_mark(s.s + blobs, s.len - blobs);
    /* Blobs without a mark behind them go too, but something must be left. */
    n = n ? blobs + n : blobs < s.len ? blobs : last;
    if (n) {
      s.s += n;
      s.len -= n;
      continue;
    }
    if (s.len >= 6 && *s.s == '[' && s.s[s.len - 1] == ']' && !strncasecmp(s.s, "[fwd:", 5)) {
      s.s += 5;
      s.len -= 6;
      continue;
    }
    return s;
  }
}
