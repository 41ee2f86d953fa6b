/* What version 1 writes: JSON that is pure ASCII, and dates in UTC. The modes are tested in version1.t. */
#include <errno.h>

#include "../../src/lib/version1/internal.h"
#include "tap.h"

typedef struct text_s text;
struct text_s { char s[65536]; size_t len; unsigned int calls, stop; };

static int keep(void *context, char const *s, size_t len)
{
  text *t = context;
  if (++t->calls == t->stop) return errno = EDQUOT, 0;
  if (len > sizeof t->s - t->len) return errno = ENOSPC, 0;
  memcpy(t->s + t->len, s, len);
  t->len += len;
  return 1;
}

static text t;
static json_output out;

static void string(char const *s, size_t len, int ascii, char const *want, char const *name)
{
  t = (text){ .len = 0 };
  json_put_start(&out, &keep, &t, ascii);
  json_put_string(&out, s, len);
  ok(json_put_end(&out), "written");
  is_bytes(t.s, t.len, want, strlen(want), name);
}

static void date(char const *in, char const *want)
{
  char s[UTC_FMT + 1];
  size_t len = date_in_utc(s, in);
  is_bytes(s, len, want, strlen(want), in);
}

int main(void)
{
  static char long_text[20000];
  string("", 0, 1, "\"\"", "an empty string");
  string("plain ~ text", 12, 1, "\"plain ~ text\"", "ASCII");
  string("\"\\/\b\f\n\r\t\x01\x1f\x7f", 11, 1, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f\"", "what JSON escapes");
  string("\0", 1, 1, "\"\\u0000\"", "NUL");
  string("\xc3\xa4\xe2\x82\xac\xef\xbf\xbf", 8, 1, "\"\\u00e4\\u20ac\\uffff\"", "the Basic Multilingual Plane");
  string("\xf0\x90\x80\x80\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf", 12, 1, "\"\\ud800\\udc00\\ud83d\\ude00\\udbff\\udfff\"", "surrogate pairs");
  string("a\xff\x62\xc3", 4, 1, "\"a\\ufffdb\\ufffd\"", "what is no UTF-8");
  string("\xed\xa0\x80", 3, 1, "\"\\ufffd\\ufffd\\ufffd\"", "a surrogate in UTF-8");
  string("\xc3\xa4\"\xf0\x9f\x98\x80\x7f", 8, 0, "\"\xc3\xa4\\\"\xf0\x9f\x98\x80\\u007f\"", "UTF-8 where it is allowed");

  memset(long_text, 'x', sizeof long_text);
  t = (text){ .len = 0 };
  json_put_start(&out, &keep, &t, 1);
  for (int i = 0; i < 2; i++) json_put(&out, long_text, sizeof long_text);
  json_put_number(&out, 18446744073709551615u);
  ok(json_put_end(&out) && t.len == 2 * sizeof long_text + 20 && !memcmp(t.s + 2 * sizeof long_text, "18446744073709551615", 20), "pieces larger than the buffer, in order");
  t = (text){ .stop = 1 };
  json_put_start(&out, &keep, &t, 1);
  json_put(&out, long_text, sizeof long_text);
  json_put(&out, long_text, sizeof long_text);
  ok(!json_put_end(&out) && errno == EDQUOT && t.calls == 1, "a sink that stops is left alone, and its errno is told");

  struct { char const *in; size_t len; char const *want; } const octets[] = {
    { "", 0, "\"\"" }, { "f", 1, "\"Zg==\"" }, { "fo", 2, "\"Zm8=\"" }, { "foo", 3, "\"Zm9v\"" }, { "foobar", 6, "\"Zm9vYmFy\"" }, { "\xfb\xff\xbf", 3, "\"+/+/\"" } };
  for (size_t i = 0; i < sizeof octets / sizeof *octets; i++) {
    t = (text){ .len = 0 };
    json_put_start(&out, &keep, &t, 1);
    json_put_base64(&out, octets[i].in, octets[i].len);
    json_put_end(&out);
    is_bytes(t.s, t.len, octets[i].want, strlen(octets[i].want), "base64 (RFC 4648 10)");
  }

  date("2019-02-22T10:06:54Z", "2019-02-22T10:06:54Z");
  date("2019-02-22T11:06:54+01:00", "2019-02-22T10:06:54Z");
  date("2019-12-31T23:30:00-08:00", "2020-01-01T07:30:00Z");
  date("2020-03-01T00:15:00+00:30", "2020-02-29T23:45:00Z");
  date("2100-03-01T00:00:00+00:01", "2100-02-28T23:59:00Z");
  date("2000-02-29T00:00:00-00:00", "2000-02-29T00:00:00Z");
  date("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z");
  date("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z");
  date("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z");
  date("9999-12-31T23:59:59-01:00", "");
  date("", "");
  date("2019-02-22", "");
  date("2019-02-22T10:06:54", "");
  date("2019-02-22 10:06:54Z", "");
  date("2019-02-22T10:06:54+1:00", "");
  date("2019-02-22T10:06:54+01:0x", "");
  date("2019-02-22T10:06:54.5Z", "2019-02-22T10:06:54Z");
  date("x019-02-22T10:06:54Z", "");
  return done();
}
