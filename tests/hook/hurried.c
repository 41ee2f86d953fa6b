/* maildir-op for which time passes only where it sleeps, and that at once: how long Wait waits is seen without waiting. */
#include <stdio.h>
#include <time.h>

#include "../../src/maildir/maildir-op.c"

static time_t begun, passed;

/* No header's: a program's own go before the C library's. */
time_t time(time_t *at)
{
  struct timespec now = { 0 };
  if (!begun && !clock_gettime(CLOCK_REALTIME, &now)) begun = now.tv_sec;
  if (at) *at = begun + passed;
  return begun + passed;
}

int nanosleep(struct timespec const *wanted, struct timespec *left)
{
  (void)left;
  passed += wanted->tv_sec;
  dprintf(2, "%d\n", (int)wanted->tv_sec);
  return 0;
}
