/* Search: the first line is the pattern, the rest a mail. Refusing quickly never makes a difference; what is found where accents
 * count is found where they do not. */
#include <porter/mail.h>
#include <porter/search.h>

#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO, scratch = ARENA_ZERO;
  uint8_t const *const end = size ? memchr(data, '\n', size) : NULL;
  mail_matcher m;
  int partly;
  slice pattern, mail;
  if (!end || end == data) return 0;
  mail = (slice){ (char const *)end + 1, size - (size_t)(end - data) - 1 };
  check(charset_decode(&a, charset_utf8, (slice){ (char const *)data, (size_t)(end - data) }, &pattern));
  if (pattern.len) {
    check(mail_matcher_init(&m, &a, pattern, NULL));
    int const quick = mail_matches(&m, &scratch, mail, &partly);
    m.thorough = 1;
    check(quick >= 0 && quick == mail_matches(&m, &scratch, mail, &partly));
    m.where = SEARCH_FROM | SEARCH_TO | SEARCH_CC | SEARCH_BCC | SEARCH_SUBJECT;
    int const in_head = mail_matches(&m, &scratch, mail, &partly);
    m.thorough = 0;
    check(in_head >= 0 && in_head <= quick && in_head == mail_matches(&m, &scratch, mail, &partly));
    for (m.where = SEARCH_FROM; m.where <= SEARCH_SUBJECT; m.where *= 2) {
      int const here = mail_matches(&m, &scratch, mail, &partly);
      m.thorough = 1;
      check(here >= 0 && here <= in_head && here == mail_matches(&m, &scratch, mail, &partly));
      m.thorough = 0;
    }
    m.where = 0;
    m.thorough = 1;
    check(mail_matcher_accents(&m, &a, pattern));
    int const strict = mail_matches(&m, &scratch, mail, &partly);
    m.thorough = 0;
    check(strict >= 0 && strict <= quick && strict == mail_matches(&m, &scratch, mail, &partly));
  }
  arena_free(&scratch);
  arena_free(&a);
  return 0;
}
