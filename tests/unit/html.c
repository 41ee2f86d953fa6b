/* The text of HTML. */
#include "../../src/lib/mail/html.h"
#include "tap.h"

static char got[1 << 16];
static size_t got_len;

static int collect(void *context, char const *s, size_t len)
{
  (void)context;
  memcpy(got + got_len, s, len);
  got_len += len;
  return 1;
}

static void feed(char const *s, size_t len, size_t step, int quotes)
{
  html h;
  got_len = 0;
  html_open(&h, collect, NULL);
  h.mark_quotes = quotes;
  for (size_t i = 0; i < len; i += step) html_feed(&h, s + i, len - i < step ? len - i : step);
  html_finish(&h);
}

static void shows(char const *s, char const *want)
{
  size_t const len = strlen(s), want_len = strlen(want);
  int same = 1;
  feed(s, len, len + 1, 0);
  is_bytes(got, got_len, want, want_len, s);
  for (size_t step = 1; step < 9; step++) {
    feed(s, len, step, 0);
    same &= got_len == want_len && !memcmp(got, want, want_len);
  }
  ok(same, "in pieces");
}

int main(void)
{
  static char long_text[3000];
  shows("", "");
  shows("  plain  text \n here ", "plain text here");
  shows("<p>One<p>Two</p>three<br>four", "One\nTwo\nthree\nfour");
  shows("a<b>b</b>c <i> d</i>", "abc d");
  shows("<table><tr><td>1</td><td>2</td></tr><tr><td>3</table>", "1 2\n3");
  shows("<a title=\"x>y\" href='>'>link</a> <p don't>won't</p>", "link\nwon't");
  shows("<!DOCTYPE html><html><head><title>T</title><style>p > a {}</style></head><body>B", "B");
  shows("x<script>if (a < b) document.write('</p>')</script >y<STYLE\n>.</STYLE>z", "xyz");
  shows("x<style>never closed </styles> </sty", "x");
  shows("a<!-- <p> -- > > -->b<!-->c<!--->d<!-- --!>e<![if !mso]>f<?xml x?>g</ z>h</>i<!>j", "abcdefghij");
  shows("<!--[if mso]><xml>office</xml><![endif]-->seen", "seen");
  shows("1 < 2 &lt; 3 <3 <", "1 < 2 < 3 <3 <");
  shows("&amp;&Auml;&#228;&#xe4;&#XE4;&euro;&#128;&copy &notareference; &; & &#; &#x; &#0; &#xd800; &#99999999999;",
    "&Ää" "ää€€© &notareference; &; & &#; &#x; \xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd");
  shows("R&D &am", "R&D &am");
  shows("tail &lt", "tail <");
  shows("a&nbsp;b&shy;c&apos;", "a\xc2\xa0" "b\xc2\xad" "c'");
  shows("<pre>a  b\n c</pre>\nd\n e", "a  b\nc\nd e");
  shows("<img alt='x'>a<abcdefghijklmnopqrstuvwxyz>b</abcdefghijklmnopqrstuvwxyz>c", "abc");
  shows("<blockquote>q</blockquote>a", "q\na");
  feed("b<blockquote>q<br>r<blockquote>s</blockquote>t</blockquote></blockquote>a", 73, 100, 1);
  is_bytes(got, got_len, "b\n> q\n> r\n> s\n> t\na", 19, "quotes are marked");
  for (size_t i = 0; i < sizeof long_text; i += 3) memcpy(long_text + i, "\xe2\x82\xac", 3);
  feed(long_text, sizeof long_text, sizeof long_text, 0);
  is_bytes(got, got_len, long_text, sizeof long_text, "a long run of characters");
  return done();
}
