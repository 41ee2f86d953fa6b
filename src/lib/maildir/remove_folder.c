/* RemoveFolder. A folder is renamed into the mailbox's tmp, where nobody takes it for one. Without force its new and cur then go by
 * rmdir, which refuses a mail that came in meanwhile, by path or by an open directory: the folder goes back, whole. What is left
 * is deleted by descriptor, and no link is followed. Killed halfway, there is a leftover in tmp, which the next removal deletes an
 * hour later. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat2 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/deliver.h>
#include <porter/maildir.h>

#include "list.h"
#include "private.h"

#define GONE "porter-gone." /* without force: its mails, should any have come in, are nobody's to delete */
#define FORCED "porter-forced."
#define GONE_SECONDS 3600
#define TRIES 10
#define DEPTH_MAX 16 /* directories in one another that are gone into; what lies deeper is brought up first */

/* --- deleting --- */

typedef struct deletion_s deletion;
struct deletion_s {
  mailbox *box;
  int top; /* the directory that is deleted */
  size_t brought_up;
};

static int delete_tree(deletion *d, int dir, char const *name, unsigned int depth);

/* A directory that lies too deep gets a place at the top. */
static int bring_up(deletion *d, int dir, char const *name)
{
  char unique[MAILDIR_NAME_MAX + 1];
  mailbox_unique(d->box, unique, 0, 0);
  if (renameat(dir, name, d->top, unique) < 0) return errno == ENOENT;
  d->brought_up++;
  return 1;
}

/* Deletes what is in the directory. */
static int delete_inside(deletion *d, int dir, char const *name, unsigned int depth)
{
  DIR *list = list_open(dir, name);
  struct dirent *e;
  if (!list) return 0;
  while ((e = list_next(list))) {
    if (!unlinkat(dirfd(list), e->d_name, 0) || errno == ENOENT) continue;
    if (errno != EISDIR && errno != EPERM) return list_close(list, 0);
    if (depth + 1 < DEPTH_MAX ? !delete_tree(d, dirfd(list), e->d_name, depth + 1) : !bring_up(d, dirfd(list), e->d_name)) return list_close(list, 0);
  }
  return list_close(list, !errno);
}

/* Deletes the directory and what is in it. Who had found it before it was renamed may still put a file there: then once more. Recursion is bound
 * by DEPTH_MAX. */
static int delete_tree(deletion *d, int dir, char const *name, unsigned int depth)
{
  for (int tries = 0; tries < TRIES; tries++) {
    if (!delete_inside(d, dir, name, depth)) return errno == ENOENT;
    if (!unlinkat(dir, name, AT_REMOVEDIR) || errno == ENOENT) return 1;
    if (errno != ENOTEMPTY && errno != EEXIST) return 0;
  }
  return errno = EBUSY, 0;
}

/* All of a directory in tmp. Each time round what is left has fewer directories in one another. */
static int delete_all(mailbox *box, int tmp, char const *name)
{
  deletion d = { .box = box, .top = openat(tmp, name, FOLDER_OPEN) };
  int good;
  if (d.top < 0) return errno == ENOENT;
  do {
    d.brought_up = 0;
    good = delete_tree(&d, tmp, name, 0);
  } while (!good && d.brought_up);
  return close_keeping(d.top, good);
}

/* --- one folder --- */

/* Whether the entry is a mail, and its octets, which need not be told but for the quota: a name says both, mostly, without a look at the file. */
static int is_mail(int dir, struct dirent const *d, int counts, uint64_t *size)
{
  maildir_name n;
  struct stat st;
  if (d->d_name[0] == '.') return 0;
  maildir_name_split(&n, d->d_name, strlen(d->d_name));
  int const sized = maildir_name_size(n.base, size);
  if (d->d_type == DT_REG && (sized || !counts)) return 1;
  if ((d->d_type != DT_REG && d->d_type != DT_UNKNOWN) || fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  if (!sized) *size = (uint64_t)st.st_size;
  return S_ISREG(st.st_mode);
}

/* How many mails are in the folder fd; what they count for the quota is added to r. -1 with errno. */
static int count_mails(int fd, int counts, removed *r)
{
  for (size_t p = 0; p < PLACES; p++) {
    DIR *list = list_open(fd, folder_inner[p]);
    struct dirent *d;
    if (!list && errno == ENOENT) continue;
    if (!list) return -1;
    while ((d = list_next(list))) {
      uint64_t size = 0;
      if (!is_mail(dirfd(list), d, counts, &size)) continue;
      r->mails++;
      if (counts) r->counted++, r->octets += size;
    }
    if (errno) return list_close(list, -1);
    closedir(list);
  }
  return 0;
}

/* Removes new and cur of the folder fd, unless there is something in them. */
static int remove_places(int fd)
{
  for (size_t p = 0; p < PLACES; p++)
    if (unlinkat(fd, folder_inner[p], AT_REMOVEDIR) < 0 && errno != ENOENT) return 0;
  return 1;
}

/* rename(2) replaces no directory but an empty one. */
static int rename_folder(int from, char const *old, int to, char const *new)
{
  return !renameat2(from, old, to, new, RENAME_NOREPLACE) || (errno == EINVAL && !renameat(from, old, to, new));
}

/* The folder gone of tmp, which has lost its new, becomes what it was; under a name beside it, should its own be taken by now. */
static int put_back(mailbox *box, int tmp, char const *gone, int fd, mode_t mode, char const *disk)
{
  char name[MAILDIR_NAME_MAX + 3];
  if (!folder_make_inner(fd, "new", mode) && errno != EEXIST) return 0;
  strcpy(name, disk);
  for (int n = '1'; n <= '9'; n++) {
    if (rename_folder(tmp, gone, box->fd, name)) return 1;
    if (errno != EEXIST && errno != ENOTEMPTY) return 0;
    sprintf(name, "%.*s_%c", MAILDIR_NAME_MAX - 2, disk, n);
  }
  return 0;
}

/* ENOTEMPTY: a mail is there, and so is the folder. */
static int remove_one(mailbox *box, int tmp, char const *disk, int force)
{
  char gone[sizeof FORCED + MAILDIR_NAME_MAX];
  size_t prefix = strlen(strcpy(gone, force ? FORCED : GONE));
  struct stat st;
  int fd, error, good;
  mailbox_unique(box, gone + prefix, 0, 0);
  if (renameat(box->fd, disk, tmp, gone) < 0) return 0;
  fd = openat(tmp, gone, FOLDER_OPEN);
  if (fd < 0) {
    /* A link, since it was looked at, or we have no descriptor left: it stays where it was. */
    error = errno;
    rename_folder(tmp, gone, box->fd, disk);
    return errno = error, 0;
  }
  if (fstatat(fd, "new", &st, AT_SYMLINK_NOFOLLOW) < 0) st.st_mode = box->mode;
  good = force || remove_places(fd);
  if (!good) {
    error = errno;
    if (put_back(box, tmp, gone, fd, st.st_mode & 07777, disk)) errno = error;
  }
  return close_keeping(fd, good) && delete_all(box, tmp, gone);
}

static int begins(char const *s, char const *with) { return !strncmp(s, with, strlen(with)); }

/* A leftover of a removal that did not come to its end. */
static void sweep_one(mailbox *box, int tmp, char const *name)
{
  struct stat st;
  int fd, empty;
  if ((!begins(name, GONE) && !begins(name, FORCED)) || fstatat(tmp, name, &st, AT_SYMLINK_NOFOLLOW) < 0) return;
  if (!S_ISDIR(st.st_mode) || st.st_ctim.tv_sec + GONE_SECONDS >= time(NULL)) return;
  fd = openat(tmp, name, FOLDER_OPEN);
  if (fd < 0) return;
  empty = begins(name, FORCED) || remove_places(fd);
  close(fd);
  if (empty) delete_all(box, tmp, name);
}

static void sweep(mailbox *box, int tmp)
{
  DIR *list = list_open(tmp, ".");
  struct dirent *d;
  if (!list) return;
  while ((d = list_next(list))) sweep_one(box, tmp, d->d_name);
  closedir(list);
}

/* --- a folder and those below it --- */

static int longest_first(void const *x, void const *y)
{
  found_folder const *a = x, *b = y;
  return (a->name.len < b->name.len) - (a->name.len > b->name.len);
}

/* The folder, if it is there, and those below it; *below is how many. */
static int find_victims(mailbox *box, arena *a, slice name, found_folder **list, size_t *count, size_t *below)
{
  size_t n;
  *count = *below = 0;
  if (!mailbox_folders_below(box, a, name, list, &n)) return 0;
  for (size_t i = 0; i < n; i++) {
    if ((*list)[i].linked) continue; /* it lies elsewhere, where others have it too */
    *below += (*list)[i].name.len > name.len;
    (*list)[(*count)++] = (*list)[i];
  }
  /* Whoever is below has the longer name. */
  if (*count) qsort(*list, *count, sizeof **list, longest_first);
  return *count ? 1 : (errno = ENOENT, 0);
}

static int count_all(mailbox *box, found_folder const *list, size_t count, removed *r)
{
  for (size_t i = 0; i < count; i++) {
    int fd = openat(box->fd, list[i].disk, FOLDER_OPEN);
    if (fd < 0 && errno == ENOENT) continue;
    if (fd < 0 || !close_keeping(fd, !count_mails(fd, folder_name_counts(list[i].name), r))) return 0;
  }
  return 1;
}

static enum folder_removal remove_all(mailbox *box, found_folder const *list, size_t count, int force, removed *r)
{
  enum folder_removal result = REMOVAL_DONE;
  int tmp = openat(box->fd, "tmp", FOLDER_OPEN);
  if (tmp < 0) return REMOVAL_FAILED;
  sweep(box, tmp);
  for (size_t i = 0; i < count && result == REMOVAL_DONE; i++) {
    if (remove_one(box, tmp, list[i].disk, force)) r->folders++;
    else if (errno != ENOENT) result = errno == ENOTEMPTY || errno == EEXIST ? REMOVAL_HAS_MAIL : REMOVAL_FAILED;
  }
  close_keeping(tmp, 0);
  return result == REMOVAL_DONE && !mailbox_sync(box->fd) ? REMOVAL_FAILED : result;
}

enum folder_removal mailbox_remove_folder(mailbox *box, slice name, int force, int below, removed *r)
{
  enum folder_removal result = REMOVAL_FAILED;
  char disk[MAILDIR_NAME_MAX + 1];
  arena a = ARENA_ZERO;
  found_folder *list;
  size_t count, deeper;
  int error;
  *r = (removed){ 0 };
  if (!mailbox_disk_name(box, name, disk) && errno != ENOENT) return REMOVAL_FAILED;
  if (find_victims(box, &a, name, &list, &count, &deeper)) {
    if (deeper && !below) result = REMOVAL_HAS_FOLDERS;
    else if (count_all(box, list, count, r)) result = r->mails && !force ? REMOVAL_HAS_MAIL : remove_all(box, list, count, force, r);
  }
  error = errno;
  arena_free(&a);
  return errno = error, result;
}
