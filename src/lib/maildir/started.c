/* When the machine was started: what was written before, and not synced, may be lost, or older than what others remember of it. */
#include <time.h>

#include "private.h"

#define SLACK 10 /* seconds: the clock is set now and then */

uint64_t machine_started(void)
{
  struct timespec now, up;
  if (clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0) return 0;
  return (uint64_t)(now.tv_sec - up.tv_sec);
}

int machine_same_start(uint64_t then)
{
  uint64_t const started = machine_started();
  return (then > started ? then - started : started - then) <= SLACK;
}
