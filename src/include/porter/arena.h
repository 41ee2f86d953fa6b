/* Memory that is taken bit by bit and given back all at once: what one message or one response needs.
 * A pointer stays valid until arena_free. */
#ifndef PORTER_ARENA_H
#define PORTER_ARENA_H

#include <stddef.h>

typedef struct arena_s arena;
struct arena_s {
  struct arena_block_s *block; /* the newest; older ones hang behind it */
  size_t used;                 /* octets taken of it */
};
#define ARENA_ZERO \
  { \
    .block = 0, .used = 0 \
  }

/* size octets, aligned for any type, not cleared. Null with errno ENOMEM. */
extern void *arena_take(arena *a, size_t size);
/* n members of size octets each, cleared. Null with errno ENOMEM, also where n * size overflows. */
extern void *arena_array(arena *a, size_t n, size_t size);
/* A copy of len octets of s with a NUL behind it. Null with errno ENOMEM. */
extern char *arena_copy(arena *a, char const *s, size_t len);
/* Gives back what p, the newest allocation (asked for with size), holds beyond keep octets; nothing where p is not the newest. */
extern void arena_shrink(arena *a, void const *p, size_t size, size_t keep);
/* Gives everything back but one block, for the next of many. */
extern void arena_reset(arena *a);
/* Gives everything back; the arena can be used again. */
extern void arena_free(arena *a);

#endif
