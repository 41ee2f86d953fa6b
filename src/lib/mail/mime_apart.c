/* What is found only when the end of a part is known, and then read as an input of its own: rules 4 to 8 and 11 of mime.c, which reads it.
 *
 *   what has ended                                   what is read
 *   a message that is transfer-encoded               its octets, decoded
 *   S/MIME's signed-data                             its content, as cms.c has it; with another content it stays a leaf
 *   a multipart before its first boundary line,
 *     that is transfer-encoded                       its octets, decoded, by the boundary that it declares
 *     other                                          its octets as they are, by the boundary that they use themselves (find_used)
 *   anything else                                    nothing
 *
 * What can go wrong, and the rule for it:
 *
 *   base64 that is none                              read as it is: no line of base64 has two blanks, nor a colon where a message's
 *                                                    first field has one
 *   what was decoded holds what is encoded, and on   *left of octets, for all of a mail together; what would take more stays as it is
 *   text with headings under dashes                  only a line in front of a field Content-... is taken for a boundary
 *
 * tests/maildir/meant.py has each of these with neighbours that must not change; tests/unit/mime.c; tests/fuzz/mime_lost.c, cms.c;
 * tests/linear.t, nested-encoded. */
#include <string.h>

#include <porter/mail.h>

#include "mime_private.h"

static int is_signed_data(mime_part const *part)
{
  return is_word(part->type, "application") && (is_word(part->subtype, "pkcs7-mime") || is_word(part->subtype, "x-pkcs7-mime"));
}

struct copy {
  char *s;
  size_t len;
};

static int copy_put(void *context, char const *s, size_t len)
{
  struct copy *const c = context;
  memcpy(c->s + c->len, s, len);
  c->len += len;
  return 1;
}

/* What is still to be decoded of a part, in memory of our own; s is null where that would be too much. 0 where memory fails. */
static int decode_part(arena *a, mime_part const *part, size_t *left, struct copy *copy)
{
  *copy = (struct copy){ NULL, 0 };
  uint64_t const size = mime_size(part);
  if (size > *left) return 1;
  *left -= size;
  copy->s = arena_take(a, size);
  return copy->s && mime_decode(part, &copy_put, copy);
}

/* Whether what is said to be base64 has two blanks in its first line, which no base64 has: text that was put in as it was. */
static int is_no_base64(slice body)
{
  slice line = body;
  unsigned int blanks = 0;
  while (line.len && is_space(*line.s)) line.s++, line.len--;
  line.len = line_end(line.s, line.len, 0);
  line = trim(line);
  for (size_t i = 0; i < line.len && blanks < 2; i++) blanks += is_blank(line.s[i]);
  return blanks == 2;
}

int mime_apart_leaf(arena *a, mime_part *part, int may_open, size_t *left, slice *content)
{
  struct copy copy;
  int const message = is_message(part) && part->encoding != ENCODING_NONE, signed_data = is_signed_data(part);
  /* No base64 of a message has a colon: it was put in as it was. */
  if (part->encoding == ENCODING_BASE64
    && (is_no_base64(part->body) || (message && memchr(part->body.s, ':', line_end(part->body.s, part->body.len, 0)))))
    part->encoding = ENCODING_NONE;
  if ((!message && !signed_data) || !may_open) return 0;
  if (!decode_part(a, part, left, &copy)) return -1;
  if (!copy.s) return 0;
  *content = (slice){ copy.s, copy.len };
  if (signed_data && !cms_signed_content(copy.s, copy.len, content)) return 0;
  part->kind = MIME_MESSAGE;
  part->signed_data = signed_data;
  return 1;
}

/* The boundary that text uses, whatever its multipart says: a line "--X" and behind it a field Content-... (any field would hit text
 * that has headings under dashes). */
static slice find_used(slice text)
{
  static char const field[] = "content-";
  for (size_t pos = 0; pos < text.len;) {
    size_t const next = line_end(text.s, text.len, pos);
    slice v = { text.s + pos, next - pos }, name = { text.s + next, text.len - next };
    pos = next;
    if (v.len < 3 || memcmp(v.s, "--", 2)) continue;
    v = (slice){ v.s + 2, v.len - 2 };
    while (v.len && is_space(v.s[v.len - 1])) v.len--;
    if (!v.len || v.len > BOUNDARY_MAX || name.len < sizeof field || !is_word((slice){ name.s, sizeof field - 1 }, field)) continue;
    size_t i = sizeof field - 1;
    while (i < name.len && name.s[i] > ' ' && name.s[i] < 127 && name.s[i] != ':') i++;
    if (i < name.len && name.s[i] == ':') return v;
  }
  return (slice)SLICE_ZERO;
}

int mime_apart_lost(arena *a, mime_part *part, size_t *left, slice *body, slice *boundary, int *guessed)
{
  if (part->encoding == ENCODING_BASE64 && is_no_base64(*body)) part->encoding = ENCODING_NONE;
  if (part->encoding != ENCODING_NONE) {
    struct copy copy;
    if (!decode_part(a, part, left, &copy)) return -1;
    part->encoding = ENCODING_NONE;
    if (copy.s) return *body = (slice){ copy.s, copy.len }, 1;
  }
  *guessed = 1;
  *boundary = find_used(*body);
  return boundary->len != 0;
}
