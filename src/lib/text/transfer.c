/* Transfer encodings: base64 and quoted-printable (RFC 2045 6.7, 6.8), uuencode (POSIX). */
#include <string.h>

#include <porter/text.h>

#define OTHER 0x40    /* not in the alphabet */
#define PADDING 0x80

/* The value of a base64 character. */
static unsigned char const value[256] = {
#define X OTHER
#define R8(a) a, a + 1, a + 2, a + 3, a + 4, a + 5, a + 6, a + 7
#define X16 X, X, X, X, X, X, X, X, X, X, X, X, X, X, X, X
  X16, X16,
  X, X, X, X, X, X, X, X, X, X, X, 62, X, X, X, 63,
  R8(52), 60, 61, X, X, X, PADDING, X, X,
  X, 0, 1, 2, 3, 4, 5, 6, R8(7), R8(15), 23, 24, 25, X, X, X, X, X,
  X, 26, 27, 28, 29, 30, 31, 32, R8(33), R8(41), 49, 50, 51, X, X, X, X, X,
  X16, X16, X16, X16, X16, X16, X16, X16
#undef X16
#undef R8
#undef X
};

/* Whole groups of four characters, as long as there is nothing but the alphabet; returns the groups. */
static size_t base64_groups(char *out, char const *s, size_t len)
{
  unsigned char const *from = (unsigned char const *)s;
  size_t n = 0;
  for (; len - 4 * n >= 8; n += 2) {
    unsigned char const *f = from + 4 * n;
    uint32_t a = value[f[0]], b = value[f[1]], c = value[f[2]], d = value[f[3]];
    uint32_t e = value[f[4]], g = value[f[5]], h = value[f[6]], i = value[f[7]];
    uint64_t w;
    if ((a | b | c | d | e | g | h | i) & (OTHER | PADDING)) break;
    w = (uint64_t)(a << 18 | b << 12 | c << 6 | d) << 24 | (e << 18 | g << 12 | h << 6 | i);
    w = __builtin_bswap64(w << 16);
    memcpy(out + 3 * n, &w, 8);  /* two octets more than count: TRANSFER_ROOM */
  }
  return n;
}

size_t base64_decode(base64_state *st, char *out, char const *s, size_t len)
{
  size_t n = 0, i = 0;
  while (i < len && !st->ended) {
    unsigned char v;
    if (!st->count) {
      size_t groups = base64_groups(out + n, s + i, len - i);
      n += 3 * groups;
      i += 4 * groups;
      if (i == len) break;
    }
    v = value[(unsigned char)s[i++]];
    if (v == PADDING) st->ended = 1;
    if (v >= OTHER) continue;
    st->bits = st->bits << 6 | v;
    if (++st->count == 4) {
      out[n++] = (char)(st->bits >> 16);
      out[n++] = (char)(st->bits >> 8);
      out[n++] = (char)st->bits;
      st->count = 0;
    }
  }
  return n;
}

size_t base64_finish(base64_state *st, char *out)
{
  size_t n = 0;
  uint32_t bits = st->bits << (24 - 6 * st->count);
  if (st->count >= 2) out[n++] = (char)(bits >> 16);
  if (st->count == 3) out[n++] = (char)(bits >> 8);
  st->count = 0;
  st->ended = 1;
  return n;
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int blank(char c)
{
  return c == ' ' || c == '\t';
}

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
    char const *escape;
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
    escape = memchr(s + i, '=', len - i);
    used = escape ? (size_t)(escape - (s + i)) : len - i;
    memcpy(out + n, s + i, used);
    n += used;
    i += used;
    if (!escape) break;
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
