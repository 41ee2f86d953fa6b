/* One name of a mail is renamed or taken away, so that no other mail is touched and none is lost, whatever other clients do meanwhile.
 *
 * What can go wrong, and the rule for each:
 * 1. A name that was listed may lead to another mail by now (two files of one base; another client removes one and flags the
 *    other). A rename is looked at afterwards: what was another's inode is put back under its name, and ours looked up again
 *    (folder_try). An unlink cannot be looked at afterwards: a twin is removed by way of a fresh name.
 * 2. rename(2) replaces what is there: all renames are NOREPLACE. Where the file system does not know that (NFS), a mail goes to a fresh
 *    base in the target's cur first, is linked from there to the name wanted, and the fresh name unlinked; link and
 *    unlink of the name that others know would lose a mail that another client renames in between. Where another inode has the
 *    name wanted, the fresh one stays. Between link and unlink both names are there: who renames one or
 *    both then, or kills the call, makes two mails of it.
 * 3. The same inode has the base in the target (a mail that was copied, a hard link): to unlink the source because the other is
 *    there loses both when two calls move them towards each other. So the source goes to a fresh base in the target; if
 *    the other is still there then, the fresh name is unlinked, else renamed to the base.
 *
 * Tests: tests/maildir-races.t plays each with two processes, tests/maildir-mblaze.t beside programs that rename by path,
 * tests/maildir-faults.t fails and kills every call.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat2 */
#include <string.h>
#include <unistd.h>

#include "change_internal.h"

int change_freshen(folder *f, mail_entry *e, maildir_name *n, char *unique)
{
  uint64_t size = 0;
  int64_t arrival;
  int sized = maildir_name_size(e->base, &size);
  if (!folder_arrival(f, e, &arrival)) return 0;
  n->base = (slice){ unique, mailbox_unique_at(f->box, unique, arrival, sized, size) };
  n->tail.len = 0;
  return 1;
}

/* The wished name with a fresh base, for a while. */
static int fresh_name(folder *f, mail_entry *e, char const *name, char *fresh)
{
  char unique[MAILDIR_NAME_MAX + 1];
  maildir_name n;
  maildir_name_split(&n, name, strlen(name));
  return change_freshen(f, e, &n, unique) && maildir_name_flags(fresh, &n, "", "", 0);
}

int change_has_inode(folder const *f, int dir, char const *name, uint64_t inode)
{
  struct stat st;
  if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  return f->blind || st.st_ino == inode ? 1 : (errno = ENOENT, 0);
}

int change_made(folder const *f, int dir, char const *name, uint64_t inode)
{
  struct stat st;
  return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || f->blind || st.st_ino == inode;
}

/* Never over what is there; EINVAL where that cannot be had. */
static int rename_new(int from, char const *old, int to, char const *new) { return !renameat2(from, old, to, new, RENAME_NOREPLACE); }

/* What was renamed is another's: it gets its name back, or, where that is taken by now, a fresh one beside it. */
static void put_back(change_source const *s, int to, char const *name)
{
  char fresh[MAILDIR_NAME_MAX + 1];
  int error = errno;
  if (rename_new(to, name, s->dir, s->name)) errno = error;
  else if (errno == EINVAL && !linkat(to, name, s->dir, s->name, 0)) unlinkat(to, name, 0);
  else if (errno == EEXIST && fresh_name(s->f, s->e, s->name, fresh)) renameat(to, name, s->dir, fresh);
  errno = error;
}

/* After a rename: whether it was our inode. */
static int was_ours(change_source const *s, int to, char const *name)
{
  if (change_made(s->f, to, name, s->e->inode)) return 1;
  put_back(s, to, name);
  return errno = ENOENT, 0;
}

/* To a fresh name in to, by plain rename: nobody else has that name. */
static int rename_fresh(change_source const *s, int to, char const *wanted, char *fresh)
{
  return fresh_name(s->f, s->e, wanted, fresh) && !renameat(s->dir, s->name, to, fresh) && was_ours(s, to, fresh);
}

/* Of two names of ours the fresh one goes. Tried twice: if it stayed, the mail would be there twice. */
static int unlink_fresh(int to, char const *fresh)
{
  return !unlinkat(to, fresh, 0) || errno == ENOENT || !unlinkat(to, fresh, 0) || errno == ENOENT;
}

/* Rule 2. A file system without links has looking first. */
static int put_by_link(change_source const *s, int to, char *name)
{
  char fresh[MAILDIR_NAME_MAX + 1];
  struct stat st;
  if (!rename_fresh(s, to, name, fresh)) return 0;
  if (!linkat(to, fresh, to, name, 0)) {
    /* Where the fresh name stays, it alone does. */
    if (!unlink_fresh(to, fresh) && !unlinkat(to, name, 0)) strcpy(name, fresh);
  } else if (errno == EEXIST && change_has_inode(s->f, to, name, s->e->inode)) {
    if (!unlink_fresh(to, fresh)) strcpy(name, fresh);
  } else if (errno == EEXIST || !fstatat(to, name, &st, AT_SYMLINK_NOFOLLOW) || renameat(to, fresh, to, name) < 0) strcpy(name, fresh);
  return 1;
}

/* Rule 3. */
int change_put_beside(change_source const *s, int to, char *name)
{
  char fresh[MAILDIR_NAME_MAX + 1];
  if (!rename_fresh(s, to, name, fresh)) return 0;
  if (change_has_inode(s->f, to, name, s->e->inode) ? !unlink_fresh(to, fresh) : !rename_new(to, fresh, to, name)) strcpy(name, fresh);
  return 1;
}

int change_put(change_source const *s, int to, char *name)
{
  if (rename_new(s->dir, s->name, to, name)) return was_ours(s, to, name);
  if (errno == EINVAL) return put_by_link(s, to, name);
  if (errno != EEXIST) return 0;
  return change_has_inode(s->f, to, name, s->e->inode) ? change_put_beside(s, to, name) : (errno = EEXIST, 0);
}

/* Rule 1. */
int change_unlink(change_source const *s)
{
  char fresh[MAILDIR_NAME_MAX + 1];
  int cur = s->f->place[PLACE_CUR];
  if (!s->e->twin) return change_has_inode(s->f, s->dir, s->name, s->e->inode) && !unlinkat(s->dir, s->name, 0);
  if (!rename_fresh(s, cur, s->name, fresh)) return 0;
  if (unlink_fresh(cur, fresh)) return 1;
  put_back(s, cur, fresh);
  return 0;
}
