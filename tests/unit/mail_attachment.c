#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <porter/mail.h>

#include "tap.h"

#define RELATED "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n"
#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"

static int has_attachment(mime_tree const *tree)
{
  arena a = ARENA_ZERO;
  int has;
  if (!mail_has_attachment(&a, tree, &has)) abort();
  arena_free(&a);
  return has;
}

static int is_pkcs7(mime_part const *part)
{
  return part->subtype.len == 10 && !memcmp(part->subtype.s, "pkcs7-mime", 10);
}

/* Each start of the message that claims to say all does. */
static void start_never_lies(char const *message, size_t len, char const *name)
{
  arena a = ARENA_ZERO;
  mime_tree all, start;
  unsigned int lies = 0, claims = 0;
  if (!mime_parse(&a, message, len, NULL, &all)) abort();
  for (size_t i = 0; i <= len; i++) {
    char *copy = malloc(i + 1);  /* so that a sanitizer sees what is read beyond it */
    arena b = ARENA_ZERO;
    memcpy(copy, message, i);
    if (!mime_parse(&b, copy, i, NULL, &start)) abort();
    if (mail_start_says_all(&start, copy, i)) {
      claims++;
      lies += has_attachment(&start) != has_attachment(&all) || start.part->head.body != all.part->head.body;
    }
    arena_free(&b);
    free(copy);
  }
  is_int(lies, 0, "its start says the same where it says all");
  ok(claims || is_pkcs7(all.part) || all.part->kind == MIME_MULTIPART || !all.part->head.complete, "%s: a head is enough but for a multipart", name);
  arena_free(&a);
}

static void mails(void)
{
  glob_t g;
  size_t len;
  if (glob("tests/mail/*.eml", 0, NULL, &g)) abort();
  for (size_t i = 0; i < g.gl_pathc; i++) {
    static char s[65536];
    FILE *f = fopen(g.gl_pathv[i], "r");
    len = f ? fread(s, 1, sizeof s, f) : 0;
    if (!f || fclose(f)) abort();
    start_never_lies(s, len, g.gl_pathv[i]);
  }
  globfree(&g);
}

static void has(int want, char const *message, char const *name)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  if (!mime_parse(&a, message, strlen(message), NULL, &tree)) abort();
  is_int(has_attachment(&tree), want, name);
  arena_free(&a);
  start_never_lies(message, strlen(message), name);
}

int main(void)
{
  has(0, "\ntext", "plain text");
  has(0, MIXED "Content-Type: text/html\n\n", "two texts");
  has(1, "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/calendar; name=invite.ics\n\n", "an invitation");
  has(1, "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n", "a mail that is an invitation");
  has(0, "Content-Type: text/plain; name=message.txt\nContent-Disposition: inline\n\nx", "the text with a name");
  has(0, MIXED "Content-Type: text/x-patch\n\n", "another text without a name");
  has(0, "Content-Type: text/markdown; name=a.md\n\nx", "Markdown with a name");
  has(1, "Content-Type: text/x-diff; name=a.diff\n\nx", "a patch with a name");
  has(1, "Content-Disposition: attachment\n\nx", "a text that says attachment is not the body");
  has(0, "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; name=a.txt\n\n--b\n\nx", "the first text is the body");
  has(1, "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--b\nContent-Type: text/plain; name=a.txt\n\nx", "the second has a name");
  has(1, MIXED "Content-Type: application/pdf\n\n", "a document without a name");
  has(1, MIXED "Content-Disposition: attachment\n\n", "text that says so");
  has(1, MIXED "Content-Type: text/csv; name=a.csv\n\n", "text with a name");
  has(1, MIXED "Content-Type: image/png\n\n", "a picture");
  has(1, MIXED "Content-Type: image/png\nContent-ID: <x>\nContent-Disposition: inline\n\n", "a picture that no HTML shows");
  has(1, RELATED "x\n--b\nContent-Type: image/png\n\n", "a related picture that no HTML shows");
  has(0, RELATED "<img src=\"cid:x@y\">\n--b\nContent-Type: image/png\nContent-ID: <x@y>\n\n", "a picture that HTML shows");
  has(0, RELATED "<img src=CID:X%40y>\n--b\nContent-Type: image/png\nContent-ID: <x@y>\nContent-Disposition: attachment\n\n", "one that says attachment");
  has(0, RELATED "<p style='background: url( cid:x )'>\n--b\nContent-Type: application/octet-stream; name=a.PNG\nContent-ID: <x>\n\n", "octets named as one");
  has(1, RELATED "<img src='cid:x'>\n--b\nContent-Type: application/octet-stream; name=a.doc\nContent-ID: <x>\n\n", "octets that are none");
  has(1, RELATED "<a href='cid:x'>\n--b\nContent-Type: application/pdf\nContent-ID: <x>\n\n", "a document that HTML refers to");
  has(0, RELATED "<img src='http://e.org/a.gif'>\n--b\nContent-Type: image/gif\nContent-Location: http://e.org/a.gif\n\n", "by its location");
  has(1, RELATED "<img src='cid:xy'>\n--b\nContent-Type: image/png\nContent-ID: <x>\n\n", "by another name");
  has(1, RELATED "cid:x\n--b\nContent-Type: image/png\nContent-ID: <x>\n\n", "named in the text alone");
  has(0, "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n\n"
    "<img src=3D\"ci=\nd:x\">\n--b\nContent-Type: image/png\nContent-ID: <x>\n\n", "in quoted-printable");
  has(1, RELATED "<img src='cid:x'><img src='cid:y'>\n--b\nContent-Type: image/png\nContent-ID: <x>\n\n--b\nContent-Type: image/png\n\n", "one of two");
  has(1, RELATED "x\n--b\nContent-Type: image/png\nContent-Disposition: attachment\n\n",
      "a related picture that says that it is attached");
  has(1, MIXED "Content-Type: message/rfc822\n\n\nx\n", "a forwarded mail");
  has(0, "Content-Type: multipart/report; boundary=b\n\n--b\n\n--b\nContent-Type: message/delivery-status\n\n--b\nContent-Type: message/rfc822\n\n",
      "a bounce");
  has(0, "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\n--b\n\nSubject: y\n", "a digest");
  has(0, MIXED "Content-Type: application/pgp-signature; name=signature.asc\nContent-Disposition: attachment\n\n", "a signature");
  has(1, "Content-Type: application/pkcs7-mime; name=smime.p7m\n\n", "an encrypted mail");
  has(1, "Content-Type: multipart/encrypted; boundary=b\n\n--b\nContent-Type: application/pgp-encrypted\n\n--b\n\nx\n", "PGP/MIME");
  has(1, "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b\nContent-Type: application/tlsrpt+gzip\n\nx\n", "a report that is a file");
  has(0, "Content-Type: multipart/report; boundary=b\n\n--b\n\nx\n--b\nContent-Type: message/disposition-notification\n\n--b\n"
    "Content-Type: text/rfc822-headers; name=h.txt\n\nSubject: x\n", "a receipt");
  has(1, MIXED "Content-Type: message/rfc822\n\nContent-Type: image/png\n\nx", "a message with a picture, as it is a message");
  has(0, "Content-Type: multipart/digest; boundary=b\n\n--b\n\nContent-Type: application/pdf\n\nx\n", "what is inside a message does not count");
  has(1, "Content-Type: application/pdf\n\n", "a mail that is a document");
  has(0, "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
      "Q29udGVudC1UeXBlOiBtdWx0aXBhcnQvbWl4ZWQ7IGJvdW5kYXJ5PXgKCi0teApDb250ZW50LVR5\ncGU6IGltYWdlL3BuZwoKCi0teC0tCg==\n--b--\n",
      "a picture in a message that is encoded");
  mails();
  return done();
}
