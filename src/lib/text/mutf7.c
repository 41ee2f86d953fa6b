/* Modified UTF-7 for folder names (RFC 3501 5.1.3): printable ASCII stands for itself, "&-" for '&', and "&...-" holds
 * UTF-16BE in base64 with ',' for '/' and no padding. One name has one encoding only: what has another is refused, so that
 * two folders on disk never show as one. */
#include <errno.h>
#include <string.h>

#include <porter/text.h>

static char const alphabet[64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int printable(uint32_t c) { return c >= 0x20 && c <= 0x7e; }

/* What is the same in both. */
static int is_itself(slice s)
{
  size_t i = 0;
  while (i < s.len && printable((unsigned char)s.s[i]) && s.s[i] != '&') i++;
  return i == s.len;
}

static int value(char c)
{
  char const *p = c ? memchr(alphabet, c, sizeof alphabet) : NULL;
  return p ? (int)(p - alphabet) : -1;
}

/* Decodes the base64 run at s, which ends before len or at '-'; appends UTF-8 to the *n octets of out.
 * Returns the octets used with the '-'; 0 where it is not the encoding that mutf7_encode gives. */
static size_t decode_run(char const *s, size_t len, char *out, size_t *n)
{
  uint32_t bits = 0, high = 0;
  unsigned int count = 0;
  size_t i = 0;
  for (; i < len && s[i] != '-'; i++) {
    int v = value(s[i]);
    if (v < 0) return 0;
    bits = bits << 6 | (uint32_t)v;
    count += 6;
    if (count < 16) continue;
    count -= 16;
    uint32_t unit = bits >> count & 0xffff;
    int low = unit >= 0xdc00 && unit < 0xe000;
    if (!!high != low) return 0; /* half a surrogate pair */
    if (unit >= 0xd800 && unit < 0xdc00) high = unit;
    else {
      if (printable(unit) || !unit) return 0; /* stands for itself outside; no name holds NUL */
      *n += utf8_put(out + *n, high ? 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00) : unit);
      high = 0;
    }
  }
  if (i == len || !i || high) return 0;
  if (count >= 6 || (bits & ((1u << count) - 1))) return 0; /* a character too many, or bits that are not zero */
  return i + 1;
}

int mutf7_decode(arena *a, slice from, slice *out)
{
  size_t n = 0, i = 0, size = 2 * from.len + 4; /* 8 base64 characters hold 3 units, which are 9 octets at most */
  char *to;
  int after_run = 0;
  if (is_itself(from)) return *out = from, 1;
  if (!(to = arena_take(a, size))) return 0;
  while (i < from.len) {
    char c = from.s[i];
    if (!printable((unsigned char)c)) return errno = EILSEQ, 0;
    if (c != '&') {
      to[n++] = c;
      i++;
      after_run = 0;
    } else if (i + 1 < from.len && from.s[i + 1] == '-') {
      to[n++] = '&';
      i += 2;
      after_run = 0;
    } else {
      size_t used = after_run ? 0 : decode_run(from.s + i + 1, from.len - i - 1, to, &n); /* two runs would be one */
      if (!used) return errno = EILSEQ, 0;
      i += 1 + used;
      after_run = 1;
    }
  }
  arena_shrink(a, to, size, n);
  out->s = to;
  out->len = n;
  return 1;
}

int mutf7_encode(arena *a, slice from, slice *out)
{
  size_t n = 0, i = 0, size;
  char *to;
  if (is_itself(from)) return *out = from, 1;
  if (from.len > SIZE_MAX / 8) return errno = ENOMEM, 0;
  size = 5 * from.len + 4; /* a control character alone: one octet becomes five */
  to = arena_take(a, size);
  if (!to) return 0;
  while (i < from.len) {
    uint32_t c, bits = 0;
    unsigned int count = 0;
    size_t used = utf8_get(&c, from.s + i, from.len - i);
    if (printable(c)) {
      to[n++] = (char)c;
      if (c == '&') to[n++] = '-';
      i += used;
      continue;
    }
    to[n++] = '&';
    for (; i < from.len; i += used) {
      uint32_t unit[2];
      int units = 1;
      used = utf8_get(&c, from.s + i, from.len - i);
      if (printable(c)) break;
      unit[0] = c;
      if (c >= 0x10000) {
        units = 2;
        unit[0] = 0xd7c0 + (c >> 10);
        unit[1] = 0xdc00 + (c & 0x3ff);
      }
      for (int k = 0; k < units; k++) {
        bits = bits << 16 | unit[k];
        for (count += 16; count >= 6; count -= 6) to[n++] = alphabet[bits >> (count - 6) & 63];
      }
    }
    if (count) to[n++] = alphabet[bits << (6 - count) & 63];
    to[n++] = '-';
  }
  arena_shrink(a, to, size, n);
  out->s = to;
  out->len = n;
  return 1;
}
