/* Any octets as the body of a multipart that declares a boundary which is not in it, or none: its parts lie in it in order, and it has
 * some only where the body uses a boundary; of every eighth all is held that holds of a message (mime.c). */
#define LLVMFuzzerTestOneInput any_message
#include "mime.c"
#undef LLVMFuzzerTestOneInput

extern int LLVMFuzzerTestOneInput (uint8_t const *, size_t);
int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static char const *const heads[] = { "Content-Type: multipart/mixed\n\n", "Content-Type: multipart/mixed; boundary=\"=_another\"\n\n",
    "Content-Type: multipart/mixed; boundary=x\nContent-Transfer-Encoding: base64\n\n",
    "Content-Type: multipart/mixed; boundary=y\n\n--y\nContent-Type: multipart/related; boundary=z\n\n" };
  arena a = ARENA_ZERO;
  mime_tree tree;
  if (!size) return 0;
  char const *const head = heads[*data & 3];
  size_t const head_len = strlen(head), len = head_len + size - 1;
  char *const s = malloc(len);
  check(s);
  memcpy(s, head, head_len);
  memcpy(s + head_len, data + 1, size - 1);
  check(mime_parse(&a, s, len, NULL, &tree));
  check_order(&tree, s, len);
  if (!(*data & 2)) check(!tree.part->count || tree.guessed || memmem(s, len, "--=_another", 11));
  if ((*data & 3) != 2 && tree.guessed && tree.part->count) check(memmem(s, len, "--", 2));
  if (!(size & 7)) any_message((uint8_t *)s, len);
  arena_free(&a);
  free(s);
  return 0;
}
