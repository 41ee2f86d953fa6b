/* Joining and leaving the bus; the lock, held by one who has joined. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus_internal.h"

#define LEAVE_WAIT 20000000 /* ns: entries that stay are swept later, so it is not worth more */

static void forget(bus *b)
{
  bus_segment_release(b);
  if (b->fifo >= 0) close(b->fifo);
  b->fifo = -1;
  b->serial = 0;
  b->joined++;
  bus_dir_close(b);
}

/* The state directory was wiped: what was unread is lost. ring: tell those who listen there. */
static void wiped(bus *b, int ring)
{
  bus_slot slot;
  if (bus_load(b, &slot) && slot.next_id > b->cursor.id) b->cursor.lost += slot.next_id - b->cursor.id;
  if (ring) bus_fifo_wake(b->bell);
  b->again = 1;
  forget(b);
}

/* Opens, locks, connects; locked on success. What a connection had before its state directory was wiped, it has again. */
static int join(bus *b)
{
  char path[BUS_PATH], name[CONTROL_NAME_MAX + 1];
  bus_slot slot;
  int e;
  if (!bus_dir_open(b)) return 0;
  strcpy(name, b->name);
  if (bus_load(b, &slot)) {
    b->serial = slot.next_serial++;
    bus_commit(b, &slot);
    bus_conn_fmt(path, "conn/", b->serial, b->uid);
    unlinkat(b->dir, "conn/.new", 0);
    if (mkfifoat(b->dir, "conn/.new", 0600) == 0) {
      b->fifo = openat(b->dir, "conn/.new", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
      if (b->fifo >= 0 && (b->again ? bus_cursor_to_start(b) : bus_cursor_to_end(b)) && renameat(b->dir, "conn/.new", b->dir, path) == 0) {
        b->name[0] = 0;
        b->again = 0;
        if (!name[0] || bus_claim_locked(b, slice_of(name)) || errno == EEXIST) return 1;
      }
    }
  }
  e = errno;
  bus_exit(b);
  forget(b);
  strcpy(b->name, name);
  return errno = e, 0;
}

int bus_enter(bus *b)
{
  for (unsigned int tries = 0; tries < 3; tries++) {
    struct stat st;
    if (!b->serial) return join(b);
    if (!bus_lock(b)) return 0;
    if (fstat(b->head_fd, &st) < 0) {
      int e = errno;
      bus_exit(b);
      return errno = e, 0;
    }
    if (st.st_nlink) return 1;
    bus_exit(b);
    wiped(b, 1);
  }
  return errno = ESTALE, 0;
}

/* Five hundred fifos take longer to look at than anything that is done under the lock: so it is taken only if one of them is dead. */
static void tidy(bus *b)
{
  if (bus_dead(b) && bus_lock(b)) {
    bus_sweep(b);
    bus_exit(b);
  }
  b->lock_deadline = 0;
}

int bus_join(bus *b)
{
  if (b->serial) return 1;
  if (!bus_enter(b)) return 0;
  bus_exit(b);
  tidy(b);
  return 1;
}

void bus_check(bus *b, int ring)
{
  struct stat st;
  if (b->serial && fstat(b->head_fd, &st) == 0 && !st.st_nlink) wiped(b, ring);
  if (!b->serial) bus_join(b);
}

void bus_leave(bus *b)
{
  int watch = b->watch;
  b->watch = -1;
  b->lock_deadline = bus_now() + LEAVE_WAIT;
  if (b->serial && bus_lock(b)) {
    char path[5 + CONTROL_NAME_MAX + 1];
    if (b->name[0]) {
      bus_names_begin(b);
      bus_name_path(path, b->name);
      unlinkat(b->dir, path, 0);
    }
    bus_conn_fmt(path, "conn/", b->serial, b->uid);
    unlinkat(b->dir, path, 0);
    /* Nobody may find us alive without an entry, nor dead with one, while they hold the lock. */
    close(b->fifo);
    b->fifo = -1;
    if (b->name[0]) bus_names_end(b);
    bus_exit(b);
  }
  b->watch = watch;
  b->lock_deadline = 0;
  b->name[0] = 0;
  b->listening = 0;
  b->claim_began = 0;
  b->again = 0;
  forget(b);
}
