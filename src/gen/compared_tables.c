/* Makes compared_tables.h: what each code point is in text that is compared (porter/text.h), from libunistring's Unicode data; without accents
 * (compared_...), and with them (accented_...). Two stages: compared_block says which block of 128 entries a code point's upper bits have; an
 * entry is 0 where the code point stands for itself, else the place of its form in compared_forms, which is a length in octets (0: it is
 * dropped) and UTF-8. Hangul syllables are not in it: they follow a rule. accented_mark has the marks that the first form drops, in ranges
 * with their canonical combining class. With ACCENTED_TABLES the second form's are seen, else the first's. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define SHIFT 7
#define SIZE (1 << SHIFT)
#define BLOCKS_MAX 256
#define POINTS_MAX 32 /* of one form, while it is made */
#define ROUNDS_MAX 8  /* until nothing changes any more */

static void die(char const *what)
{
  fprintf(stderr, "compared_tables: fatal: %s\n", what);
  exit(1);
}

struct range {
  uint32_t first, last;
};
#define IN(list, c) is_in(list, sizeof list / sizeof *list, c)

static int is_in(struct range const *list, size_t count, uint32_t c)
{
  for (size_t i = 0; i < count; i++)
    if (c >= list[i].first && c <= list[i].last) return 1;
  return 0;
}

static int is_white(uint32_t c)
{
  static struct range const white[] = { { 9, 13 }, { ' ', ' ' }, { 0x85, 0x85 }, { 0xa0, 0xa0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200a },
    { 0x2028, 0x2029 }, { 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 } };
  return IN(white, c);
}

/* What is not seen: soft hyphen, zero width, direction, variation selectors. */
static int is_unseen(uint32_t c)
{
  static struct range const unseen[] = { { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
    { 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xe0100, 0xe01ef } };
  return IN(unseen, c);
}

/* Marks of Latin, Greek, Cyrillic, Hebrew and Arabic; those that several scripts share are theirs, but for those of other blocks. */
static int is_mark(uint32_t c)
{
  static struct range const shared[] = { { 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5c7 }, { 0x610, 0x61a }, { 0x64b, 0x65f }, { 0x670, 0x670 },
    { 0x6d6, 0x6ed }, { 0x8d3, 0x8ff }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe20, 0xfe2f } };
  static char const *const scripts[] = { "Latin", "Greek", "Cyrillic", "Hebrew", "Arabic" };
  if (!uc_is_general_category(c, UC_CATEGORY_M)) return 0;
  if (IN(shared, c)) return 1;
  uc_script_t const *const script = uc_script(c);
  for (size_t i = 0; script && i < sizeof scripts / sizeof *scripts; i++)
    if (!strcmp(script->name, scripts[i])) return 1;
  return 0;
}

/* Letters that Unicode does not decompose, though people write them as others. */
static char const *letters_of(uint32_t c)
{
  static struct {
    uint32_t c;
    char const *letters;
  } const list[] = { { 0xe6, "ae" }, { 0xf0, "d" }, { 0xf8, "o" }, { 0xfe, "th" }, { 0x111, "d" }, { 0x127, "h" }, { 0x131, "i" }, { 0x142, "l" },
    { 0x153, "oe" }, { 0x167, "t" } };
  for (size_t i = 0; i < sizeof list / sizeof *list; i++)
    if (list[i].c == c) return list[i].letters;
  return NULL;
}

/* Full and half width as plain. */
static uint32_t plain_width(uint32_t c)
{
  ucs4_t to[UC_DECOMPOSITION_MAX_LENGTH];
  int tag;
  int const n = uc_decomposition(c, &tag, to);
  return n == 1 && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW) ? to[0] : c;
}

static size_t one_round(uint32_t const *from, size_t count, int accents, uint32_t *to)
{
  uint32_t wide[POINTS_MAX], folded[POINTS_MAX];
  size_t n = POINTS_MAX, out = 0;
  for (size_t i = 0; i < count; i++) wide[i] = plain_width(from[i]);
  if (!u32_casefold(wide, count, NULL, UNINORM_NFD, folded, &n) || n > POINTS_MAX) die("folding");
  for (size_t i = 0; i < n; i++) {
    char const *const letters = accents ? NULL : letters_of(folded[i]);
    if (is_unseen(folded[i]) || (!accents && is_mark(folded[i]))) continue;
    if (letters)
      for (size_t k = 0; letters[k]; k++) to[out++] = (uint32_t)letters[k];
    else to[out++] = is_white(folded[i]) ? ' ' : folded[i];
  }
  return out;
}

static size_t form_of(uint32_t c, int accents, uint8_t *s)
{
  uint32_t now[POINTS_MAX] = { c }, next[POINTS_MAX];
  size_t count = 1, len = 0;
  for (int round = 0;; round++) {
    size_t const n = one_round(now, count, accents, next);
    int const same = n == count && !memcmp(now, next, n * sizeof *now);
    memcpy(now, next, n * sizeof *now);
    count = n;
    if (same) break;
    if (round == ROUNDS_MAX) die("a form that changes for ever");
  }
  for (size_t i = 0; i < count; i++) len += (size_t)u8_uctomb(s + len, now[i], 6);
  return len;
}

static void make_form(char const *name, char const *macro, int accents)
{
  static uint16_t blocks[BLOCKS_MAX][SIZE];
  static unsigned char of[0x110000 >> SHIFT];
  static uint8_t forms[1 << 16];
  unsigned int count = 1, last = 0, points = 0;
  size_t len = 1, longest = 0;
  for (uint32_t top = 0; top < 0x110000 >> SHIFT; top++) {
    uint16_t block[SIZE] = { 0 };
    unsigned int i = 0;
    for (uint32_t k = 0; k < SIZE; k++) {
      uint8_t form[6 * POINTS_MAX], self[6];
      uint32_t const c = top << SHIFT | k;
      if ((c >= 0xd800 && c < 0xe000) || (c >= 0xac00 && c < 0xd7a4)) continue;
      size_t const n = form_of(c, accents, form), own = (size_t)u8_uctomb(self, c, 6);
      size_t at = 1;
      if (n == own && !memcmp(form, self, n)) continue;
      if (n > 3 * own) die("a form that is more than three times as long");
      if (n > longest) longest = n;
      points++;
      while (at < len && !(forms[at] == n && !memcmp(forms + at + 1, form, n))) at += forms[at] + 1u;
      if (at == len) {
        if (len + n + 1 > sizeof forms) die("too many forms");
        forms[len++] = (uint8_t)n;
        memcpy(forms + len, form, n);
        len += n;
      }
      block[k] = (uint16_t)at;
    }
    while (i < count && memcmp(blocks[i], block, sizeof block)) i++;
    if (i == BLOCKS_MAX) die("too many blocks");
    if (i == count) memcpy(blocks[count++], block, sizeof block);
    of[top] = (unsigned char)i;
    if (i) last = top;
  }
  if (points < 3000) die("libunistring knows too few characters");
  printf("/* %u code points */\n#define %s_SHIFT %d\n#define %s_END 0x%xu\n#define %s_LONGEST %zu\n", points, macro, SHIFT, macro,
    (last + 1) << SHIFT, macro, longest);
  printf("static unsigned char const %s_block[%u] = {", name, last + 1);
  for (unsigned int i = 0; i <= last; i++) printf("%s%u,", i % 32 ? "" : "\n", of[i]);
  printf("\n};\nstatic uint16_t const %s_entry[%u][%d] = {\n", name, count, SIZE);
  for (unsigned int i = 0; i < count; i++) {
    printf("{");
    for (int k = 0; k < SIZE; k++) printf("%s%u,", k % 24 ? "" : "\n", blocks[i][k]);
    printf("},\n");
  }
  printf("};\nstatic unsigned char const %s_forms[%zu] = {", name, len);
  for (size_t i = 0; i < len; i++) printf("%s%u,", i % 32 ? "" : "\n", forms[i]);
  puts("\n};");
}

static void make_marks(void)
{
  puts("static mark_range const accented_mark[] = {");
  for (uint32_t c = 0, first; c < 0x110000; c++) {
    if ((c >= 0xd800 && c < 0xe000) || !is_mark(c)) continue;
    first = c;
    while (is_mark(c + 1) && uc_combining_class(c + 1) == uc_combining_class(first)) c++;
    printf("{0x%x,0x%x,%d},\n", first, c, uc_combining_class(first));
  }
  puts("};");
}

int main(void)
{
  puts("#ifndef ACCENTED_TABLES");
  make_form("compared", "COMPARED", 0);
  puts("#else");
  make_form("accented", "ACCENTED", 1);
  make_marks();
  puts("#endif");
  return fflush(stdout) ? 1 : 0;
}
