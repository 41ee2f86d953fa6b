/* Uploads: octets that a client has brought for a mail it is about to store. porter.uploads is a cache with a promise of a day;
 * names are random, so that whoever was not told one does not find it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/hex.h>
#include <porter/limits.h>
#include <porter/locking.h>
#include <porter/store.h>

#include "list.h"

#define DIRECTORY "porter.uploads"
#define LOCK_MS 5000 /* another holds it for as long as the directory takes to be read */

static int open_directory(mailbox const *box) { return openat(box->fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

typedef struct kept_s kept;
struct kept_s {
  int64_t time;
  uint64_t octets;
  char name[UPLOAD_NAME_LEN + 1];
};

typedef struct uploads_s uploads;
struct uploads_s {
  kept *list; /* the caller frees it */
  size_t count, room;
  uint64_t octets;
};

static int is_name(char const *s) { return strlen(s) == UPLOAD_NAME_LEN && strspn(s, HEX_LOWER) == UPLOAD_NAME_LEN; }

/* Of a day that is yet to come it is as well: then the clock was wrong, and nothing else would take it away. */
static int had_its_day(int64_t time, int64_t now) { return time < now - UPLOAD_SECONDS || time > now + UPLOAD_SECONDS; }

static int add(uploads *u, char const *name, struct stat const *st)
{
  if (u->count == u->room) {
    size_t const room = u->room ? 2 * u->room : UPLOADS_MAX;
    kept *const more = realloc(u->list, room * sizeof *more);
    if (!more) return 0;
    u->list = more;
    u->room = room;
  }
  u->list[u->count] = (kept){ .time = st->st_mtim.tv_sec, .octets = (uint64_t)st->st_size };
  strcpy(u->list[u->count++].name, name);
  u->octets += (uint64_t)st->st_size;
  return 1;
}

/* Takes down what is there, and removes what has had its day. */
static int sweep(int fd, int64_t now, uploads *u)
{
  DIR *list = list_open(fd, ".");
  struct dirent *d;
  if (!list) return 0;
  while ((d = list_next(list))) {
    struct stat st;
    if (!is_name(d->d_name) || fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode)) continue;
    if (had_its_day(st.st_mtim.tv_sec, now)) unlinkat(fd, d->d_name, 0);
    else if (!add(u, d->d_name, &st)) return list_close(list, 0);
  }
  return list_close(list, !errno);
}

static int oldest_first(void const *x, void const *y)
{
  kept const *const a = x, *const b = y;
  return (a->time > b->time) - (a->time < b->time);
}

int upload_begin(delivery *d, mailbox *box)
{
  *d = (delivery)DELIVERY_ZERO;
  if (mkdirat(box->fd, DIRECTORY, 0700) < 0 && errno != EEXIST) return 0;
  return mailbox_deliver(d, box, box->fd, 0);
}

/* The oldest go, unless they were promised too short a time ago. */
static int remove_oldest(int fd, uint64_t size, int64_t now, uploads *u)
{
  if (u->count) qsort(u->list, u->count, sizeof *u->list, oldest_first);
  for (kept const *k = u->list; u->count >= UPLOADS_MAX || u->octets + size > UPLOADS_OCTETS_MAX; k++, u->count--) {
    if (!u->count || k->time > now - UPLOAD_SURE_SECONDS) return errno = EDQUOT, 0;
    if (unlinkat(fd, k->name, 0) < 0 && errno != ENOENT) return 0;
    u->octets -= k->octets;
  }
  return 1;
}

/* Makes room for one more of size octets. */
static int make_room(int fd, uint64_t size)
{
  int64_t const now = time(NULL);
  uploads u = { .count = 0 };
  int const good = sweep(fd, now, &u) && remove_oldest(fd, size, now, &u), error = errno;
  free(u.list);
  return errno = error, good;
}

static int random_name(char *name)
{
  unsigned char bits[UPLOAD_NAME_LEN / 2];
  if (getrandom(bits, sizeof bits, 0) != sizeof bits) return 0;
  name[hex_fmt(name, bits, sizeof bits, HEX_LOWER)] = 0;
  return 1;
}

int upload_keep(delivery *d, mailbox *box, char *name)
{
  struct stat st;
  int fd = open_directory(box);
  if (fd < 0) return 0;
  /* One at a time, or two would both find room for one. */
  return close_keeping(fd,
    lock_within(fd, LOCK_MS) && !fstat(d->fd, &st) && make_room(fd, (uint64_t)st.st_size) && random_name(name)
      && mailbox_deliver_unsynced(d, fd, name));
}

/* A regular file, or -1. */
static int open_upload(int dir, char const *name)
{
  int const fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 && errno != ENXIO) return fd;
  if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode)) return fd;
  if (fd >= 0) close(fd);
  return errno = ENOENT, -1;
}

int upload_open(mailbox const *box, slice name)
{
  char s[UPLOAD_NAME_LEN + 1];
  int fd;
  if (name.len != UPLOAD_NAME_LEN) return errno = ENOENT, -1;
  memcpy(s, name.s, name.len);
  s[name.len] = 0;
  if (!is_name(s)) return errno = ENOENT, -1;
  fd = open_directory(box);
  if (fd < 0) return -1;
  return close_keeping(fd, open_upload(fd, s));
}
