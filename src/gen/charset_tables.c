/* Makes charset_tables.h: the tables of all charsets, from the C library's iconv. An entry is 0 where nothing is encoded.
 * A table NAME with code points of plane 2 has NAME_wide, a bit for each entry: set where 0x20000 is to be added. */
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static iconv_t converter;
static int private_use;

static void from(char const *charset)
{
  converter = iconv_open("UTF-32LE", charset);
  if (converter == (iconv_t)-1) {
    fprintf(stderr, "charset_tables: fatal: the C library has no charset %s (install all of its gconv modules)\n", charset);
    exit(1);
  }
}

/* The code point that the octets stand for; 0 where they stand for none or for more than one. Private use counts as none,
 * but in GB 18030, which is defined so. */
static uint32_t point(char const *octets, size_t len)
{
  uint32_t to[4] = { 0 };
  char *in = (char *)octets, *out = (char *)to;
  size_t room = sizeof to;
  iconv(converter, NULL, NULL, NULL, NULL);
  if (iconv(converter, &in, &len, &out, &room) == (size_t)-1 || len) return 0;
  if (iconv(converter, NULL, NULL, &out, &room) == (size_t)-1 || room != sizeof to - 4) return 0;
  return (!private_use && to[0] >= 0xe000 && to[0] < 0xf900) || to[0] == 0xfffd ? 0 : to[0];
}

static void print(char const *name, uint32_t const *table, size_t count)
{
  int wide = 0;
  printf("uint16_t const charset_%s[%zu] = {", name, count);
  for (size_t i = 0; i < count; i++) {
    printf("%s%u,", i % 24 ? "" : "\n", (unsigned int)(table[i] & 0xffff));
    wide |= table[i] > 0xffff;
    if (table[i] > 0xffff && table[i] >> 16 != 2) fprintf(stderr, "charset_tables: fatal: plane\n"), exit(1);
  }
  puts("\n};");
  if (!wide) return;
  printf("unsigned char const charset_%s_wide[%zu] = {", name, (count + 7) / 8);
  for (size_t i = 0; i < count; i += 8) {
    unsigned int bits = 0;
    for (size_t k = 0; k < 8 && i + k < count; k++) bits |= (unsigned int)(table[i + k] > 0xffff) << k;
    printf("%s%u,", i % 192 ? "" : "\n", bits);
  }
  puts("\n};");
}

static uint32_t table[65536];

/* Two octets, each in a range; an entry that is there already stays. */
static size_t pairs(char const *charset, char const *before, int lead, int lead_end, int trail, int trail_end)
{
  size_t n = 0;
  from(charset);
  for (int a = lead; a <= lead_end; a++)
    for (int b = trail; b <= trail_end; b++, n++) {
      char octets[32];
      int len = sprintf(octets, "%s%c%c", before, a, b);
      if (!table[n]) table[n] = point(octets, (size_t)len);
    }
  iconv_close(converter);
  return n;
}

/* Rows of a table of 94 x 94 out of Shift_JIS, which puts two of them behind one lead octet. */
static void shifted(char const *charset, int row, int row_end)
{
  from(charset);
  for (; row <= row_end; row++)
    for (int i = 0; i < 94; i++) {
      char octets[2] = { (char)((row + 1) / 2 + (row < 63 ? 0x80 : 0xc0)), (char)(row % 2 ? 0x40 + i + (i > 62) : 0x9f + i) };
      table[(row - 1) * 94 + i] = point(octets, 2);
    }
  iconv_close(converter);
}

static void print_pairs(char const *name, char const *charset, char const *before, int lead, int lead_end, int trail, int trail_end)
{
  memset(table, 0, sizeof table);
  print(name, table, pairs(charset, before, lead, lead_end, trail, trail_end));
}

static void single(char const *charset, char const *differences)
{
  from(charset);
  printf("{");
  for (int i = 0; i < 256; i++) {
    char octet = (char)i;
    table[i] = point(&octet, 1);
    /* TCVN keeps back a letter until it knows whether a combining mark follows; with a blank behind it is certain. */
    if (!table[i]) {
      uint32_t to[4] = { 0 };
      char two[2] = { octet, ' ' }, *in = two, *out = (char *)to;
      size_t len = 2, room = sizeof to;
      iconv(converter, NULL, NULL, NULL, NULL);
      iconv(converter, &in, &len, &out, &room);
      if (to[1] == ' ' && !to[2] && (to[0] < 0xe000 || to[0] >= 0xf900)) table[i] = to[0];
    }
  }
  iconv_close(converter);
  for (char const *d = differences; *d; d += 6) {
    unsigned int octet, c;
    if (*d == ' ') d++;
    if (sscanf(d, "%2x%4x", &octet, &c) != 2) fprintf(stderr, "charset_tables: fatal: %s: %s\n", charset, d), exit(1);
    table[octet] = c;
  }
  for (int i = 0; i < 256; i++) printf("%s%u,", i % 24 ? "" : "\n", (unsigned int)table[i]);
  puts("},");
}

/* GB 18030's four octets, as runs of code points: the number of the first of a run, and its code point. */
static void four_octets(void)
{
  uint32_t last = 0;
  unsigned int runs = 0;
  from("GB18030");
  puts("struct charset_run const charset_gb18030_runs[] = {");
  for (unsigned int n = 0; n < 39420; n++) {
    char octets[4] = { (char)(0x81 + n / 12600), (char)(0x30 + n / 1260 % 10), (char)(0x81 + n / 10 % 126), (char)(0x30 + n % 10) };
    uint32_t c = point(octets, 4);
    if (n == 0 || (c ? c != last + 1 : last)) printf("{ %u, 0x%x },%s", n, (unsigned int)c, ++runs % 8 ? " " : "\n");
    last = c;
  }
  printf("\n};\nsize_t const charset_gb18030_runs_count = %u;\n", runs);
  iconv_close(converter);
}

int main(void)
{
  puts("uint16_t const charset_single[][256] = {");
#define SINGLE(identifier, ascii, name, iconv_name, differences) single(iconv_name, differences);
#include "../lib/text/charset_single.def"
  puts("};");

  private_use = 1;
  print_pairs("gbk", "GB18030", "", 0x81, 0xfe, 0x40, 0xfe);
  four_octets();
  private_use = 0;
  print_pairs("cp949", "CP949", "", 0x81, 0xfe, 0x41, 0xfe);
  print_pairs("cp950", "CP950", "", 0xa1, 0xf9, 0x40, 0xfe);
  print_pairs("hkscs", "BIG5-HKSCS", "", 0x87, 0xfe, 0x40, 0xfe);
  print_pairs("cp932", "CP932", "", 0x81, 0xfc, 0x40, 0xfc);
  /* JIS X 0208 as the standard has it, and what Windows added to it (NEC's row 13, IBM's characters as NEC chose them). */
  memset(table, 0, sizeof table);
  pairs("EUC-JP", "", 0xa1, 0xfe, 0xa1, 0xfe);
  pairs("EUC-JP-MS", "", 0xa1, 0xfe, 0xa1, 0xfe);
  shifted("CP932", 89, 92);
  print("jis0208", table, 94 * 94);
  memset(table, 0, sizeof table);
  pairs("EUC-JP", "\x8f", 0xa1, 0xfe, 0xa1, 0xfe);
  print("jis0212", table, pairs("EUC-JP-MS", "\x8f", 0xa1, 0xfe, 0xa1, 0xfe));
  print_pairs("iso_ir_165", "ISO-2022-CN-EXT", "\x1b$)E\x0e", 0x21, 0x7e, 0x21, 0x7e);
  for (int plane = 1; plane <= 7; plane++) {
    char name[8] = "cns", before[3] = { (char)0x8e, (char)(0xa0 + plane), 0 };
    name[3] = (char)('0' + plane);
    print_pairs(name, "EUC-TW", before, 0xa1, 0xfe, 0xa1, 0xfe);
  }
  return fflush(stdout) ? 1 : 0;
}
