/* What a part's fields say that the tree is built of: type, boundary, encoding, disposition, names, Content-ID. What else they say is
 * mime_head.c's; how parameters are read, param.c's.
 *
 * What can go wrong, and the rule for it:
 *
 *   no type, or one that is no two tokens       text/plain; what a digest holds is a message without saying so (RFC 2046 5.1.5)
 *   a boundary that ends in blanks              they are none of it, as the boundary line's are not
 *   one that is too long                        none: the body shows its own, or is text (mime_apart.c)
 *   an encoding in quotes, with a comment, ...  its word counts; one that nobody knows is none
 *   a disposition that nobody knows             attachment (RFC 2183 2.8)
 *   a name in Content-Type and in -Disposition  that of the disposition
 *   names in a charset that only another part   read again when all parts are known
 *   declares
 *
 * tests/unit/mime.c, tests/unit/mime_head.c; tests/maildir/meant.py; tests/fuzz/mime.c, tests/fuzz/mail_params.c. */
#include <string.h>

#include <porter/text.h>

#include "mime_private.h"

/* "type/subtype", both tokens (RFC 2045 5.1); anything else is no type. */
static int read_type(arena *a, slice field, mime_part *part)
{
  static char const other[] = "!#$%&'*+.^_`|~-";
  size_t i, slash = 0;
  slice v = field;
  while (v.len && is_space(*v.s)) v.s++, v.len--;
  for (i = 0; i < v.len; i++) {
    char const c = to_lower(v.s[i]);
    if (c == '/' && !slash && i) slash = i;
    else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(other, c)))) break;
  }
  if (!slash || i == slash + 1) return 1;
  return lower_case(a, (slice){ v.s, slash }, &part->type) && lower_case(a, (slice){ v.s + slash + 1, i - slash - 1 }, &part->subtype);
}

slice mime_encoding_of(mime_part const *part)
{
  slice v = trim(part->head.field[FIELD_CONTENT_ENCODING]);
  size_t i = 0;
  if (v.len && *v.s == '"') v.s++, v.len--;
  while (i < v.len && !is_space(v.s[i]) && v.s[i] != ';' && v.s[i] != '(' && v.s[i] != '"') i++;
  return (slice){ v.s, i };
}

static enum mime_encoding read_encoding(mime_part const *part)
{
  slice const v = mime_encoding_of(part);
  if (is_word(v, "base64")) return ENCODING_BASE64;
  if (is_word(v, "quoted-printable")) return ENCODING_QUOTED_PRINTABLE;
  if (is_word(v, "x-uuencode") || is_word(v, "uuencode") || is_word(v, "x-uue") || is_word(v, "uue")) return ENCODING_UUENCODE;
  return ENCODING_NONE;
}

int is_multipart(mime_part const *part) { return is_word(part->type, "multipart"); }

/* message/news is RFC 5537's old name for an article: a message like others. */
int is_message(mime_part const *part)
{
  return is_word(part->type, "message") && (is_word(part->subtype, "rfc822") || is_word(part->subtype, "global") || is_word(part->subtype, "news"));
}

int mime_fields_read(arena *a, mime_part *part, int digest, slice *boundary)
{
  mail_charsets charsets = { .looked = 1, .fallback = part->fallback }; /* what is declared is known at the end */
  slice const *const field = part->head.field;
  slice word;
  params p;
  part->type = (slice){ digest ? "message" : "text", digest ? 7 : 4 };
  part->subtype = (slice){ digest ? "rfc822" : "plain", digest ? 6 : 5 };
  *boundary = (slice)SLICE_ZERO;
  if (field[FIELD_CONTENT_TYPE].s) {
    part->type = (slice){ "text", 4 };
    part->subtype = (slice){ "plain", 5 };
    if (!read_type(a, cut_field(field[FIELD_CONTENT_TYPE]), part)) return 0;
    if (!params_read(a, &charsets, field[FIELD_CONTENT_TYPE], &word, &p)) return 0;
    part->raw_names = p.raw;
    if (!lower_case(a, p.value[PARAM_CHARSET], &part->charset)) return 0;
    part->file_name = p.value[PARAM_NAME];
    *boundary = p.value[PARAM_BOUNDARY];
    while (boundary->len && is_space(boundary->s[boundary->len - 1])) boundary->len--;
    if (boundary->len > BOUNDARY_MAX) boundary->len = 0;
  }
  if (field[FIELD_CONTENT_DISPOSITION].s) {
    if (!params_read(a, &charsets, field[FIELD_CONTENT_DISPOSITION], &word, &p)) return 0;
    part->raw_names |= p.raw;
    if (!charset_decode(a, NULL, word, &word) || !lower_case(a, word, &part->disposition_word)) return 0;
    if (p.value[PARAM_FILENAME].s) part->file_name = p.value[PARAM_FILENAME];
    /* RFC 2183 2.8: what is unknown is an attachment. */
    if (part->disposition_word.len) part->disposition = is_word(part->disposition_word, "inline") ? DISPOSITION_INLINE : DISPOSITION_ATTACHMENT;
  }
  part->encoding = read_encoding(part);
  if (field[FIELD_CONTENT_ID].s) {
    slice *ids;
    size_t count;
    if (!mail_ids(a, field[FIELD_CONTENT_ID], &ids, &count)) return 0;
    if (count) part->content_id = ids[0];
    else if (!words_decode(a, &charsets, field[FIELD_CONTENT_ID], WORDS_RAW, &part->content_id)) return 0;
  }
  return 1;
}

/* --- names --- */

static int read_names(arena *a, mail_charsets *charsets, mime_part *part)
{
  slice const *const field = part->head.field;
  slice word;
  params p;
  if (field[FIELD_CONTENT_TYPE].s) {
    if (!params_read(a, charsets, field[FIELD_CONTENT_TYPE], &word, &p)) return 0;
    part->file_name = p.value[PARAM_NAME];
  }
  if (!field[FIELD_CONTENT_DISPOSITION].s) return 1;
  if (!params_read(a, charsets, field[FIELD_CONTENT_DISPOSITION], &word, &p)) return 0;
  if (p.value[PARAM_FILENAME].s) part->file_name = p.value[PARAM_FILENAME];
  return 1;
}

int mime_fields_again(arena *a, mime_tree *tree)
{
  mail_charsets charsets = { .tree = NULL };
  for (size_t i = 0; i < tree->count; i++) {
    if (!tree->part[i].raw_names) continue;
    mail_charsets const own = mail_charsets_of(tree, i);
    if (!charsets.tree || charsets.message != own.message) charsets = own;
    if (!read_names(a, &charsets, tree->part + i)) return 0;
  }
  return 1;
}
