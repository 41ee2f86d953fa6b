/* Who is connected, and under which name. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/types.h>

#include "bus_internal.h"

#define LEAVE_WAIT 20000000    /* ns: entries that stay are swept later, so it is not worth more */
#define CLAIM_WAIT 20000000    /* ns: a holder that has looked has left by then if its client is gone */
#define CLAIM_ASLEEP 1000000000 /* ns: one that has not even looked waits for a processor */
#define CLAIM_NAP 1000000      /* ns: most holders that leave have left by then */

void bus_path_fmt(char *s, char const *prefix, uint64_t n)
{
  s = stpcpy(s, prefix);
  s[uint64_fmt(s, n)] = 0;
}

int bus_number(char const *s, char end, uint64_t *n, char const **rest)
{
  size_t len = uint64_scan(s, n);
  if (!len || s[len] != end) return 0;
  *rest = s + len + (end != 0);
  return 1;
}

void bus_conn_fmt(char *s, char const *prefix, uint64_t serial, uint32_t uid)
{
  s = stpcpy(s, prefix);
  s += uint64_fmt(s, serial);
  *s++ = '.';
  s[uint32_fmt(s, uid)] = 0;
}

int bus_conn_scan(char const *s, uint64_t *serial, uint32_t *uid)
{
  uint64_t n;
  if (!bus_number(s, '.', serial, &s) || !bus_number(s, 0, &n, &s) || n > UINT32_MAX || !*serial) return 0;
  *uid = (uint32_t)n;
  return 1;
}

int bus_fifo_open(bus const *b, char const *path)
{
  return openat(b->dir, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
}

static void name_path(char *s, char const *name)
{
  stpcpy(stpcpy(s, "name/"), name);
}

/* --- sweeping --- */

struct sweep { bus *b; char const *sub; int dead, unlink; };

static int sweep_entry(void *context, char const *name)
{
  struct sweep *s = context;
  char path[8 + 256];
  int fd;
  stpcpy(stpcpy(stpcpy(path, s->sub), "/"), name);
  fd = bus_fifo_open(s->b, path);
  if (fd >= 0) return close(fd), 1;
  /* Anything else, such as no descriptors left, says nothing about the owner. */
  if (errno != ENXIO && errno != ENOENT) return 1;
  s->dead = 1;
  if (s->unlink) unlinkat(s->b->dir, path, 0);
  return 1;
}

/* What points to a fifo goes before the fifo: nothing ever dangles. */
int bus_sweep(bus *b)
{
  struct sweep conn = { .b = b, .sub = "conn" }, name = { .b = b, .sub = "name", .unlink = 1 };
  int good;
  if (!bus_entries(b->dir, "conn", &sweep_entry, &conn)) return 0;
  if (!conn.dead) return 1;
  bus_names_begin(b);
  good = bus_entries(b->dir, "name", &sweep_entry, &name);
  bus_names_end(b);
  if (!good) return 0;
  conn.unlink = 1;
  return bus_entries(b->dir, "conn", &sweep_entry, &conn);
}

/* --- joining and leaving --- */

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
  if (bus_sweep(b) && bus_load(b, &slot)) {
    b->serial = slot.next_serial++;
    bus_commit(b, &slot);
    bus_conn_fmt(path, "conn/", b->serial, b->uid);
    unlinkat(b->dir, "conn/.new", 0);
    if (mkfifoat(b->dir, "conn/.new", 0600) == 0) {
      b->fifo = openat(b->dir, "conn/.new", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
      if (b->fifo >= 0 && (b->again ? bus_cursor_to_start(b) : bus_cursor_to_end(b)) && renameat(b->dir, "conn/.new", b->dir, path) == 0) {
        b->name[0] = 0;
        b->again = 0;
        if (!name[0] || bus_claim_locked(b, (slice){ .s = name, .len = strlen(name) }) || errno == EEXIST) return 1;
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
    if (fstat(b->head_fd, &st) < 0) { int e = errno; bus_exit(b); return errno = e, 0; }
    if (st.st_nlink) return 1;
    bus_exit(b);
    wiped(b, 1);
  }
  return errno = ESTALE, 0;
}

int bus_join(bus *b)
{
  if (b->serial) return 1;
  if (!bus_enter(b)) return 0;
  bus_exit(b);
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
      name_path(path, b->name);
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

/* --- names --- */

/* Whether somebody else who lives has it; *fd, if not null, is then his fifo. -1: cannot tell, errno. */
static int name_taken(bus *b, char const *path, int *fd)
{
  int f = bus_fifo_open(b, path);
  if (f < 0) return errno == ENXIO || errno == ENOENT ? 0 : -1;
  if (fd) *fd = f; else close(f);
  return 1;
}

static int name_change(bus *b, char const *path)
{
  char old[5 + CONTROL_NAME_MAX + 1];
  name_path(old, b->name);
  return renameat(b->dir, old, b->dir, path) == 0;
}

static int name_take(bus *b, char const *path)
{
  char link[BUS_PATH];
  unlinkat(b->dir, "name/.new", 0);
  bus_conn_fmt(link, "../conn/", b->serial, b->uid);
  return symlinkat(link, b->dir, "name/.new") == 0 && renameat(b->dir, "name/.new", b->dir, path) == 0;
}

int bus_claim_locked(bus *b, slice name)
{
  char path[5 + CONTROL_NAME_MAX + 1];
  int good;
  memcpy(stpcpy(path, "name/"), name.s, name.len);
  path[5 + name.len] = 0;
  switch (name_taken(b, path, NULL)) {
    case -1: return 0;
    case 1: return errno = EEXIST, 0;
  }
  bus_names_begin(b);
  good = b->name[0] ? name_change(b, path) : name_take(b, path);
  bus_names_end(b);
  if (!good) return 0;
  memcpy(b->name, name.s, name.len);
  b->name[name.len] = 0;
  return 1;
}

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
  int holder = -1, taken = name_taken(b, path, &holder);
  if (!b->claim_began) claim_begin(b, holder);
  else claim_look(b, holder);
  if (taken == 1) close(holder);
  if (bus_now() < (b->claim_deadline ? b->claim_deadline : b->claim_began + CLAIM_ASLEEP)) return errno = EINPROGRESS, 0;
  return errno = EEXIST, 0;
}

/* Under the lock in between. EEXIST: somebody has it now. */
static int claim_try(bus *b, slice name)
{
  int good, e;
  if (!bus_enter(b)) return 0;
  good = bus_claim_locked(b, name);
  e = errno;
  bus_exit(b);
  return errno = e, good;
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
