/* Dates: RFC 5322 3.3 and 4.3, and what else mailers have written (RFC 850's 06-Nov-94, asctime's order, ISO 8601, months of other
 * languages in the RFC's order).
 *
 * The words, cut at blanks and commas, comments taken out, are told apart by what they look like, in any order that
 * has been seen:
 *
 *   letters, a month's first three    month; behind the day it counts more than before it, as days of the week are cut alike (mar)
 *   YYYY-MM-DD, YYYYMMDD, then T      ISO 8601: the date, and the time behind T
 *   digits with ":" (or twice ".")    time
 *   digits, once a time was seen      year, if there is none yet; else four of them are a zone whose sign was forgotten
 *   digits, else                      day; the second is the year
 *   + or - digits, after the time     zone
 *   letters after the time            zone; before it, the day of the week
 */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

#define DATE_MAX 1000 /* octets of the field that are looked at: a date takes 50, a comment at its end seldom more */
#define WORDS_MAX 16  /* words of it: a date has six */

struct fields {
  int day, month, year, hour, minute, second, zone, has_time, has_zone;
  int month_behind; /* the month was read behind the day */
  int iso;          /* a date of ISO 8601, which is one without a time too */
};

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static int is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

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
  char const first = to_lower(w.s[0]), second = to_lower(w.s[1]), third = to_lower(w.s[2]);
  for (int i = 0; i < 12; i++)
    if (third == months[3 * i + 2] && second == months[3 * i + 1] && first == months[3 * i]) return i + 1;
  return 0;
}

/* Months of German, French, Spanish, Italian, Dutch, Swedish, Portuguese, Polish and Russian, whole and cut, as text is compared, where
 * their first three letters are not those of English ones. */
static struct {
  char const *name;
  int month;
} const foreign_months[] = { { "janner", 1 }, { "ene", 1 }, { "enero", 1 }, { "gen", 1 }, { "gennaio", 1 }, { "sty", 1 }, { "styczen", 1 },
  { "stycznia", 1 }, { "\xd1\x8f\xd0\xbd\xd0\xb2", 1 }, { "\xd1\x8f\xd0\xbd\xd0\xb2\xd0\xb0\xd1\x80\xd1\x8c", 1 },
  { "\xd1\x8f\xd0\xbd\xd0\xb2\xd0\xb0\xd1\x80\xd1\x8f", 1 }, { "fevr", 2 }, { "fevrier", 2 }, { "fev", 2 }, { "fevereiro", 2 }, { "lut", 2 },
  { "luty", 2 }, { "lutego", 2 }, { "\xd1\x84\xd0\xb5\xd0\xb2", 2 }, { "\xd1\x84\xd0\xb5\xd0\xb2\xd1\x80\xd0\xb0\xd0\xbb\xd1\x8c", 2 },
  { "\xd1\x84\xd0\xb5\xd0\xb2\xd1\x80\xd0\xb0\xd0\xbb\xd1\x8f", 2 }, { "mar", 3 }, { "marz", 3 }, { "mrz", 3 }, { "mrt", 3 }, { "maart", 3 },
  { "\xd0\xbc\xd0\xb0\xd1\x80", 3 }, { "\xd0\xbc\xd0\xb0\xd1\x80\xd1\x82", 3 }, { "\xd0\xbc\xd0\xb0\xd1\x80\xd1\x82\xd0\xb0", 3 }, { "avr", 4 },
  { "avril", 4 }, { "abr", 4 }, { "abril", 4 }, { "kwi", 4 }, { "kwiecien", 4 }, { "kwietnia", 4 }, { "\xd0\xb0\xd0\xbf\xd1\x80", 4 },
  { "\xd0\xb0\xd0\xbf\xd1\x80\xd0\xb5\xd0\xbb\xd1\x8c", 4 }, { "\xd0\xb0\xd0\xbf\xd1\x80\xd0\xb5\xd0\xbb\xd1\x8f", 4 }, { "mai", 5 }, { "maio", 5 },
  { "mag", 5 }, { "maggio", 5 }, { "mei", 5 }, { "maj", 5 }, { "maja", 5 }, { "\xd0\xbc\xd0\xb0\xd0\xb8", 5 }, { "\xd0\xbc\xd0\xb0\xd1\x8f", 5 },
  { "juin", 6 }, { "giu", 6 }, { "giugno", 6 }, { "cze", 6 }, { "czerwiec", 6 }, { "czerwca", 6 }, { "\xd0\xb8\xd1\x8e\xd0\xbd", 6 },
  { "\xd0\xb8\xd1\x8e\xd0\xbd\xd1\x8c", 6 }, { "\xd0\xb8\xd1\x8e\xd0\xbd\xd1\x8f", 6 }, { "juil", 7 }, { "juillet", 7 }, { "lug", 7 },
  { "luglio", 7 }, { "lip", 7 }, { "lipiec", 7 }, { "lipca", 7 }, { "\xd0\xb8\xd1\x8e\xd0\xbb", 7 }, { "\xd0\xb8\xd1\x8e\xd0\xbb\xd1\x8c", 7 },
  { "\xd0\xb8\xd1\x8e\xd0\xbb\xd1\x8f", 7 }, { "aou", 8 }, { "aout", 8 }, { "ago", 8 }, { "agosto", 8 }, { "sie", 8 }, { "sierpien", 8 },
  { "sierpnia", 8 }, { "\xd0\xb0\xd0\xb2\xd0\xb3", 8 }, { "\xd0\xb0\xd0\xb2\xd0\xb3\xd1\x83\xd1\x81\xd1\x82", 8 },
  { "\xd0\xb0\xd0\xb2\xd0\xb3\xd1\x83\xd1\x81\xd1\x82\xd0\xb0", 8 }, { "set", 9 }, { "setembro", 9 }, { "setiembre", 9 }, { "sett", 9 },
  { "settembre", 9 }, { "wrz", 9 }, { "wrzesien", 9 }, { "wrzesnia", 9 }, { "\xd1\x81\xd0\xb5\xd0\xbd", 9 },
  { "\xd1\x81\xd0\xb5\xd0\xbd\xd1\x82", 9 }, { "\xd1\x81\xd0\xb5\xd0\xbd\xd1\x82\xd1\x8f\xd0\xb1\xd1\x80\xd1\x8c", 9 },
  { "\xd1\x81\xd0\xb5\xd0\xbd\xd1\x82\xd1\x8f\xd0\xb1\xd1\x80\xd1\x8f", 9 }, { "okt", 10 }, { "oktober", 10 }, { "ott", 10 }, { "ottobre", 10 },
  { "out", 10 }, { "outubro", 10 }, { "paz", 10 }, { "pazdziernik", 10 }, { "pazdziernika", 10 }, { "\xd0\xbe\xd0\xba\xd1\x82", 10 },
  { "\xd0\xbe\xd0\xba\xd1\x82\xd1\x8f\xd0\xb1\xd1\x80\xd1\x8c", 10 }, { "\xd0\xbe\xd0\xba\xd1\x82\xd1\x8f\xd0\xb1\xd1\x80\xd1\x8f", 10 },
  { "lis", 11 }, { "listopad", 11 }, { "listopada", 11 }, { "\xd0\xbd\xd0\xbe\xd1\x8f", 11 }, { "\xd0\xbd\xd0\xbe\xd1\x8f\xd0\xb1", 11 },
  { "\xd0\xbd\xd0\xbe\xd1\x8f\xd0\xb1\xd1\x80\xd1\x8c", 11 }, { "\xd0\xbd\xd0\xbe\xd1\x8f\xd0\xb1\xd1\x80\xd1\x8f", 11 }, { "dez", 12 },
  { "dezember", 12 }, { "dezembro", 12 }, { "dic", 12 }, { "dicembre", 12 }, { "diciembre", 12 }, { "gru", 12 }, { "grudzien", 12 },
  { "grudnia", 12 }, { "\xd0\xb4\xd0\xb5\xd0\xba", 12 }, { "\xd0\xb4\xd0\xb5\xd0\xba\xd0\xb0\xd0\xb1\xd1\x80\xd1\x8c", 12 },
  { "\xd0\xb4\xd0\xb5\xd0\xba\xd0\xb0\xd0\xb1\xd1\x80\xd1\x8f", 12 } };

#define MONTH_MAX 24 /* octets of a month's name as text is compared */

/* Raw octets are UTF-8, else windows-1252, which is Latin-1 for letters. */
static int foreign_month(slice w)
{
  char s[MONTH_MAX + TEXT_COMPARED_MAX];
  size_t n = 0;
  int const utf8 = utf8_valid(w.s, w.len) == w.len;
  if (w.len && w.s[w.len - 1] == '.') w.len--;
  for (size_t i = 0; i < w.len;) {
    uint32_t c = (unsigned char)w.s[i];
    i += utf8 ? utf8_get(&c, w.s + i, w.len - i) : 1;
    n += text_compared_point(s + n, c);
    if (n > MONTH_MAX) return 0;
  }
  for (size_t i = 0; i < sizeof foreign_months / sizeof *foreign_months; i++)
    if (strlen(foreign_months[i].name) == n && !memcmp(s, foreign_months[i].name, n)) return foreign_months[i].month;
  return 0;
}

/* Minutes east of a name: RFC 5322 4.3's, and those of the IANA time zone database (2024a) that mean one thing, or nearly always, in
 * mail; IST is India's, BST Britain's. One-letter zones were defined the wrong way round, and what is not here is unknown: UTC. */
static int zone_name(slice w)
{
  static struct {
    char const *name;
    int minutes;
  } const zones[] = { { "est", -300 }, { "edt", -240 }, { "cst", -360 }, { "cdt", -300 }, { "mst", -420 }, { "mdt", -360 }, { "pst", -480 },
    { "pdt", -420 }, { "ast", -240 }, { "adt", -180 }, { "nst", -210 }, { "ndt", -150 }, { "akst", -540 }, { "akdt", -480 }, { "hst", -600 },
    { "wet", 0 }, { "west", 60 }, { "bst", 60 }, { "cet", 60 }, { "cest", 120 }, { "met", 60 }, { "mest", 120 }, { "mez", 60 }, { "mesz", 120 },
    { "eet", 120 }, { "eest", 180 }, { "msk", 180 }, { "msd", 240 }, { "trt", 180 }, { "idt", 180 }, { "wat", 60 }, { "cat", 120 }, { "sast", 120 },
    { "eat", 180 }, { "gst", 240 }, { "pkt", 300 }, { "uzt", 300 }, { "yekt", 300 }, { "ist", 330 }, { "npt", 345 }, { "omst", 360 }, { "ict", 420 },
    { "wib", 420 }, { "krat", 420 }, { "wita", 480 }, { "sgt", 480 }, { "hkt", 480 }, { "pht", 480 }, { "awst", 480 }, { "irkt", 480 },
    { "wit", 540 }, { "jst", 540 }, { "kst", 540 }, { "yakt", 540 }, { "acst", 570 }, { "acdt", 630 }, { "aest", 600 }, { "aedt", 660 },
    { "vlat", 600 }, { "magt", 660 }, { "pett", 720 }, { "nzst", 720 }, { "nzdt", 780 }, { "brt", -180 }, { "brst", -120 }, { "art", -180 },
    { "clst", -180 }, { "clt", -240 }, { "vet", -240 }, { "cot", -300 }, { "pet", -300 } };
  for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
    if (is_word(w, zones[i].name)) return zones[i].minutes;
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

static int two_digits(slice v, size_t i)
{
  return i + 2 <= v.len && is_digit(v.s[i]) && is_digit(v.s[i + 1]) ? 10 * (v.s[i] - '0') + v.s[i + 1] - '0' : -1;
}

/* ISO 8601's time behind T, without colons: it gets them. */
static int read_basic_time(struct fields *f, slice w)
{
  size_t n = 0;
  f->hour = two_digits(w, 0);
  f->minute = two_digits(w, 2);
  f->second = two_digits(w, 4);
  if (f->hour < 0 || f->minute < 0 || f->hour > 24 || f->minute > 59 || f->second > 61) return 0;
  n = f->second < 0 ? 4 : 6;
  if (f->second < 0) f->second = 0;
  w.s += n, w.len -= n;
  if (w.len && *w.s == '.') w.s++, w.len--, number(&w, 9);
  f->has_time = 1;
  if (w.len) read_zone(f, w);
  return 1;
}

/* ISO 8601: YYYY-MM-DD or YYYYMMDD, and the time behind T or in the next word. -1 where it is something else. */
static int read_iso(struct fields *f, slice w)
{
  size_t const dash = w.len > 4 && w.s[4] == '-', end = dash ? 10 : 8;
  int const century = two_digits(w, 0), years = two_digits(w, 2), month = two_digits(w, 4 + dash), day = two_digits(w, 6 + 2 * dash);
  if (century < 0 || years < 0 || month < 1 || month > 12 || day < 1) return -1;
  if ((dash && w.s[7] != '-') || (w.len > end && to_lower(w.s[end]) != 't') || (!dash && w.len == end)) return -1;
  f->year = 100 * century + years, f->month = month, f->day = day;
  f->month_behind = f->iso = 1;
  if (w.len <= end + 1) return 1;
  slice const time = { w.s + end + 1, w.len - end - 1 };
  return memchr(time.s, ':', time.len) && !(time.len > 4 && is_digit(time.s[3]) && time.s[2] != ':') ? read_time(f, time) : read_basic_time(f, time);
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
  else if (f->has_time && !f->has_zone && w.len == 4 && two_digits(w, 0) >= 0 && two_digits(w, 0) <= 14 && two_digits(w, 2) >= 0
    && two_digits(w, 2) < 60) {
    f->zone = 60 * two_digits(w, 0) + two_digits(w, 2);
    f->has_zone = 1;
  }
  return 1;
}

static void read_month(struct fields *f, slice w)
{
  int month = month_of(w);
  int const behind = f->day >= 0 && !f->has_time;
  if (behind && !month) month = foreign_month(w);
  if (!month || (f->month && (!behind || f->month_behind))) return;
  f->month = month;
  f->month_behind = behind;
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
    while (i < len && (raw.s[i] > ',' || (!is_space(raw.s[i]) && raw.s[i] != ',' && raw.s[i] != '('))) i++;
    w.len = (size_t)(raw.s + i - w.s);
    words++;
    if ((unsigned char)c >= 0x80) {
      if (!f.has_time) read_month(&f, w);
    } else if (is_digit(c)) {
      int const iso = f.day < 0 && f.year < 0 && !f.month ? read_iso(&f, w) : -1;
      if (!iso) return 0;
      if (iso > 0) continue;
      if (!f.has_time && (memchr(w.s, ':', w.len) || (memchr(w.s, '.', w.len) && f.month))) {
        if (!read_time(&f, w)) return 0;
      } else if (!read_number(&f, w)) return 0;
    } else if (is_letter(c)) {
      /* A comment that lost its parentheses, or a second zone, changes nothing. */
      if (!f.has_time || (!f.month && month_of(w))) read_month(&f, w);
      else if (f.has_time && (is_word(w, "am") || is_word(w, "pm"))) f.hour = f.hour % 12 + (to_lower(c) == 'p' ? 12 : 0);
      else if (f.has_time && !f.has_zone) read_zone(&f, w);
    } else if ((c == '+' || c == '-') && f.has_time && !f.has_zone) read_zone(&f, w);
    if (f.has_zone && f.year >= 0) break;
  }
  if (f.day < 1 || f.day > 31 || !f.month || f.year < 0 || (!f.has_time && !f.iso)) return 0;
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
