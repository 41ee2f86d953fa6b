/* Charset conversion. With arguments "LABEL", reads lines of hexadecimal octets and prints what each decodes to, in
 * hexadecimal UTF-8: tests/charset.t compares that with Python's codecs. */
#include <porter/text.h>
#include "hexfilter.h"
#include "tap.h"

struct collected { char s[1 << 16]; size_t len; };

static int collect(void *context, char const *s, size_t len)
{
  struct collected *c = context;
  if (len > sizeof c->s - c->len) return 0;
  memcpy(c->s + c->len, s, len);
  c->len += len;
  return 1;
}

static charset const *wanted;

static int convert(arena *a, slice from, slice *out)
{
  return charset_decode(a, wanted, from, out);
}

static void decodes(char const *label, char const *octets, size_t len, char const *want)
{
  charset const *c = charset_find(label, strlen(label));
  arena a = ARENA_ZERO;
  slice out = SLICE_ZERO, from = { octets, len };
  static struct collected pieces;
  int same = 1;
  charset_decode(&a, c, from, &out);
  is_bytes(out.s, out.len, want, strlen(want), label);
  if (!c) c = utf8_valid(octets, len) == len ? charset_utf8 : charset_windows1252;
  for (size_t step = 1; step <= len && step < 10; step++) {
    charset_stream cs;
    pieces.len = 0;
    charset_open(&cs, c);
    for (size_t i = 0; i < len; i += step) charset_feed(&cs, octets + i, len - i < step ? len - i : step, collect, &pieces);
    charset_finish(&cs, collect, &pieces);
    if (pieces.len != out.len || memcmp(pieces.s, out.s, out.len)) {
      same = 0;
      printf("# in pieces of %zu: %.*s\n", step, (int)pieces.len, pieces.s);
    }
  }
  ok(same, "%s in pieces", label);
  arena_free(&a);
}
#define DECODES(label, octets, want) decodes(label, octets, sizeof(octets) - 1, want)

static void found(char const *label, char const *name)
{
  charset const *c = charset_find(label, strlen(label));
  is_str(c ? charset_name(c) : "none", name, label);
}

#define R "\xef\xbf\xbd"  /* U+FFFD */

int main(int argc, char **argv)
{
  if (argc > 1) {
    wanted = charset_find(argv[1], strlen(argv[1]));
    return wanted || !strcmp(argv[1], "none") ? hex_filter(convert) : 100;
  }

  found("UTF-8", "utf-8");
  found("\"utf-8\"", "utf-8");
  found(" utf8 ", "utf-8");
  found("ISO-8859-1", "windows-1252");
  found("iso_8859-1:1987", "windows-1252");
  found("ISO-8859-9", "windows-1254");
  found("iso-8859-11", "windows-874");
  found("tis-620", "windows-874");
  found("ks_c_5601-1987", "euc-kr");
  found("GB2312", "gb18030");
  found("x-gbk", "gb18030");
  found("x-sjis", "shift_jis");
  found("Windows-31J", "shift_jis");
  found("unicode-1-1-utf-7", "utf-7");
  found("iso-8859-8-i", "iso-8859-8");
  found("x-mac-ce", "x-mac-ce");
  found("x-cp1251", "windows-1251");
  found("cp1251", "windows-1251");
  found("big5-hkscs", "big5-hkscs");
  found("csISO2022JP", "iso-2022-jp");
  found("us-ascii", "none");
  found("", "none");
  found("x", "none");
  found("UTF-8//TRANSLIT", "utf-8");
  found("../../../../tmp/x", "none");
  found("a label that is longer than any label there is, and then some", "none");

  DECODES("none", "plain", "plain");
  DECODES("none", "Gr\xc3\xbc\xc3\x9f" "e", "Grüße");
  DECODES("none", "Gr\xfc\xdf" "e \x80", "Grüße €");
  DECODES("iso-8859-1", "\x93 \x81", "“ " R);
  DECODES("utf-8", "a\xff" "b\xe2\x82" "c\xe2\x82\xac\xed\xa0\x80\xf0\x9f\x98", "a" R "b" R "c€" R R R R);
  DECODES("utf-8", "a\0b\0", "ab");
  DECODES("iso-8859-15", "a\0\xa4", "a€");
  DECODES("viscii", "\x02 \xd5", "Ẳ ạ");
  DECODES("utf-16", "\xff\xfeH\0\xac\x20", "H€");
  DECODES("utf-16", "\xfe\xff\0H\x20\xac\xd8\x3d\xde\x00", "H€😀");
  DECODES("utf-16le", "H\0\0\0\x3d\xd8\x00\xde\x3d\xd8x\0\x3d\xd8\x01", "H😀" R "x" R R);
  DECODES("utf-32", "\0\0\xfe\xff\0\0\0H\0\1\xf6\0\0\x11\0\0", "H😀" R);
  DECODES("utf-7", "Hi Mom -+Jjo--! +AKM-1 A+ImIDkQ. 1 +- 1", "Hi Mom -☺-! £1 A≢Α. 1 + 1");
  DECODES("utf-7", "+2D3eAA- +2D0-x +A- +! \xe4 +", "😀 " R "x " R " " R "! " R " " R);
  DECODES("hz-gb-2312", "This: ~{<:Ky2;S{#,NpJ)l6HK!#~}. a~~b~\nc", "This: 己所不欲，勿施於人。. a~bc");
  DECODES("iso-2022-jp", "\x1b$B$3$s$K$A$O\x1b(B abc \x1b(J\\~\x1b(B\x1b(I1\x1b(B", "こんにちは abc ¥‾ｱ");
  DECODES("iso-2022-jp", "\x1b$B-!\x1b(B \x1b$(D0!\x1b(B", "① 丂");
  DECODES("iso-2022-jp", "\x1b$B$\n$3\x1b(Ba\x1b%\xa0", R "\nこa" R "%" R);
  DECODES("iso-2022-jp", "\x1b$B|by!}!\x1b(B", "髙纊" R);
  DECODES("iso-2022-jp-3", "\x1b$(Q0!|b\x1b(B", "亜" R);
  DECODES("iso-2022-jp-2", "\x1b.A\x1bNi\x1b$A<:\x1b$(C0!\x1b(B.", "é己가.");
  DECODES("iso-2022-kr", "\x1b$)C\x0e" "0!\x0f x\n\x0e" "0!\nx", "가 x\n가\nx");
  DECODES("iso-2022-cn", "\x1b$)A\x0e<:\x0f \x1b$)G\x0e" "D!\x0f \x1b$*H\x1bN!!", "己 一 乂");
  DECODES("gb2312", "\xc4\xe3\xba\xc3 \x81\x30\x81\x30 \x90\x30\x81\x30 \x80", "你好 \xc2\x80 𐀀 €");
  DECODES("gbk", "\xc4" "!\xff\xc4", R "!" R R);
  DECODES("gb18030", "\x81\x30" "a\x81\x30\x81" "!", R "0a" R "0" R "!");
  DECODES("big5", "\xa7" "A\xa6n \xf9\xd6 \x87\x40", "你好 碁 䏰");
  DECODES("big5-hkscs", "\x88\x62\x88\xa5\x8b\x62", "Ê̄ê̌𨂽");
  DECODES("shift_jis", "\x82\xb1\x82\xf1\xb1\x87\x40\x81" "\n", "こんｱ①" R "\n");
  DECODES("euc-jp", "\xfc\xe2\xf9\xa1\xfd\xa1", "髙纊" R);
  DECODES("euc-jp", "\xa4\xb3\x8e\xb1\x8f\xb0\xa1\xad\xa1\xa4" "a", "こｱ丂①" R "a");
  DECODES("euc-kr", "\xb0\xa1\x8c\x63\xb0", "가똠" R);
  DECODES("euc-tw", "\xc4\xa1\x8e\xa2\xa1\xa1", "一乂");
  return done();
}
