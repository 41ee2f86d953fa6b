/* UTF-8 (RFC 3629; Unicode 3.9, table 3-7):
 *
 *   first octet   further octets
 *   00..7F        none
 *   C2..DF        80..BF
 *   E0            A0..BF 80..BF      (below A0: overlong)
 *   E1..EC EE EF  80..BF 80..BF
 *   ED            80..9F 80..BF      (above 9F: surrogates)
 *   F0            90..BF 80..BF 80..BF
 *   F1..F3        80..BF 80..BF 80..BF
 *   F4            80..8F 80..BF 80..BF
 *
 * Only the second octet's range differs, so a state is: how many octets are wanted, and the range of the next. */
#include <string.h>

#include <porter/hex.h>
#include <porter/text.h>
#include "bytes.h"
#include "utf8.h"

static int continues(unsigned char c) { return (c & 0xc0) == 0x80; }

/* Characters of two and three octets whose second octet is not restricted, as long as there are; returns their octets. */
static size_t common_run(unsigned char const *s, size_t len)
{
  size_t i = 0;
  while (len - i >= 3) {
    if (s[i] >= 0xc2 && s[i] < 0xe0 && continues(s[i + 1])) i += 2;
    else if (s[i] > 0xe0 && s[i] < 0xf0 && s[i] != 0xed && continues(s[i + 1]) && continues(s[i + 2])) i += 3;
    else break;
  }
  return i;
}

/* *whole is where the last whole character ends. */
static int check(utf8_state *st, char const *s, size_t len, size_t *whole)
{
  size_t i = 0;
  while (i < len) {
    unsigned char c = (unsigned char)s[i];
    if (st->need) {
      if (!utf8_next(st, c)) return 0;
      i++;
    } else if (c < 0x80) i += ascii_run(s + i, len - i);
    else {
      size_t run = common_run((unsigned char const *)s + i, len - i);
      if (run) i += run;
      else if (utf8_lead(st, c)) i++;
      else return 0;
    }
    if (!st->need) *whole = i;
  }
  return 1;
}

int utf8_check(utf8_state *st, char const *s, size_t len)
{
  size_t whole;
  return check(st, s, len, &whole);
}

size_t utf8_valid(char const *s, size_t len)
{
  utf8_state st = UTF8_ZERO;
  size_t whole = 0;
  check(&st, s, len, &whole);
  return whole;
}

size_t utf8_put(char *s, uint32_t c)
{
  if (c < 0x80) return s[0] = (char)c, 1;
  if (c < 0x800) {
    s[0] = (char)(0xc0 | c >> 6);
    s[1] = (char)(0x80 | (c & 0x3f));
    return 2;
  }
  if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 0xfffd;
  if (c < 0x10000) {
    s[0] = (char)(0xe0 | c >> 12);
    s[1] = (char)(0x80 | (c >> 6 & 0x3f));
    s[2] = (char)(0x80 | (c & 0x3f));
    return 3;
  }
  s[0] = (char)(0xf0 | c >> 18);
  s[1] = (char)(0x80 | (c >> 12 & 0x3f));
  s[2] = (char)(0x80 | (c >> 6 & 0x3f));
  s[3] = (char)(0x80 | (c & 0x3f));
  return 4;
}

size_t utf8_get(uint32_t *c, char const *s, size_t len)
{
  unsigned char first = (unsigned char)s[0];
  utf8_state st;
  size_t i = 1;
  if (first < 0x80) return *c = first, 1;
  if (!utf8_lead(&st, first)) return *c = 0xfffd, 1;
  *c = first & (0x3fu >> st.need);
  for (; st.need; i++) {
    if (i == len || !utf8_next(&st, (unsigned char)s[i])) return *c = 0xfffd, i;
    *c = *c << 6 | ((unsigned char)s[i] & 0x3f);
  }
  return i;
}

size_t text_escape(char *s, char const *from, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len;) {
    uint32_t c;
    size_t size = utf8_get(&c, from + i, len - i);
    int valid = c != 0xfffd || (size == 3 && !memcmp(from + i, "\xef\xbf\xbd", 3));
    /* U+0080 to U+009F are controls as well: CSI is one; U+2028, U+2029 and the bidi controls would make the line another one. */
    int plain = valid && c >= 0x20 && (c < 0x7f || c > 0x9f) && c != '\\' && !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
    size_t need = plain ? size : c == '\\' ? 2 : 4 * size;
    if (need > TEXT_ESCAPE_MAX - n) break;
    if (plain) memcpy(s + n, from + i, size);
    else if (c == '\\') memcpy(s + n, "\\\\", 2);
    else
      for (size_t k = 0; k < size; k++) {
        unsigned char octet = (unsigned char)from[i + k];
        char *to = s + n + 4 * k;
        to[0] = '\\';
        to[1] = 'x';
        to[2] = HEX_LOWER[octet >> 4];
        to[3] = HEX_LOWER[octet & 15];
      }
    n += need;
    i += size;
  }
  s[n] = 0;
  return n;
}
