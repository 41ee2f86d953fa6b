#include <stdlib.h>
#include <string.h>

#include <porter/mail.h>

#include "tap.h"

struct got {
  char s[100];
  size_t len;
};

static int put(void *context, char const *s, size_t len)
{
  struct got *const got = context;
  if (len > sizeof got->s - got->len) return 0;
  memcpy(got->s + got->len, s, len);
  got->len += len;
  return 1;
}

static int refuse(void *context, char const *s, size_t len)
{
  (void)s;
  (void)len;
  ++*(int *)context;
  return 0;
}

/* What the leaf of this type, encoding and body decodes to, as octets and as text. */
static void is_content(char const *type, char const *encoding, char const *body, char const *octets, char const *text, char const *name)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  struct got decoded = { .len = 0 }, read = { .len = 0 };
  char message[1000];
  snprintf(message, sizeof message, "Content-Type: %s\nContent-Transfer-Encoding: %s\n\n%s", type, encoding, body);
  if (!mime_parse(&a, message, strlen(message), NULL, &tree)) abort();
  is_int(mime_decode(tree.part, &put, &decoded), 1, "is decoded");
  is_bytes(decoded.s, decoded.len, octets, strlen(octets), name);
  is_int((long long)mime_size(tree.part), (long long)decoded.len, "its size");
  is_int(mime_text(tree.part, &put, &read), 1, "is read");
  is_bytes(read.s, read.len, text, strlen(text), name);
  arena_free(&a);
}

int main(void)
{
  is_content("text/plain", "7bit", "a\r\nb\rc\n", "a\r\nb\rc\n", "a\nb\nc\n", "line ends");
  is_content("text/plain; charset=utf-8", "8bit", "\xef\xbb\xbf""caf\xc3\xa9", "\xef\xbb\xbf""caf\xc3\xa9", "café", "a byte-order mark");
  is_content("text/plain", "8bit", "caf\xc3\xa9", "caf\xc3\xa9", "café", "no charset: UTF-8");
  is_content("text/plain", "8bit", "caf\xe9 \xc3\xa9", "caf\xe9 \xc3\xa9", "café Ã©", "no charset, no UTF-8: windows-1252, all of it");
  is_content("text/plain; charset=us-ascii", "base64", "w6k=", "\xc3\xa9", "é", "us-ascii, but UTF-8");
  is_content("text/plain; charset=nonsense", "quoted-printable", "=E9", "\xe9", "é", "an unknown charset");
  is_content("text/plain; charset=utf-8", "quoted-printable", "a=E9b", "a\xe9""b", "a\xc3\xa9""b", "no UTF-8 anywhere");
  is_content("text/plain; charset=iso-8859-1", "quoted-printable", "=80", "\x80", "€", "iso-8859-1");
  is_content("text/plain; charset=iso-2022-jp", "base64", "GyRCRnxLXBsoQg==", "\033$BF|K\\\033(B", "日本", "iso-2022-jp");
  is_content("text/plain", "BASE64 (x)", " aGVs*bG8g\n!eW91", "hello you", "hello you", "loose base64");
  is_content("text/plain", "\"base64\"", "aGk=", "hi", "hi", "a quoted encoding");
  is_content("text/plain", "quoted-printable", "a=3Db=\n=zz= \nc", "a=b=zzc", "a=b=zzc", "loose quoted-printable");
  is_content("text/plain", "x-uuencode", "x\nbegin 644 a\n#86)C\n`\nend\n", "abc", "abc", "uuencode");
  is_content("text/plain", "uue", "no such thing\n", "no such thing\n", "no such thing\n", "uuencode without a beginning");
  is_content("text/plain", "unheard-of", "=41\n", "=41\n", "=41\n", "an unknown encoding");
  is_content("text/plain", "base64", "", "", "", "nothing");
  {
    arena a = ARENA_ZERO;
    mime_tree tree;
    int calls = 0;
    if (!mime_parse(&a, "Content-Transfer-Encoding: base64\n\nYWJj", 39, NULL, &tree)) abort();
    is_int(mime_decode(tree.part, &refuse, &calls), 0, "a sink that stops");
    is_int(calls, 1, "is not called again");
    is_int(mime_text(tree.part, &refuse, &calls), 0, "text too");
    arena_free(&a);
  }
  return done();
}
