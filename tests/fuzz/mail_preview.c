/* Previews of mails, and safe names of what they are called. */
#include <porter/mail.h>

#include "check.h"

static void check_name(slice v)
{
  check_text(v);
  check(v.len <= 255 && (!v.len || (v.s[0] != '.' && v.s[0] != '-' && v.s[v.len - 1] != '.')));
  for (size_t i = 0; i < v.len; i++) check((unsigned char)v.s[i] >= ' ' && !memchr("/\\:*?\"<>|\x7f", v.s[i], 10));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  slice out, name, again;
  size_t chars = 0;
  check(mime_parse(&a, (char const *)data, size, NULL, &tree) && mail_preview(&a, &tree, &out));
  check_text(out);
  for (size_t i = 0; i < out.len; i++) {
    chars += ((unsigned char)out.s[i] & 0xc0) != 0x80;
    check((unsigned char)out.s[i] >= ' ' && (out.s[i] != ' ' || (i && out.s[i - 1] != ' ')));
  }
  check(chars <= MAIL_PREVIEW_CHARS);
  check(charset_decode(&a, charset_utf8, (slice){ (char const *)data, size }, &out));
  check(mail_safe_name(&a, out, &name));
  check_name(name);
  check(mail_safe_name(&a, name, &again));
  check_name(again);
  arena_free(&a);
  return 0;
}
