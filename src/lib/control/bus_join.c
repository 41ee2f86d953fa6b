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

static int is_wiped(bus const *b)
{
  struct stat st;
  return fstat(b->head_fd, &st) == 0 && !st.st_nlink;
}

void bus_broken(bus *b)
{
  bus_dir_anew(b);
  bus_exit(b);
  wiped(b, 1);
}

/* Under the lock: a fifo with its entry, a place in the log, the name. */
static int connect_locked(bus *b, char const *name)
{
  char path[BUS_PATH];
  bus_slot slot;
  if (!bus_load(b, &slot)) return 0;
  b->serial = slot.next_serial++;
  bus_commit(b, &slot);
  bus_conn_fmt(path, "conn/", b->serial, b->uid);
  unlinkat(b->dir, "conn/.new", 0);
  if (mkfifoat(b->dir, "conn/.new", 0600) < 0) return 0;
  b->fifo = openat(b->dir, "conn/.new", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (b->fifo < 0 || !(b->again ? bus_cursor_to_start(b) : bus_cursor_to_end(b)) || renameat(b->dir, "conn/.new", b->dir, path) < 0) return 0;
  b->name[0] = 0;
  return !name[0] || bus_claim_locked(b, slice_of(name)) || errno == EEXIST;
}

/* Opens, locks, connects; locked on success. What a connection had before its state directory was wiped, it has again. -1: what must be
 * there is not; it is made anew. */
static int join(bus *b)
{
  char name[CONTROL_NAME_MAX + 1];
  bus_cursor const cursor = b->cursor;
  int e;
  if (!bus_dir_open(b)) return 0;
  strcpy(name, b->name);
  if (connect_locked(b, name)) return b->again = 0, 1;
  e = errno;
  if (e == ENOENT) bus_dir_anew(b);
  bus_exit(b);
  forget(b);
  strcpy(b->name, name);
  b->cursor = cursor;
  return errno = e, e == ENOENT ? -1 : 0;
}

int bus_enter(bus *b)
{
  for (unsigned int tries = 0; tries < BUS_TRIES; tries++) {
    if (!b->serial) {
      int done = join(b);
      if (done >= 0) return done;
      continue;
    }
    if (!bus_lock(b)) return 0;
    if (!is_wiped(b)) return 1;
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

int bus_entered(bus const *b)
{
  struct stat st;
  char path[5 + CONTROL_NAME_MAX + 1];
  if (fstat(b->fifo, &st) == 0 && !st.st_nlink) return 0;
  if (!b->name[0]) return 1;
  bus_name_path(path, b->name);
  return fstatat(b->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

int bus_wiped(bus *b)
{
  if (!b->serial || !is_wiped(b)) return 0;
  wiped(b, 0);
  return 1;
}

void bus_check(bus *b, int ring)
{
  if (b->serial && is_wiped(b)) wiped(b, ring);
  else if (b->serial && !bus_entered(b) && bus_enter(b)) {
    if (bus_entered(b)) bus_exit(b);
    else bus_broken(b);
  }
  if (!b->serial) bus_join(b);
}

static void leave_locked(bus *b)
{
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
}

void bus_leave(bus *b)
{
  int watch = b->watch;
  b->watch = -1;
  b->lock_deadline = bus_now() + LEAVE_WAIT;
  if (b->serial && bus_lock(b)) {
    /* Where it was wiped, what has our name and our number now is somebody else's. */
    if (!is_wiped(b)) leave_locked(b);
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
