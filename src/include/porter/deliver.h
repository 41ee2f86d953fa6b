/* Delivery: what comes into a mailbox is made in a tmp, where nobody takes it for mail, made to last there, and appears whole
 * under its name (maildir(5)). Mails, folders and small files of the mailbox's own come this way. */
#ifndef PORTER_DELIVER_H
#define PORTER_DELIVER_H

#include <sys/stat.h>

#include <porter/maildir.h>

typedef struct delivery_s delivery;
struct delivery_s {
  int tmp; /* the directory in which it is made */
  int fd;  /* itself: a file to be written, or a directory to be filled */
  int directory;
  char name[MAILDIR_NAME_MAX + 1]; /* in tmp; empty where there is nothing of it */
};
#define DELIVERY_ZERO \
  { \
    .tmp = -1, .fd = -1 \
  }

/* Begins one in the tmp of the open directory dir: an empty file of mode 0600, or with directory an empty directory of 0700.
 * Functions give 1, or 0 with errno; mailbox_deliver_end is due in any case. */
extern int mailbox_deliver(delivery *d, mailbox *box, int dir, int directory);
/* Adds len octets of the file from, those from at on, by the kernel alone, and has them written back meanwhile. EIO where the file
 * has no more. */
extern int mailbox_deliver_copy(delivery *d, int from, uint64_t at, uint64_t len);
/* All is written: gives it its mode and, unless times is null, atime and mtime, syncs and closes it. */
extern int mailbox_deliver_written(delivery *d, mode_t mode, struct timespec const *times);
/* Puts it under name into the open directory to, never over what is there, and makes that last. Where it fails it is in tmp
 * again, so that after EEXIST another name can be tried. */
extern int mailbox_deliver_place(delivery *d, int to, char const *name);
/* The same, but over a file that has the name. */
extern int mailbox_deliver_replace(delivery *d, int to, char const *name);
/* Puts it there, over what has the name, unsynced: what may be lost, as it can be made again. */
extern int mailbox_deliver_unsynced(delivery *d, int to, char const *name);
/* Makes last what was written to a file, or done to the names in a directory. A file system that cannot do that (EINVAL) has nothing to
 * make last. */
extern int mailbox_sync(int fd);
/* Gives what is open as fd that mode; without its S_ISGID where that is forbidden (EPERM: systemd's RestrictSUIDSGID=). 0 with errno. */
extern int mailbox_set_mode(int fd, mode_t mode);
/* Removes what has not been placed (a directory must be empty for that). Keeps errno. */
extern void mailbox_deliver_end(delivery *d);

#endif
