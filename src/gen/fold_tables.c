/* Makes fold_tables.h: Unicode's simple case folding, from the C library's towupper and towlower. Two stages: fold_block
 * says which block of 128 differences a code point's upper bits have. */
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wctype.h>

#define SHIFT 7
#define SIZE (1 << SHIFT)
#define BLOCKS_MAX 255

/* Folding is the lower case of the upper case. The dotted and the dotless i have no simple folding (CaseFolding.txt: T, F). */
static int32_t difference(uint32_t c)
{
  if (c == 0x130 || c == 0x131) return 0;
  return (int32_t)towlower(towupper(c)) - (int32_t)c;
}

int main(void)
{
  static int32_t blocks[BLOCKS_MAX][SIZE];
  static unsigned char of[0x110000 >> SHIFT];
  unsigned int count = 1, last = 0;
  if (!setlocale(LC_CTYPE, "C.UTF-8") || difference(0x410) != 32 || difference(0x17f) != 's' - 0x17f)
    return fputs("fold_tables: fatal: no locale C.UTF-8 with Unicode's letter case\n", stderr), 1;
  for (uint32_t top = 0; top < 0x110000 >> SHIFT; top++) {
    int32_t block[SIZE];
    unsigned int i = 0;
    for (uint32_t k = 0; k < SIZE; k++) block[k] = difference(top << SHIFT | k);
    while (i < count && memcmp(blocks[i], block, sizeof block)) i++;
    if (i == BLOCKS_MAX) return fputs("fold_tables: fatal: too many blocks\n", stderr), 1;
    if (i == count) memcpy(blocks[count++], block, sizeof block);
    of[top] = (unsigned char)i;
    if (i) last = top;
  }
  printf("#define FOLD_SHIFT %d\n#define FOLD_END 0x%xu\n", SHIFT, (last + 1) << SHIFT);
  printf("static unsigned char const fold_block[%u] = {", last + 1);
  for (unsigned int i = 0; i <= last; i++) printf("%s%u,", i % 32 ? "" : "\n", of[i]);
  printf("\n};\nstatic int32_t const fold_difference[%u][%d] = {\n", count, SIZE);
  for (unsigned int i = 0; i < count; i++) {
    printf("{");
    for (int k = 0; k < SIZE; k++) printf("%s%d,", k % 32 ? "" : "\n", (int)blocks[i][k]);
    printf("},\n");
  }
  puts("};");
  return fflush(stdout) ? 1 : 0;
}
