/* Memory in arenas: alignment, growth, copies, what overflows, reset. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <porter/arena.h>

#include "tap.h"

int main(void)
{
  arena a = ARENA_ZERO;
  int aligned = 1, kept = 1;
  char *p[1000];
  for (size_t i = 0; i < 1000; i++) {
    p[i] = arena_take(&a, i);
    aligned &= !((uintptr_t)p[i] % _Alignof(max_align_t));
    memset(p[i], (int)i, i);
  }
  for (size_t i = 0; i < 1000; i++) for (size_t j = 0; j < i; j++) kept &= p[i][j] == (char)i;
  ok(aligned, "every piece is aligned");
  ok(kept, "no piece overlaps another");
  is_str(arena_copy(&a, "abcd", 3), "abc", "a copy has a NUL");
  is_str(arena_copy(&a, NULL, 0), "", "nothing can be copied");
  errno = 0;
  ok(!arena_array(&a, SIZE_MAX / 2, 4) && errno == ENOMEM, "an array whose size overflows is refused");
  ok(!arena_take(&a, SIZE_MAX) && errno == ENOMEM, "so is a piece of all memory");
  {
    char *big = arena_take(&a, 1 << 20), *next;
    arena_shrink(&a, big, 1 << 20, 16);
    next = arena_take(&a, 1);
    ok(next == big + 16, "what was given back is taken next");
  }
  arena_reset(&a);
  ok(a.used == 0 && arena_take(&a, 100000) != NULL, "an arena can be used after a reset");
  arena_free(&a);
  ok(!a.block, "and is empty when freed");
  return done();
}
