/* Listing a place: the names that new or cur holds.
 *
 * 1. A listing of several getdents64 is no moment: a file renamed between two of them is met twice or not at all. The kernel
 *    holds the directory's lock for a whole call, so one call with room for all names is one moment.
 * 2. How much room is needed nobody says: st_size is what the names take on ext4, a count times 20 on tmpfs, next to nothing
 *    on XFS. Room that is not written to costs nothing, so it is plenty; where it was not, the next look has more.
 * 3. FUSE gives at most 128 KiB a call, whatever room there is: a reader learns how many calls it took (view.c has the rule).
 *    On NFS one here can be several there, and this does not tell: there the stamp is asked for again behind the listing. On btrfs
 *    a listing ends with what was there when it was rewound: of what is renamed between that and the call it has neither name. There
 *    the stamp must be settled, too.
 * 4. A stamp (ctime, mtime) tells whether anything changed since, but only once the clock that it was taken from has gone on: a
 *    later change within the same tick bears the same stamp. Then it is settled.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "private.h"

#define LARGE_PAGE (2u << 20)
#define RECORD_MIN 24  /* octets that one name takes at least */
#define RECORD_MAX 512 /* octets that one name may take in a listing: 280, and some more */

size_t place_room(int fd)
{
  struct stat st;
  uint64_t room = PLACE_ROOM_MIN;
  if (fd >= 0 && !fstat(fd, &st) && st.st_size > 0) room += 4 * (uint64_t)st.st_size;
  return room < PLACE_ROOM_MAX ? (size_t)room : PLACE_ROOM_MAX;
}

static struct dirent64 const *record(char const *s, size_t at) { return (struct dirent64 const *)(void const *)(s + at); }

static int is_regular(int fd, struct dirent64 const *d)
{
  struct stat st;
  if (d->d_name[0] == '.') return 0;
  if (d->d_type != DT_UNKNOWN) return d->d_type == DT_REG;
  return !fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
}

/* The names among len octets of records, which stay where they are. */
static int take_names(int fd, arena *a, char const *s, size_t len, place_list *list)
{
  size_t const room = (len / RECORD_MIN + 1) * sizeof *list->name; /* what is not written to costs nothing */
  place_name *const names = arena_take(a, room), *to = names;
  if (!names) return 0;
  place_large(names, room);
  for (size_t at = 0; at < len; at += record(s, at)->d_reclen) {
    struct dirent64 const *d = record(s, at);
    if (is_regular(fd, d)) *to++ = (place_name){ d->d_name, d->d_ino };
  }
  list->name = names;
  list->count = (size_t)(to - names);
  arena_shrink(a, names, room, (list->count + 1) * sizeof *names);
  return 1;
}

void place_large(void *s, size_t len)
{
  uintptr_t const from = ((uintptr_t)s + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE, to = ((uintptr_t)s + len) / LARGE_PAGE * LARGE_PAGE;
  int const error = errno;
  if (from < to) madvise((void *)from, to - from, MADV_HUGEPAGE);
  errno = error;
}

void *place_large_take(uint64_t len)
{
  uint64_t const whole = (len + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
  void *s;
  if (len < LARGE_PAGE) return malloc(len ? (size_t)len : 1);
  s = aligned_alloc(LARGE_PAGE, (size_t)whole);
  if (s) place_large(s, (size_t)whole);
  return s;
}

/* Room in the arena: less, where so much is not to be had. */
static char *take_room(arena *a, size_t *room)
{
  for (;;) {
    char *s = arena_take(a, *room);
    if (s || *room <= PLACE_ROOM_MIN) return s;
    *room = *room / 2 > PLACE_ROOM_MIN ? *room / 2 : PLACE_ROOM_MIN;
  }
}

/* Room from where large pages begin, if little is lost by it: a fault for each small page before that costs as much as its names. */
static char *large_start(char *s, size_t *size)
{
  size_t const skip = (LARGE_PAGE - (uintptr_t)s % LARGE_PAGE) % LARGE_PAGE;
  if (skip > *size / 8) return s;
  *size -= skip;
  return s + skip;
}

/* What another host has removed is stale on NFS where a local file system says that it is not there. 0 with errno. */
static int failed(void)
{
  if (errno == ESTALE) errno = ENOENT;
  return 0;
}

int place_read(int fd, arena *a, size_t *room, place_list *list)
{
  size_t len = 0, size = *room;
  char *s;
  *list = (place_list){ 0 };
  if (fd < 0) return 1;
  if (lseek(fd, 0, SEEK_SET) < 0) return 0;
  s = take_room(a, &size);
  if (!s) return 0;
  s = large_start(s, &size);
  place_large(s, size);
  for (;;) {
    ssize_t got;
    if (size - len < RECORD_MAX) {
      char *more;
      size *= 2;
      more = arena_take(a, size);
      if (!more) return 0;
      s = memcpy(more, s, len);
    }
    do got = getdents64(fd, s + len, size - len);
    while (got < 0 && errno == EINTR);
    if (got < 0) return failed();
    if (!got) break;
    list->calls++;
    len += (size_t)got;
  }
  arena_shrink(a, s, size, len);
  if (list->calls > 1 && 2 * len + PLACE_ROOM_MIN > *room)
    *room = 2 * len + PLACE_ROOM_MIN < PLACE_ROOM_MAX ? 2 * len + PLACE_ROOM_MIN : PLACE_ROOM_MAX;
  return take_names(fd, a, s, len, list);
}

/* --- stamps --- */

static uint64_t nanoseconds(struct timespec const *t) { return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec; }

static uint64_t moment(struct statx_timestamp const *t) { return (uint64_t)t->tv_sec * 1000000000u + t->tv_nsec; }

int place_clock(uint64_t *clock)
{
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME_COARSE, &now) < 0) return 0;
  *clock = nanoseconds(&now);
  return 1;
}

place_stamp place_stamp_from(struct stat const *st)
{
  return (place_stamp){ nanoseconds(&st->st_ctim), nanoseconds(&st->st_mtim), st->st_ino, st->st_dev };
}

/* NFS answers fstat of what is open from a cache, which is a minute old at worst: so the server is asked. */
int place_stamp_take(int fd, place_stamp *s)
{
  struct statx st;
  *s = (place_stamp){ 0, 0, 0, 0 };
  if (fd < 0) return 1;
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_FORCE_SYNC, STATX_CTIME | STATX_MTIME | STATX_INO, &st) < 0) return failed();
  *s = (place_stamp){ moment(&st.stx_ctime), moment(&st.stx_mtime), st.stx_ino, makedev(st.stx_dev_major, st.stx_dev_minor) };
  return 1;
}

int place_stamp_of(int dir, char const *path, place_stamp *s)
{
  struct stat st;
  *s = (place_stamp){ 0, 0, 0, 0 };
  if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0) return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == EACCES;
  *s = place_stamp_from(&st);
  return 1;
}

int place_stamp_same(place_stamp const *a, place_stamp const *b)
{
  return a->changed == b->changed && a->modified == b->modified && a->inode == b->inode && a->device == b->device;
}

int place_kind(int fd)
{
  static unsigned int const types[] = {
    NFS_SUPER_MAGIC,
    SMB_SUPER_MAGIC,
    CIFS_SUPER_MAGIC,
    SMB2_SUPER_MAGIC,
    FUSE_SUPER_MAGIC,
    CEPH_SUPER_MAGIC,
    V9FS_MAGIC,
    AFS_SUPER_MAGIC,
    AFS_FS_MAGIC,
    CODA_SUPER_MAGIC,
    OCFS2_SUPER_MAGIC,
  };
  struct statfs st;
  if (fstatfs(fd, &st) < 0) return PLACE_REMOTE;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if ((unsigned int)st.f_type == types[i]) return PLACE_REMOTE;
  /* What lies below an overlay is not told. */
  return (unsigned int)st.f_type == BTRFS_SUPER_MAGIC || (unsigned int)st.f_type == OVERLAYFS_SUPER_MAGIC ? PLACE_LATE : PLACE_LOCAL;
}

int place_remote(int fd) { return place_kind(fd) == PLACE_REMOTE; }
