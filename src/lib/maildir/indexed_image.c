/* An image of a folder's index: made from a listing where there is none, or from the old one and a listing where its segments would take too much;
 * then left in the file.
 *
 * What can go wrong, and the rule for each:
 * 1. There is none, and two calls make one: both are right, each has a birth of its own, and the last that is renamed stays.
 * 2. While a new image is made of an old one, another call writes to the old file, or replaces it: the new image would take away what that added, and
 *    serials that it gave would be given again. So the file is locked, and looked at, before it is replaced; where another was first, the new image
 *    serves this call alone.
 * 3. There is no space, or no right to write: the image serves this call from memory.
 * 4. While heads are read a mail goes from new to cur: its turn comes with those of cur, else it would be there twice. One that goes back stays
 *    where it was listed: its name is looked up again where it is used.
 * 5. There is one of another version of the keys: all is made anew but for the mails' threads, whose ids never change. Where it is broken its mails
 *    have none, and join. It is read at once, unless it is far larger than the folder; its mails lie in the order in which they were listed, which is
 *    that of this listing but for what came and went: so the next one is looked at before one is looked up.
 *
 * Tests: tests/index-faults.t, tests/index-storm.t; rule 4: tests/maildir-races.t; rule 5: tests/index-threads.t. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "indexed_internal.h"

/* Octets of most mails' names and texts, and some more. */
#define NAME_USUAL 64
#define TEXT_USUAL 64
#define NEXT_MAX 8 /* mails of an index that may have gone between two that are met */

/* --- leaving it in the file --- */

int folder_tmp(folder *f, char *unique)
{
  mailbox_unique(f->box, unique, 0, 0);
  if (f->box->index_dir >= 0) return f->indexed->dir;
  return openat(f->fd, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

void folder_tmp_close(folder *f, int tmp)
{
  if (f->box->index_dir < 0) close(tmp);
}

/* The image that is in memory, by way of tmp (elsewhere: of that directory itself). What fails is left as it was. */
static void leave_image(folder *f)
{
  folder_indexed *const x = f->indexed;
  char unique[MAILDIR_NAME_MAX + 1];
  int const tmp = folder_tmp(f, unique);
  if (tmp < 0) {
    x->unsaved = errno;
    return;
  }
  x->ix.dir = x->dir;
  x->ix.name = x->name;
  if (!index_image_write(&x->ix, tmp, unique)) x->unsaved = errno;
  folder_tmp_close(f, tmp);
}

/* What is random of a new index, and of each image. */
static int take_random(index_header *h, int first)
{
  if (getrandom(&h->instance, sizeof h->instance, 0) != sizeof h->instance) return 0;
  if (!first) return 1;
  return getrandom(&h->birth, sizeof h->birth, 0) == sizeof h->birth;
}

/* --- from nothing --- */

/* Rule 5: what lies there. */
typedef struct index_before_s index_before;
struct index_before_s {
  folder_index ix;
  uint32_t next; /* the mail behind the one that was met last */
};

static int is_mail(index_mail const *m, mail_entry const *e) { return m->inode == e->inode && slice_same(m->base, e->base); }

/* Among the next, where its inode is. */
static int meet(index_before *before, mail_entry const *e, index_mail *m, index_room *room)
{
  folder_index *const ix = &before->ix;
  uint64_t inode;
  for (uint32_t i = before->next; i < ix->h.n && i - before->next < NEXT_MAX; i++) {
    if (!index_image_inode(ix, i, &inode)) return 0;
    if (inode == e->inode && index_get(ix, i, m, room) && is_mail(m, e)) return before->next = i + 1, 1;
  }
  return 0;
}

static int look_up(index_before *before, mail_entry const *e, index_mail *m, index_room *room)
{
  folder_index *const ix = &before->ix;
  uint32_t number;
  size_t count;
  if (ix->broken || !index_base_find(ix, e->base, e->inode, &number, 1, &count) || !count) return 0;
  if (!index_get(ix, number, m, room) || m->inode != e->inode) return 0;
  if (number < ix->h.n) before->next = number + 1;
  return 1;
}

/* The thread that the mail has there; 0 for none. */
static uint64_t thread_before(index_before *before, mail_entry const *e)
{
  index_room room;
  index_mail m;
  if (before->ix.fd < 0 || before->ix.broken) return 0;
  return meet(before, e, &m, &room) || look_up(before, e, &m, &room) ? indexed_thread_kept(&m) : 0;
}

static int add_entry(folder *f, mail_entry *e, index_builder *b, index_before *before, arena *scratch)
{
  index_mail m = { .where = e->where, .inode = e->inode };
  if (!indexed_record(f, e, scratch, &m.r, &m.text)) return errno == ENOENT;
  if (m.where == PLACE_NEW && e->where != PLACE_NEW) return arena_reset(scratch), 1; /* rule 4 */
  m.name = slice_of(e->name);
  m.r.serial = b->h.serial++;
  m.r.thread = thread_before(before, e);
  arena_reset(scratch);
  return index_builder_add(b, &m);
}

/* What lies there, if it is of use. */
static void open_before(folder_indexed const *x, index_before *before, size_t listed)
{
  folder_index *const ix = &before->ix;
  uint64_t octets = 0;
  before->next = 0;
  if (!index_open(ix, x->dir, x->name, INDEX_KEYS_ANY)) return;
  if (!index_apply(ix)) {
    index_close(ix);
    return;
  }
  for (unsigned int i = 0; i < SECTION_ORDERS; i++) octets += ix->h.section[i].len;
  if (octets <= index_load_most(listed)) index_mails_load(ix);
}

int indexed_make(folder *f)
{
  folder_indexed *const x = f->indexed;
  index_before before;
  index_builder b = INDEX_BUILDER_ZERO;
  arena scratch = ARENA_ZERO;
  int good = take_random(&b.h, 1) && index_builder_room(&b, f->mails.count, NAME_USUAL * f->mails.count, TEXT_USUAL * f->mails.count);
  b.h.keys_version = mailbox_keys_version(f->box);
  open_before(x, &before, f->mails.count);
  for (unsigned char p = 0; good && p < PLACES; p++)
    for (size_t i = 0; good && i < f->mails.count; i++)
      if (f->mails.mail[i].where == p && !f->mails.mail[i].gone) good = add_entry(f, f->mails.mail + i, &b, &before, &scratch);
  arena_free(&scratch);
  index_close(&before.ix);
  good = good && index_builder_finish(&b, &x->ix);
  index_builder_free(&b);
  if (!good) return 0;
  memcpy(x->ix.last.stamp, x->stamp, sizeof x->stamp);
  leave_image(f);
  return 1;
}

/* --- from an old image and a listing --- */

/* Of what went, the last most are kept: those of the old image come first. */
typedef struct keeping_s keeping;
struct keeping_s {
  index_builder *b;
  uint64_t all, passed, most;
};

static int count_gone(void *context, index_gone const *g)
{
  (void)g;
  ((keeping *)context)->all++;
  return 1;
}

static int pass_gone(void *context, index_gone const *g)
{
  keeping *const k = context;
  if (k->all - k->passed++ <= k->most) return index_builder_gone(k->b, g);
  index_gone_forget(k->b, g->sequence);
  return 1;
}

static int keep_gone(folder_index *old, index_builder *b)
{
  keeping k = { .b = b, .all = old->gone, .most = old->last.mails / 4 > INDEX_GONE_MAX ? old->last.mails / 4 : INDEX_GONE_MAX };
  if (!index_gone_each(old, count_gone, &k) || !index_gone_each(old, pass_gone, &k)) return 0;
  return index_changes_gone(old, b, k.all > k.passed + k.most ? k.all - k.passed - k.most : 0);
}

/* Of several names of a mail one counts: whether that is this, of place p. */
static int counts(unsigned char where, slice name, int p, char const *listed) { return where == p && slice_is(name, listed); }

/* One that is as the image has it goes over as it lies there. *map: its number in the new image. */
static int copy_mail(folder_index *old, uint32_t number, int p, char const *listed, index_builder *b, uint32_t *map)
{
  uint32_t const n = b->h.n;
  index_room room;
  index_raw raw;
  index_mail m;
  if (!index_changed(old, number)) {
    if (!index_image_raw(old, number, &raw, &room)) return 0;
    return !counts(raw.where, raw.name, p, listed) || (index_builder_copy(b, &raw) && (*map = n, 1));
  }
  if (!index_get(old, number, &m, &room)) return errno == ENOENT;
  return !counts(m.where, m.name, p, listed) || (index_builder_add(b, &m) && (*map = n, 1));
}

/* map: where each mail of old has gone. */
static int copy_mails(folder_index *old, comparison const *c, index_builder *b, uint32_t *map)
{
  memset(map, 0xff, ((size_t)old->h.n + old->added) * sizeof *map);
  for (int p = 0; p < PLACES; p++) {
    index_listing const *const l = c->listing + p;
    for (size_t k = 0; k < l->count; k++)
      if (l->number[k] != UINT32_MAX && !copy_mail(old, l->number[k], p, l->list[k].name, b, map + l->number[k])) return 0;
  }
  return 1;
}

/* Octets that a section takes in an image that has what was added since, too, or a few more. */
static size_t octets(folder_index const *ix, enum index_section section, size_t usual)
{
  return (size_t)ix->h.section[section].len + usual * (size_t)ix->added;
}

/* Rule 2: the lock of the file that was read, if nobody has written to it or made another meanwhile; else -1. */
static int hold(folder_index const *ix)
{
  struct stat st;
  int const fd = openat(ix->dir, ix->name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (!flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &st) && st.st_ino == ix->inode && index_current(ix)) return fd;
  close(fd);
  return -1;
}

int indexed_leave_again(folder *f)
{
  folder_index *const ix = &f->indexed->ix;
  char unique[MAILDIR_NAME_MAX + 1];
  int tmp, held, good;
  for (unsigned int i = 0; i < SECTIONS; i++)
    if (!index_load(ix, (enum index_section)i, INDEX_FILE_MAX)) return 0;
  if (ix->fd < 0 || (held = hold(ix)) < 0) return 0;
  tmp = folder_tmp(f, unique);
  good = tmp >= 0 && index_image_rewrite(ix, tmp, unique);
  if (tmp >= 0) folder_tmp_close(f, tmp);
  close(held);
  return good;
}

int indexed_make_again(folder *f, comparison const *c)
{
  folder_indexed *const x = f->indexed;
  index_builder b = INDEX_BUILDER_ZERO;
  folder_index now = FOLDER_INDEX_ZERO;
  index_header *const h = &b.h, *const old = &x->ix.h;
  uint32_t *const map = malloc(((size_t)old->n + x->ix.added + 1) * sizeof *map);
  int good, held;
  *h = (index_header){
    .birth = old->birth, .serial = old->serial, .sequence = x->ix.last.sequence, .gone_since = old->gone_since, .keys_version = old->keys_version
  };
  b.merged = 1;
  good = map
    && index_builder_room(&b, (size_t)old->n + x->ix.added, octets(&x->ix, SECTION_NAMES, NAME_USUAL), octets(&x->ix, SECTION_TEXT, TEXT_USUAL))
    && take_random(h, 0) && index_mails_load(&x->ix) && keep_gone(&x->ix, &b) && copy_mails(&x->ix, c, &b, map)
    && index_merge(&now, &x->ix, map, b.h.n) && index_builder_finish(&b, &now);
  free(map);
  index_builder_free(&b);
  if (!good) return index_close(&now), 0;
  memcpy(now.last.stamp, x->stamp, sizeof now.last.stamp);
  indexed_forget_numbers(x);
  held = hold(&x->ix);
  index_close(&x->ix);
  x->ix = now;
  if (held < 0) return x->unsaved = EAGAIN, 1;
  leave_image(f);
  close(held);
  return 1;
}
