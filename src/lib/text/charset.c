/* Charsets: the list of them, and conversion to UTF-8 whole and in pieces. */
#include <errno.h>
#include <string.h>

#include "charset.h"

static struct charset_s const charsets[] = {
#define SINGLE(identifier, plain, whatwg, iconv, differences) \
  [CHARSET_##identifier] = { .name = whatwg, .decode = decode_single, .table = charset_single[CHARSET_##identifier], .ascii = plain },
#include "charset_single.def"
#define MULTIPLE(identifier, whatwg, function, ...) [CHARSET_##identifier] = { .name = whatwg, .decode = function, __VA_ARGS__ }
  MULTIPLE(utf8, "utf-8", decode_utf8, .ascii = 1),
  MULTIPLE(gb18030, "gb18030", decode_gb18030, .ascii = 1),
  MULTIPLE(big5, "big5", decode_big5, .ascii = 1),
  MULTIPLE(hkscs, "big5-hkscs", decode_hkscs, .ascii = 1),
  MULTIPLE(sjis, "shift_jis", decode_sjis, .ascii = 1),
  MULTIPLE(eucjp, "euc-jp", decode_eucjp, .ascii = 1),
  MULTIPLE(euckr, "euc-kr", decode_euckr, .ascii = 1),
  MULTIPLE(euctw, "euc-tw", decode_euctw, .ascii = 1),
  MULTIPLE(iso2022_jp, "iso-2022-jp", decode_2022, .start = CHARSET_2022_JP),
  MULTIPLE(iso2022_kr, "iso-2022-kr", decode_2022, .start = CHARSET_2022_KR),
  MULTIPLE(iso2022_cn, "iso-2022-cn", decode_2022, .start = CHARSET_2022_CN),
  MULTIPLE(hz, "hz-gb-2312", decode_hz, .start = 0),
  MULTIPLE(utf7, "utf-7", decode_utf7, .start = 0),
  MULTIPLE(utf16, "utf-16", decode_utf16, .start = UTF16_BOM_BE),
  MULTIPLE(utf16le, "utf-16le", decode_utf16, .start = UTF16_BOM_LE),
  MULTIPLE(utf16be, "utf-16be", decode_utf16, .start = UTF16_BOM_BE),
  MULTIPLE(utf32, "utf-32", decode_utf32, .start = UTF16_BOM_LE),
  MULTIPLE(utf32be, "utf-32be", decode_utf32, .start = UTF16_BE),
};

static struct charset_s const guess = { .name = "", .decode = decode_guess, .ascii = 1 };

charset const *const charset_utf8 = &charsets[CHARSET_utf8], *const charset_windows1252 = &charsets[CHARSET_windows1252];

charset const *charset_number(int which) { return &charsets[which]; }

char const *charset_name(charset const *c) { return c->name; }

enum charset_kind charset_kind(charset const *c)
{
  if (c->ascii) return CHARSET_SAME;
  return c->decode == decode_2022 || c->decode == decode_hz ? CHARSET_SHIFTS : CHARSET_OTHER;
}

int charset_decode(arena *a, charset const *c, slice from, slice *out)
{
  charset_stream cs;
  char *to, *end;
  size_t size;
  if (!c) c = utf8_valid(from.s, from.len) == from.len ? charset_utf8 : charset_windows1252;
  if ((c->ascii && plain_run(from.s, from.len) == from.len)
    || (c == charset_utf8 && utf8_valid(from.s, from.len) == from.len && !memchr(from.s, 0, from.len)))
    return *out = from, 1;
  if (from.len > SIZE_MAX / 8) return errno = ENOMEM, 0;
  size = 3 * from.len + CHARSET_ROOM;
  to = end = arena_take(a, size);
  if (!to) return 0;
  charset_open(&cs, c);
  c->decode(&cs, (unsigned char const *)from.s, from.len, 1, &end);
  out->s = to;
  out->len = (size_t)(end - to);
  arena_shrink(a, to, size, out->len);
  return 1;
}

void charset_open(charset_stream *cs, charset const *c)
{
  cs->c = c ? c : &guess;
  cs->state = cs->c->start;
  cs->bits = cs->count = 0;
}

#define PIECE 4096 /* octets decoded at once, on the stack */
#define PASS 256   /* an ASCII run this long is given on where it lies */

static int give(sink_func *sink, void *context, char const *s, char const *end) { return s == end || sink(context, s, (size_t)(end - s)); }

int charset_feed(charset_stream *cs, char const *s, size_t len, sink_func *sink, void *context)
{
  char out[3 * PIECE + CHARSET_ROOM];
  unsigned char const *from = (unsigned char const *)s;
  while (len) {
    char *end = out;
    size_t used;
    if (cs->count) {
      /* What the last piece left over, and enough of this one to complete it. */
      size_t kept = cs->count, more = sizeof cs->keep - kept;
      if (more > len) more = len;
      memcpy(cs->keep + kept, from, more);
      used = cs->c->decode(cs, cs->keep, kept + more, 0, &end);
      if (used >= kept) used -= kept, cs->count = 0;
      else {
        /* Still incomplete: then this piece ends here, as no character is as long as keep. */
        cs->count = (unsigned int)(kept + more - used);
        memmove(cs->keep, cs->keep + used, cs->count);
        used = more;
      }
    } else {
      size_t n = len < PIECE ? len : PIECE;
      if (cs->c->ascii && (used = plain_run((char const *)from, len)) >= PASS) {
        if (!sink(context, (char const *)from, used)) return 0;
        from += used;
        len -= used;
        continue;
      }
      used = cs->c->decode(cs, from, n, 0, &end);
      if (n == len && used < n) {
        cs->count = (unsigned int)(n - used);
        memcpy(cs->keep, from + used, cs->count);
        used = n;
      }
    }
    if (!give(sink, context, out, end)) return 0;
    from += used;
    len -= used;
  }
  return 1;
}

int charset_finish(charset_stream *cs, sink_func *sink, void *context)
{
  char out[3 * sizeof cs->keep + CHARSET_ROOM], *end = out;
  cs->c->decode(cs, cs->keep, cs->count, 1, &end);
  cs->count = 0;
  return give(sink, context, out, end);
}
