/* Where a part is: in which message, and its path, IMAP's section number (RFC 9051 6.4.5; see doc/design.md). */
#include <porter/mail.h>

#include "private.h"

size_t mime_message_of(mime_tree const *tree, size_t i)
{
  while (i) {
    mime_part const *const around = tree->part + tree->part[i].parent;
    if (around->kind == MIME_MESSAGE && !around->signed_data) break;
    i = tree->part[i].parent;
  }
  return i;
}

/* Whether the part has a number of its own behind its parent's path. */
static int is_numbered(mime_tree const *tree, mime_part const *part)
{
  if (part == tree->part) return part->kind != MIME_MULTIPART;
  return tree->part[part->parent].kind == MIME_MULTIPART || part->kind != MIME_MULTIPART;
}

size_t mime_path(mime_tree const *tree, size_t i, char *s)
{
  char reversed[MIME_PATH_FMT];
  size_t len = 0;
  for (;;) {
    mime_part const *const part = tree->part + i;
    if (is_numbered(tree, part)) {
      size_t n = part->number ? part->number : 1;
      if (len) reversed[len++] = '.';
      do reversed[len++] = (char)('0' + n % 10);
      while (n /= 10);
    }
    if (!i) break;
    i = part->parent;
  }
  for (size_t k = 0; k < len; k++) s[k] = reversed[len - 1 - k];
  return len;
}

static size_t child(mime_tree const *tree, size_t i, size_t number)
{
  size_t c = tree->part[i].first;
  if (!number || number > tree->part[i].count) return tree->count;
  while (c && tree->part[c].number < number) c = tree->part[c].next;
  return c;
}

size_t mime_find(mime_tree const *tree, char const *path, size_t len)
{
  size_t i = tree->count, k = 0; /* i: the part found so far; none yet */
  if (!len) return tree->count && tree->part->kind == MIME_MULTIPART ? 0 : tree->count;
  while (k < len) {
    size_t number = 0, container;
    if (i < tree->count && path[k++] != '.') return tree->count;
    if (k == len || path[k] < '1' || path[k] > '9') return tree->count;
    for (; k < len && path[k] >= '0' && path[k] <= '9'; k++) {
      number = 10 * number + (size_t)(path[k] - '0');
      if (number > tree->count) return tree->count;
    }
    /* The root, or the root of the message found, is either number 1 or a multipart whose children are numbered. */
    container = i;
    if (i == tree->count) container = 0;
    else if (tree->part[i].kind == MIME_MESSAGE) container = tree->part[i].first;
    else if (tree->part[i].kind == MIME_LEAF) return tree->count;
    if (tree->part[container].kind == MIME_MULTIPART) i = child(tree, container, number);
    else i = number == 1 ? container : tree->count;
    if (i == tree->count) return i;
  }
  return i;
}
