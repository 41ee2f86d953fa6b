/* Any octets as a date: what is read can be written, and read again is the same. */
#include <porter/mail.h>

#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  char s[MAIL_DATE_FMT];
  mail_date date;
  if (!mail_date_parse((slice){ (char const *)data, len }, &date)) return 0;
  size_t const n = mail_date_fmt(s, &date);
  check(n <= MAIL_DATE_FMT);
  check(!n || n == 20 || n == 25);
  if (n) {
    mail_date again;
    check(mail_date_parse((slice){ s, n }, &again) && again.seconds == date.seconds && again.offset == date.offset);
  }
  check(date.offset > -1440 && date.offset < 1440);
  return 0;
}
