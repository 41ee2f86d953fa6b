/* Any octets as an unstructured field: text comes out, and reading it again changes nothing where neither words nor escapes are left: an escape
 * that a NUL was in says nothing, and is one without it. */
#include <porter/mail.h>

#include "check.h"

static mail_charsets plain_charsets = MAIL_CHARSETS_ZERO;

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  arena a = ARENA_ZERO;
  slice out, again;
  check(mail_text(&a, &plain_charsets, (slice){ (char const *)data, len }, &out));
  check_text(out);
  if (!out.len || (!memmem(out.s, out.len, "=?", 2) && !memchr(out.s, 0x1b, out.len))) {
    check(mail_text(&a, &plain_charsets, out, &again));
    if (out.len && !memchr(out.s, '\n', out.len) && !memchr(out.s, '\r', out.len))
      check(again.len == out.len && (!out.len || !memcmp(again.s, out.s, out.len)));
  }
  arena_free(&a);
  return 0;
}
