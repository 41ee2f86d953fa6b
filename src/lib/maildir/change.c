/* Changes: flags, moves, removal. Each mail by one rename or unlink of its own, so that a crash leaves it whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>  /* renameat2 */
#include <string.h>
#include <unistd.h>

#include <porter/deliver.h>
#include <porter/maildir.h>

#define FRESH_MAX 10  /* unique names that turn out to be taken */

/* Never over what is there. */
static int rename_new(int from, char const *old, int to, char const *new)
{
  struct stat st;
  if (!renameat2(from, old, to, new, RENAME_NOREPLACE)) return 1;
  if (errno != EINVAL) return 0;
  /* The file system does not know NOREPLACE (NFS): names are unique, so looking first is all that can be done. */
  if (!fstatat(to, new, &st, AT_SYMLINK_NOFOLLOW)) return errno = EEXIST, 0;
  return errno == ENOENT && !renameat(from, old, to, new);
}

/* The name that e gets: its own base, or a fresh one; with flags changed. */
static size_t compose(char *new_name, mailbox *box, mail_entry const *e, int fresh, char const *add, char const *remove, int drop_keywords)
{
  char unique[MAILDIR_NAME_MAX + 1];
  maildir_name n;
  maildir_name_split(&n, e->name, strlen(e->name));
  if (fresh) {
    uint64_t size = 0;
    int sized = maildir_name_size(n.base, &size);
    n.base = (slice){ unique, mailbox_unique(box, unique, sized, size) };
  }
  return maildir_name_flags(new_name, &n, add, remove, drop_keywords);
}

static int changes_flags(mail_entry const *e, char const *add, char const *remove)
{
  maildir_name n;
  maildir_name_split(&n, e->name, strlen(e->name));
  for (; *add; add++) if (!strchr(remove, *add) && !(n.flags.len && memchr(n.flags.s, *add, n.flags.len))) return 1;
  for (; *remove; remove++) if (n.flags.len && memchr(n.flags.s, *remove, n.flags.len)) return 1;
  return 0;
}

int folder_set_flags(folder *f, mailbox *box, mail_entry *e, char const *add, char const *remove, char *new_name)
{
  int fresh = 0;
  for (;;) {
    if (!changes_flags(e, add, remove)) return strcpy(new_name, e->name), 1;
    if (!compose(new_name, box, e, fresh != 0, add, remove, 0)) return 0;
    if (rename_new(f->place[e->where], e->name, f->place[PLACE_CUR], new_name)) return 1;
    if (errno == EEXIST && fresh++ < FRESH_MAX) continue;
    if (errno != ENOENT || !folder_find_again(f, e)) return 0;
  }
}

int folder_remove(folder *f, mail_entry *e)
{
  while (unlinkat(f->place[e->where], e->name, 0) < 0)
    if (errno != ENOENT || !folder_find_again(f, e)) return 0;
  return 1;
}

/* --- to a folder on another file system --- */

static int copy_file(folder *f, mail_entry *e, delivery *d)
{
  struct stat st;
  int good, error, from;
  do from = openat(f->place[e->where], e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  while (from < 0 && errno == ENOENT && folder_find_again(f, e));
  if (from < 0) return 0;
  good = !fstat(from, &st) && mailbox_deliver_copy(d, from, 0, (uint64_t)st.st_size)
    && mailbox_deliver_written(d, st.st_mode & 0777, (struct timespec[]){ st.st_atim, st.st_mtim });
  error = errno;
  close(from);
  return errno = error, good;
}

static int move_across(folder *f, folder *to, mailbox *box, mail_entry *e, char const *new_name)
{
  delivery d;
  int error, good = mailbox_deliver(&d, box, to->fd, 0) && copy_file(f, e, &d) && mailbox_deliver_place(&d, to->place[PLACE_CUR], new_name);
  mailbox_deliver_end(&d);
  /* The copy lasts before the original goes; where the original stays, the copy goes. */
  if (good && !folder_remove(f, e)) {
    error = errno;
    unlinkat(to->place[PLACE_CUR], new_name, 0);
    errno = error;
    good = 0;
  }
  return good;
}

int folder_move(folder *f, folder *to, mailbox *box, mail_entry *e, char *new_name)
{
  int fresh = folder_has_base(to, e->base);
  for (;;) {
    if (!compose(new_name, box, e, fresh != 0, "", "", 1)) return 0;
    if (rename_new(f->place[e->where], e->name, to->place[PLACE_CUR], new_name)) return 1;
    if (errno == EXDEV && move_across(f, to, box, e, new_name)) return 1;
    if (errno == EEXIST && fresh++ < FRESH_MAX) continue;
    if (errno != ENOENT || !folder_find_again(f, e)) return 0;
  }
}

int folder_sync(folder const *f)
{
  for (int p = 0; p < PLACES; p++) if (f->place[p] >= 0 && fsync(f->place[p]) < 0) return 0;
  return 1;
}
