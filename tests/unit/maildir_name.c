/* Names of files in a Maildir (maildir-op(1), doc/design.md). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <porter/maildir.h>

#include "tap.h"

static void split(char const *name, char const *base, char separator, char const *flags, char const *rest)
{
  maildir_name n;
  maildir_name_split(&n, name, strlen(name));
  is_bytes(n.base.s, n.base.len, base, strlen(base), name);
  is_int(n.separator, separator, "  its separator");
  is_bytes(n.flags.s, n.flags.len, flags, strlen(flags), "  its flags");
  is_bytes(n.rest.s, n.rest.len, rest, strlen(rest), "  its rest");
}

static void flags(char const *name, char const *add, char const *remove, int drop, char const *want)
{
  char s[MAILDIR_NAME_MAX + 1];
  maildir_name n;
  maildir_name_split(&n, name, strlen(name));
  is_int((long long)maildir_name_flags(s, &n, add, remove, drop), (long long)strlen(want), "length");
  is_str(s, want, name);
}

static void mid(char const *base, int twin, uint64_t inode, char const *want)
{
  arena a = ARENA_ZERO;
  slice s;
  ok(maildir_mid(&a, (slice){ base, strlen(base) }, twin, inode, &s), "mid");
  is_bytes(s.s, s.len, want, strlen(want), want);
  arena_free(&a);
}

static void scan(char const *mid, char const *want, uint64_t inode)
{
  arena a = ARENA_ZERO;
  slice base;
  uint64_t got;
  ok(maildir_mid_scan(&a, (slice){ mid, strlen(mid) }, &base, &got) && got == inode, mid);
  is_bytes(base.s, base.len, want, strlen(want), "  its base");
  arena_free(&a);
}

static void no_scan(char const *mid)
{
  arena a = ARENA_ZERO;
  slice base;
  uint64_t inode;
  ok(!maildir_mid_scan(&a, (slice){ mid, strlen(mid) }, &base, &inode), "no mid");
  arena_free(&a);
}

/* Every octet at every place of names of every length up to three words. */
static void mids(void)
{
  unsigned int wrong = 0;
  for (size_t len = 1; len <= 24; len++)
    for (size_t at = 0; at < len; at++)
      for (unsigned int c = 1; c < 256; c++) {
        arena a = ARENA_ZERO;
        char base[24], want[40];
        slice s = SLICE_ZERO;
        int const written = c == '%' || c < 0x21 || c > 0x7e;
        memset(base, '!', len);
        base[at] = (char)c;
        snprintf(want, sizeof want, written ? "%.*s%%%02X%.*s" : "%.*s%c%.*s", (int)at, base, c, (int)(len - at - 1), base + at + 1);
        if (!maildir_mid(&a, (slice){ base, len }, 0, 0, &s) || s.len != strlen(want) || memcmp(s.s, want, s.len)) wrong++;
        arena_free(&a);
      }
  is_int(wrong, 0, "every octet in a mid");
}

/* As maildir.h says it, octet by octet: of every name of at most eight octets that separators are made of. */
static int as_said(char const *s, size_t len, maildir_name const *n)
{
  size_t i = len;
  while (i-- > 0)
    if (len - i >= 3 && strchr(":;!", s[i]) && strchr("12", s[i + 1]) && s[i + 2] == ',') break;
  size_t const base = i == SIZE_MAX ? len : i, flags = base < len && s[base + 1] == '2' ? base + 3 : len;
  size_t end = flags;
  while (end < len && s[end] != ',') end++;
  return n->base.s == s && n->base.len == base && n->separator == (base < len ? s[base] : 0) && n->flags.s == s + flags && n->flags.len == end - flags
    && n->rest.s == s + end && n->rest.len == len - end;
}

static void infos(void)
{
  static char const octets[] = ":!12,S";
  unsigned int wrong = 0, of = 1;
  for (size_t len = 0; len <= 8; len++, of *= 6)
    for (unsigned int k = 0; k < of; k++) {
      char s[8];
      maildir_name n;
      for (unsigned int i = 0, rest = k; i < len; i++, rest /= 6) s[i] = octets[rest % 6];
      maildir_name_info(&n, s, len);
      wrong += !as_said(s, len, &n);
    }
  is_int(wrong, 0, "every info");
}

int main(void)
{
  char standard[sizeof MAILDIR_FLAGS], long_name[400], s[MAILDIR_NAME_MAX + 1];
  maildir_name n;
  uint64_t size = 7;
  int64_t t = 7;
  split("1.M2P3.h,S=5:2,FS", "1.M2P3.h,S=5", ':', "FS", "");
  split("1.h", "1.h", 0, "", "");
  split("1.h:2,", "1.h", ':', "", "");
  split("1.h;2,S", "1.h", ';', "S", "");
  split("1.h!2,S", "1.h", '!', "S", "");
  split("1.h:1,x", "1.h", ':', "", "");
  split("1:2,a:2,S", "1:2,a", ':', "S", "");
  split("1.h:2,S:3", "1.h", ':', "S:3", "");
  split("1.h:2", "1.h:2", 0, "", "");
  split("1.h:", "1.h:", 0, "", "");
  split("1.h:2,FS,x=1", "1.h", ':', "FS", ",x=1");
  split(":2,", "", ':', "", "");
  split("", "", 0, "", "");
  flags("1.h:2,S", "RF", "", 0, "1.h:2,FRS");
  flags("1.h", "S", "", 0, "1.h:2,S");
  flags("1.h:2,SF", "", "S", 0, "1.h:2,F");
  flags("1.h:2,S", "R", "R", 0, "1.h:2,S");
  flags("1.h;2,XSba,k=1", "D", "", 0, "1.h;2,DSXab,k=1");
  flags("1.h:2,FSab", "", "", 1, "1.h:2,FS");
  flags("1.h:1,x", "S", "", 0, "1.h:2,S");
  memset(long_name, 'x', sizeof long_name);
  maildir_name_split(&n, long_name, 252);
  is_int((long long)maildir_name_flags(s, &n, "", "", 0), 255, "a name of 255 octets is made");
  maildir_name_split(&n, long_name, 253);
  errno = 0;
  ok(!maildir_name_flags(s, &n, "", "", 0) && errno == ENAMETOOLONG, "one of 256 is not");
  maildir_name_split(&n, "1.h:2,abSTRPFD", 14);
  maildir_name_standard(standard, &n);
  is_str(standard, "DFPRST", "the standard flags, in order");
  ok(maildir_name_size((slice){ "1.h,S=123,W=130", 15 }, &size) && size == 123, ",S=");
  ok(!maildir_name_size((slice){ "1.h,S=12x", 9 }, &size), "a size that is no number is none");
  ok(!maildir_name_size((slice){ "1.h,S=", 6 }, &size), "nor is an empty one");
  ok(!maildir_name_size((slice){ "1.h,S=99999999999999999999", 26 }, &size), "nor one over 64 bits");
  ok(!maildir_name_size((slice){ "1.h", 3 }, &size), "no ,S=");
  ok(maildir_name_time((slice){ "1700000000.x", 12 }, 1700000001, &t) && t == 1700000000, "a delivery time");
  ok(!maildir_name_time((slice){ "1700100000.x", 12 }, 1700000001, &t), "more than a day ahead is none");
  ok(!maildir_name_time((slice){ "42.x", 4 }, 1700000001, &t), "a small number is a counter");
  ok(!maildir_name_time((slice){ "1700000000", 10 }, 1700000001, &t), "without a dot it is none");
  ok(!maildir_name_time((slice){ "17000000000000000000000.x", 25 }, 1700000001, &t), "nor is a number that overflows");
  mid("1.M2P3.h,S=5", 0, 0, "1.M2P3.h,S=5");
  mid("a b%\xff\x7f", 0, 0, "a%20b%25%FF%7F");
  mids();
  infos();
  mid("1.h", 1, 42, "1.h/42");
  mid("", 0, 0, "%00");
  mid("", 1, 42, "%00/42");
  scan("%00", "", 0);
  scan("%00/42", "", 42);
  scan("a%20b/7", "a b", 7);
  no_scan("");
  no_scan("/42");
  no_scan("a%00");
  no_scan("%00%00");
  return done();
}
