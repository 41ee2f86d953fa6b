/* UTF-8 and lines for people. */
#include <porter/text.h>
#include "tap.h"

static void valid(char const *s, size_t len, size_t want, char const *name)
{
  utf8_state st = UTF8_ZERO;
  int good = 1;
  is_int((long long)utf8_valid(s, len), (long long)want, name);
  for (size_t i = 0; i < len && good; i++) good = utf8_check(&st, s + i, 1);
  ok((good && utf8_whole(&st)) == (want == len), "%s, octet by octet", name);
}
#define VALID(s, want, name) valid(s, sizeof(s) - 1, want, name)

static void escapes(char const *s, size_t len, char const *want, char const *name)
{
  char out[TEXT_ESCAPE_MAX + 1];
  size_t n = text_escape(out, s, len);
  is_bytes(out, n, want, strlen(want), name);
  ok(!out[n], "%s, terminated", name);
}
#define ESCAPES(s, want, name) escapes(s, sizeof(s) - 1, want, name)

int main(void)
{
  static char long_line[512];
  int good = 1;
  VALID("", 0, "nothing");
  VALID("a\0b", 3, "NUL");
  VALID("0123456789012345678901234567890123456789\xc3\xa4", 42, "a long one");
  VALID("0123456789012345678901234567890123456\xc3", 37, "cut off");
  VALID("\xc0\x80", 0, "overlong, two octets");
  VALID("\xe0\x9f\xbf", 0, "overlong, three");
  VALID("\xf0\x8f\xbf\xbf", 0, "overlong, four");
  VALID("a\xed\xa0\x80", 1, "a surrogate");
  VALID("\xf4\x8f\xbf\xbf", 4, "the last code point");
  VALID("\xf4\x90\x80\x80", 0, "behind the last");
  VALID("\xe2\x82\xac\x80", 3, "a continuation alone");
  for (uint32_t c = 0; c < 0x110000 && good; c++) {
    char s[4];
    uint32_t back;
    size_t n = utf8_put(s, c), m = utf8_get(&back, s, n);
    good = n == m && utf8_valid(s, n) == n && back == (c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
  }
  ok(good, "every code point there and back");
  ESCAPES("plain ä€😀", "plain ä€😀", "text");
  ESCAPES("a\nb\t\\ \x7f\xff\xc2\x9b" "31m\xe2\x80\xae" "x", "a\\x0ab\\x09\\\\ \\x7f\\xff\\xc2\\x9b31m\\xe2\\x80\\xaex", "what is none");
  memset(long_line, 'a', sizeof long_line);
  memcpy(long_line + 199, "ä", 2);
  escapes(long_line, sizeof long_line, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "cut before a character");
  return done();
}
