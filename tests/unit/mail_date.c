#include <string.h>

#include <porter/mail.h>

#include "tap.h"

static void is_date(char const *raw, char const *want)
{
  char s[MAIL_DATE_FMT];
  mail_date date;
  if (!mail_date_parse((slice){ raw, strlen(raw) }, &date)) {
    is_str("no date", want, raw);
    return;
  }
  is_bytes(s, mail_date_fmt(s, &date), want, strlen(want), raw);
}

static void is_seconds(char const *raw, long long want)
{
  mail_date date = { 0 };
  ok(mail_date_parse((slice){ raw, strlen(raw) }, &date), "%s is read", raw);
  is_int(date.seconds, want, raw);
}

int main(void)
{
  is_date("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00");
  is_date(" 1 Jan 2026 00:00 +0000", "2026-01-01T00:00:00Z");
  is_date("1 Jan 2026 00:00:00 -0000", "2026-01-01T00:00:00Z");
  is_date("Thu,\n      13\n        Feb\n          1969\n      23:32\n               -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30");
  is_date("Mon (a (b) \\) c), 1 (x) Jan 2001 10:00:00 (y) +0200 (z)", "2001-01-01T10:00:00+02:00");
  is_date("Mon,1 Jan 2001 10:00:00+0100", "2001-01-01T10:00:00+01:00");
  is_date("Mon, 1 Jan 2001 10:00:00.5 +0100", "2001-01-01T10:00:00+01:00");
  is_date("29 Feb 2024 23:59:60 +0000", "2024-03-01T00:00:00Z");
  is_date("1 Jan 2001 24:00 +0000", "2001-01-02T00:00:00Z");
  /* RFC 5322 4.3 */
  is_date("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z");
  is_date("21 Nov 49 09:55:06 GMT", "2049-11-21T09:55:06Z");
  is_date("21 Nov 50 09:55:06 GMT", "1950-11-21T09:55:06Z");
  is_date("21 Nov 101 09:55:06 GMT", "2001-11-21T09:55:06Z");
  is_date("21 Nov 1997 09:55 EST", "1997-11-21T09:55:00-05:00");
  is_date("21 Nov 1997 09:55 PDT", "1997-11-21T09:55:00-07:00");
  is_date("21 Nov 1997 09:55 UT", "1997-11-21T09:55:00Z");
  is_date("21 Nov 1997 09:55 A", "1997-11-21T09:55:00Z");
  is_date("21 Nov 1997 09:55 CEST", "1997-11-21T09:55:00+02:00");
  is_date("21 Nov 1997 09:55", "1997-11-21T09:55:00Z");
  /* what else has been seen */
  is_date("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37Z");
  is_date("Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37Z");
  is_date("Tue Mar 01 2011 10:00:00 GMT+0200 (CEST)", "2011-03-01T10:00:00+02:00");
  is_date("Wed, 3 Sept 2008 1:02:03 PM +0530", "2008-09-03T13:02:03+05:30");
  is_date("Tue, 1 Apr 2008 10.11.12 -0000", "2008-04-01T10:11:12Z");
  is_date("1 Jan 2001 10:00 +05:30", "2001-01-01T10:00:00+05:30");
  is_date("1 Jan 2001 10:00 +2", "2001-01-01T10:00:00+02:00");
  is_date("1 Jan 2001 10:00 -08", "2001-01-01T10:00:00-08:00");
  is_date("1 Jan 2001 10:00 +530", "2001-01-01T10:00:00+05:30");
  is_date("Mon, 1 Jan 2001 10:00 GMT-5", "2001-01-01T10:00:00-05:00");
  is_date("1 Jan 0099 10:00 +0000", "1999-01-01T10:00:00Z");
  is_date("1 Jan 0004 10:00 +0000", "2004-01-01T10:00:00Z");
  is_date("1 Jan 200\xc3" "9 10:00 +0000", "no date");
  is_date("1 Jan 20: 10:00 +0000", "no date");
  is_date("1 Jan 2001; 10:00 +0000", "2001-01-01T10:00:00Z");
  is_date("1 Jan 2001 10:00 +9999", "2000-12-28T05:21:00Z");
  /* no dates */
  is_date("", "no date");
  is_date("yesterday", "no date");
  is_date("1 Jan 2001", "no date");
  is_date("Jan 2001 10:00", "no date");
  is_date("1 Foo 2001 10:00", "no date");
  is_date("32 Jan 2001 10:00 +0000", "no date");
  is_date("1 Jan 2001 25:00 +0000", "no date");
  is_date("1 Jan 2001 10:60 +0000", "no date");
  is_date("1 Jan 99999 10:00 +0000", "no date");
  is_date("0 Jan 2001 10:00 +0000", "no date");
  is_date("(1 Jan 2001 10:00", "no date");
  is_seconds("1 Jan 1970 00:00 +0000", 0);
  is_seconds("31 Dec 1969 19:00 -0500", 0);
  is_seconds("1 Mar 2000 00:00 +0000", 951868800);
  is_seconds("1 Jan 1900 00:00 +0000", -2208988800);
  {
    char s[MAIL_DATE_FMT];
    mail_date date = { .seconds = -62167219200 };
    is_bytes(s, mail_date_fmt(s, &date), "0000-01-01T00:00:00Z", 20, "the first year that can be written");
    date.seconds--;
    is_int((long long)mail_date_fmt(s, &date), 0, "the year before it");
    date.seconds = 253402300799;
    is_bytes(s, mail_date_fmt(s, &date), "9999-12-31T23:59:59Z", 20, "the last year that can be written");
    date.offset = 1;
    is_int((long long)mail_date_fmt(s, &date), 0, "the year behind it");
  }
  return done();
}
