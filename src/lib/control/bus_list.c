/* Who is connected now, under which name; and who comes, goes, and changes his name, for those who want to be told. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "bus_internal.h"

#define LIST_TRIES 4
/* ns. It goes name by name, which wakes us with each: what we made in it at once would keep it from going. */
#define WIPED_REST 100000000

typedef struct bus_member_s member;
struct bus_member_s {
  uint64_t serial;
  uint32_t uid;
  int fd; /* -1, or his fifo, held open to see his end */
  char name[CONTROL_NAME_MAX + 1];
};
struct listing {
  bus *b;
  member *all;
  size_t count, size;
};

static int by_serial(void const *a, void const *b)
{
  uint64_t x = ((member const *)a)->serial, y = ((member const *)b)->serial;
  return (x > y) - (x < y);
}

static int list_conn(void *context, char const *name)
{
  struct listing *l = context;
  member m = { .fd = -1 };
  char path[5 + 256];
  int fd;
  if (!bus_conn_scan(name, &m.serial, &m.uid)) return 1;
  stpcpy(stpcpy(path, "conn/"), name);
  fd = bus_fifo_open(l->b, path);
  if (fd >= 0) close(fd);
  else if (errno == ENXIO || errno == ENOENT) return 1;
  if (l->count == l->size) {
    size_t size = l->size ? 2 * l->size : 64;
    member *more = realloc(l->all, size * sizeof *more);
    if (!more) return l->size = 0, 0;
    l->all = more;
    l->size = size;
  }
  l->all[l->count++] = m;
  return 1;
}

static int list_name(void *context, char const *name)
{
  struct listing *l = context;
  member key, *m;
  char path[5 + 256], link[BUS_PATH];
  ssize_t n;
  if (!control_name_valid(slice_of(name))) return 1;
  stpcpy(stpcpy(path, "name/"), name);
  n = readlinkat(l->b->dir, path, link, sizeof link - 1);
  if (n < 8) return 1;
  link[n] = 0;
  if (strncmp(link, "../conn/", 8) || !bus_conn_scan(link + 8, &key.serial, &key.uid)) return 1;
  m = l->count ? bsearch(&key, l->all, l->count, sizeof key, &by_serial) : NULL;
  if (m) strcpy(m->name, name);
  return 1;
}

static int list_make(struct listing *l)
{
  l->count = 0;
  if (!bus_entries(l->b->dir, "conn", &list_conn, l)) return 0;
  if (!l->count) return 1;
  if (!l->size) return errno = ENOMEM, 0;
  qsort(l->all, l->count, sizeof *l->all, &by_serial);
  return bus_entries(l->b->dir, "name", &list_name, l);
}

/* Without the lock, which three hundred fifos would keep from who posts. Connections may come and go meanwhile, each for itself; but who
 * changes his name would be seen without one. 0, EBUSY: names kept changing. */
static int list_unlocked(struct listing *l)
{
  for (unsigned int tries = 0; tries < LIST_TRIES; tries++) {
    uint64_t names = bus_names(l->b);
    if (names & 1) {
      sched_yield();
      continue;
    }
    if (!list_make(l)) return 0;
    if (bus_names(l->b) == names) return 1;
  }
  return errno = EBUSY, 0;
}

static int list_locked(struct listing *l)
{
  for (unsigned int tries = 0; tries < BUS_TRIES; tries++) {
    int good;
    if (!bus_enter(l->b)) return 0;
    if (bus_names(l->b) & 1) bus_names_end(l->b);
    good = list_make(l);
    if (good || errno != ENOENT) return bus_exit(l->b), good;
    bus_broken(l->b);
  }
  return errno = ESTALE, 0;
}

int bus_list(bus *b, void (*each)(void *context, char const *name), void *context)
{
  struct listing l = { .b = b };
  int good = (b->serial && list_unlocked(&l)) || list_locked(&l), e = errno;
  if (good)
    for (size_t i = 0; i < l.count; i++) (*each)(context, l.all[i].name);
  free(l.all);
  return errno = e, good;
}

/* --- changes ---
 *
 * What wakes us: inotify on conn/ and name/ (who comes, leaves, is swept away, changes his name), and the fifo of each, held open for
 * writing, which has an error when its reader is gone, however he died. All of them are in one epoll, by their edges. Then a list is made
 * and compared with the last one: what happened between two looks is told as one change, or none. Nobody else pays for it. */

static int watched(bus_watcher *w, int fd, uint32_t events)
{
  struct epoll_event event = { .events = events | EPOLLET };
  return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int inotify_directory(bus_watcher *w, char const *statedir, char const *sub)
{
  char path[4096];
  int n = snprintf(path, sizeof path, "%s/%s", statedir, sub);
  if (n < 0 || (size_t)n >= sizeof path) return errno = ENAMETOOLONG, 0;
  return inotify_add_watch(w->inotify, path, IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_ONLYDIR) >= 0;
}

static void watcher_release(bus_watcher *w)
{
  if (w->inotify >= 0) close(w->inotify);
  if (w->epoll >= 0) close(w->epoll);
  w->inotify = w->epoll = -1;
  for (size_t i = 0; i < w->count; i++)
    if (w->member[i].fd >= 0) close(w->member[i].fd);
}

void bus_watcher_close(bus_watcher *w)
{
  if (!w->open) return;
  watcher_release(w);
  free(w->member);
  *w = (bus_watcher)BUS_WATCHER_ZERO;
}

/* Holds his fifo; 0: he is gone already. One whose fifo we have no descriptor for is told as gone when somebody sweeps it away. */
static int member_hold(bus *b, bus_watcher *w, member *m)
{
  char path[BUS_PATH];
  bus_conn_fmt(path, "conn/", m->serial, m->uid);
  m->fd = bus_fifo_open(b, path);
  if (m->fd < 0) return errno != ENXIO && errno != ENOENT;
  watched(w, m->fd, 0);
  return 1;
}

/* Goes through the last list and this one, both by serial; tells the differences, and makes this one the last. */
static void compare(bus *b, bus_watcher *w, struct listing *now, bus_change_func *each, void *context)
{
  size_t i = 0, kept = 0;
  for (size_t k = 0; k < now->count; k++) {
    member *m = now->all + k;
    for (; i < w->count && w->member[i].serial < m->serial; i++) {
      if (w->member[i].fd >= 0) close(w->member[i].fd);
      if (each) (*each)(context, w->member[i].name, NULL);
    }
    if (i < w->count && w->member[i].serial == m->serial) {
      m->fd = w->member[i].fd;
      if (each && strcmp(w->member[i].name, m->name)) (*each)(context, w->member[i].name, m->name);
      i++;
    } else {
      if (!member_hold(b, w, m)) continue;
      if (each) (*each)(context, NULL, m->name);
    }
    now->all[kept++] = *m;
  }
  for (; i < w->count; i++) {
    if (w->member[i].fd >= 0) close(w->member[i].fd);
    if (each) (*each)(context, w->member[i].name, NULL);
  }
  free(w->member);
  w->member = now->all;
  w->count = kept;
}

/* Begins to watch the state directory that is joined now. */
static int watcher_begin(bus *b, bus_watcher *w)
{
  w->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  w->epoll = epoll_create1(EPOLL_CLOEXEC);
  w->joined = b->joined;
  w->due = 1;
  return w->inotify >= 0 && w->epoll >= 0 && inotify_directory(w, b->path, "conn") && inotify_directory(w, b->path, "name")
    && watched(w, w->inotify, EPOLLIN);
}

int bus_watcher_open(bus *b, bus_watcher *w)
{
  struct listing now = { .b = b };
  int e;
  bus_check(b, 1);
  if (!bus_join(b)) return 0;
  *w = (bus_watcher)BUS_WATCHER_ZERO;
  w->open = 1;
  if (watcher_begin(b, w) && (list_unlocked(&now) || list_locked(&now))) {
    compare(b, w, &now, NULL, NULL);
    return 1;
  }
  e = errno;
  free(now.all);
  bus_watcher_close(w);
  return errno = e, 0;
}

/* Takes what woke us. */
static void watcher_drain(bus_watcher *w)
{
  _Alignas(struct inotify_event) char events[4096];
  struct epoll_event ready[16];
  while (epoll_wait(w->epoll, ready, sizeof ready / sizeof *ready, 0) > 0) w->due = 1;
  while (read(w->inotify, events, sizeof events) > 0) w->due = 1;
}

/* Something is missing that must be there. It may be a removal on its way, which gets its time; then we make it anew, as nobody else may come who does:
 * who watches would be in no list, and hear of nobody. */
static int watcher_misses(bus *b, bus_watcher *w)
{
  struct listing now = { .b = b };
  if (!w->missing) w->missing = 1, w->rest = bus_now() + WIPED_REST;
  else if (bus_now() >= w->rest) {
    w->missing = 0;
    bus_check(b, 1);
    list_locked(&now);
    free(now.all);
  }
  return errno = ESTALE, 0;
}

/* The state directory was wiped and joined anew: all have left the old one. */
static int watcher_again(bus *b, bus_watcher *w, bus_change_func *each, void *context)
{
  watcher_release(w);
  for (size_t i = 0; i < w->count; i++) (*each)(context, w->member[i].name, NULL);
  w->count = 0;
  if (watcher_begin(b, w)) return 1;
  w->joined--; /* try again */
  return errno == ENOENT ? (errno = ESTALE, 0) : 0;
}

int bus_watcher_look(bus *b, bus_watcher *w, bus_change_func *each, void *context)
{
  struct listing now = { .b = b };
  if (w->joined == b->joined) {
    watcher_drain(w);
    if (!w->due) return 1;
  }
  if (bus_wiped(b)) w->rest = bus_now() + WIPED_REST;
  if (!b->serial && bus_now() < w->rest) return watcher_drain(w), errno = ESTALE, 0;
  if (!bus_join(b)) return 0;
  if (w->joined != b->joined && !watcher_again(b, w, each, context)) return 0;
  if (!bus_entered(b)) return watcher_misses(b, w);
  if (!list_unlocked(&now)) {
    int e = errno;
    free(now.all);
    return e == ENOENT ? watcher_misses(b, w) : (errno = e, 0);
  }
  w->due = w->missing = 0;
  compare(b, w, &now, each, context);
  return 1;
}
