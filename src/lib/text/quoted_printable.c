/* Quoted-printable (RFC 2045 6.7). */
#include <string.h>

#include <porter/hex.h>
#include <porter/text.h>
#include "bytes.h"

/* Copies what comes before the first '='; returns how much. May write seven octets more. */
static size_t copy_plain(char *out, char const *s, size_t len)
{
  size_t i = 0;
  for (; len - i >= 8; i += 8) {
    uint64_t w = eight(s + i), marks = eight_equal(w, '=');
    put_eight(out + i, w);
    if (marks) return i + eight_first(marks);
  }
  for (; i < len && s[i] != '='; i++) out[i] = s[i];
  return i;
}

static int blank(char c) { return c == ' ' || c == '\t'; }

/* What the escape at s, which begins with '=', comes to:
 *
 *   =XX                     an octet, written to *octet
 *   = blanks CRLF | CR | LF nothing
 *   anything else           the '=' itself
 *
 * Returns the octets used, *written of them (0 or 1) in the output; 0 where more input would tell. */
static size_t qp_escape(char const *s, size_t len, char *octet, size_t *written)
{
  size_t i = 1;
  *octet = '=';
  *written = 1;
  while (i < len && blank(s[i])) i++;
  if (i == len) return 0;
  if (s[i] == '\n') return *written = 0, i + 1;
  if (s[i] == '\r') {
    if (i + 1 == len) return 0;
    return *written = 0, i + 1 + (s[i + 1] == '\n');
  }
  if (i == 1 && hex_value(s[1]) >= 0) {
    if (len < 3) return 0;
    if (hex_value(s[2]) >= 0) return *octet = (char)(hex_value(s[1]) << 4 | hex_value(s[2])), 3;
  }
  return 1;
}

size_t qp_decode(qp_state *st, char *out, char const *s, size_t len)
{
  size_t n = 0, i = 0, written;
  while (i < len) {
    size_t used;
    if (st->count) {
      /* A piece ended inside an escape: take octet after octet until it tells. Longer blanks than any line has are text. */
      st->keep[st->count++] = s[i++];
      used = qp_escape(st->keep, st->count, out + n, &written);
      if (!used && st->count == sizeof st->keep) used = written = 1, out[n] = '=';
      if (!used) continue;
      n += written;
      /* What the escape did not use: at most one of its octets is special, the one that was read last. */
      memcpy(out + n, st->keep + used, st->count - used);
      n += st->count - used;
      used = st->count - used;
      st->count = 0;
      if (used && out[n - 1] == '=') n--, i--;
      continue;
    }
    used = copy_plain(out + n, s + i, len - i);
    n += used;
    i += used;
    if (i == len) break;
    if (len - i >= 3 && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0) {
      out[n++] = (char)(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2]));
      i += 3;
      continue;
    }
    used = qp_escape(s + i, len - i < sizeof st->keep ? len - i : sizeof st->keep, out + n, &written);
    if (!used && len - i < sizeof st->keep) {
      memcpy(st->keep, s + i, len - i);
      st->count = (unsigned int)(len - i);
      break;
    }
    if (!used) used = written = 1, out[n] = '=';
    n += written;
    i += used;
  }
  return n;
}

/* A last '=' is a soft line break whose line end is missing; half an escape is text. */
size_t qp_finish(qp_state *st, char *out)
{
  size_t n = 0, i = 1;
  while (i < st->count && blank(st->keep[i])) i++;
  if (st->count && i < st->count && st->keep[i] != '\r') {
    memcpy(out, st->keep, st->count);
    n = st->count;
  }
  st->count = 0;
  return n;
}
