#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <porter/mail.h>

#include "tap.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"

/* Each start of the message that claims to say all does. */
static void start_never_lies(char const *message, size_t len, char const *name)
{
  arena a = ARENA_ZERO;
  mime_tree all, start;
  unsigned int lies = 0, claims = 0;
  if (!mime_parse(&a, message, len, &all)) abort();
  for (size_t i = 0; i <= len; i++) {
    char *copy = malloc(i + 1);  /* so that a sanitizer sees what is read beyond it */
    arena b = ARENA_ZERO;
    memcpy(copy, message, i);
    if (!mime_parse(&b, copy, i, &start)) abort();
    if (mail_start_says_all(&start, copy, i)) {
      claims++;
      lies += mail_has_attachment(&start) != mail_has_attachment(&all) || start.part->head.body != all.part->head.body;
    }
    arena_free(&b);
    free(copy);
  }
  is_int(lies, 0, "its start says the same where it says all");
  ok(claims || all.part->kind == MIME_MULTIPART || !all.part->head.complete, "%s: a head is enough but for a multipart", name);
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
  if (!mime_parse(&a, message, strlen(message), &tree)) abort();
  is_int(mail_has_attachment(&tree), want, name);
  arena_free(&a);
  start_never_lies(message, strlen(message), name);
}

int main(void)
{
  has(0, "\ntext", "plain text");
  has(0, MIXED "Content-Type: text/html\n\n", "two texts");
  has(0, "Content-Type: multipart/alternative; boundary=b\n\n--b\n\nx\n--b\nContent-Type: text/calendar; name=invite.ics\n\n", "an invitation");
  has(1, MIXED "Content-Type: application/pdf\n\n", "a document without a name");
  has(1, MIXED "Content-Disposition: attachment\n\n", "text that says so");
  has(1, MIXED "Content-Type: text/csv; name=a.csv\n\n", "text with a name");
  has(1, MIXED "Content-Type: image/png\n\n", "a picture");
  has(0, MIXED "Content-Type: image/png\nContent-ID: <x>\nContent-Disposition: inline\n\n", "a picture that the text shows");
  has(0, "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n--b\nContent-Type: image/png\n\n", "a related picture");
  has(1, "Content-Type: multipart/related; boundary=b\n\n--b\n\n--b\nContent-Type: image/png\nContent-Disposition: attachment\n\n",
      "a related picture that says that it is attached");
  has(1, MIXED "Content-Type: message/rfc822\n\n\nx\n", "a forwarded mail");
  has(0, "Content-Type: multipart/report; boundary=b\n\n--b\n\n--b\nContent-Type: message/delivery-status\n\n--b\nContent-Type: message/rfc822\n\n",
      "a bounce");
  has(0, "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\n--b\n\nSubject: y\n", "a digest");
  has(0, MIXED "Content-Type: application/pgp-signature; name=signature.asc\nContent-Disposition: attachment\n\n", "a signature");
  has(0, "Content-Type: application/pkcs7-mime; name=smime.p7m\n\n", "an encrypted mail");
  has(1, "Content-Type: application/pdf\n\n", "a mail that is a document");
  has(1, "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"
      "Q29udGVudC1UeXBlOiBtdWx0aXBhcnQvbWl4ZWQ7IGJvdW5kYXJ5PXgKCi0teApDb250ZW50LVR5\ncGU6IGltYWdlL3BuZwoKCi0teC0tCg==\n--b--\n",
      "a picture in a message that is encoded");
  mails();
  return done();
}
