/* Dates: RFC 5322 3.3 and 4.3, and what else mailers have written (RFC 850's 06-Nov-94, asctime's order).
 *
 * The words, cut at blanks and commas, comments taken out, are told apart by what they look like, in any order that
 * has been seen:
 *
 *   letters, a month's first three    month
 *   digits with ":" (or twice ".")    time
 *   digits, once a time was seen      year, if there is none yet
 *   digits, else                      day; the second is the year
 *   + or - digits, after the time     zone
 *   letters after the time            zone; before it, the day of the week
 */
#include <string.h>

#include <porter/mail.h>

#include "private.h"

#define DATE_MAX 1000   /* octets of the field that are looked at: a date takes 50, a comment at its end seldom more */
#define WORDS_MAX 16    /* words of it: a date has six */

struct fields {
  int day, month, year, hour, minute, second, zone, has_time, has_zone;
};

static int is_digit(char c)
{
  return c >= '0' && c <= '9';
}

static int is_letter(char c)
{
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

size_t skip_comment(char const *s, size_t len, size_t i)
{
  size_t depth = 0;
  for (; i < len; i++) {
    if (s[i] == '\\') i++;
    else if (s[i] == '(') depth++;
    else if (s[i] == ')' && !--depth) return i + 1;
  }
  return len;
}

/* A number of at most max digits at the start of w; takes it off w. -1 where there is none. */
static int number(slice *w, size_t max)
{
  int n = 0;
  size_t i = 0;
  while (i < w->len && is_digit(w->s[i])) {
    if (i == max) return -1;
    n = 10 * n + (w->s[i++] - '0');
  }
  w->s += i;
  w->len -= i;
  return i ? n : -1;
}

static int month_of(slice w)
{
  static char const months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (w.len < 3) return 0;
  for (int i = 0; i < 12; i++)
    if (to_lower(w.s[0]) == months[3 * i] && to_lower(w.s[1]) == months[3 * i + 1] && to_lower(w.s[2]) == months[3 * i + 2]) return i + 1;
  return 0;
}

/* Minutes east of a name. RFC 5322 4.3: one-letter zones were defined the wrong way round, and any name but these is unknown: UTC. */
static int zone_name(slice w)
{
  static struct { char const *name; int hours; } const zones[] = {
    { "est", -5 }, { "edt", -4 }, { "cst", -6 }, { "cdt", -5 }, { "mst", -7 }, { "mdt", -6 }, { "pst", -8 }, { "pdt", -7 },
    { "ast", -4 }, { "adt", -3 }
  };
  for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) if (is_word(w, zones[i].name)) return 60 * zones[i].hours;
  return 0;
}

static void read_zone(struct fields *f, slice w)
{
  int n;
  /* JavaScript writes GMT+0200. */
  if (w.len > 3 && (is_word((slice){ w.s, 3 }, "gmt") || is_word((slice){ w.s, 3 }, "utc"))) w.s += 3, w.len -= 3;
  char const sign = *w.s;
  f->has_zone = 1;
  if (sign != '+' && sign != '-') {
    f->zone = zone_name(w);
    return;
  }
  w.s++, w.len--;
  size_t const before = w.len;
  n = number(&w, 4);
  if (n >= 0 && before - w.len <= 2) {
    /* Hours only: +2, -08. */
    n *= 100;
    if (w.len > 2 && *w.s == ':') w.s++, w.len--, n += number(&w, 2);
  }
  f->zone = n < 0 ? 0 : (sign == '-' ? -1 : 1) * (n / 100 * 60 + n % 100);
}

static int read_time(struct fields *f, slice w)
{
  char const mark = memchr(w.s, ':', w.len) ? ':' : '.';
  f->hour = number(&w, 2);
  if (f->hour < 0 || !w.len || *w.s != mark) return 0;
  w.s++, w.len--;
  f->minute = number(&w, 2);
  if (f->minute < 0) return 0;
  f->second = 0;
  if (w.len && *w.s == mark) {
    w.s++, w.len--;
    f->second = number(&w, 2);
    if (f->second < 0) return 0;
  }
  if (f->hour > 24 || f->minute > 59 || f->second > 61) return 0;
  f->has_time = 1;
  /* A fraction of a second, and a zone without a space before it. */
  if (w.len && *w.s == '.') w.s++, w.len--, number(&w, 9);
  if (w.len) read_zone(f, w);
  return 1;
}

/* What has not four digits but something behind them is no year. */
static void set_year(struct fields *f, slice w)
{
  size_t const before = w.len;
  f->year = number(&w, 4);
  if (w.len && before - w.len < 4) f->year = -1;
}

static int read_number(struct fields *f, slice w)
{
  /* RFC 850: 06-Nov-94; some write 6-Nov 1994. */
  char const *dash = memchr(w.s, '-', w.len);
  if (dash && dash > w.s && !f->month) {
    slice rest = { dash + 1, w.len - (size_t)(dash + 1 - w.s) };
    char const *second = memchr(rest.s, '-', rest.len);
    slice name = { rest.s, second ? (size_t)(second - rest.s) : rest.len };
    f->month = month_of(name);
    f->day = number(&w, 2);
    if (!f->month || f->day < 0 || w.s != dash) return 0;
    if (second) set_year(f, (slice){ second + 1, rest.len - (size_t)(second + 1 - rest.s) });
    return 1;
  }
  if (f->day < 0 && w.len <= 2) {
    f->day = number(&w, 2);
    return f->day >= 0;
  }
  if (f->year < 0) set_year(f, w);
  return 1;
}

/* Days since 1970 of a day in the Gregorian calendar (the usual count from March, in eras of 400 years). */
int64_t date_days(int64_t year, int month, int day)
{
  year -= month <= 2;
  int64_t const era = (year >= 0 ? year : year - 399) / 400, in_era = year - era * 400;
  int64_t const in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

int mail_date_parse(slice raw, mail_date *date)
{
  struct fields f = { .day = -1, .year = -1 };
  unsigned int words = 0;
  size_t i = 0, len = raw.len < DATE_MAX ? raw.len : DATE_MAX;
  while (i < len && words < WORDS_MAX) {
    char const c = raw.s[i];
    slice w = { raw.s + i, 0 };
    if (is_space(c) || c == ',') {
      i++;
      continue;
    }
    if (c == '(') {
      i = skip_comment(raw.s, len, i);
      continue;
    }
    while (i < len && !is_space(raw.s[i]) && raw.s[i] != ',' && raw.s[i] != '(') i++;
    w.len = (size_t)(raw.s + i - w.s);
    words++;
    if (is_digit(c)) {
      if (!f.has_time && (memchr(w.s, ':', w.len) || (memchr(w.s, '.', w.len) && f.month))) {
        if (!read_time(&f, w)) return 0;
      } else if (!read_number(&f, w)) return 0;
    } else if (is_letter(c)) {
      /* A comment that lost its parentheses, or a second zone, changes nothing. */
      if (!f.month && month_of(w)) f.month = month_of(w);
      else if (f.has_time && (is_word(w, "am") || is_word(w, "pm"))) f.hour = f.hour % 12 + (to_lower(c) == 'p' ? 12 : 0);
      else if (f.has_time && !f.has_zone) read_zone(&f, w);
    } else if ((c == '+' || c == '-') && f.has_time && !f.has_zone) read_zone(&f, w);
    if (f.has_zone && f.year >= 0) break;
  }
  if (f.day < 1 || f.day > 31 || !f.month || f.year < 0 || !f.has_time) return 0;
  /* RFC 5322 4.3; some write 0099 */
  if (f.year < 50) f.year += 2000;
  else if (f.year < 1000) f.year += 1900;
  /* RFC 3339 has no zone that is a day or more away. */
  date->offset = f.zone > -1440 && f.zone < 1440 ? f.zone : 0;
  date->seconds = date_days(f.year, f.month, f.day) * 86400 + f.hour * 3600 + f.minute * 60 + f.second - (int64_t)f.zone * 60;
  return 1;
}

static char *digits(char *s, int64_t n, int count)
{
  for (int i = count; i--; n /= 10) s[i] = (char)('0' + n % 10);
  return s + count;
}

size_t mail_date_fmt(char *s, mail_date const *date)
{
  int64_t const local = date->seconds + (int64_t)date->offset * 60;
  int64_t const days = (local >= 0 ? local : local - 86399) / 86400, rest = local - days * 86400;
  int64_t const shifted = days + 719468, era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int64_t const in_era = shifted - era * 146097;
  int64_t const in_era_year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
  int64_t const in_year = in_era - (365 * in_era_year + in_era_year / 4 - in_era_year / 100);
  int64_t const m = (5 * in_year + 2) / 153, day = in_year - (153 * m + 2) / 5 + 1, month = m < 10 ? m + 3 : m - 9;
  int64_t const year = in_era_year + era * 400 + (month <= 2);
  char *p = s;
  if (year < 0 || year > 9999) return 0;
  p = digits(p, year, 4), *p++ = '-';
  p = digits(p, month, 2), *p++ = '-';
  p = digits(p, day, 2), *p++ = 'T';
  p = digits(p, rest / 3600, 2), *p++ = ':';
  p = digits(p, rest / 60 % 60, 2), *p++ = ':';
  p = digits(p, rest % 60, 2);
  if (date->offset) {
    int const offset = date->offset < 0 ? -date->offset : date->offset;
    *p++ = date->offset < 0 ? '-' : '+';
    p = digits(p, offset / 60 % 100, 2), *p++ = ':';
    p = digits(p, offset % 60, 2);
  } else *p++ = 'Z';
  return (size_t)(p - s);
}
