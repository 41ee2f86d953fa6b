/* Any octets as a list of addresses, and of ids. */
#include <porter/mail.h>

#include "check.h"

static mail_charsets plain_charsets = MAIL_CHARSETS_ZERO;

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  arena a = ARENA_ZERO;
  slice const raw = { (char const *)data, len };
  mail_address *list;
  slice *ids;
  size_t count;
  check(mail_addresses(&a, &plain_charsets, FIELD_TO, raw, &list, &count));
  check(count <= len);
  for (size_t i = 0; i < count; i++) {
    check_text(list[i].name);
    check_text(list[i].address);
    check(list[i].group ? !list[i].address.len : list[i].name.len || list[i].address.len);
  }
  check(mail_ids(&a, raw, &ids, &count));
  for (size_t i = 0; i < count; i++) check_text(ids[i]);
  arena_free(&a);
  return 0;
}
