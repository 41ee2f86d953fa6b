/* A state directory that is removed again and again while several processes join, post and leave: at once, and name by name. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <porter/control_bus.h>

#include "tap.h"

#define PERSONS 4
#define MOVED 200
#define REMOVED 60

static char path[64], command[256];
static struct shared { volatile sig_atomic_t stop; volatile unsigned long posted[PERSONS], failed[PERSONS]; volatile int why[PERSONS]; } *shared;

static uint64_t post(bus *b, slice to)
{
  uint64_t id = 0, next;
  int good;
  if (!bus_post_open(b)) return 0;
  good = bus_post(b, to, (slice){ .s = "x", .len = 1 }, &id);
  if (!bus_post_close(b, &next)) return 0;
  bus_wake(b);
  return good && id < next ? id : 0;
}

/* Comes, posts three times, leaves. */
static void person(unsigned int who)
{
  static bus b;
  char name[] = { 'p', (char)('0' + who), 0 };
  bus_init(&b, path, who, -1);
  while (!shared->stop) {
    int good = b.serial || (bus_join(&b) && bus_claim(&b, slice_of(name), 0));
    if (good && post(&b, (slice)SLICE_ZERO)) {
      if (++shared->posted[who] % 3 == 0) bus_leave(&b);
    } else {
      shared->failed[who]++;
      shared->why[who] = errno;
    }
  }
  bus_leave(&b);
}

static unsigned long sum(volatile unsigned long const *of)
{
  unsigned long all = 0;
  for (size_t i = 0; i < PERSONS; i++) all += of[i];
  return all;
}

/* Carries out the command, as often as told, with a few posts in between. */
static void while_used(char const *what, unsigned int times)
{
  pid_t pid[PERSONS];
  unsigned int fell = 0;
  memset(shared, 0, sizeof *shared);
  for (unsigned int i = 0; i < PERSONS; i++) {
    pid[i] = fork();
    if (!pid[i]) person(i), _exit(0);
  }
  for (unsigned int i = 0; i < times && fell < 10; i++) {
    unsigned long const before = sum(shared->posted);
    time_t const begun = time(NULL);
    if (system(command)) { /* what is made meanwhile stays */ }
    while (sum(shared->posted) < before + 3 * PERSONS && sum(shared->failed) < 100 && time(NULL) - begun < 60) sched_yield();
    fell += sum(shared->posted) < before + 3 * PERSONS;
  }
  shared->stop = 1;
  for (unsigned int i = 0; i < PERSONS; i++) waitpid(pid[i], NULL, 0);
  is_int((long long)fell, 0, what);
  if (!is_int((long long)sum(shared->failed), 0, "no post and no claim fails"))
    for (unsigned int i = 0; i < PERSONS; i++) printf("# %lu of %lu, the last: %s\n", shared->failed[i], shared->posted[i], bus_reason(shared->why[i]));
}

static void count(void *context, char const *name)
{
  if (*name) ++*(int *)context;
}

/* Those who are there at the end find each other. */
static void at_the_end(void)
{
  static bus b[PERSONS];
  int listed = 0, reached = 0;
  for (unsigned int i = 0; i < PERSONS; i++) {
    char const name[] = { 'q', (char)('0' + i), 0 };
    bus_init(b + i, path, i, -1);
    reached += bus_join(b + i) && bus_claim(b + i, slice_of(name), 0);
  }
  for (unsigned int i = 0; i < PERSONS; i++) bus_check(b + i, 1);
  for (unsigned int i = 0; i < PERSONS; i++) reached += post(b + i, slice_of(b[(i + 1) % PERSONS].name)) != 0;
  is_int(reached, 2 * PERSONS, "then all take names, and reach each other");
  ok(bus_list(b, &count, &listed) && listed == PERSONS, "and are listed");
  for (unsigned int i = 0; i < PERSONS; i++) bus_leave(b + i);
}

int main(void)
{
  strcpy(path, "/tmp/porter-unit.XXXXXX");
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (!mkdtemp(path) || shared == MAP_FAILED) return 111;
  strcat(path, "/state");
  snprintf(command, sizeof command, "{ mv %s %s.old && { rm -rf %s.old || rm -rf %s.old || rm -rf %s.old; } } 2>/dev/null", path, path, path, path, path);
  while_used("moved away and removed, all go on", MOVED);
  at_the_end();
  snprintf(command, sizeof command, "rm -rf %s 2>/dev/null", path);
  while_used("removed name by name, all go on", REMOVED);
  at_the_end();
  *strrchr(path, '/') = 0;
  snprintf(command, sizeof command, "rm -r %s", path);
  return done() || system(command) != 0;
}
