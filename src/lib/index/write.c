/* Writing: a new image beside the old one, renamed over it; a segment behind what is there. Nothing is synced: after a power failure a check
 * is wrong, and the index is made anew. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <porter/closing.h>
#include "compare.h"

#define ROOM_FACTOR 10 /* a file system with less free than so many indexes gets none */

int index_write_at(int fd, char const *s, size_t len, uint64_t at)
{
  while (len) {
    ssize_t const r = pwrite(fd, s, len, (off_t)at);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return errno = r ? errno : ENOSPC, 0;
    s += r;
    at += (uint64_t)r;
    len -= (size_t)r;
  }
  return 1;
}

static int has_room(int dir, uint64_t octets)
{
  struct statvfs st;
  if (fstatvfs(dir, &st) < 0) return 0;
  return st.f_bavail / ROOM_FACTOR >= octets / st.f_frsize ? 1 : (errno = ENOSPC, 0);
}

/* Sections begin at multiples of INDEX_ALIGN: what lies between them reads as NUL. */
static int write_image(folder_index const *ix, int fd)
{
  char head[INDEX_HEADER];
  index_header_pack(head, &ix->h);
  for (unsigned int i = 0; i < SECTIONS; i++)
    if (!index_write_at(fd, ix->memory[i], ix->h.section[i].len, ix->h.section[i].at)) return 0;
  return index_write_at(fd, ix->segments, ix->segments_len, ix->h.image) && index_write_at(fd, head, sizeof head, 0);
}

/* One more segment in memory. Those that were read stay where they are: changes point into them. */
static int keep_segment(folder_index *ix, char const *segment, size_t len)
{
  char *const s = arena_take(&ix->a, ix->segments_len + len);
  if (!s) return 0;
  if (ix->segments_len) memcpy(s, ix->segments, ix->segments_len);
  memcpy(s + ix->segments_len, segment, len);
  ix->segments = s;
  ix->segments_len += len;
  return 1;
}

/* The image's own segment, as if it had been read. */
static int keep_first(folder_index *ix)
{
  char s[INDEX_SEGMENT];
  index_segment_pack(s, &ix->last, ix->h.instance);
  ix->segments_len = 0;
  return keep_segment(ix, s, sizeof s);
}

int index_image_write(folder_index *ix, int tmp, char const *unique) { return keep_first(ix) && index_image_rewrite(ix, tmp, unique); }

int index_image_rewrite(folder_index *ix, int tmp, char const *unique)
{
  struct stat st;
  int fd, error;
  if (!has_room(tmp, ix->h.image)) return 0;
  fd = openat(tmp, unique, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return 0;
  if (write_image(ix, fd) && !fstat(fd, &st) && !renameat(tmp, unique, ix->dir, ix->name)) {
    if (ix->fd >= 0) close(ix->fd);
    ix->fd = fd;
    ix->inode = st.st_ino;
    ix->device = st.st_dev;
    ix->size = (uint64_t)st.st_size;
    return 1;
  }
  error = errno;
  unlinkat(tmp, unique, 0);
  close(fd);
  return errno = error, 0;
}

/* Under the lock, and where nobody has written meanwhile: behind the last good segment. */
static int append_locked(folder_index *ix, int fd, char const *segment, size_t len)
{
  uint64_t const end = ix->h.image + ix->segments_len;
  struct stat st;
  if (fstat(fd, &st) < 0) return 0;
  if (st.st_ino != ix->inode || st.st_dev != ix->device || (uint64_t)st.st_size != ix->size || !index_current(ix)) return errno = EAGAIN, 0;
  if (ix->size != end && ftruncate(fd, (off_t)end) < 0) return 0;
  ix->size = end;
  if (!index_write_at(fd, segment, len, end)) return 0;
  ix->size = end + len;
  return keep_segment(ix, segment, len);
}

static int append(folder_index *ix, char const *segment, size_t len)
{
  int const fd = openat(ix->dir, ix->name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  return fd < 0 ? 0 : close_keeping(fd, !flock(fd, LOCK_EX | LOCK_NB) && append_locked(ix, fd, segment, len));
}

int index_segment_write(folder_index *ix, comparison const *c, index_stamp const stamp[PLACES])
{
  size_t len = INDEX_SEGMENT;
  char *s;
  int good;
  index_segment g = { .len = (uint32_t)(INDEX_SEGMENT + c->octets),
    .operations = (uint32_t)c->count,
    .sequence = ix->last.sequence + 1,
    .stamp = { stamp[PLACE_NEW], stamp[PLACE_CUR] },
    .mails = c->total.mails,
    .unread = c->total.unread,
    .octets = c->total.octets };
  for (size_t i = 0; i < c->count; i++) g.threads += c->operation[i].kind == INDEX_THREAD;
  ix->last = g;
  if (c->octets > INDEX_SEGMENTS_MAX || ix->segments_len + INDEX_SEGMENT + c->octets > INDEX_SEGMENTS_MAX) return errno = EFBIG, 0;
  s = malloc(g.len);
  if (!s) return 0;
  for (size_t i = 0; i < c->count; i++) len += index_operation_pack(s + len, c->operation + i);
  index_segment_pack(s, &g, ix->h.instance);
  good = append(ix, s, len);
  free(s);
  return good;
}
