/* Memory for one message or response: blocks that grow, freed together. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <porter/arena.h>

#define ARENA_ALIGN _Alignof(max_align_t)
#define ARENA_BLOCK 16384 /* enough for the heads and tree of nearly every mail; malloc then gives no page back between mails */

struct arena_block_s {
  struct arena_block_s *next;
  size_t size;
  _Alignas(max_align_t) char data[];
};

static size_t round_up(size_t n) { return (n + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1); }

void *arena_take(arena *a, size_t size)
{
  if (size > SIZE_MAX / 4) return errno = ENOMEM, NULL;
  size = round_up(size ? size : 1);
  if (!a->block || size > a->block->size - a->used) {
    /* Each block is at least twice the last, so that the number of blocks stays logarithmic. */
    size_t want = a->block ? 2 * a->block->size : ARENA_BLOCK;
    struct arena_block_s *b;
    if (want > (1 << 22)) want = 1 << 22;
    if (want < size) want = size;
    b = malloc(sizeof *b + want);
    if (!b) return NULL;
    b->size = want;
    b->next = a->block;
    a->block = b;
    a->used = 0;
  }
  a->used += size;
  return a->block->data + a->used - size;
}

void *arena_array(arena *a, size_t n, size_t size)
{
  void *p;
  if (size && n > SIZE_MAX / size) return errno = ENOMEM, NULL;
  p = arena_take(a, n * size);
  return p ? memset(p, 0, n * size) : NULL;
}

char *arena_copy(arena *a, char const *s, size_t len)
{
  char *p = len < SIZE_MAX ? arena_take(a, len + 1) : NULL;
  if (!p) return NULL;
  if (len) memcpy(p, s, len);
  p[len] = 0;
  return p;
}

void arena_shrink(arena *a, void const *p, size_t size, size_t keep)
{
  size = round_up(size ? size : 1);
  keep = round_up(keep ? keep : 1);
  if (a->block && a->used >= size && (char const *)p == a->block->data + a->used - size && keep < size) a->used -= size - keep;
}

void arena_free(arena *a)
{
  while (a->block) {
    struct arena_block_s *next = a->block->next;
    free(a->block);
    a->block = next;
  }
  a->used = 0;
}

void arena_reset(arena *a)
{
  arena rest = { .block = a->block ? a->block->next : NULL };
  arena_free(&rest);
  if (a->block) a->block->next = NULL;
  a->used = 0;
}
