/* Octets under a label, which the first one chooses: the same is said of them whole and in pieces, and what is certain of a start is
 * what all of it says. */
#include "check.h"

static char const *const labels[] = { "", "utf-8", "windows-1251", "gbk", "shift_jis", "iso-2022-jp", "utf-16", "utf-16le", "utf-7", "big5",
  "euc-kr", "iso-2022-kr", "hz", "viscii", "koi8-r", "us-ascii" };

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  charset_look whole, pieces;
  int unsure[2];
  slice all, start;
  if (size < 2) return 0;
  char const *const label = labels[data[0] & 15], *const s = (char const *)data + 2;
  size_t const len = size - 2, step = 1 + data[1] % 7;
  charset const *const c = charset_find(label, strlen(label));
  charset_look_open(&whole, c);
  charset_look_feed(&whole, s, len);
  charset_look_open(&pieces, c);
  for (size_t i = 0; i < len; i += step) charset_look_feed(&pieces, s + i, len - i < step ? len - i : step);
  charset const *const judged = charset_judged(&whole, NULL, unsure);
  check(judged && judged == charset_judged(&pieces, NULL, unsure + 1) && unsure[0] == unsure[1]);
  size_t const certain = charset_certain(c, s, len);
  check(certain <= len);
  if (certain && !(c && charset_kind(c) == CHARSET_OTHER)) {
    check(charset_decode(&a, charset_judge(&a, c, NULL, (slice){ s, len }), (slice){ s, len }, &all));
    check(charset_decode(&a, c ? c : charset_utf8, (slice){ s, certain }, &start));
    if (!c || charset_kind(c) == CHARSET_SAME) check(all.len >= start.len && (!start.len || !memcmp(all.s, start.s, start.len)));
    check_text(all);
  }
  arena_free(&a);
  return 0;
}
