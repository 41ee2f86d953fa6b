/* A glance at a mailbox, for who waits: whether anything can have happened in it since, told by stamps, two calls a folder and nothing opened.
 *
 * 1. It is a sieve. Where it says that something may have happened others look; where it says that nothing has, that is so.
 * 2. What is no folder yet can become one while the mailbox stays as it was: by a cur that is made in it. So every directory is looked at whose name
 *    begins with a dot, and links. Others come, go and get their names in the mailbox, whose own stamp tells.
 * 3. Equal stamps say nothing until they are settled (place.c). On a remote file system, and on another than the mailbox's, nothing ever is: what stat
 *    says of a name may be old there, what is opened is looked at anew.
 *
 * tests/maildir-folders.t waits for each kind of event. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "list.h"
#include "private.h"

typedef struct mailbox_glance_entry_s mailbox_glance_entry;
struct mailbox_glance_entry_s {
  mailbox_glance_entry *next;
  place_stamp stamp[PLACES]; /* of what is not there, or may not be looked at: zeros */
  char disk[MAILDIR_NAME_MAX + 1];
};

/* Its places as they are now. 0 with errno. */
static int look_at(mailbox const *box, char const *disk, place_stamp stamp[PLACES])
{
  for (int p = 0; p < PLACES; p++) {
    char path[MAILDIR_NAME_MAX + 5];
    size_t const len = strlen(disk);
    memcpy(path, disk, len);
    path[len] = '/';
    strcpy(path + len + 1, folder_inner[p]);
    if (!place_stamp_of(box->fd, path, stamp + p)) return 0;
  }
  return 1;
}

/* Another directory that is looked at. 0 with errno. */
static int add(mailbox_glance *g, mailbox const *box, char const *disk)
{
  mailbox_glance_entry *e = arena_take(&g->a, sizeof *e);
  if (!e) return 0;
  e->next = g->entry;
  strcpy(e->disk, disk);
  g->entry = e;
  return look_at(box, disk, e->stamp);
}

static int add_all(mailbox_glance *g, mailbox const *box)
{
  struct dirent const *d;
  DIR *list = list_open(box->fd, ".");
  int good;
  if (!list) return 0;
  good = add(g, box, ".");
  while (good && (d = list_next(list)))
    if (d->d_name[0] == '.' && (d->d_type == DT_DIR || d->d_type == DT_LNK || d->d_type == DT_UNKNOWN)) good = add(g, box, d->d_name);
  return list_close(list, good && !errno);
}

static int all_settled(mailbox_glance const *g, place_stamp const *box, uint64_t clock)
{
  if (!place_stamp_settled(box, clock, 0)) return 0;
  for (mailbox_glance_entry const *e = g->entry; e; e = e->next)
    for (int p = 0; p < PLACES; p++)
      if (e->stamp[p].inode && (e->stamp[p].device != box->device || !place_stamp_settled(e->stamp + p, clock, 0))) return 0;
  return 1;
}

void mailbox_glance_take(mailbox_glance *g, mailbox const *box)
{
  place_stamp own;
  uint64_t clock;
  mailbox_glance_end(g);
  /* The mailbox's own stamp first: a folder that comes while the others are listed shows in the next one. */
  if (place_remote(box->fd) || !place_clock(&clock) || !place_stamp_take(box->fd, &own) || !add_all(g, box)) return;
  g->changed = own.changed;
  g->modified = own.modified;
  g->settled = all_settled(g, &own, clock);
}

int mailbox_glance_same(mailbox_glance const *g, mailbox const *box)
{
  place_stamp now[PLACES];
  if (!g->settled || !place_stamp_take(box->fd, now) || now->changed != g->changed || now->modified != g->modified) return 0;
  for (mailbox_glance_entry const *e = g->entry; e; e = e->next) {
    if (!look_at(box, e->disk, now)) return 0;
    for (int p = 0; p < PLACES; p++)
      if (!place_stamp_same(now + p, e->stamp + p)) return 0;
  }
  return 1;
}

void mailbox_glance_end(mailbox_glance *g)
{
  arena_free(&g->a);
  *g = (mailbox_glance)MAILBOX_GLANCE_ZERO;
}
