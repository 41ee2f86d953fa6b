/* Delivery: made in tmp, synced, placed under its name, its directory synced. Killed at any call, it is there whole or not at
 * all; at most something in tmp is left, which readers pass over and whoever tidies a Maildir removes after 36 hours. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat2 */
#include <sys/sendfile.h>
#include <unistd.h>

#include <porter/deliver.h>

int mailbox_deliver(delivery *d, mailbox *box, int dir, int directory)
{
  *d = (delivery)DELIVERY_ZERO;
  d->directory = directory;
  d->tmp = openat(dir, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (d->tmp < 0) return 0;
  mailbox_unique(box, d->name, 0, 0);
  if (!directory) d->fd = openat(d->tmp, d->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  else if (!mkdirat(d->tmp, d->name, 0700)) {
    d->fd = openat(d->tmp, d->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (d->fd < 0) return 0;
  }
  if (d->fd < 0) d->name[0] = 0; /* what has the name is not ours */
  return d->fd >= 0;
}

#define STEP (8u << 20) /* octets after which what is there already is sent to the disk */

/* Between file systems, and on those that cannot, copy_file_range refuses. */
static ssize_t copy_step(int to, int from, off_t *at, size_t len, int *ranges)
{
  if (*ranges) {
    ssize_t r = copy_file_range(from, at, to, NULL, len, 0);
    if (r >= 0 || (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP && errno != EPERM)) return r;
    *ranges = 0;
  }
  return sendfile(to, from, at, len);
}

int mailbox_deliver_copy(delivery *d, int from, uint64_t at, uint64_t len)
{
  off_t place = (off_t)at, first = lseek(d->fd, 0, SEEK_CUR), begun = 0;
  int ranges = 1;
  if (first < 0) return 0;
  for (uint64_t done = 0; done < len; done = (uint64_t)place - at) {
    size_t want = len - done < STEP ? (size_t)(len - done) : STEP;
    ssize_t r = copy_step(d->fd, from, &place, want, &ranges);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return errno = r ? errno : EIO, 0;
    /* A hint: where it is refused, fsync does all of it. */
    if (place - (off_t)at - begun >= (off_t)STEP) {
      sync_file_range(d->fd, first + begun, place - (off_t)at - begun, SYNC_FILE_RANGE_WRITE);
      begun = place - (off_t)at;
    }
  }
  return 1;
}

int mailbox_sync(int fd) { return !fsync(fd) || errno == EINVAL || errno == ENOTSUP; }

int mailbox_set_mode(int fd, mode_t mode)
{
  if (!fchmod(fd, mode)) return 1;
  return errno == EPERM && mode & S_ISGID && !fchmod(fd, mode & 0777);
}

int mailbox_deliver_written(delivery *d, mode_t mode, struct timespec const *times)
{
  int fd = d->fd;
  if (!mailbox_set_mode(fd, mode) || (times && futimens(fd, times) < 0) || !mailbox_sync(fd)) return 0;
  d->fd = -1;
  return !close(fd);
}

/* File systems that do not know NOREPLACE (NFS): rename(2) replaces no directory but an empty one, link(2) nothing. */
static int rename_new(delivery const *d, int to, char const *name)
{
  if (!renameat2(d->tmp, d->name, to, name, RENAME_NOREPLACE)) return 1;
  if (errno != EINVAL) return 0;
  if (d->directory) return !renameat(d->tmp, d->name, to, name);
  if (linkat(d->tmp, d->name, to, name, 0) < 0) return 0;
  unlinkat(d->tmp, d->name, 0); /* it is there under its name; a second one in tmp harms nobody */
  return 1;
}

int mailbox_deliver_place(delivery *d, int to, char const *name)
{
  int error;
  if (!rename_new(d, to, name)) return 0;
  if (mailbox_sync(to)) return d->name[0] = 0, 1;
  error = errno;
  if (renameat(to, name, d->tmp, d->name) < 0) d->name[0] = 0;
  return errno = error, 0;
}

int mailbox_deliver_replace(delivery *d, int to, char const *name)
{
  if (renameat(d->tmp, d->name, to, name) < 0) return 0;
  d->name[0] = 0;
  return mailbox_sync(to);
}

int mailbox_deliver_unsynced(delivery *d, int to, char const *name)
{
  if (renameat(d->tmp, d->name, to, name) < 0) return 0;
  d->name[0] = 0;
  return 1;
}

void mailbox_deliver_end(delivery *d)
{
  int error = errno;
  if (d->fd >= 0) close(d->fd);
  if (d->name[0]) unlinkat(d->tmp, d->name, d->directory ? AT_REMOVEDIR : 0);
  if (d->tmp >= 0) close(d->tmp);
  *d = (delivery)DELIVERY_ZERO;
  errno = error;
}
