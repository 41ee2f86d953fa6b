/* Dates as requests have them (RFC 3339 5.6): 2026-11-26T15:46:38.25+01:00, or Z. */
#include <porter/mail.h>
#include "private.h"

/* count digits at s[*i], then the octet behind, unless that is 0; lower case counts as upper. */
static int digits(slice s, size_t *i, int count, char behind, int *n)
{
  *n = 0;
  for (; count; count--, ++*i) {
    if (*i >= s.len || s.s[*i] < '0' || s.s[*i] > '9') return 0;
    *n = 10 * *n + (s.s[*i] - '0');
  }
  if (!behind) return 1;
  if (*i >= s.len || (s.s[*i] != behind && (behind != 'T' || s.s[*i] != 't'))) return 0;
  ++*i;
  return 1;
}

static int zone(slice s, size_t i, int *offset)
{
  int hours, minutes, east;
  *offset = 0;
  if (i + 1 == s.len) return s.s[i] == 'Z' || s.s[i] == 'z';
  if (i >= s.len || (s.s[i] != '+' && s.s[i] != '-')) return 0;
  east = s.s[i++] == '+';
  if (!digits(s, &i, 2, ':', &hours) || !digits(s, &i, 2, 0, &minutes) || i < s.len || hours > 23 || minutes > 59) return 0;
  *offset = (east ? 1 : -1) * (60 * hours + minutes);
  return 1;
}

static int days_in(int year, int month)
{
  return (int)(date_days(month < 12 ? year : year + 1, month < 12 ? month + 1 : 1, 1) - date_days(year, month, 1));
}

int mail_date_scan(slice s, mail_date *date)
{
  int year, month, day, hour, minute, second;
  size_t i = 0;
  if (!digits(s, &i, 4, '-', &year) || !digits(s, &i, 2, '-', &month) || !digits(s, &i, 2, 'T', &day) || !digits(s, &i, 2, ':', &hour)
    || !digits(s, &i, 2, ':', &minute) || !digits(s, &i, 2, 0, &second))
    return 0;
  if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour > 23 || minute > 59 || second > 60) return 0;
  if (i < s.len && s.s[i] == '.') {
    size_t first = ++i;
    while (i < s.len && s.s[i] >= '0' && s.s[i] <= '9') i++;
    if (i == first) return 0;
  }
  if (!zone(s, i, &date->offset)) return 0;
  date->seconds = date_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - (int64_t)date->offset * 60;
  return 1;
}
