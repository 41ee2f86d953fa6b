/* base64, quoted-printable, uuencode. With an argument (base64, qp, uu) a filter: tests/charset.t compares with Python. */
#include <porter/text.h>
#include "hexfilter.h"
#include "tap.h"

static size_t step = (size_t)-1;  /* octets a piece */

static size_t base64(char *out, char const *s, size_t len)
{
  base64_state st = BASE64_ZERO;
  size_t n = 0;
  for (size_t i = 0; i < len; i += len - i < step ? len - i : step)
    n += base64_decode(&st, out + n, s + i, len - i < step ? len - i : step);
  return n + base64_finish(&st, out + n);
}

static size_t qp(char *out, char const *s, size_t len)
{
  qp_state st = QP_ZERO;
  size_t n = 0;
  for (size_t i = 0; i < len; i += len - i < step ? len - i : step)
    n += qp_decode(&st, out + n, s + i, len - i < step ? len - i : step);
  return n + qp_finish(&st, out + n);
}

static int append(void *context, char const *s, size_t len)
{
  slice *out = context;
  memcpy((char *)out->s + out->len, s, len);
  out->len += len;
  return 1;
}

static size_t uu(char *out, char const *s, size_t len)
{
  slice from = { s, len }, lines, to = { out, 0 };
  if (!uu_find(from, &lines)) return append(&to, s, len), to.len;
  uu_decode(lines, append, &to);
  return to.len;
}

typedef size_t decoder(char *out, char const *s, size_t len);
static decoder *chosen;

static int convert(arena *a, slice from, slice *out)
{
  char *to = arena_take(a, 32 * from.len + TRANSFER_ROOM);
  if (!to) return 0;
  out->s = to;
  out->len = chosen(to, from.s, from.len);
  return 1;
}

static void decodes(decoder *decode, char const *s, size_t len, char const *want, size_t want_len, char const *name)
{
  char out[4096];
  int same = 1;
  is_bytes(out, decode(out, s, len), want, want_len, name);
  for (step = 1; step < 12; step++) same &= decode(out, s, len) == want_len && !memcmp(out, want, want_len);
  step = (size_t)-1;
  ok(same, "%s, in pieces", name);
}
#define DECODES(decode, s, want, name) decodes(decode, s, sizeof(s) - 1, want, sizeof(want) - 1, name)

/* Every octet at every place of a line, against the definition: many characters are decoded at once. */
static void base64_octets(void)
{
  static char const alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  int good = 1;
  for (int octet = 0; octet < 256; octet++) for (int place = 0; place < 40; place++) {
    char s[40], out[40 + TRANSFER_ROOM], want[40];
    size_t n = 0;
    uint32_t bits = 0, count = 0;
    for (int i = 0; i < 40; i++) s[i] = alphabet[(i * 7 + octet) % 64];
    s[place] = (char)octet;
    for (int i = 0; i < 40 && s[i] != '='; i++) {
      char const *p = s[i] ? strchr(alphabet, s[i]) : NULL;
      if (!p) continue;
      bits = bits << 6 | (uint32_t)(p - alphabet);
      if ((count += 6) >= 8) want[n++] = (char)(bits >> (count -= 8));
    }
    good &= base64(out, s, 40) == n && !memcmp(out, want, n);
  }
  ok(good, "base64: every octet at every place");
}

int main(int argc, char **argv)
{
  if (argc > 1) {
    chosen = argv[1][0] == 'b' ? base64 : argv[1][0] == 'q' ? qp : uu;
    return hex_filter(convert);
  }
  DECODES(base64, "", "", "base64: nothing");
  DECODES(base64, "Zm9vYmFy", "foobar", "base64");
  DECODES(base64, "Zm9vYmE=", "fooba", "base64: one padding");
  DECODES(base64, "Zm9vYg==", "foob", "base64: two");
  DECODES(base64, "Zm9vYg", "foob", "base64: padding missing");
  DECODES(base64, "Zm9vYmE", "fooba", "base64: padding missing, two octets");
  DECODES(base64, "Zm9vY", "foo", "base64: a character too many");
  DECODES(base64, "Zm9v\r\nYm-_Fy\n\n=\nZm9v", "foobar", "base64: garbage is skipped, padding ends");
  DECODES(base64, "AP+A/+8=", "\0\xff\x80\xff\xef", "base64: all octets");
  DECODES(base64, "MDEyMzQ1Njc4OUFCQ0RFRkdISUpLTE1OT1BRUlNUVVZX\xff" "WFlaYWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXo=",
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "base64: long");
  base64_octets();
  DECODES(qp, "a=3Db=c3=A9", "a=b\xc3\xa9", "qp: escapes, either case");
  DECODES(qp, "long=\nline=\r\nend=\rx", "longlineendx", "qp: soft line breaks");
  DECODES(qp, "soft= \t \nblank = \r\n.", "softblank .", "qp: blanks behind a soft line break");
  DECODES(qp, "hard  \r\n-- \n", "hard  \r\n-- \n", "qp: blanks at the end of a line stay");
  DECODES(qp, "100=% =Q1 =1Q ==41 =", "100=% =Q1 =1Q =A ", "qp: what is no escape stays");
  DECODES(qp, "end=4", "end=4", "qp: half an escape at the end");
  DECODES(qp, "end=  ", "end", "qp: soft line break at the end");
  DECODES(qp, "x= = =41=", "x= = A", "qp: an escape behind what was none");
  DECODES(qp, "=                                                                                              \n",
    "=                                                                                              \n", "qp: more blanks than a line has");
  DECODES(uu, "x\nbegin 644 name\n#0V%T\n`\nend\n", "Cat", "uuencode");
  DECODES(uu, "begin 644 na me.txt\r\n$=&5S=`  \r\n`\r\nend\r\n", "test", "uuencode: CRLF");
  DECODES(uu, "begin 644 n\n&    \n\nend", "\0\0\0\0\0\0", "uuencode: lost blanks");
  DECODES(uu, "begin 644 n\n#0V%T\n", "Cat", "uuencode: cut short");
  DECODES(uu, "begin 644 n\n#0V%T\n\n-- \nme\n", "Cat", "uuencode: cut short, with text behind");
  DECODES(uu, "begin at noon\nend\n", "begin at noon\nend\n", "uuencode: no mode");
  return done();
}
