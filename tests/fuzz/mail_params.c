/* Any octets as Content-Type and Content-Disposition. */
#include <porter/mail.h>

#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  static char const type[] = "Content-Type: ", disposition[] = "\nContent-Disposition: ";
  arena a = ARENA_ZERO;
  mime_tree tree;
  char *const s = malloc(2 * len + 64), *p = s;
  if (!s) return 0;
  memcpy(p, type, sizeof type - 1), p += sizeof type - 1;
  if (len) memcpy(p, data, len), p += len;
  memcpy(p, disposition, sizeof disposition - 1), p += sizeof disposition - 1;
  if (len) memcpy(p, data, len), p += len;
  check(mime_parse(&a, s, (size_t)(p - s), NULL, &tree));
  for (size_t i = 0; i < tree.count; i++) {
    mime_part const *const part = tree.part + i;
    check_text(part->type);
    check_text(part->subtype);
    check_text(part->charset);
    check_text(part->disposition_word);
    check_text(part->file_name);
  }
  arena_free(&a);
  free(s);
  return 0;
}
