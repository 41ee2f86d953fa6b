/* Text that is compared: valid, at most three times as long, and compared again the same. */
#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  slice text, form, again;
  check(charset_decode(&a, charset_utf8, (slice){ (char const *)data, size }, &text));
  check(text_compared(&a, text, &form) && text_compared(&a, form, &again));
  check_text(form);
  check(form.len <= 3 * text.len);
  check(form.len == again.len && (!form.len || !memcmp(form.s, again.s, form.len)));
  arena_free(&a);
  return 0;
}
