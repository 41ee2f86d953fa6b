/* Names, under the lock: who has one, taking it, sweeping away what the dead have left. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bus_internal.h"

void bus_name_path(char *s, char const *name) { stpcpy(stpcpy(s, "name/"), name); }

/* --- sweeping --- */

struct sweep {
  bus *b;
  char const *sub;
  int dead, unlink;
};

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

int bus_dead(bus *b)
{
  struct sweep conn = { .b = b, .sub = "conn" };
  return bus_entries(b->dir, "conn", &sweep_entry, &conn) && conn.dead;
}

/* What points to a fifo goes before the fifo: nothing ever dangles. */
int bus_sweep(bus *b)
{
  struct sweep conn = { .b = b, .sub = "conn", .unlink = 1 }, name = { .b = b, .sub = "name", .unlink = 1 };
  int good;
  bus_names_begin(b);
  good = bus_entries(b->dir, "name", &sweep_entry, &name);
  bus_names_end(b);
  return good && bus_entries(b->dir, "conn", &sweep_entry, &conn);
}

/* --- names --- */

/* Whether somebody else who lives has it; *fd, if not null, is then his fifo. -1: cannot tell, errno. */
int bus_name_taken(bus *b, char const *path, int *fd)
{
  int f = bus_fifo_open(b, path);
  if (f < 0) return errno == ENXIO || errno == ENOENT ? 0 : -1;
  if (fd) *fd = f;
  else close(f);
  return 1;
}

static int name_change(bus *b, char const *path)
{
  char old[5 + CONTROL_NAME_MAX + 1];
  bus_name_path(old, b->name);
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
  switch (bus_name_taken(b, path, NULL)) {
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
