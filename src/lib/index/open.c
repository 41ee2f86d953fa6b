/* An index file is opened: what kind of file it is, its header, its segments. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "index.h"

/* All len octets, or 0 with errno; EILSEQ where the file ends before. */
static int read_all(int fd, uint64_t at, char *s, size_t len)
{
  while (len) {
    ssize_t const r = pread(fd, s, len, (off_t)at);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return errno = r ? errno : EILSEQ, 0;
    s += r;
    at += (uint64_t)r;
    len -= (size_t)r;
  }
  return 1;
}

#define HOLES_FROM (1 << 20) /* octets of a file from which on it matters whether they are there */

/* Whether all octets of the file are there, as they are of what was written: gigabytes of nothing cost who made them nothing, and us their reading. What
 * a file system does not keep as it was written (compressed) need not be there to have no hole; one that knows no holes says that there are none. */
static int is_whole(int fd, struct stat const *st)
{
  if (st->st_size < HOLES_FROM || st->st_blocks >= (st->st_size + 511) / 512) return 1;
  return lseek(fd, 0, SEEK_HOLE) >= st->st_size;
}

/* Ours, a regular file, with one name. */
static int look(folder_index *ix)
{
  struct stat st;
  if (fstat(ix->fd, &st) < 0) return 0;
  if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1 || st.st_size < INDEX_HEADER + INDEX_SEGMENT
    || (uint64_t)st.st_size > INDEX_FILE_MAX || !is_whole(ix->fd, &st))
    return errno = EILSEQ, 0;
  ix->inode = st.st_ino;
  ix->device = st.st_dev;
  ix->size = (uint64_t)st.st_size;
  return 1;
}

/* The segments behind the image, up to the first that is not whole: the last good one holds. There is always one. */
static int read_segments(folder_index *ix)
{
  uint64_t const behind = ix->size - ix->h.image;
  size_t const len = behind < INDEX_SEGMENTS_MAX ? (size_t)behind : INDEX_SEGMENTS_MAX;
  uint64_t sequence = ix->h.sequence;
  ix->segments = ix->segments_read = malloc(len ? len : 1);
  if (!ix->segments || !read_all(ix->fd, ix->h.image, ix->segments_read, len)) return 0;
  for (index_segment g; index_segment_unpack(&g, ix->segments + ix->segments_len, len - ix->segments_len, ix->h.instance); ix->last = g) {
    if (g.sequence != sequence + 1) break;
    sequence = g.sequence;
    ix->segments_len += g.len;
  }
  return ix->segments_len ? 1 : (errno = EILSEQ, 0);
}

int index_open(folder_index *ix, int dir, char const *name, uint64_t keys_version)
{
  char header[INDEX_HEADER];
  int error;
  *ix = (folder_index)FOLDER_INDEX_ZERO;
  ix->dir = dir;
  ix->name = name;
  ix->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (ix->fd < 0) return 0;
  if (look(ix) && read_all(ix->fd, 0, header, sizeof header) && (index_header_unpack(&ix->h, header, ix->size, keys_version) || (errno = EILSEQ, 0))
    && read_segments(ix))
    return 1;
  error = errno;
  index_close(ix);
  return errno = error, 0;
}

void index_close(folder_index *ix)
{
  if (ix->fd >= 0) close(ix->fd);
  for (unsigned int i = 0; i < SECTIONS; i++) free(ix->memory[i]);
  free(ix->cached);
  free(ix->pieces);
  free(ix->segments_read);
  free(ix->expected.slot);
  free(ix->hint);
  index_changes_free(ix);
  *ix = (folder_index)FOLDER_INDEX_ZERO;
}

int index_current(folder_index const *ix)
{
  struct stat st;
  return ix->fd >= 0 && !fstatat(ix->dir, ix->name, &st, AT_SYMLINK_NOFOLLOW) && st.st_ino == ix->inode && st.st_dev == ix->device
    && (uint64_t)st.st_size == ix->size;
}

static int apply(folder_index *ix, char const *s, index_segment const *g)
{
  size_t used = INDEX_SEGMENT;
  for (uint32_t i = 0; i < g->operations; i++) {
    index_operation o;
    size_t const len = index_operation_unpack(&o, s + used, g->len - used);
    if (!len) return errno = EILSEQ, 0;
    if (!index_change_make(ix, &o, (uint32_t)g->sequence)) return 0;
    used += len;
  }
  return used == g->len ? 1 : (errno = EILSEQ, 0);
}

int index_apply(folder_index *ix)
{
  size_t all = 0;
  index_segment g;
  int good;
  if (ix->applied) return 1;
  for (size_t at = 0; at < ix->segments_len; at += g.len) index_segment_head(&g, ix->segments + at), all += g.operations;
  good = index_changes_room(ix, all);
  ix->applying = 1;
  for (size_t at = 0; good && at < ix->segments_len; at += g.len) {
    index_segment_head(&g, ix->segments + at);
    good = apply(ix, ix->segments + at, &g);
  }
  ix->applying = 0;
  if (!good) ix->broken = 1;
  return ix->applied = good;
}
