/* What the files of charset conversion share; private to src/lib/text. */
#ifndef PORTER_TEXT_CHARSET_H
#define PORTER_TEXT_CHARSET_H

#include <porter/text.h>
#include "bytes.h"

/* Decodes s and appends UTF-8 without NUL to *out, at most three octets for one and CHARSET_ROOM more. Returns the octets used:
 * all of them where last is set, else all but the start of a character, at most CHARSET_KEEP octets. */
typedef size_t charset_decoder(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out);
#define CHARSET_ROOM 16
#define CHARSET_KEEP 8

struct charset_s {
  char const *name;
  charset_decoder *decode;
  uint16_t const *table; /* of a single-byte charset: the code point of each octet, 0 for none */
  uint32_t start;        /* the state that a stream begins in */
  int ascii;             /* octets below 128, but for NUL, stand for themselves wherever a character may begin */
};

extern charset_decoder decode_utf8, decode_guess, decode_utf16, decode_utf32, decode_utf7, decode_single;
extern charset_decoder decode_gb18030, decode_big5, decode_hkscs, decode_eucjp, decode_sjis, decode_euckr, decode_euctw;
extern charset_decoder decode_2022, decode_hz;

/* All charsets. Single-byte ones come first, so that their numbers are those of their tables. */
/* clang-format off */
enum charset_which {
#define SINGLE(identifier, ascii, name, iconv, differences) CHARSET_##identifier,
#include "charset_single.def"
#undef SINGLE
  CHARSET_utf8, CHARSET_gb18030, CHARSET_big5, CHARSET_hkscs, CHARSET_sjis, CHARSET_eucjp, CHARSET_euckr, CHARSET_euctw,
  CHARSET_iso2022_jp, CHARSET_iso2022_kr, CHARSET_iso2022_cn, CHARSET_hz, CHARSET_utf7,
  CHARSET_utf16, CHARSET_utf16le, CHARSET_utf16be, CHARSET_utf32, CHARSET_utf32be
};
/* clang-format on */
extern charset const *charset_number(int which);

/* The states that streams start in. Of ISO-2022: the sets of G0 to G3, five bits each. */
enum { UTF16_LE, UTF16_BE, UTF16_BOM_LE, UTF16_BOM_BE }; /* with BOM: no octet was read, and a mark may say otherwise */
/* clang-format off */
enum charset_set {
  SET_ASCII, SET_ROMAN, SET_KATAKANA, SET_LATIN1, SET_GREEK,               /* one octet */
  SET_JIS0208, SET_JIS0212, SET_JIS0213, SET_JIS0213_2, SET_GB2312, SET_KSX1001, SET_ISO_IR_165,       /* two */
  SET_CNS1, SET_CNS2, SET_CNS3, SET_CNS4, SET_CNS5, SET_CNS6, SET_CNS7,
  SET_UNKNOWN
};
/* clang-format on */
#define CHARSET_SETS(g0, g1, g2, g3) ((uint32_t)(g0) | (uint32_t)(g1) << 5 | (uint32_t)(g2) << 10 | (uint32_t)(g3) << 15)
#define CHARSET_2022_JP CHARSET_SETS(SET_ASCII, SET_KATAKANA, SET_UNKNOWN, SET_UNKNOWN)
#define CHARSET_2022_KR CHARSET_SETS(SET_ASCII, SET_KSX1001, SET_UNKNOWN, SET_UNKNOWN)
#define CHARSET_2022_CN CHARSET_SETS(SET_ASCII, SET_GB2312, SET_CNS2, SET_UNKNOWN)

/* Tables made by src/gen/charset_tables.c. NAME_wide has a bit for each entry that lies in plane 2. */
struct charset_run {
  uint16_t first;
  uint16_t point;
};
#define CHARSET_GRID (94 * 94)
extern uint16_t const charset_single[][256];
extern uint16_t const charset_gbk[126 * 191], charset_cp949[126 * 190], charset_cp950[89 * 191], charset_hkscs[120 * 191];
extern uint16_t const charset_cp932[124 * 189];
extern uint16_t const charset_jis0208[CHARSET_GRID], charset_jis0212[CHARSET_GRID], charset_iso_ir_165[CHARSET_GRID];
extern uint16_t const charset_cns1[CHARSET_GRID], charset_cns2[CHARSET_GRID], charset_cns3[CHARSET_GRID], charset_cns4[CHARSET_GRID];
extern uint16_t const charset_cns5[CHARSET_GRID], charset_cns6[CHARSET_GRID], charset_cns7[CHARSET_GRID];
extern unsigned char const charset_gbk_wide[], charset_hkscs_wide[], charset_cns3_wide[], charset_cns4_wide[], charset_cns5_wide[];
extern unsigned char const charset_cns6_wide[], charset_cns7_wide[];
extern struct charset_run const charset_gb18030_runs[];
extern size_t const charset_gb18030_runs_count;

static inline uint32_t charset_wide(uint16_t const *table, unsigned char const *wide, size_t i)
{
  return table[i] | (wide[i >> 3] >> (i & 7) & 1 ? 0x20000u : 0);
}
/* KS X 1001, GB 2312 and CNS 11643's planes by octets of 0xa1 to 0xfe; 0 where there is no such character. */
extern uint32_t charset_ksc(unsigned int lead, unsigned int trail);
extern uint32_t charset_gb(unsigned int lead, unsigned int trail);
extern uint32_t charset_cns(unsigned int plane, unsigned int lead, unsigned int trail);

static inline void put(char **out, uint32_t c)
{
  char *to = *out;
  if (c >= 0x80 && c < 0x800) {
    to[0] = (char)(0xc0 | c >> 6);
    to[1] = (char)(0x80 | (c & 0x3f));
    *out = to + 2;
  } else if (c >= 0x800 && c < 0xd800) {
    to[0] = (char)(0xe0 | c >> 12);
    to[1] = (char)(0x80 | (c >> 6 & 0x3f));
    to[2] = (char)(0x80 | (c & 0x3f));
    *out = to + 3;
  } else *out = to + utf8_put(to, c);
}
#define BAD 0xfffd

/* Copies ASCII octets from s; NUL is dropped. Returns how many, at least one where s begins with one. */
static inline size_t put_ascii(char **out, unsigned char const *s, size_t len)
{
  size_t i = 0;
  while (len - i >= 8 && eight_plain(eight((char const *)s + i))) {
    memcpy(*out, s + i, 8);
    *out += 8;
    i += 8;
  }
  for (int k = 0; k < 8 && i < len && s[i] < 0x80; k++, i++)
    if (s[i]) *(*out)++ = (char)s[i];
  return i;
}

#endif
