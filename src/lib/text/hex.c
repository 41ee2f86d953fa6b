/* Octets as hexadecimal digits, and back. */
#include <porter/hex.h>

signed char const hex_worth[256] = { ['0'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ['A'] = 11, 12, 13, 14, 15, 16, ['a'] = 11, 12, 13, 14, 15, 16 };

int hex_scan(char *out, char const *s, size_t len)
{
  if (len % 2) return 0;
  for (size_t i = 0; i < len; i += 2) {
    int high = hex_value(s[i]), low = hex_value(s[i + 1]);
    if (high < 0 || low < 0) return 0;
    out[i / 2] = (char)(high << 4 | low);
  }
  return 1;
}

size_t hex_fmt(char *out, void const *octets, size_t len, char const *digits)
{
  unsigned char const *s = octets;
  for (size_t i = 0; i < len; i++) {
    *out++ = digits[s[i] >> 4];
    *out++ = digits[s[i] & 15];
  }
  return 2 * len;
}
