/* GB 18030, which holds GBK, which holds GB 2312 (WHATWG Encoding 10.2), and HZ (RFC 1843). */
#include "charset.h"

#define MALFORMED UINT32_MAX

uint32_t charset_gb(unsigned int lead, unsigned int trail)
{
  if (lead < 0x81 || lead > 0xfe || trail < 0x40 || trail > 0xfe || trail == 0x7f) return MALFORMED;
  return charset_wide(charset_gbk, charset_gbk_wide, (lead - 0x81) * 191 + trail - 0x40);
}

/* The code point of four octets, given as their number in GB 18030's order. */
static uint32_t four(uint32_t n)
{
  size_t low = 0, high = charset_gb18030_runs_count;
  if (n >= 189000 && n - 189000 < 0x100000) return 0x10000 + n - 189000;
  if (n >= 39420) return 0;
  while (high - low > 1) {
    size_t middle = (low + high) / 2;
    if (charset_gb18030_runs[middle].first <= n) low = middle;
    else high = middle;
  }
  return charset_gb18030_runs[low].point ? charset_gb18030_runs[low].point + n - charset_gb18030_runs[low].first : 0;
}

size_t decode_gb18030(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  (void)cs;
  while (i < len) {
    unsigned char const *t = s + i;
    size_t left = len - i, used = 1;
    uint32_t c = MALFORMED;
    if (*t < 0x80) {
      i += put_ascii(out, t, left);
      continue;
    }
    if (*t == 0x80) c = 0x20ac; /* GBK of Windows */
    else if (*t == 0xff)
      ;
    else if (left < 2 && !last) break;
    else if (left >= 2 && t[1] >= 0x30 && t[1] <= 0x39) {
      if (left < 4 && !last && (left < 3 || (t[2] >= 0x81 && t[2] <= 0xfe))) break;
      if (left >= 4 && t[2] >= 0x81 && t[2] <= 0xfe && t[3] >= 0x30 && t[3] <= 0x39) {
        c = four(((*t - 0x81u) * 10 + t[1] - 0x30u) * 1260 + (t[2] - 0x81u) * 10 + t[3] - 0x30u);
        used = 4;
      }
    } else if (left >= 2) {
      c = charset_gb(*t, t[1]);
      used = c == MALFORMED ? 1 : 2;
    }
    put(out, c && c != MALFORMED ? c : BAD);
    i += used;
  }
  return i;
}

/* state        input             next     output
 * ascii        ~~                ascii    ~
 *              ~{                gb
 *              ~ LF              ascii    (the line goes on)
 *              other             ascii    itself; U+FFFD for ~ and for 8 bits
 * gb           ~}                ascii
 *              LF, CR            ascii    itself
 *              21..7E 21..7E     gb       the character
 *              other             gb       itself where it is a control or a blank, else U+FFFD */
size_t decode_hz(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  while (i < len) {
    unsigned char c = s[i], next = i + 1 < len ? s[i + 1] : 0;
    if (c >= 0x80) put(out, BAD), i++;
    else if (c == '\n' || c == '\r') cs->state = 0, *(*out)++ = (char)c, i++;
    else if (c <= ' ' || c == 0x7f) i += put_ascii(out, s + i, 1);
    else if (i + 1 == len && !last && (c == '~' || cs->state)) break;
    else if (c == '~' && next == '{' && !cs->state) cs->state = 1, i += 2;
    else if (c == '~' && next == '}' && cs->state) cs->state = 0, i += 2;
    else if (c == '~' && next == '~' && !cs->state) *(*out)++ = '~', i += 2;
    else if (c == '~' && next == '\n' && !cs->state) i += 2;
    else if (c == '~') put(out, BAD), i++;
    else if (!cs->state) i += put_ascii(out, s + i, 1);
    else if (next < 0x21 || next > 0x7e) put(out, BAD), i++;
    else {
      uint32_t point = charset_gb(c | 0x80, next | 0x80);
      put(out, point ? point : BAD);
      i += 2;
    }
  }
  return i;
}
