/* Any octets as an unstructured field, and its base subject: text comes out, and reading it again changes nothing where neither words nor escapes are left: an escape
 * that a NUL was in says nothing, and is one without it. */
#include <porter/mail.h>
#include <porter/order.h>

#include "check.h"

static mail_charsets plain_charsets = MAIL_CHARSETS_ZERO;

/* What is left is part of it, and its own base. */
static void check_base(arena *a, slice text)
{
  slice folded, base, again;
  char *copy;
  check(text_fold(a, text, &folded) && (copy = arena_copy(a, folded.s, folded.len)));
  base = subject_base(copy, folded.len);
  check_text(base);
  check(base.len <= folded.len && (copy = arena_copy(a, base.s, base.len)));
  again = subject_base(copy, base.len);
  check(slice_same(base, again));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  arena a = ARENA_ZERO;
  slice out, again;
  check(mail_text(&a, &plain_charsets, (slice){ (char const *)data, len }, &out));
  check_text(out);
  check_base(&a, out);
  if (!out.len || (!memmem(out.s, out.len, "=?", 2) && !memchr(out.s, 0x1b, out.len))) {
    check(mail_text(&a, &plain_charsets, out, &again));
    if (out.len && !memchr(out.s, '\n', out.len) && !memchr(out.s, '\r', out.len))
      check(again.len == out.len && (!out.len || !memcmp(again.s, out.s, out.len)));
  }
  arena_free(&a);
  return 0;
}
