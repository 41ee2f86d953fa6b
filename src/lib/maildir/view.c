/* A folder as methods see it (folder.h), made of listings (census.c) and of its files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "indexed.h"

#define TRIES_MAX 10    /* as Dovecot: so often may another client rename one mail under our hands */
#define WANTED_MAX 1024 /* to want more costs more than to know all mails of most folders */
#define BLIND_AFTER 4   /* tries that found the same name with another inode: listings of this file system tell no inodes */

/* By listing it: where an index does not say what is asked. */
int folder_know(folder *f)
{
  if (!f->known) f->known = census_take(f, &f->mails, NULL);
  return f->known;
}

static int want_all(folder *f)
{
  if (!census_begin(&f->wanted)) return 0;
  for (size_t i = 0; i < f->expected_count; i++)
    if (f->expected[i].possible && !census_want(&f->wanted, f->expected[i].base)) return 0;
  return 1;
}

census *folder_know_base(folder *f, slice base)
{
  if (!f->known && f->expected_count && f->expected_count <= WANTED_MAX) {
    if (!f->some_known) f->some_known = want_all(f) && census_take(f, &f->some, &f->wanted);
    if (!f->some_known) return NULL;
    if (census_find(&f->wanted, base, 0)) return &f->some;
  }
  return folder_know(f) ? &f->mails : NULL;
}

void folder_close(folder *f)
{
  int error = errno;
  if (!f) return;
  if (f->later) census_free(f->later);
  free(f->later);
  census_free(&f->mails);
  census_free(&f->wanted);
  census_free(&f->some);
  folder_index_close(f);
  arena_free(&f->a);
  mail_file_close(&f->file);
  free(f->arrived);
  for (int p = 0; p < PLACES; p++)
    if (f->place[p] >= 0) close(f->place[p]);
  if (f->fd >= 0) close(f->fd);
  free(f);
  errno = error;
}

int folder_same(folder const *a, folder const *b)
{
  struct stat x, y;
  return !fstat(a->fd, &x) && !fstat(b->fd, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int folder_gone(folder const *f) { return f->gone; }

int folder_counts(folder const *f) { return f->counts; }

/* --- a mail, under whatever name it has --- */

int mail_entry_is(folder const *f, mail_entry const *e, struct stat const *st)
{
  return f->blind || st->st_ino == e->inode ? 1 : (errno = ENOENT, 0);
}

/* Where listings give other inodes than fstatat does for the very same name, they can never agree. */
static void maybe_blind(folder *f, mail_entry const *e, unsigned int tries)
{
  struct stat st;
  if (tries >= BLIND_AFTER && !fstatat(f->place[e->where], e->name, &st, AT_SYMLINK_NOFOLLOW) && st.st_ino != e->inode) f->blind = 1;
}

static int has_inode(census const *c, uint64_t inode)
{
  for (size_t i = 0; i < c->count; i++)
    if (c->mail[i].inode == inode) return 1;
  return 0;
}

static int take_name(folder *f, mail_entry *e, mail_entry const *now)
{
  char *name = arena_copy(&f->a, now->name, strlen(now->name));
  if (!name) return 0;
  e->name = name;
  e->where = now->where;
  e->info = now->info;
  return 1;
}

static int is_same_name(mail_entry const *a, mail_entry const *b) { return a->where == b->where && !strcmp(a->name, b->name); }

/* Looks e up in the later look, which is taken anew where it is too old to know better. *tries are counted. */
static int look_again(folder *f, mail_entry *e, unsigned int *tries)
{
  mail_entry const *now;
  if (!f->later && !(f->later = calloc(1, sizeof *f->later))) return 0;
  now = census_find(f->later, e->base, e->inode);
  if (now && !is_same_name(now, e)) return take_name(f, e, now);
  for (;;) {
    if (++*tries > TRIES_MAX) return errno = ENOENT, 0;
    if (!census_take(f, f->later, NULL)) return 0;
    now = census_find(f->later, e->base, e->inode);
    if (now) {
      if (!is_same_name(now, e)) return take_name(f, e, now);
      maybe_blind(f, e, *tries); /* else it was back at once */
      return 1;
    }
    /* Its inode under another base: another call that took it for a twin puts it back in a moment (change_name.c). */
    if (!has_inode(f->later, e->inode)) return errno = ENOENT, 0;
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
  }
}

int folder_try(folder *f, mail_entry *e, mail_work *work, void *context)
{
  unsigned int tries = 0;
  if (e->gone) return errno = ENOENT, 0;
  for (;;) {
    if (work(f, e, context)) return 1;
    if (errno != ENOENT) return 0;
    if (!look_again(f, e, &tries)) {
      if (errno == ENOENT) e->gone = 1;
      return 0;
    }
  }
}

int mail_entry_stat(folder *f, mail_entry *e, void *st)
{
  struct stat *s = st;
  return !fstatat(f->place[e->where], e->name, s, AT_SYMLINK_NOFOLLOW) && mail_entry_is(f, e, s);
}

/* --- which mail is meant --- */

void folder_expect(folder *f, mail_named const *list, size_t count)
{
  if (f->expected) return;
  f->expected = list;
  f->expected_count = count;
}

/* Without memory for it each is bisected. */
static void tell_expected(folder *f, folder_index *ix)
{
  slice *base;
  size_t count = 0;
  f->told = 1;
  if (!index_bases_many(ix, f->expected_count) || !(base = arena_array(&f->a, f->expected_count, sizeof *base))) return;
  for (size_t i = 0; i < f->expected_count; i++)
    if (f->expected[i].possible) base[count++] = f->expected[i].base;
  index_expect(ix, base, count);
}

/* What an index has that may be behind is tried: its name leads to its inode, or the folder is listed, as another mail may have its base by now. */
static mail_entry *find_indexed(folder *f, slice base, uint64_t inode)
{
  folder_index *ix = f->known ? NULL : folder_index_any(f);
  mail_entry *e;
  struct stat st;
  if (!ix) return NULL;
  if (!f->told) tell_expected(f, ix);
  e = folder_index_find(f, ix, base, inode);
  if (e && !inode && !folder_index_looked(f) && !mail_entry_stat(f, e, &st)) return NULL;
  if (e) return e;
  ix = folder_index_fresh(f);
  return ix ? folder_index_find(f, ix, base, inode) : NULL;
}

int folder_names(folder *f, mail_entry *e)
{
  mail_entry const *known;
  if (!e->linked) return 1;
  if (!folder_know(f)) return 0;
  known = census_find(&f->mails, e->base, e->inode);
  if (known) e->also = known->also;
  e->linked = 0;
  return 1;
}

int mail_named_scan(mail_named *n, arena *a, slice mid)
{
  *n = (mail_named){ .possible = 0 };
  n->possible = maildir_mid_scan(a, mid, &n->base, &n->inode);
  return n->possible || errno == EINVAL;
}

mail_entry *folder_find_named(folder *f, mail_named const *n)
{
  census const *known;
  mail_entry *e;
  if (!n->possible) return errno = ENOENT, NULL;
  if ((e = find_indexed(f, n->base, n->inode))) return e;
  if (!(known = folder_know_base(f, n->base))) return NULL;
  e = census_find(known, n->base, n->inode);
  if (!e) errno = ENOENT;
  return e;
}

mail_entry *folder_find(folder *f, slice mid)
{
  mail_named n;
  return mail_named_scan(&n, &f->a, mid) ? folder_find_named(f, &n) : NULL;
}

/* --- whether anything happened --- */

void folder_stamp_add(folder_stamp *stamp, int p, place_stamp const *s, uint64_t clock, int remote)
{
  if (s->inode && !place_stamp_settled(s, clock, remote)) stamp->settled = 0;
  stamp->of[4 * p] = s->changed;
  stamp->of[4 * p + 1] = s->modified;
  stamp->of[4 * p + 2] = s->inode;
  stamp->of[4 * p + 3] = s->device;
}

int folder_kind(folder *f)
{
  if (f->kind < 0) f->kind = place_kind(f->fd);
  return f->kind;
}

int folder_stamp_take(folder *f, folder_stamp *stamp)
{
  uint64_t clock;
  stamp->settled = 1;
  if (!place_clock(&clock)) return 0;
  for (int p = 0; p < PLACES; p++) {
    place_stamp s;
    if (!place_stamp_take(f->place[p], &s)) return 0;
    folder_stamp_add(stamp, p, &s, clock, folder_kind(f) == PLACE_REMOTE);
  }
  return 1;
}
