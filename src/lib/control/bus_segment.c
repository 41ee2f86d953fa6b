/* The files of the log, and places in it: all that needs no lock, or has it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bus_internal.h"

static void segment_path(char *s, uint64_t first) { bus_path_fmt(s, "log/", first); }

static int segment_new(int dir)
{
  unlinkat(dir, "log/.new", 0);
  return openat(dir, "log/.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int bus_segment_make(int dir, uint64_t first)
{
  char path[BUS_PATH];
  int fd = segment_new(dir), e;
  segment_path(path, first);
  /* Its directory was removed below us: what it held is lost, what comes need not be. */
  if (fd < 0 && errno == ENOENT && mkdirat(dir, "log", 0700) == 0) fd = segment_new(dir);
  if (fd < 0) return 0;
  /* A disk that fills up later does not stop what this segment still has room for. */
  if (fallocate(fd, 0, 0, BUS_SEGMENT) < 0 && errno != EOPNOTSUPP && errno != ENOSYS) goto fail;
  if (close(fd) < 0) return 0;
  return renameat(dir, "log/.new", dir, path) == 0;
fail:
  e = errno;
  close(fd);
  unlinkat(dir, "log/.new", 0);
  return errno = e, 0;
}

struct purge {
  int dir;
  bus_slot const *slot;
};

static int purge_entry(void *context, char const *name)
{
  struct purge const *p = context;
  char const *rest;
  uint64_t first;
  char path[4 + 256];
  if (!bus_number(name, 0, &first, &rest) || first == p->slot->cur_first || (first && first == p->slot->old_first)) return 1;
  stpcpy(stpcpy(path, "log/"), name);
  unlinkat(p->dir, path, 0);
  return 1;
}

int bus_segment_purge(int dir, bus_slot const *slot)
{
  struct purge p = { .dir = dir, .slot = slot };
  return bus_entries(dir, "log", &purge_entry, &p);
}

void bus_segment_release(bus *b)
{
  if (b->segment >= 0) close(b->segment);
  b->segment = -1;
}

int bus_segment_open(bus *b, uint64_t first)
{
  char path[BUS_PATH];
  if (b->segment >= 0 && b->segment_first == first) return 1;
  bus_segment_release(b);
  segment_path(path, first);
  b->segment = openat(b->dir, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  b->segment_first = first;
  return b->segment >= 0;
}

/* --- places --- */

uint64_t bus_first(bus_slot const *slot) { return slot->old_first ? slot->old_first : slot->cur_first; }

int bus_cursor_to_end(bus *b)
{
  bus_slot slot;
  if (!bus_load(b, &slot)) return 0;
  b->cursor.id = slot.next_id;
  b->cursor.segment = slot.cur_first;
  b->cursor.offset = slot.cur_end;
  return 1;
}

int bus_oldest(bus *b, bus_cursor *at)
{
  bus_slot slot;
  if (!bus_load(b, &slot)) return 0;
  at->segment = at->id = bus_first(&slot);
  at->offset = 0;
  at->lost = 0;
  return 1;
}

int bus_cursor_to_start(bus *b)
{
  uint64_t lost = b->cursor.lost;
  if (!bus_oldest(b, &b->cursor)) return 0;
  b->cursor.lost = lost + b->cursor.id - 1;
  return 1;
}

uint64_t bus_lost(bus const *b)
{
  bus_slot slot;
  if (!b->serial || !bus_load(b, &slot) || bus_first(&slot) <= b->cursor.id) return b->cursor.lost;
  return b->cursor.lost + bus_first(&slot) - b->cursor.id;
}
