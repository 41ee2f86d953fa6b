/* Who watches the controllers while the state directory goes again before it has begun to watch the new one. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <porter/control_bus.h>

#include "tap.h"

static bus b;
static bus_watcher w;
static char path[64], command[256];

static void tell(void *context, char const *was, char const *is)
{
  (void)was;
  if (is) ++*(int *)context;
}

/* Looks until it is good, half a minute at most. */
static int look_until(int *joined)
{
  time_t const begun = time(NULL);
  while (!bus_watcher_look(&b, &w, &tell, joined)) {
    if (time(NULL) - begun > 30) return 0;
    sched_yield();
  }
  return 1;
}

int main(void)
{
  int joined = 0;
  strcpy(path, "/tmp/porter-unit.XXXXXX");
  if (!mkdtemp(path)) return 111;
  strcat(path, "/state");
  snprintf(command, sizeof command, "rm -r %s", path);
  bus_init(&b, path, 0, -1);
  if (!bus_join(&b) || !bus_watcher_open(&b, &w)) return 111;
  ok(!system(command), "the state directory goes");
  bus_check(&b, 1);
  ok(b.serial && b.joined != w.joined, "a command joins it anew");
  ok(!system(command) && look_until(&joined), "that one goes, too, before it is watched: one more is made, and watched");
  is_int(joined, 1, "who watches is in it");
  bus_watcher_close(&w);
  bus_leave(&b);
  snprintf(command, sizeof command, "rm -r %s", path);
  *strrchr(command, '/') = 0;
  return done() || system(command) != 0;
}
