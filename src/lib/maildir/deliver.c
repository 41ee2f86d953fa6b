/* Delivery: made in tmp, synced, placed under its name, its directory synced. Killed at any call, it is there whole or not at
 * all; at most something in tmp is left, which readers pass over and whoever tidies a Maildir removes after 36 hours. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>  /* renameat2 */
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
  if (d->fd < 0) d->name[0] = 0;  /* what has the name is not ours */
  return d->fd >= 0;
}

int mailbox_deliver_written(delivery *d, mode_t mode, struct timespec const *times)
{
  int fd = d->fd;
  if (fchmod(fd, mode) < 0 || (times && futimens(fd, times) < 0) || fsync(fd) < 0) return 0;
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
  unlinkat(d->tmp, d->name, 0);  /* it is there under its name; a second one in tmp harms nobody */
  return 1;
}

int mailbox_deliver_place(delivery *d, int to, char const *name)
{
  int error;
  if (!rename_new(d, to, name)) return 0;
  if (!fsync(to)) return d->name[0] = 0, 1;
  error = errno;
  if (renameat(to, name, d->tmp, d->name) < 0) d->name[0] = 0;
  return errno = error, 0;
}

int mailbox_deliver_replace(delivery *d, int to, char const *name)
{
  if (renameat(d->tmp, d->name, to, name) < 0) return 0;
  d->name[0] = 0;
  return !fsync(to);
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
