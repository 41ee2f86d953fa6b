/* RenameFolder. No single step moves a folder and those below it: `.A' and `.A.x' are neighbours on disk. So all targets are
 * looked at first, then each is renamed, never over what is there, the deepest first and the folder itself last. After a kill it
 * still is there, and the same call again finishes; no mail is ever in neither or both. One that another client takes away meanwhile
 * is not renamed: as if it had gone before. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat2 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <porter/deliver.h>
#include <porter/maildir.h>

#include "private.h"

typedef struct step_s step;
struct step_s {
  char *from, *to; /* on disk */
  unsigned int levels;
  int done;
};

static unsigned int levels_of(char const *s, size_t len)
{
  unsigned int n = 1;
  for (size_t i = 0; i < len; i++) n += s[i] == '.';
  return n;
}

/* What lies behind so many levels of a name on disk, as it stands there. */
static char const *behind(char const *disk, unsigned int levels)
{
  char const *s = disk + 1;
  while (levels-- && (s = strchr(s, '.')) && levels) s++;
  return s ? s : "";
}

static int is_free(int box, char const *disk)
{
  struct stat st;
  if (!fstatat(box, disk, &st, AT_SYMLINK_NOFOLLOW)) return errno = EEXIST, 0;
  return errno == ENOENT;
}

static int deepest_first(void const *x, void const *y)
{
  step const *a = x, *b = y;
  return a->levels == b->levels ? strcmp(a->from, b->from) : a->levels < b->levels ? 1 : -1;
}

/* The steps that are to be taken, in order. */
static int plan(mailbox *box, arena *a, slice name, char const *target, step **steps, size_t *count)
{
  found_folder *found;
  unsigned int levels = levels_of(name.s, name.len);
  if (!mailbox_folders_below(box, a, name, &found, count) || !(*steps = arena_array(a, *count, sizeof **steps))) return 0;
  for (size_t i = 0; i < *count; i++) {
    char to[2 * MAILDIR_NAME_MAX];
    if (found[i].linked) return errno = EPERM, 0; /* that is its administrator's to name */
    strcpy(to, target);
    strcat(to, behind(found[i].disk, levels));
    if (strlen(to) > MAILDIR_NAME_MAX) return errno = EINVAL, 0;
    if (!is_free(box->fd, to)) return 0;
    (*steps)[i] = (step){ found[i].disk, arena_copy(a, to, strlen(to)), levels_of(found[i].name.s, found[i].name.len), 0 };
    if (!(*steps)[i].to) return 0;
  }
  if (*count) qsort(*steps, *count, sizeof **steps, deepest_first);
  return *count ? 1 : (errno = ENOENT, 0);
}

/* rename(2) replaces no directory but an empty one, where the file system does not know NOREPLACE. */
static int rename_one(int box, char const *from, char const *to)
{
  return !renameat2(box, from, box, to, RENAME_NOREPLACE) || (errno == EINVAL && is_free(box, to) && !renameat(box, from, box, to));
}

static void undo(int box, step const *steps, size_t count)
{
  int const error = errno;
  while (count--)
    if (steps[count].done) rename_one(box, steps[count].to, steps[count].from);
  errno = error;
}

/* *done: how many were renamed. */
static int carry_out(int box, step *steps, size_t count, size_t *done)
{
  *done = 0;
  for (size_t i = 0; i < count; i++) {
    steps[i].done = rename_one(box, steps[i].from, steps[i].to);
    if (!steps[i].done && errno != ENOENT) return undo(box, steps, i), 0;
    *done += (size_t)steps[i].done;
  }
  return *done ? 1 : (errno = ENOENT, 0);
}

int mailbox_rename_folder(mailbox *box, slice name, slice new_name, size_t *count)
{
  char disk[MAILDIR_NAME_MAX + 1], target[MAILDIR_NAME_MAX + 1];
  arena a = ARENA_ZERO;
  step *steps;
  size_t planned;
  int error, good;
  if (!mailbox_disk_name(box, name, disk) && errno != ENOENT) return 0;
  if (slice_same(name, new_name)) return errno = EEXIST, 0;
  if (folder_name_below(new_name, name)) return errno = EINVAL, 0;
  if (mailbox_disk_name(box, new_name, target)) return errno = EEXIST, 0;
  if (errno != ENOENT || !is_free(box->fd, target)) return 0;
  good = plan(box, &a, name, target, &steps, &planned) && carry_out(box->fd, steps, planned, count) && mailbox_sync(box->fd);
  error = errno;
  arena_free(&a);
  return errno = error, good;
}
