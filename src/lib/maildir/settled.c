/* When a directory's stamp is proof. Stamps come from a clock that moves in steps (the kernel's tick, or a second where the file system keeps no
 * more), and a change within the step of the last one bears the same stamp. So a stamp proves nothing until the clock had left it behind before
 * one looked. Alone in its file, so that a test can put another rule in its place and see that answers are stale then. */
#include "private.h"

#define GRAIN 20000000u          /* nanoseconds: two ticks of the slowest kernel */
#define GRAIN_COARSE 3000000000u /* stamps of whole seconds, or another machine's clock */

int place_stamp_settled(place_stamp const *s, uint64_t clock, int remote)
{
  uint64_t const grain = remote || s->changed % 1000000000u == 0 ? GRAIN_COARSE : GRAIN;
  return clock > s->changed && clock - s->changed > grain;
}
