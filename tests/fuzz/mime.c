/* Any octets as a message: the tree holds together, paths are found again, every part decodes, twice the same; wrapped
 * in a message/rfc822 it shows the same tree one level down. */
#include <porter/mail.h>

#include "check.h"

struct sum {
  uint64_t size, hash;
};

static int add(void *context, char const *s, size_t len)
{
  struct sum *const sum = context;
  sum->size += len;
  for (size_t i = 0; i < len; i++) sum->hash = (sum->hash ^ (unsigned char)s[i]) * 0x100000001b3;
  return 1;
}

static int add_text(void *context, char const *s, size_t len)
{
  check_text((slice){ s, len });
  check(!memchr(s, '\r', len));
  return add(context, s, len);
}

static void check_part(mime_tree const *tree, size_t i)
{
  mime_part const *const part = tree->part + i;
  char path[MIME_PATH_FMT];
  struct sum one = { 0 }, two = { 0 };
  size_t children = 0;
  check(part->depth <= MIME_DEPTH_MAX);
  check_text(part->type);
  check_text(part->subtype);
  check_text(part->charset);
  check_text(part->file_name);
  check_text(part->content_id);
  check_text(part->disposition_word);
  for (size_t c = part->first; c; c = tree->part[c].next) {
    check(tree->part[c].parent == i && c > i && tree->part[c].number == ++children);
    check(tree->part[c].depth == part->depth + 1);
  }
  check(children == part->count);
  check(part->kind != MIME_MESSAGE || part->count == 1);
  check(part->kind != MIME_LEAF || !part->count);
  size_t const len = mime_path(tree, i, path), found = mime_find(tree, path, len);
  check(len < MIME_PATH_FMT);
  check(found == i || (part->parent == found && tree->part[found].kind == MIME_MESSAGE && part->kind == MIME_MULTIPART));
  if (part->kind == MIME_MULTIPART) return;
  check(mime_decode(part, &add, &one) && mime_decode(part, &add, &two));
  check(one.size == two.size && one.hash == two.hash && one.size == mime_size(part));
  check(mime_text(part, &add_text, &one));
}

/* The leaves that lie in the message itself lie in it in order, and none in another: together they are no longer than it. */
static void check_order(mime_tree const *tree, char const *data, size_t len)
{
  char const *end = data;
  for (size_t i = 0; i < tree->count; i++) {
    slice const body = tree->part[i].body;
    if (tree->part[i].kind != MIME_LEAF || body.s < data || body.s > data + len) continue;
    check(body.s >= end && body.len <= (size_t)(data + len - body.s));
    end = body.s + body.len;
  }
}

static void check_wrapped(mime_tree const *tree, char const *data, size_t len)
{
  static char const head[] = "Content-Type: message/rfc822\n\n";
  arena a = ARENA_ZERO;
  mime_tree outer;
  char *const s = malloc(sizeof head + len);
  if (!s) return;
  memcpy(s, head, sizeof head - 1);
  if (len) memcpy(s + sizeof head - 1, data, len);
  check(mime_parse(&a, s, sizeof head - 1 + len, NULL, &outer));
  check(outer.count == tree->count + 1);
  for (size_t i = 0; i < tree->count; i++) {
    mime_part const *const x = tree->part + i, *const y = outer.part + i + 1;
    check(x->kind == y->kind && x->depth + 1 == y->depth && x->count == y->count);
    check(x->body.len == y->body.len && x->file_name.len == y->file_name.len);
  }
  arena_free(&a);
  free(s);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  unsigned int depth = 0;
  int has;
  check(mime_parse(&a, (char const *)data, len, NULL, &tree));
  check(tree.count > 0);
  for (size_t i = 0; i < tree.count; i++) {
    check_part(&tree, i);
    if (tree.part[i].depth > depth) depth = tree.part[i].depth;
  }
  check_order(&tree, (char const *)data, len);
  check(mail_has_attachment(&a, &tree, &has));
  /* At the bounds one level more, or one part more, is one less below; what is encoded has a bound that goes by size. */
  int const same_lines = (len && memchr(data, '\n', len < 8192 ? len : 8192)) || !(len && memchr(data, '\r', len));
  if (same_lines && depth < MIME_DEPTH_MAX && tree.count < 9999 && !(len > 6 && (memmem(data, len, "ncoding", 7) || memmem(data, len, "kcs7", 4))))
    check_wrapped(&tree, (char const *)data, len);
  arena_free(&a);
  return 0;
}
