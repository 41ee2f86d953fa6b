/* Previews and safe file names. */
#include <stdlib.h>

#include <porter/mail.h>
#include <porter/text.h>
#include "tap.h"

static void shows_octets(char const *mail, size_t len, char const *want, char const *name)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  slice out = SLICE_ZERO;
  if (mime_parse(&a, mail, len, NULL, &tree) && mail_preview(&a, &tree, &out)) is_bytes(out.s, out.len, want, strlen(want), name);
  else ok(0, "%s: memory", name);
  arena_free(&a);
}

static void shows(char const *mail, char const *want, char const *name)
{
  shows_octets(mail, strlen(mail), want, name);
}

static void plain(char const *body, char const *want, char const *name)
{
  char mail[8192];
  snprintf(mail, sizeof mail, "Subject: x\nContent-Type: text/plain; charset=utf-8\n\n%s", body);
  shows(mail, want, name);
}

static void safe(char const *from, char const *want)
{
  arena a = ARENA_ZERO;
  slice out = SLICE_ZERO;
  mail_safe_name(&a, (slice){ from, strlen(from) }, &out);
  is_bytes(out.s, out.len, want, strlen(want), from);
  arena_free(&a);
}

#define FF "ffffffffffffffffffffffffffffffffffffffffffffffff"  /* 48 */
#define AE "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"  /* 16 of 2 */

int main(void)
{
  static char big[1 << 20];
  size_t len;
  plain("", "", "an empty mail");
  plain("Hello,\n\n  how   are\tyou?\r\n", "Hello, how are you?", "white space is folded");
  plain("Yes.\n\nOn Monday, Bob wrote:\n> Is it so?\n> Really?\n\nBest\n-- \nBob\n+1 555\n", "Yes. Best",
    "quotes, attribution and signature are left out");
  plain("Yes.\n\nOn Monday, 3 March 2025 at 10:00, Bob Builder\n<bob@example.org> wrote:\n\n> Is it so?\n", "Yes.",
    "an attribution of two lines, an empty line before the quote");
  plain("One:\n\ntwo\n> quoted\nthree", "One: two three", "a colon elsewhere is none");
  plain("> only\n> quoted\n", "> only > quoted", "only quotes: better than nothing");
  plain("-- \nBob", "-- Bob", "only a signature");
  plain("FYI\n\n-----Original Message-----\nFrom: Bob\n", "FYI", "what is forwarded is left out");
  plain("---------- Forwarded message ---------\nFrom: Bob\n\nHi\n", "From: Bob Hi", "unless there is nothing else");
  plain("-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nSigned text\n-----BEGIN PGP SIGNATURE-----\n\nxyz\n", "Signed text", "PGP");
  plain("a\xe2\x80\x8b\xc2\xa0\xcd\x8f\xe2\x80\x8c\xc2\xad \xc2\xa0 b \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb",
    "a b \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", "filling without width goes, joined emoji stay");
  shows("Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\n"
    "<html><head><style>p {}</style></head><body><p>Gr=FC=DFe &amp; K=\n=FCsse</p><div>On Monday Bob wrote:<blockquote>old</blockquote>",
    "Grüße & Küsse", "HTML");
  shows("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain\n"
    "Content-Disposition: attachment; filename=a.txt\n\nattached\n--o\nContent-Type: multipart/alternative; boundary=i\n\n"
    "--i\nContent-Type: text/html\n\n<p>html\n--i\nContent-Type: text/plain\n\nplain\n--i--\n--o--\n", "plain", "plain text first, attachments not");
  shows("Content-Type: multipart/alternative; boundary=i\n\n--i\nContent-Type: text/plain\n\n \n--i\nContent-Type: text/html\n\n<p>html\n--i--\n",
    "html", "an empty plain text does not count");
  shows("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: message/rfc822\n\nSubject: y\n\ninner\n--o\nContent-Type: text/html\n\nouter\n"
    "--o--\n", "outer", "the mail's own text before that of a message in it");
  shows("Content-Type: message/rfc822\n\nSubject: y\n\ninner\n", "inner", "but that before nothing");
  shows("Content-Type: image/png\n\nxyz", "", "no text");

  len = (size_t)sprintf(big, "Content-Type: text/plain; charset=utf-8\n\n");
  memset(big + len, 'a', sizeof big - len);
  memcpy(big + len + 255, "\xe2\x82\xac", 3);
  {
    char want[MAIL_PREVIEW_CHARS + 3];
    memset(want, 'a', 255);
    strcpy(want + 255, "\xe2\x82\xac");
    shows_octets(big, sizeof big, want, "cut behind 256 characters");
    memset(big + len, '\n', sizeof big - len);
    memcpy(big + sizeof big - 5, "late\n", 5);
    shows_octets(big, sizeof big, "", "what comes too late is not read");
  }

  safe("", "");
  safe("report.pdf", "report.pdf");
  safe("C:\\TEMP\\x.png", "x.png");
  safe("../../etc/passwd", "passwd");
  safe("/", "unnamed");
  safe("...", "unnamed");
  safe(" .bashrc ", "bashrc");
  safe("-rf", "rf");
  safe("a\nb\x7f\xc2\x85" "c\xe2\x80\xae" "gnp.exe", "a_b__c_gnp.exe");
  safe("what? a \"name\" <1>|*.txt", "what_ a _name_ _1___.txt");
  safe("a:b.txt", "a_b.txt");
  safe("con", "_con");
  safe("Lpt1.tar.gz", "_Lpt1.tar.gz");
  safe("COM\xc2\xb9", "_COM\xc2\xb9");
  safe("com10", "com10");
  safe("console", "console");
  safe("nul .txt", "_nul .txt");
  safe("trailing. . ", "trailing");
  safe("Übersicht.xlsx", "Übersicht.xlsx");
  safe(FF FF FF FF FF FF ".html", FF FF FF FF FF "ffffffffff.html");
  safe(FF FF FF FF FF "ffffffffff." FF, FF FF FF FF FF "ffffffffff.ffff");
  safe(FF FF FF FF FF "ffffffffffff.. ." FF, FF FF FF FF FF "ffffffffffff");
  safe("x" AE AE AE AE AE AE AE AE ".zip", "x" AE AE AE AE AE AE AE "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4.zip");
  return done();
}
