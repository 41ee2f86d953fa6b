/* Looking: where a stamp has moved, the directories are listed, compared with the index, and what came of it is left behind.
 *
 * Rules:
 * 1. Stamps are taken before the index is opened and before anything is listed: a change meanwhile is seen twice, never missed.
 * 2. Each place is listed in one call, new before cur, and new again where it may have changed meanwhile. Where that cannot be had (several calls a
 *    listing, a stamp that moved while a server listed, new was another the second time) the careful look of census.c is compared instead.
 * 3. Where cur was not listed as its stamp had not moved, the stamp is taken again after new was listed: a mail may just have gone there.
 * 4. A mail has gone before its head could be read: another look. What came of the first is in the index in memory already, and what came of all is
 *    left behind together, in one segment: one of the last alone would say too little, and be believed.
 *
 * Tests: tests/index-stale.t, tests/index-storm.t, tests/index-model.t. */
#include <errno.h>
#include <string.h>

#include "indexed_internal.h"

#define LOOKS_MAX 10 /* at a folder whose mails are renamed while their heads are read */

/* --- stamps --- */

int indexed_take_stamps(folder *f, index_stamp stamp[PLACES])
{
  uint64_t clock;
  if (!place_clock(&clock)) return 0;
  for (int p = 0; p < PLACES; p++) {
    place_stamp s;
    if (!place_stamp_take(f->place[p], &s)) return 0;
    stamp[p] = (index_stamp){ s.changed, s.modified, clock, s.inode, s.device, folder_kind(f) == PLACE_REMOTE ? STAMP_REMOTE : 0 };
  }
  return 1;
}

static int settled(index_stamp const *t)
{
  place_stamp const s = { t->changed, t->modified, t->inode, t->device };
  return place_stamp_settled(&s, t->clock, (t->flags & STAMP_REMOTE) != 0);
}

static int same_stamp(index_stamp const *a, index_stamp const *b)
{
  return a->changed == b->changed && a->modified == b->modified && a->inode == b->inode && a->device == b->device;
}

int indexed_unchanged(folder_index const *ix, index_stamp const stamp[PLACES], int p)
{
  return same_stamp(ix->last.stamp + p, stamp + p) && settled(ix->last.stamp + p);
}

int indexed_unmoved(folder *f)
{
  folder_indexed const *const x = f->indexed;
  index_stamp now[PLACES];
  int good = 1;
  if (!indexed_take_stamps(f, now)) return 0;
  for (int p = 0; p < PLACES; p++) {
    if (!same_stamp(now + p, x->stamp + p)) return 0;
    if (f->place[p] >= 0 && folder_kind(f) != PLACE_REMOTE && !settled(x->stamp + p)) good = -1;
  }
  return good;
}

/* --- listing --- */

/* One listing as the comparison wants it. */
static int take_list(index_listing *l, place_list const *list, arena *a)
{
  *l = (index_listing){ list->name, list->count, arena_take(a, (list->count + 1) * sizeof *l->number) };
  /* There is always a list, empty where nothing is listed. */
  return l->number && (l->list || (l->list = arena_take(a, 1)));
}

static int list_place(folder *f, int p, arena *a, place_list *list)
{
  if (!f->space[p]) f->space[p] = place_room(f->place[p]);
  return place_read(f->place[p], a, f->space + p, list);
}

/* Whether a place may have changed since its stamp was taken. */
static int may_have_changed(folder *f, int p, index_stamp const *before)
{
  index_stamp now[PLACES];
  return !indexed_take_stamps(f, now) || !same_stamp(now + p, before) || !settled(before);
}

/* Where one call is no moment (place.c, rule 3): whether a place has moved since its stamp was taken, or may have. */
static int was_split(folder *f, int listed)
{
  index_stamp now[PLACES];
  index_stamp const *const before = f->indexed->stamp;
  int const kind = folder_kind(f);
  if (kind == PLACE_LOCAL) return 0;
  if (!indexed_take_stamps(f, now)) return 1;
  for (int p = 0; p < PLACES; p++)
    if ((p == PLACE_NEW || listed) && (!same_stamp(now + p, before + p) || (kind == PLACE_LATE && f->place[p] >= 0 && !settled(before + p))))
      return 1;
  return 0;
}

static int same_lists(place_list const *a, place_list const *b)
{
  if (a->count != b->count) return 0;
  for (size_t i = 0; i < a->count; i++)
    if (a->name[i].inode != b->name[i].inode || strcmp(a->name[i].name, b->name[i].name)) return 0;
  return 1;
}

/* Rule 2's careful look. Mails of new come first, as in an image. */
static int list_census(folder *f, comparison *c, arena *a)
{
  census all = { 0 };
  int good = census_take(f, &all, NULL);
  for (unsigned char p = 0; good && p < PLACES; p++) {
    index_listing *const l = c->listing + p;
    l->list = arena_take(a, (all.count + 1) * sizeof *l->list);
    l->number = arena_take(a, (all.count + 1) * sizeof *l->number);
    l->count = 0;
    good = l->list && l->number;
    for (size_t i = 0; good && i < all.count; i++) {
      mail_entry const *const e = all.mail + i;
      char *copy;
      if (e->where != p) continue;
      good = (copy = arena_copy(a, e->name, strlen(e->name))) != NULL;
      if (good) l->list[l->count++] = (place_name){ copy, e->inode };
    }
  }
  census_free(&all);
  return good;
}

/* Lists what may have changed; with both, both places. 1, 0 with errno, -1: a careful look is needed. */
static int list_places(folder *f, comparison *c, arena *a, int both)
{
  folder_indexed *const x = f->indexed;
  place_list list[PLACES], again;
  int const cur = both || !indexed_unchanged(&x->ix, x->stamp, PLACE_CUR);
  if (!list_place(f, PLACE_NEW, a, list + PLACE_NEW) || !take_list(c->listing + PLACE_NEW, list + PLACE_NEW, a)) return 0;
  if (list[PLACE_NEW].calls > 1) return -1;
  if (!cur) return may_have_changed(f, PLACE_CUR, &x->ix.last.stamp[PLACE_CUR]) ? list_places(f, c, a, 1) : was_split(f, 0) ? -1 : 1;
  if (!list_place(f, PLACE_CUR, a, list + PLACE_CUR) || !take_list(c->listing + PLACE_CUR, list + PLACE_CUR, a)) return 0;
  if (list[PLACE_CUR].calls > 1 || was_split(f, 1)) return -1;
  if (f->place[PLACE_NEW] < 0 || !may_have_changed(f, PLACE_NEW, x->stamp + PLACE_NEW)) return 1;
  if (!list_place(f, PLACE_NEW, a, &again)) return 0;
  return again.calls > 1 || !same_lists(list + PLACE_NEW, &again) ? -1 : 1;
}

/* --- comparing, and what is left behind --- */

/* Leaves what came of a look behind. A segment that would say nothing new is not written. */
static int leave(folder *f, comparison *c)
{
  folder_indexed *const x = f->indexed;
  folder_index *const ix = &x->ix;
  int news = c->count != 0;
  for (int p = 0; p < PLACES; p++) news |= !same_stamp(ix->last.stamp + p, x->stamp + p) || (settled(x->stamp + p) && !settled(ix->last.stamp + p));
  if (!news) return 1;
  if (index_segment_write(ix, c, x->stamp)) return 1;
  /* Somebody else was first, and has given the same serials to other mails. */
  if (errno != EFBIG) return x->unsaved = c->count ? errno : x->unsaved, 1;
  return c->listing[PLACE_CUR].list ? indexed_make_again(f, c) : -1;
}

/* 1; 0 where the index is of no use; -1 where another look is needed, at both places. */
static int look(folder *f, comparison *c, int both)
{
  arena a = ARENA_ZERO;
  int good;
  c->vanished = 0;
  memset(c->listing, 0, sizeof c->listing);
  good = list_places(f, c, &a, both);
  if (good < 0) good = list_census(f, c, &a);
  good = good && index_compare(c);
  if (good && c->vanished) good = -1;
  else if (good) good = leave(f, c);
  /* What has no stamps to be believed by is not left behind, but it is what is there. */
  arena_free(&a);
  return good;
}

int indexed_look(folder *f)
{
  folder_indexed *const x = f->indexed;
  comparison c = { .ix = &x->ix, .head = indexed_head, .context = f };
  int good = look(f, &c, 0);
  for (int looks = 1; good < 0 && looks < LOOKS_MAX; looks++) good = !x->ix.broken && indexed_take_stamps(f, x->stamp) ? look(f, &c, 1) : 0;
  index_comparison_free(&c);
  return good > 0;
}
