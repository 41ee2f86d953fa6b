/* Listeners: who wants events, and waking them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bus_internal.h"

int bus_listen_locked(bus *b, int on)
{
  char path[BUS_PATH], link[BUS_PATH];
  bus_slot slot;
  if (!!on == b->listening) return 1;
  if (!bus_load(b, &slot)) return 0;
  bus_path_fmt(path, "listen/", b->serial);
  if (on) {
    bus_conn_fmt(link, "../conn/", b->serial, b->uid);
    if (symlinkat(link, b->dir, path) < 0 && errno != EEXIST) return 0;
    b->cursor.id = slot.next_id;
    b->cursor.segment = slot.cur_first;
    b->cursor.offset = slot.cur_end;
  } else unlinkat(b->dir, path, 0);
  slot.generation++;
  bus_commit(b, &slot);
  b->listening = !!on;
  return 1;
}

int bus_listen(bus *b, int on)
{
  int good, e;
  if (b->serial && !!on == b->listening && !on) return 1;
  if (!bus_enter(b)) return 0;
  good = bus_listen_locked(b, on);
  e = errno;
  bus_exit(b);
  return errno = e, good;
}

void bus_listeners_forget(bus *b)
{
  for (size_t i = 0; i < b->listeners; i++)
    if (b->listener[i].fd >= 0) close(b->listener[i].fd);
  free(b->listener);
  b->listener = NULL;
  b->listeners = 0;
  b->generation = UINT64_MAX;
}

/* The listeners' list is kept in the order of serials; what listen/ has no more is dropped. */
struct refresh { bus *b; bus_listener *found; size_t count, size; int good; };

static int by_serial(void const *a, void const *b)
{
  uint64_t x = ((bus_listener const *)a)->serial, y = ((bus_listener const *)b)->serial;
  return (x > y) - (x < y);
}

static int refresh_entry(void *context, char const *name)
{
  struct refresh *r = context;
  char const *rest;
  uint64_t serial;
  if (!bus_number(name, 0, &serial, &rest) || serial == r->b->serial) return 1;
  if (r->count == r->size) {
    size_t size = r->size ? 2 * r->size : 16;
    bus_listener *more = realloc(r->found, size * sizeof *more);
    if (!more) return r->good = 0;
    r->found = more;
    r->size = size;
  }
  r->found[r->count++] = (bus_listener){ .serial = serial, .fd = -1 };
  return 1;
}

int bus_listeners_read(bus *b)
{
  struct refresh r = { .b = b, .good = 1 };
  size_t old = 0;
  if (b->generation == b->slot.generation) return 1;
  if (!bus_entries(b->dir, "listen", &refresh_entry, &r) || !r.good) return free(r.found), 0;
  if (r.count) qsort(r.found, r.count, sizeof *r.found, &by_serial);
  for (size_t i = 0; i < r.count; i++) {
    while (old < b->listeners && b->listener[old].serial < r.found[i].serial) {
      if (b->listener[old].fd >= 0) close(b->listener[old].fd);
      old++;
    }
    if (old < b->listeners && b->listener[old].serial == r.found[i].serial) r.found[i].fd = b->listener[old++].fd;
  }
  for (; old < b->listeners; old++)
    if (b->listener[old].fd >= 0) close(b->listener[old].fd);
  free(b->listener);
  b->listener = r.found;
  b->listeners = r.count;
  b->generation = b->slot.generation;
  return 1;
}

/* A full fifo wakes as well; one without a reader is of a dead connection. */
static int wake(int fd)
{
  return write(fd, "", 1) >= 0 || errno != EPIPE;
}

/* Where no descriptor is left, one that is kept for a listener makes room: the others can then be opened one after the other. */
static int spare_fd(bus *b)
{
  for (size_t i = b->listeners; i--;)
    if (b->listener[i].fd >= 0) {
      close(b->listener[i].fd);
      b->listener[i].fd = -1;
      return 1;
    }
  return 0;
}

void bus_wake(bus *b)
{
  int tight = 0;
  for (unsigned int i = 0; i < b->named_count; i++) {
    wake(b->named[i]);
    close(b->named[i]);
  }
  b->named_count = 0;
  if (!b->wake_listeners) return;
  b->wake_listeners = 0;
  for (size_t i = 0; i < b->listeners; i++) {
    bus_listener *l = b->listener + i;
    int fd = l->fd;
    if (fd < 0) {
      char path[BUS_PATH];
      bus_path_fmt(path, "listen/", l->serial);
      fd = bus_fifo_open(b, path);
      if (fd < 0 && (errno == EMFILE || errno == ENFILE) && spare_fd(b)) {
        tight = 1;
        fd = bus_fifo_open(b, path);
      }
      if (fd < 0) continue;
    }
    if (!wake(fd) || (tight && l->fd < 0)) {
      close(fd);
      fd = -1;
    }
    l->fd = fd;
  }
}

void bus_drain(bus *b)
{
  char bytes[512];
  ssize_t n;
  do n = read(b->fifo, bytes, sizeof bytes);
  while (n == (ssize_t)sizeof bytes || (n < 0 && errno == EINTR));
}
