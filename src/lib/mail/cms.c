/* The content of opaque S/MIME: CMS's SignedData (RFC 5652 5) in BER (X.690 8), of which as much is read as stands in front of it.
 * Nothing is verified.
 *
 *   30 80                            SEQUENCE ContentInfo; 80: its length is not given, it goes on to 00 00
 *     06 09 2A 86 48 86 F7 0D 01 07 02   OBJECT IDENTIFIER signedData
 *     A0 80 30 80                      [0], SEQUENCE SignedData
 *       02 01 01                         INTEGER version
 *       31 0D ...                        SET digestAlgorithms: skipped
 *       30 80                            SEQUENCE encapContentInfo
 *         06 09 2A 86 48 86 F7 0D 01 07 01   OBJECT IDENTIFIER data
 *         A0 80                            [0]
 *           24 80                            OCTET STRING, of strings:
 *             04 65 ...                        the content, or its first piece
 *
 * What can go wrong: lengths beyond the end (the mail was cut: what is there counts); strings of strings, which are followed for
 * STRINGS_MAX levels with a stack of their ends, no deeper; what is skipped may have no length either, so its pairs are counted.
 * tests/maildir/meant.py has each of these; tests/fuzz/cms.c holds that nothing else comes out than what lies in the octets. */
#include <string.h>

#include "private.h"

#define STRINGS_MAX 16 /* nested strings; programs write one or two */

enum { TAG_INTEGER = 0x02, TAG_OCTETS = 0x04, TAG_OID = 0x06, TAG_STRINGS = 0x24, TAG_SEQUENCE = 0x30, TAG_SET = 0x31, TAG_CONTEXT_0 = 0xa0 };

typedef struct ber_s ber;
struct ber_s {
  unsigned char *s;
  size_t len, pos;
};

typedef struct element_s element;
struct element_s {
  unsigned char tag;
  int open;   /* it has no length */
  size_t len; /* what is there of it */
};

/* Reads tag and length. 0 where there is none, or one that no CMS has. */
static int next(ber *b, element *e)
{
  size_t i = b->pos, len = 0;
  if (b->len - i < 2) return 0;
  e->tag = b->s[i++];
  unsigned char const first = b->s[i++];
  e->open = first == 0x80;
  if ((e->tag & 0x1f) == 0x1f || (e->open && !(e->tag & 0x20))) return 0;
  if (first < 0x80) len = first;
  else
    for (unsigned int n = first & 0x7f; n; n--) {
      if (i == b->len || len >> 55) return 0;
      len = len << 8 | b->s[i++];
    }
  b->pos = i;
  e->len = len < b->len - i ? len : b->len - i;
  return 1;
}

static int is_end(ber const *b) { return b->len - b->pos >= 2 && !b->s[b->pos] && !b->s[b->pos + 1]; }

/* Goes behind the element whose tag and length were read. */
static int skip(ber *b, element const *e)
{
  size_t depth = (size_t)e->open;
  if (!e->open) b->pos += e->len;
  while (depth) {
    element inner;
    if (is_end(b)) b->pos += 2, depth--;
    else if (!next(b, &inner)) return 0;
    else if (inner.open) depth++;
    else b->pos += inner.len;
  }
  return 1;
}

static int enter(ber *b, unsigned char tag)
{
  element e;
  return next(b, &e) && e.tag == tag;
}

static int skip_one(ber *b, unsigned char tag)
{
  element e;
  return next(b, &e) && e.tag == tag && skip(b, &e);
}

/* 1.2.840.113549.1.7.which */
static int is_pkcs7(ber *b, unsigned char which)
{
  static unsigned char const oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07 };
  element e;
  if (!next(b, &e) || e.tag != TAG_OID || e.len != sizeof oid + 1 || memcmp(b->s + b->pos, oid, sizeof oid)) return 0;
  b->pos += e.len;
  return b->s[b->pos - 1] == which;
}

/* Joins the strings of a string at its front: what is read is never overtaken by what is written. */
static size_t join(ber *b, element const *whole)
{
  size_t end[STRINGS_MAX], out = b->pos;
  unsigned int depth = 0;
  element e = *whole;
  for (;;) {
    if (e.tag == TAG_STRINGS) {
      if (depth == STRINGS_MAX) return out;
      end[depth++] = e.open ? SIZE_MAX : b->pos + e.len;
    } else if (e.tag == TAG_OCTETS) {
      memmove(b->s + out, b->s + b->pos, e.len);
      out += e.len;
      b->pos += e.len;
    } else return out;
    for (; depth; depth--) {
      if (end[depth - 1] == SIZE_MAX) {
        if (!is_end(b)) break;
        b->pos += 2;
      } else if (b->pos < end[depth - 1]) break;
    }
    if (!depth || !next(b, &e)) return out;
  }
}

int cms_signed_content(char *s, size_t len, slice *content)
{
  ber b = { .s = (unsigned char *)s, .len = len };
  element e;
  if (!enter(&b, TAG_SEQUENCE) || !is_pkcs7(&b, 2) || !enter(&b, TAG_CONTEXT_0) || !enter(&b, TAG_SEQUENCE)) return 0;
  if (!skip_one(&b, TAG_INTEGER) || !skip_one(&b, TAG_SET) || !enter(&b, TAG_SEQUENCE) || !is_pkcs7(&b, 1)) return 0;
  if (!enter(&b, TAG_CONTEXT_0) || !next(&b, &e) || (e.tag != TAG_OCTETS && e.tag != TAG_STRINGS)) return 0;
  size_t const from = b.pos, to = join(&b, &e);
  *content = (slice){ s + from, to - from };
  return 1;
}
