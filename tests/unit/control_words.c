/* Control lines taken apart as tor does it: words, arguments, the value of AUTHENTICATE, hexadecimal, quoting. */
#include <porter/control_auth.h>
#include <porter/control_output.h>
#include <porter/control_words.h>
#include <porter/hex.h>

#include "tap.h"

#define SLICE(literal) ((slice){ (literal), sizeof(literal) - 1 })

static void words(slice line, char const *want_word, char const *want_list, char const *name)
{
  char list[256] = "";
  slice word = control_word(line), arguments = control_arguments(line), next;
  is_bytes(word.s, word.len, want_word, strlen(want_word), name);
  while (control_next(&arguments, &next)) {
    strncat(list, next.s, next.len);
    strcat(list, "|");
  }
  is_str(list, want_list, name);
}

static void value(char const *arguments, enum control_value want, char const *text)
{
  char copy[256];
  slice got;
  strcpy(copy, arguments);
  is_int(control_value_scan(copy, strlen(arguments), &got), want, arguments);
  if (want == VALUE_ONE) is_bytes(got.s, got.len, text, strlen(text), arguments);
}

static void quoted(slice s, char const *want)
{
  control_output o = CONTROL_OUTPUT_ZERO;
  output_quoted(&o, s);
  is_bytes(o.bytes.s, o.bytes.len, want, strlen(want), want);
  stralloc_free(&o.bytes);
}

int main(void)
{
  char octets[4], hex[8], key[S2K_KEY];
  /* control-spec 5.1: the salt, the indicator, and the key for "foo" */
  static char const salt[] = "\x66\x05\x37\xe3\xe1\xcd\x49\x99\x60";
  static char const want[] = "\x44\xa3\xbf\x55\x80\x97\xa9\x81\xf5\x39\xfe\xa2\xf9\xda\x66\x2b\x46\x26\xc1\xc2";

  words(SLICE("GETINFO version a\r\n"), "GETINFO", "version|a|", "plain");
  words(SLICE("GETINFO"), "GETINFO", "", "no line end, no arguments");
  words(SLICE("GETINFO \t version  a \v\n"), "GETINFO", "version|a|", "white space around");
  words(SLICE("GETINFO a\tb c\r\n"), "GETINFO", "a\tb|c|", "a tab does not separate");
  words(SLICE("GETINFO a \t b\r\n"), "GETINFO", "a|b|", "but is cut off");
  words(SLICE(" GETINFO a\r\n"), "", "GETINFO|a|", "a space before it: no word");
  words(SLICE("\r\n"), "", "", "nothing");
  words(SLICE("\n"), "", "", "nothing, LF");
  words(SLICE(""), "", "", "not even a line");
  words(SLICE("A\0B c\0d e\r\n"), "A", "c|", "cut at NUL");
  words(SLICE("A\rb\r\n"), "A", "b|", "a CR is white space");
  is_int(control_count(SLICE("a b c d"), 2), 2, "counts up to the maximum");
  ok(control_is(SLICE("quit"), "QUIT") && !control_is(SLICE("quitt"), "QUIT") && !control_is(SLICE("qui"), "QUIT"), "commands in any case, whole");
  ok(control_equal(SLICE("version"), "version") && !control_equal(SLICE("Version"), "version"), "keys exactly");
  is_int((long long)control_chop(SLICE("a\r\r\n")).len, 2, "one CR belongs to the line end");
  is_int((long long)control_chop(SLICE("a\r")).len, 2, "a CR alone is none");

  value("", VALUE_NONE, "");
  value("  \t", VALUE_NONE, "");
  value("abc", VALUE_ONE, "abc");
  value(" abc ", VALUE_ONE, "abc");
  value("\"a b\"", VALUE_ONE, "a b");
  value("\"a\\\"b\\\\c\\d\"", VALUE_ONE, "a\"b\\cd");
  value("\"\"", VALUE_ONE, "");
  value("a\"b\"", VALUE_ONE, "a\"b\"");
  value("\"a\"b", VALUE_MANY, "");
  value("a b", VALUE_MANY, "");
  value("\"\" \"\"", VALUE_MANY, "");
  value("a=b", VALUE_KEYWORD, "");
  value("a=", VALUE_KEYWORD, "");
  value("a=\"b c\"", VALUE_KEYWORD, "");
  value("a=b c", VALUE_MANY, "");
  value("=b", VALUE_MALFORMED, "");
  value("\"a\"=b", VALUE_MALFORMED, "");
  value("\"a", VALUE_MALFORMED, "");
  value("\"a\\", VALUE_MALFORMED, "");
  value("\"a\\\"", VALUE_MALFORMED, "");
  value("a=\"b", VALUE_MALFORMED, "");

  ok(hex_scan(octets, "00fFa9", 6) && !memcmp(octets, "\x00\xff\xa9", 3), "hexadecimal in either case");
  ok(!hex_scan(octets, "0", 1) && !hex_scan(octets, "0g", 2) && !hex_scan(octets, "-1", 2), "what is none");
  ok(hex_scan(octets, "", 0), "nothing is hexadecimal too");
  hex_fmt(hex, "\x00\xfe\x1a", 3, HEX_UPPER);
  is_bytes(hex, 6, "00FE1A", 6, "upper case");

  quoted(SLICE("plain"), "\"plain\"");
  quoted(SLICE("a\"b\\c'd\n\r\t\x01\xff"), "\"a\\\"b\\\\c\\'d\\n\\r\\t\\001\\377\"");
  quoted(SLICE(""), "\"\"");

  auth_s2k(key, SLICE("foo"), salt);
  is_bytes(key, sizeof key, want, sizeof want - 1, "the hashed password of control-spec");
  return done();
}
