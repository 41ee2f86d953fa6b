/* Text that is compared: valid, at most three times as long, and compared again the same. Where accents count: at most eight times as long; the
 * second half of a text is found in it only where it is without accents too. */
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
  slice half = text, accented, half_form, half_accented;
  size_t const n = utf8_valid(text.s, text.len / 2);
  half.s += n;
  half.len -= n;
  check(text_accented(&a, text, &accented) && text_accented(&a, half, &half_accented) && text_compared(&a, half, &half_form));
  check(accented.len <= 8 * text.len + TEXT_ACCENTED_MAX);
  check(!memmem(accented.s, accented.len, half_accented.s, half_accented.len) || memmem(form.s, form.len, half_form.s, half_form.len));
  arena_free(&a);
  return 0;
}
