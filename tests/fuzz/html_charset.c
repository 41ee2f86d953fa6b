/* Any octets as the start of HTML: the charset that it names keeps ASCII, but for what a mark says, and nothing behind the octets
 * that are looked at makes a difference. */
#include "../../src/lib/mail/html.h"
#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  size_t const start = size < HTML_PRESCAN ? size : HTML_PRESCAN;
  char *const exact = malloc(start + 1);
  check(exact);
  if (start) memcpy(exact, data, start);
  charset const *const c = html_charset((char const *)data, size);
  check(c == html_charset(exact, start));
  if (c && charset_kind(c) == CHARSET_OTHER) check(size > 1 && data[0] >= 0xfe && data[1] >= 0xfe);
  free(exact);
  return 0;
}
