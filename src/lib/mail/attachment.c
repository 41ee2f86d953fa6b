/* Whether a mail has what a person would call an attachment. Nothing inside messages counts; signed data is looked through.
 *
 *   multipart/encrypted, S/MIME that is not signed data                       yes
 *   each leaf or message, the first that fits:
 *     signature, receipt, delivery status, heads of a mail                    no
 *     message in report, digest                                               no
 *     the body: the first plain text, HTML, enriched text or Markdown
 *     that does not say attachment                                            no
 *     picture, sound or film to which the HTML refers                         no
 *     says attachment                                                         yes
 *     text but calendar, without a name                                       no
 *     else                                                                    yes
 */
#include <stdlib.h>

#include <porter/hex.h>

#include "html.h"
#include "private.h"

enum { NO, YES, REFERENCE }; /* REFERENCE: no if the HTML refers to it, else yes */

/* Signatures, and the parts of reports that only programs read. */
static int is_machinery(mime_part const *part)
{
  static char const *const names[] = { "pgp-signature", "pkcs7-signature", "x-pkcs7-signature", "delivery-status", "disposition-notification",
    "feedback-report", "rfc822-headers", "global-headers", "global-delivery-status", "global-disposition-notification", "tracking-status" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (is_word(part->subtype, names[i])) return 1;
  return 0;
}

int is_body_type(mime_part const *part)
{
  return is_word(part->type, "text")
    && (mime_is_html(part) || is_word(part->subtype, "plain") || is_word(part->subtype, "enriched") || is_word(part->subtype, "richtext")
      || is_word(part->subtype, "markdown") || is_word(part->subtype, "x-markdown"));
}

static int is_pkcs7(mime_part const *part)
{
  return is_word(part->type, "application") && (is_word(part->subtype, "pkcs7-mime") || is_word(part->subtype, "x-pkcs7-mime"));
}

static int has_ending(slice name, char const *ending)
{
  size_t const n = strlen(ending);
  return name.len > n && is_word((slice){ name.s + name.len - n, n }, ending);
}

/* What a page may show in its place. */
static int is_shown(mime_part const *part)
{
  static char const *const endings[] = { ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".svg", ".heic", ".avif", ".ico" };
  if (is_word(part->type, "image") || is_word(part->type, "audio") || is_word(part->type, "video")) return 1;
  if (!is_word(part->type, "application") || !is_word(part->subtype, "octet-stream")) return 0;
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (has_ending(part->file_name, endings[i])) return 1;
  return 0;
}

/* The first of those outside of messages from part i on; the end of the tree where there is none. */
static size_t outside(mime_tree const *tree, size_t i)
{
  while (i < tree->count && i) {
    mime_part const *const around = tree->part + tree->part[i].parent;
    if (around->kind != MIME_MESSAGE || around->signed_data) break;
    unsigned int const depth = around->depth;
    while (i < tree->count && tree->part[i].depth > depth) i++;
  }
  return i;
}

static size_t find_body(mime_tree const *tree)
{
  size_t i = outside(tree, 0);
  for (; i < tree->count; i = outside(tree, i + 1)) {
    mime_part const *const part = tree->part + i;
    if (part->kind == MIME_LEAF && part->disposition != DISPOSITION_ATTACHMENT && is_body_type(part)) break;
  }
  return i;
}

static slice location(mime_part const *part) { return trim(part->head.field[FIELD_CONTENT_LOCATION]); }

/* Part i, outside of messages. */
static int is_attachment(mime_tree const *tree, size_t i, size_t body)
{
  mime_part const *const part = tree->part + i, *const parent = i ? tree->part + part->parent : NULL;
  if (part->kind == MIME_MULTIPART) return is_word(part->subtype, "encrypted") ? YES : NO;
  if (part->signed_data) return NO;
  if (is_pkcs7(part)) return YES;
  if (is_machinery(part)) return NO;
  if (part->kind == MIME_MESSAGE && parent && (is_word(parent->subtype, "report") || is_word(parent->subtype, "digest"))) return NO;
  if (i == body) return NO;
  if (is_shown(part) && (part->content_id.len || location(part).len)) return REFERENCE;
  if (part->disposition == DISPOSITION_ATTACHMENT) return YES;
  return is_word(part->type, "text") && !is_word(part->subtype, "calendar") && !part->file_name.len ? NO : YES;
}

/* --- what the HTML refers to --- */

#define REFERENCE_MAX 1000 /* octets of one; a longer one is none */

/* A name that HTML may use for a part: "cid:ID", or its location. */
typedef struct reference_s reference;
struct reference_s {
  slice name;
  unsigned int is_id;
  size_t part;
};

/* Names that are looked for, sorted, and the text after "=" or "(" that may be one. */
typedef struct references_s references;
struct references_s {
  reference *name;
  size_t count;
  unsigned char *found; /* of each part */
  int state;            /* outside, behind = or (, in a name */
  char s[REFERENCE_MAX];
  size_t len;
};

static int compare(void const *a, void const *b)
{
  reference const *const x = a, *const y = b;
  size_t const n = x->name.len < y->name.len ? x->name.len : y->name.len;
  if (x->is_id != y->is_id) return x->is_id < y->is_id ? -1 : 1;
  for (size_t i = 0; i < n; i++) {
    char const c = to_lower(x->name.s[i]), d = to_lower(y->name.s[i]);
    if (c != d) return c < d ? -1 : 1;
  }
  return (x->name.len > y->name.len) - (x->name.len < y->name.len);
}

/* Takes %XX and &amp; out of it. */
static size_t plain(char *s, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    if (s[i] == '%' && len - i > 2 && hex_value(s[i + 1]) >= 0 && hex_value(s[i + 2]) >= 0)
      s[n++] = (char)(hex_value(s[i + 1]) << 4 | hex_value(s[i + 2])), i += 2;
    else if (s[i] == '&' && len - i > 4 && !memcmp(s + i, "&amp;", 5)) s[n++] = '&', i += 4;
    else s[n++] = s[i];
  }
  return n;
}

static void look_up(references *r, slice name, unsigned int is_id)
{
  reference const wanted = { .name = name, .is_id = is_id };
  size_t low = 0, high = r->count;
  while (low < high) {
    size_t const middle = low + (high - low) / 2;
    if (compare(r->name + middle, &wanted) < 0) low = middle + 1;
    else high = middle;
  }
  for (; low < r->count && !compare(r->name + low, &wanted) && !r->found[r->name[low].part]; low++) r->found[r->name[low].part] = 1;
}

static void name_end(references *r)
{
  if (r->len && r->len < REFERENCE_MAX) {
    look_up(r, (slice){ r->s, r->len }, 0);
    r->len = plain(r->s, r->len);
    if (r->len > 4 && is_word((slice){ r->s, 4 }, "cid:")) look_up(r, trim((slice){ r->s + 4, r->len - 4 }), 1);
    else look_up(r, (slice){ r->s, r->len }, 0);
  }
  r->len = 0;
}

static int reference_put(void *context, char const *s, size_t len)
{
  enum { OUTSIDE, BEHIND, INSIDE };
  references *const r = context;
  for (size_t i = 0; i < len; i++) {
    char const c = s[i];
    if (r->state == INSIDE && (is_space(c) || c == '"' || c == '\'' || c == '<' || c == '>' || c == ')')) name_end(r), r->state = OUTSIDE;
    else if (r->state == INSIDE) {
      if (r->len < REFERENCE_MAX) r->s[r->len++] = c;
    } else if (c == '=' || c == '(') r->state = BEHIND;
    else if (r->state == BEHIND && !is_space(c) && c != '"' && c != '\'') {
      r->state = INSIDE;
      r->s[0] = c;
      r->len = 1;
    }
  }
  return 1;
}

/* Whether each part that may be shown in HTML is. 0 where memory fails. */
static int find_references(arena *a, mime_tree const *tree, references *r)
{
  *r = (references){ .name = arena_array(a, 2 * tree->count, sizeof *r->name), .found = arena_array(a, tree->count, 1) };
  if (!r->name || !r->found) return 0;
  for (size_t i = outside(tree, 0); i < tree->count; i = outside(tree, i + 1)) {
    mime_part const *const part = tree->part + i;
    if (part->content_id.len) r->name[r->count++] = (reference){ part->content_id, 1, i };
    if (location(part).len) r->name[r->count++] = (reference){ location(part), 0, i };
  }
  qsort(r->name, r->count, sizeof *r->name, compare);
  for (size_t i = outside(tree, 0); i < tree->count; i = outside(tree, i + 1)) {
    mime_part const *const part = tree->part + i;
    if (!mime_is_text(part) || !mime_is_html(part) || part->disposition == DISPOSITION_ATTACHMENT) continue;
    r->state = 0;
    mime_text(part, &reference_put, r);
    name_end(r);
  }
  return 1;
}

int mail_has_attachment(arena *a, mime_tree const *tree, int *has)
{
  size_t const body = find_body(tree);
  references r;
  int asked = 0;
  *has = 0;
  for (size_t i = outside(tree, 0); i < tree->count && !*has; i = outside(tree, i + 1)) {
    int const one = is_attachment(tree, i, body);
    *has = one == YES;
    asked = asked || one == REFERENCE;
  }
  if (*has || !asked) return 1;
  if (!find_references(a, tree, &r)) return 0;
  for (size_t i = outside(tree, 0); i < tree->count && !*has; i = outside(tree, i + 1))
    *has = is_attachment(tree, i, body) == REFERENCE && !r.found[i];
  return 1;
}

/* What a leaf is, its head says. An attachment with a whole head stays one, whatever follows; but not in what was decoded, as the
 * decoder saw the end of what it had, nor where a boundary was looked for that may yet come. */
int mail_start_says_all(mime_tree const *tree, char const *s, size_t len)
{
  uintptr_t const first = (uintptr_t)s;
  mime_part const *const root = tree->part;
  size_t const body = find_body(tree);
  if (!root->head.complete || tree->guessed || is_pkcs7(root)) return 0;
  if (root->kind == MIME_LEAF) return 1;
  /* The charset of its fields may be that of a part. */
  if (is_raw(root->header) && !charset_find(root->charset.s, root->charset.len)) return 0;
  for (size_t i = outside(tree, 0); i < tree->count; i = outside(tree, i + 1)) {
    mime_part const *const part = tree->part + i;
    uintptr_t const at = (uintptr_t)part->header.s;
    if (!part->head.complete || at < first || at > first + len || is_pkcs7(part)) continue;
    if (is_attachment(tree, i, body) == YES) return 1;
  }
  return 0;
}
