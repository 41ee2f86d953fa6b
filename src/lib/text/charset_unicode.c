/* UTF-8, UTF-16, UTF-32 and UTF-7 (RFC 3629, 2781, 2152), and the single-byte charsets. */
#include "charset.h"

/* Copies valid UTF-8, without NUL. */
static void put_valid(char **out, char const *s, size_t len)
{
  while (len) {
    char const *nul = memchr(s, 0, len);
    size_t n = nul ? (size_t)(nul - s) : len;
    memcpy(*out, s, n);
    *out += n;
    s += n;
    len -= n;
    n = nul_run(s, len);
    s += n;
    len -= n;
  }
}

size_t decode_utf8(charset_stream *cs, unsigned char const *bytes, size_t len, int last, char **out)
{
  char const *s = (char const *)bytes;
  size_t i = 0;
  (void)cs;
  while (i < len) {
    utf8_state st = UTF8_ZERO;
    uint32_t c;
    size_t n = utf8_valid(s + i, len - i);
    put_valid(out, s + i, n);
    i += n;
    if (i == len || (!last && len - i < 4 && utf8_check(&st, s + i, len - i))) break;
    i += utf8_get(&c, s + i, len - i);
    put(out, BAD);
  }
  return i;
}

size_t decode_single(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  uint16_t const *table = cs->c->table;
  size_t i = 0;
  (void)last;
  while (i < len) {
    if (s[i] < 0x80 && cs->c->ascii) i += put_ascii(out, s + i, len - i);
    else if (s[i]) put(out, table[s[i]] ? table[s[i]] : BAD), i++;
    else i++;
  }
  return i;
}

/* UTF-8 up to the first octet that is none, from there on windows-1252 (state 1). */
size_t decode_guess(charset_stream *cs, unsigned char const *bytes, size_t len, int last, char **out)
{
  char const *s = (char const *)bytes;
  size_t i = 0;
  if (!cs->state) {
    utf8_state st = UTF8_ZERO;
    i = utf8_valid(s, len);
    put_valid(out, s, i);
    if (i == len || (!last && utf8_check(&st, s + i, len - i))) return i;
    cs->state = 1;
  }
  while (i < len) {
    if (bytes[i] < 0x80) i += put_ascii(out, bytes + i, len - i);
    else {
      uint32_t c = charset_windows1252->table[bytes[i++]];
      put(out, c ? c : BAD);
    }
  }
  return len;
}

/* A byte-order mark goes before the label. What utf-16 without one is, charset_judge says; UTF-32 is little-endian then. */
size_t decode_utf16(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  for (; len - i >= 2; i += 2) {
    uint32_t c;
    if (cs->state >= UTF16_BOM_LE) {
      int const big = s[i] == 0xfe && s[i + 1] == 0xff, little = s[i] == 0xff && s[i + 1] == 0xfe;
      cs->state = big || (cs->state == UTF16_BOM_BE && !little) ? UTF16_BE : UTF16_LE;
      if (big || little) continue;
    }
    c = cs->state == UTF16_BE ? (uint32_t)s[i] << 8 | s[i + 1] : (uint32_t)s[i + 1] << 8 | s[i];
    if (c >= 0xd800 && c < 0xdc00 && (len - i >= 4 || !last)) {
      uint32_t low;
      if (len - i < 4) return i;
      low = cs->state == UTF16_BE ? (uint32_t)s[i + 2] << 8 | s[i + 3] : (uint32_t)s[i + 3] << 8 | s[i + 2];
      if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        i += 2;
      }
    }
    if (c) put(out, c);
  }
  if (i < len && last) put(out, BAD), i = len;
  return i;
}

size_t decode_utf32(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  for (; len - i >= 4; i += 4) {
    uint32_t big = (uint32_t)s[i] << 24 | (uint32_t)s[i + 1] << 16 | (uint32_t)s[i + 2] << 8 | s[i + 3];
    uint32_t c;
    if (cs->state == UTF16_BOM_LE) {
      cs->state = big == 0xfeff ? UTF16_BE : UTF16_LE;
      if (big == 0xfeff || big == 0xfffe0000) continue;
    }
    c = cs->state == UTF16_BE ? big : __builtin_bswap32(big);
    if (c) put(out, c);
  }
  if (i < len && last) put(out, BAD), i = len;
  return i;
}

/* UTF-7's state: whether it is in base64, whether at its first octet, how many bits are waiting in cs->bits, and the high half
 * of a surrogate pair.
 *
 * state     input              next      output
 * text      +                  base64
 *           other ASCII        text      itself
 *           8 bits             text      U+FFFD
 * base64    A-Z a-z 0-9 + /    base64    the code unit, once 16 bits are there
 *           -                  text      + if it is the first
 *           other              text      itself; U+FFFD before it if it is the first
 * Leaving base64 with six bits or more, bits that are not zero, or half a pair: U+FFFD. */
#define BASE64 1u
#define FIRST 2u
#define COUNT_SHIFT 2
#define HIGH_SHIFT 8

static int base64_value(unsigned char c)
{
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static void utf7_unit(charset_stream *cs, uint32_t unit, char **out)
{
  uint32_t high = cs->state >> HIGH_SHIFT;
  cs->state &= (1u << HIGH_SHIFT) - 1;
  if (high && unit >= 0xdc00 && unit < 0xe000) unit = 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00);
  else {
    if (high) put(out, BAD);
    if (unit >= 0xd800 && unit < 0xdc00) {
      cs->state |= unit << HIGH_SHIFT;
      return;
    }
  }
  if (unit) put(out, unit);
}

static void utf7_leave(charset_stream *cs, char **out)
{
  uint32_t count = cs->state >> COUNT_SHIFT & 31;
  if (count >= 6 || (cs->bits & ((1u << count) - 1)) || cs->state >> HIGH_SHIFT) put(out, BAD);
  cs->state = 0;
  cs->bits = 0;
}

size_t decode_utf7(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  for (size_t i = 0; i < len; i++) {
    unsigned char c = s[i];
    if (cs->state & BASE64) {
      int v = base64_value(c), first = !!(cs->state & FIRST);
      cs->state &= ~FIRST;
      if (v >= 0) {
        uint32_t count = (cs->state >> COUNT_SHIFT & 31) + 6;
        cs->bits = cs->bits << 6 | (uint32_t)v;
        if (count >= 16) {
          count -= 16;
          utf7_unit(cs, cs->bits >> count & 0xffff, out);
        }
        cs->state = (cs->state & ~(31u << COUNT_SHIFT)) | count << COUNT_SHIFT;
        continue;
      }
      utf7_leave(cs, out);
      if (first) put(out, c == '-' ? '+' : BAD);
      if (c == '-') continue;
    }
    if (c == '+') cs->state = BASE64 | FIRST;
    else if (c >= 0x80) put(out, BAD);
    else put_ascii(out, &c, 1);
  }
  if (last && (cs->state & FIRST)) put(out, BAD);
  if (last) utf7_leave(cs, out);
  return len;
}
