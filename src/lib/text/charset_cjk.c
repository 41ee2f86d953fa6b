/* Chinese, Japanese and Korean charsets of several octets a character (WHATWG Encoding 10 to 13; EUC-TW).
 * What is wrong is U+FFFD: for a well-formed pair that stands for nothing once, else for the first octet alone, so that
 * decoding goes on at the next octet that may begin a character. */
#include "charset.h"

/* A pair of octets within the trail octets' range; 0 where it stands for nothing, MALFORMED where it is no pair. */
typedef uint32_t pair_func(unsigned int lead, unsigned int trail);
#define MALFORMED UINT32_MAX

static inline int in(unsigned int c, unsigned int low, unsigned int high) { return c >= low && c <= high; }

/* One character of a charset of ASCII and pairs. Returns the octets used; 0 where the trail octet is missing. */
static inline size_t pair(pair_func *point, unsigned char const *s, size_t len, int last, char **out)
{
  uint32_t c;
  if (len < 2) return last ? put(out, BAD), 1 : 0;
  c = point(s[0], s[1]);
  put(out, c && c != MALFORMED ? c : BAD);
  return c == MALFORMED ? 1 : 2;
}

static inline size_t pairs(pair_func *point, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  while (i < len) {
    size_t used = s[i] < 0x80 ? put_ascii(out, s + i, len - i) : pair(point, s + i, len - i, last, out);
    if (!used) break;
    i += used;
  }
  return i;
}

uint32_t charset_ksc(unsigned int lead, unsigned int trail)
{
  if (!in(lead, 0x81, 0xfe) || !in(trail, 0x41, 0xfe) || trail == 0x7f) return MALFORMED;
  return charset_cp949[(lead - 0x81) * 190 + trail - 0x41];
}

size_t decode_euckr(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  (void)cs;
  return pairs(charset_ksc, s, len, last, out);
}

/* Big5 as Windows has it, and with Hong Kong's characters: each fills what the other leaves open. */
static uint32_t cp950(unsigned int lead, unsigned int trail) { return in(lead, 0xa1, 0xf9) ? charset_cp950[(lead - 0xa1) * 191 + trail - 0x40] : 0; }

static uint32_t hkscs(unsigned int lead, unsigned int trail)
{
  return lead < 0x87 ? 0 : charset_wide(charset_hkscs, charset_hkscs_wide, (lead - 0x87) * 191 + trail - 0x40);
}

static int malformed_big5(unsigned int lead, unsigned int trail)
{
  return !in(lead, 0x81, 0xfe) || !(in(trail, 0x40, 0x7e) || in(trail, 0xa1, 0xfe));
}

static uint32_t hkscs_point(unsigned int lead, unsigned int trail)
{
  uint32_t c = malformed_big5(lead, trail) ? MALFORMED : hkscs(lead, trail);
  return c ? c : cp950(lead, trail);
}

static uint32_t big5_point(unsigned int lead, unsigned int trail)
{
  uint32_t c = malformed_big5(lead, trail) ? MALFORMED : cp950(lead, trail);
  return c ? c : hkscs(lead, trail);
}

/* The four pairs that stand for a letter and a combining mark. */
static inline size_t hkscs_two(unsigned char const *s, size_t len, char **out)
{
  if (len < 2 || s[0] != 0x88 || !(s[1] == 0x62 || s[1] == 0x64 || s[1] == 0xa3 || s[1] == 0xa5)) return 0;
  put(out, s[1] < 0x80 ? 0xca : 0xea);
  put(out, s[1] == 0x62 || s[1] == 0xa3 ? 0x304 : 0x30c);
  return 2;
}

static inline size_t big5(pair_func *point, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  while (i < len) {
    size_t used = s[i] < 0x80 ? put_ascii(out, s + i, len - i) : hkscs_two(s + i, len - i, out);
    if (!used) used = pair(point, s + i, len - i, last, out);
    if (!used) break;
    i += used;
  }
  return i;
}

size_t decode_big5(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  (void)cs;
  return big5(big5_point, s, len, last, out);
}

size_t decode_hkscs(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  (void)cs;
  return big5(hkscs_point, s, len, last, out);
}

static uint32_t sjis_point(unsigned int lead, unsigned int trail)
{
  if (!(in(lead, 0x81, 0x9f) || in(lead, 0xe0, 0xfc)) || !in(trail, 0x40, 0xfc) || trail == 0x7f) return MALFORMED;
  /* User-defined characters, which some telephones use for pictures. */
  if (in(lead, 0xf0, 0xf9)) return 0xe000 + (lead - 0xf0) * 188 + trail - (trail < 0x7f ? 0x40 : 0x41);
  return charset_cp932[(lead - 0x81) * 189 + trail - 0x40];
}

size_t decode_sjis(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  (void)cs;
  while (i < len) {
    size_t used = 1;
    if (s[i] < 0x80) used = put_ascii(out, s + i, len - i);
    else if (in(s[i], 0xa1, 0xdf)) put(out, 0xff61u + s[i] - 0xa1);
    else if (s[i] == 0x80) put(out, 0x80);
    else used = pair(sjis_point, s + i, len - i, last, out);
    if (!used) break;
    i += used;
  }
  return i;
}

static uint32_t jis_point(unsigned int lead, unsigned int trail)
{
  if (!in(lead, 0xa1, 0xfe) || !in(trail, 0xa1, 0xfe)) return MALFORMED;
  return charset_jis0208[(lead - 0xa1) * 94 + trail - 0xa1];
}

/* 8E and an octet is half-width katakana, 8F and two octets JIS X 0212. */
size_t decode_eucjp(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  (void)cs;
  while (i < len) {
    unsigned char const *t = s + i;
    size_t left = len - i, used = 1;
    if (*t < 0x80) used = put_ascii(out, t, left);
    else if (*t == 0x8e && left >= 2 && in(t[1], 0xa1, 0xdf)) put(out, 0xff61u + t[1] - 0xa1), used = 2;
    else if (*t == 0x8f && left >= 3 && in(t[1], 0xa1, 0xfe) && in(t[2], 0xa1, 0xfe)) {
      uint32_t c = charset_jis0212[(t[1] - 0xa1) * 94 + t[2] - 0xa1];
      put(out, c ? c : BAD);
      used = 3;
    } else if (*t == 0x8f && left == 2 && in(t[1], 0xa1, 0xfe) && !last) break;
    else used = pair(jis_point, t, left, last, out);
    if (!used) break;
    i += used;
  }
  return i;
}

uint32_t charset_cns(unsigned int plane, unsigned int lead, unsigned int trail)
{
  static struct {
    uint16_t const *table;
    unsigned char const *wide;
  } const planes[7] = { { charset_cns1, NULL }, { charset_cns2, NULL }, { charset_cns3, charset_cns3_wide }, { charset_cns4, charset_cns4_wide },
    { charset_cns5, charset_cns5_wide }, { charset_cns6, charset_cns6_wide }, { charset_cns7, charset_cns7_wide } };
  size_t i;
  if (!in(lead, 0xa1, 0xfe) || !in(trail, 0xa1, 0xfe)) return MALFORMED;
  if (!in(plane, 1, 7)) return 0;
  i = (lead - 0xa1) * 94 + trail - 0xa1;
  return planes[plane - 1].wide ? charset_wide(planes[plane - 1].table, planes[plane - 1].wide, i) : planes[plane - 1].table[i];
}

static uint32_t cns1_point(unsigned int lead, unsigned int trail) { return charset_cns(1, lead, trail); }

/* 8E, A0 and the plane's number, and a pair is a character of that plane of CNS 11643. */
size_t decode_euctw(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  (void)cs;
  while (i < len) {
    unsigned char const *t = s + i;
    size_t left = len - i, used;
    if (*t < 0x80) used = put_ascii(out, t, left);
    else if (*t == 0x8e && left >= 4 && in(t[1], 0xa1, 0xb0)) {
      uint32_t c = charset_cns(t[1] - 0xa0u, t[2], t[3]);
      put(out, c && c != MALFORMED ? c : BAD);
      used = c == MALFORMED ? 1 : 4;
    } else if (*t == 0x8e && left < 4 && !last) break;
    else used = pair(cns1_point, t, left, last, out);
    if (!used) break;
    i += used;
  }
  return i;
}
