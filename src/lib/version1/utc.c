/* Dates of maildir.proto in UTC. */
#include <string.h>

#include <porter/mail.h>
#include "internal.h"

size_t date_in_utc(char *out, char const *date)
{
  mail_date when;
  if (!mail_date_scan(slice_of(date), &when)) return 0;
  when.offset = 0;
  return mail_date_fmt(out, &when);
}
