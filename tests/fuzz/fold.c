/* Letter case: what is folded stays as it is, and is text. */
#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  slice const from = { (char const *)data, size };
  slice text, folded, again;
  char line[TEXT_ESCAPE_MAX + 1];
  size_t n;
  check(charset_decode(&a, charset_utf8, from, &text));
  check(text_fold(&a, text, &folded));
  check_text(folded);
  check(text_fold(&a, folded, &again) && again.len == folded.len && !memcmp(again.s, folded.s, folded.len));
  n = text_escape(line, from.s, from.len);
  check(n <= TEXT_ESCAPE_MAX && strlen(line) == n);
  check_text((slice){ line, n });
  for (size_t i = 0; i < n; i++) check((unsigned char)line[i] >= ' ' && line[i] != 127);
  arena_free(&a);
  return 0;
}
