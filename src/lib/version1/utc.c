/* RFC 3339 5.6, YYYY-MM-DDThh:mm:ss(Z|+hh:mm|-hh:mm), which is what maildir.proto's dates are, in UTC. */
#include <string.h>

#include <porter/mail.h>
#include "internal.h"

/* n digits at s, as a number; -1 where there are others. */
static int digits(char const *s, unsigned int n)
{
  int number = 0;
  for (; n--; s++) {
    if (*s < '0' || *s > '9') return -1;
    number = 10 * number + (*s - '0');
  }
  return number;
}

/* Days from 1970-01-01 in the Gregorian calendar; years begin in March, so that a leap day is a year's last. */
static int64_t days(int year, int month, int day)
{
  int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
  int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - 400 * era;
  return 146097 * era + 365 * of_era + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1 - 719468;
}

size_t utc(char *out, char const *date)
{
  static char const form[] = "0000-00-00T00:00:00";
  char const *zone = date + sizeof form - 1;
  mail_date when = { .offset = 0 };
  if (strlen(date) < sizeof form) return 0;
  for (size_t i = 0; form[i]; i++)
    if (form[i] == '0' ? date[i] < '0' || date[i] > '9' : date[i] != form[i]) return 0;
  when.seconds = 86400 * days(digits(date, 4), digits(date + 5, 2), digits(date + 8, 2))
    + 3600 * digits(date + 11, 2) + 60 * digits(date + 14, 2) + digits(date + 17, 2);
  if (strcmp(zone, "Z")) {
    int hours, minutes;
    if ((*zone != '+' && *zone != '-') || strlen(zone) != 6 || zone[3] != ':') return 0;
    hours = digits(zone + 1, 2);
    minutes = digits(zone + 4, 2);
    if (hours < 0 || minutes < 0) return 0;
    when.seconds += (*zone == '-' ? 60 : -60) * (60 * hours + minutes);
  }
  return mail_date_fmt(out, &when);
}
