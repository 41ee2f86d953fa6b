/* Any octets, or base64 of them, as CMS: what is found is no longer than what is there, lies in it, and comes from it in order. */
#include "../../src/lib/mail/private.h"
#include "check.h"

/* Whether all of v comes, octet by octet, in this order from s. */
static int is_in_order(slice v, char const *s, size_t len)
{
  size_t i = 0;
  for (size_t k = 0; k < len && i < v.len; k++) i += s[k] == v.s[i];
  return i == v.len;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  char *const octets = malloc(size + TRANSFER_ROOM);
  base64_state st = BASE64_ZERO;
  slice content;
  size_t len = size;
  check(octets);
  if (size && *data == 'M') {
    len = base64_decode(&st, octets, (char const *)data, size);
    len += base64_finish(&st, octets + len);
  } else if (size) memcpy(octets, data, size);
  /* In memory of just that size, so that a sanitizer sees what is read beyond it. */
  char *const exact = malloc(len);
  check(exact || !len);
  if (len) memcpy(exact, octets, len);
  if (cms_signed_content(exact, len, &content)) {
    check(content.s >= exact && content.len <= (size_t)(exact + len - content.s));
    check(is_in_order(content, octets, len));
  }
  free(exact);
  free(octets);
  return 0;
}
