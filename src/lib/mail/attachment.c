/* Whether a mail has what a person would call an attachment: doc/differences, has_attachment. */
#include <porter/mail.h>

#include "private.h"

/* Signatures, and the parts of reports and encrypted mail that only programs read. */
static int is_machinery(mime_part const *part)
{
  static char const *const names[] = { "pgp-signature", "pgp-encrypted", "pkcs7-signature", "x-pkcs7-signature", "pkcs7-mime",
    "x-pkcs7-mime", "delivery-status", "disposition-notification", "feedback-report", "rfc822-headers", "global-headers",
    "global-delivery-status", "global-disposition-notification", "tracking-status" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) if (is_word(part->subtype, names[i])) return 1;
  return 0;
}

static int is_attachment(mime_tree const *tree, mime_part const *part)
{
  mime_part const *const parent = part == tree->part ? NULL : tree->part + part->parent;
  if (is_machinery(part)) return 0;
  if (parent && parent->kind == MIME_MULTIPART) {
    slice const sub = parent->subtype;
    if (is_word(sub, "report") || is_word(sub, "encrypted")) return 0;
    /* A picture that the page refers to. */
    if (is_word(sub, "related") && part->number > 1 && part->disposition != DISPOSITION_ATTACHMENT) return 0;
    if (is_word(sub, "digest")) return 0;
  }
  if (part->disposition == DISPOSITION_ATTACHMENT || part->kind == MIME_MESSAGE) return 1;
  if (part->disposition == DISPOSITION_INLINE && part->content_id.len && is_word(part->type, "image")) return 0;
  if (is_word(part->type, "text")) {
    /* An invitation beside the text that says the same. */
    if (parent && is_word(parent->subtype, "alternative")) return 0;
    return part->file_name.len != 0;
  }
  return 1;
}

int mail_has_attachment(mime_tree const *tree)
{
  for (size_t i = 0; i < tree->count; i++) {
    mime_part const *const part = tree->part + i;
    if (part->kind != MIME_MULTIPART && is_attachment(tree, part)) return 1;
  }
  return 0;
}

/* What a leaf is, its head says. An attachment with a whole head stays one, whatever follows; but not in a message that was
 * decoded, as the decoder saw the end of what it had. */
int mail_start_says_all(mime_tree const *tree, char const *s, size_t len)
{
  uintptr_t const first = (uintptr_t)s;
  if (!tree->part->head.complete) return 0;
  if (tree->part->kind == MIME_LEAF) return 1;
  for (size_t i = 0; i < tree->count; i++) {
    mime_part const *const part = tree->part + i;
    uintptr_t const at = (uintptr_t)part->header.s;
    if (part->head.complete && part->kind != MIME_MULTIPART && at >= first && at <= first + len && is_attachment(tree, part)) return 1;
  }
  return 0;
}
