#include <stdlib.h>
#include <string.h>

#include <porter/mail.h>

#include "tap.h"

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\n"

static void has(int want, char const *message, char const *name)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  if (!mime_parse(&a, message, strlen(message), &tree)) abort();
  is_int(mail_has_attachment(&tree), want, name);
  arena_free(&a);
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
  return done();
}
