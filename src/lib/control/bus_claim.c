/* Claiming a name that somebody may have. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bus_internal.h"

#define CLAIM_WAIT 20000000     /* ns: a holder that has looked has left by then if its client is gone */
#define CLAIM_ASLEEP 1000000000 /* ns: one that has not even looked waits for a processor */
#define CLAIM_NAP 1000000       /* ns: most holders that leave have left by then */

/* Begins to wait for who has the name: wakes him. */
static void claim_begin(bus *b, int holder)
{
  b->claim_began = bus_now();
  b->claim_deadline = 0;
  b->claim_unread = 0;
  if (holder >= 0) bus_fifo_wake(holder);
}

/* His time begins when he has looked: then he has emptied his fifo, though others may have woken him since. */
static void claim_look(bus *b, int holder)
{
  int unread;
  if (b->claim_deadline || (holder >= 0 && ioctl(holder, FIONREAD, &unread) < 0)) return;
  if (holder < 0 || !unread || unread < b->claim_unread) b->claim_deadline = bus_now() + CLAIM_WAIT;
  else b->claim_unread = unread;
}

/* Somebody has the name. EINPROGRESS: come again in a millisecond, he may still be on his way out; EEXIST: he stays. Two may wait for
 * each other, so nobody sleeps here. */
static int claim_wait(bus *b, char const *path)
{
  int holder = -1, taken = bus_name_taken(b, path, &holder);
  if (!b->claim_began) claim_begin(b, holder);
  else claim_look(b, holder);
  if (taken == 1) close(holder);
  if (bus_now() < (b->claim_deadline ? b->claim_deadline : b->claim_began + CLAIM_ASLEEP)) return errno = EINPROGRESS, 0;
  return errno = EEXIST, 0;
}

/* Under the lock in between. EEXIST: somebody has it now. */
static int claim_try(bus *b, slice name)
{
  for (unsigned int tries = 0; tries < BUS_TRIES; tries++) {
    int good;
    if (!bus_enter(b)) return 0;
    good = bus_claim_locked(b, name);
    if (good || errno != ENOENT) return bus_exit(b), good;
    bus_broken(b);
  }
  return errno = ESTALE, 0;
}

int bus_claim(bus *b, slice name, int patient)
{
  char path[5 + CONTROL_NAME_MAX + 1];
  struct pollfd watch = { .fd = b->watch, .events = POLLIN };
  struct timespec nap = { .tv_sec = 0, .tv_nsec = 50000 };
  uint64_t began = b->claim_began;
  if (name.len == strlen(b->name) && !memcmp(name.s, b->name, name.len)) return 1;
  memcpy(stpcpy(path, "name/"), name.s, name.len);
  path[5 + name.len] = 0;
  while (!claim_try(b, name)) {
    if (errno == EEXIST && patient) claim_wait(b, path);
    if (errno == EAGAIN) return 0;
    if (errno != EINPROGRESS) return b->claim_began = 0, 0;
    /* Only at first is it worth to look more often than each millisecond. */
    if (began || bus_now() - b->claim_began >= CLAIM_NAP || ppoll(&watch, 1, &nap, NULL) > 0) return errno = EINPROGRESS, 0;
  }
  return b->claim_began = 0, 1;
}
