/* What is loose and what is missing, brought together by base and inode (compare.c has the table), and made into operations of which the index
 * hears at once: whoever looks a base up after that sees them.
 *
 * What can go wrong, and the rule for each:
 * 1. A mail has several names (a hard link, or it was renamed while we listed): it keeps one, cur's before new's, then the greater.
 * 2. A mail that came has gone before its head could be read: nothing is said of it, and the caller looks again.
 *
 * Tests: tests/unit/folder_index.c, tests/index-model.t, tests/index-storm.t. */
#include <stdlib.h>

#include "compare_internal.h"

/* --- what is missing, by base and inode --- */

typedef struct lookup_s lookup;
struct lookup_s {
  uint32_t *slot; /* of missing + 1: an open table */
  size_t mask;
};

static size_t place(lookup const *t, slice base, uint64_t inode) { return (size_t)index_check(inode, base.s, base.len) & t->mask; }

static int lookup_make(lookup *t, working const *w)
{
  size_t room = 64;
  while (room < 2 * w->missing_count) room *= 2;
  t->slot = calloc(room, sizeof *t->slot);
  if (!t->slot) return 0;
  t->mask = room - 1;
  for (size_t k = 0; k < w->missing_count; k++) {
    size_t i = place(t, w->missing[k].mail.base, w->missing[k].mail.inode);
    while (t->slot[i]) i = (i + 1) & t->mask;
    t->slot[i] = (uint32_t)k + 1;
  }
  return 1;
}

static missing *missing_find(working const *w, lookup const *t, loose const *l)
{
  for (size_t i = place(t, l->base, l->inode); t->slot[i]; i = (i + 1) & t->mask) {
    missing *const x = w->missing + t->slot[i] - 1;
    if (x->mail.inode == l->inode && slice_same(x->mail.base, l->base)) return x;
  }
  return NULL;
}

/* --- operations --- */

int compare_emit(working *w, index_operation const *o, index_mail const *before)
{
  comparison *const c = w->c;
  index_mail now = { .name = o->name };
  index_operation kept = *o;
  if (o->name.len && !(kept.name.s = arena_copy(&c->a, o->name.s, o->name.len))) return 0;
  if (!compare_room((void **)&c->operation, c->count, &c->room, sizeof *c->operation)) return 0;
  c->operation[c->count++] = kept;
  c->octets += index_operation_pack(NULL, o);
  if (before) {
    c->total.mails--;
    c->total.unread -= (uint64_t)index_unread(before->name);
    c->total.octets -= before->r.size;
  }
  if (o->kind == INDEX_GO) return 1;
  c->total.mails++;
  c->total.octets += o->kind == INDEX_RENAME ? before->r.size : o->record.size;
  if (o->kind == INDEX_KEYS) now.name = before->name;
  c->total.unread += (uint64_t)index_unread(now.name);
  return 1;
}

/* An operation of which the index hears at once. */
static int change(working *w, index_operation const *o, index_mail const *before)
{
  return compare_emit(w, o, before) && index_change_make(w->ix, o, (uint32_t)w->ix->last.sequence + 1);
}

static int rename_mail(working *w, uint32_t number, unsigned char where, slice name)
{
  index_operation const o = { .kind = INDEX_RENAME, .where = where, .number = number, .name = name };
  index_room room;
  index_mail m;
  return index_get(w->ix, number, &m, &room) && change(w, &o, &m);
}

/* For the marks: a base, of which another came or went; a mail, of which another name was met. */
static int touch(working *w, slice base)
{
  if (!COMPARE_ROOM(w, touched)) return 0;
  w->touched[w->touched_count++] = base;
  return 1;
}

static int link_mail(working *w, uint32_t number)
{
  if (!COMPARE_ROOM(w, linked)) return 0;
  w->linked[w->linked_count++] = number;
  return 1;
}

/* --- what is loose, and what is missing --- */

/* Rule 1. */
static int better(unsigned char where, slice name, unsigned char old_where, slice old)
{
  return where != old_where ? where == PLACE_CUR : slice_compare(name, old) > 0;
}

/* The mail that a loose name belongs to although it was met under another; *number is UINT32_MAX where there is none. *mates: whether another
 * has its base. */
static int find_met(working *w, loose const *l, uint32_t *number, int *mates)
{
  uint32_t first;
  size_t count;
  *number = UINT32_MAX;
  if (!index_base_find(w->ix, l->base, 0, &first, 1, &count)) return 0;
  *mates = count != 0;
  if (!count) return 1;
  if (!index_base_find(w->ix, l->base, l->inode, &first, 1, &count)) return 0;
  if (count) {
    index_room room;
    index_mail m;
    if (!index_get(w->ix, first, &m, &room)) return 0;
    if (m.inode == l->inode) *number = first;
  }
  return 1;
}

static int second_name(working *w, loose const *l, uint32_t number)
{
  index_room room;
  index_mail m;
  if (!index_get(w->ix, number, &m, &room)) return 0;
  if (!(m.r.flags & INDEX_LINKED) && !link_mail(w, number)) return 0;
  if (!better(l->where, l->name, m.where, m.name)) return 1;
  *l->number = number;
  return rename_mail(w, number, l->where, l->name);
}

static int by_base(void const *a, void const *b)
{
  loose const *const x = *(loose *const *)a, *const y = *(loose *const *)b;
  index_key const k = { .base = x->base, .inode = x->inode }, j = { .base = y->base, .inode = y->inode };
  int const r = index_key_compare(&k, &j);
  if (r) return r;
  return better(x->where, x->name, y->where, y->name) ? -1 : 1;
}

/* What came, by rules 1 and 2. */
static int add_mails(working *w, loose **came, size_t count)
{
  folder_index *const ix = w->ix;
  qsort(came, count, sizeof *came, by_base);
  for (size_t i = 0; i < count; i++) {
    loose const *const l = came[i];
    index_operation o = { .kind = INDEX_ADD, .where = l->where, .number = ix->h.n + ix->added, .inode = l->inode, .name = l->name };
    int there;
    if (i && slice_same(came[i - 1]->base, l->base)) {
      if (came[i - 1]->inode == l->inode) {
        if (*came[i - 1]->number != UINT32_MAX && !link_mail(w, *came[i - 1]->number)) return 0;
        continue;
      }
      if (!touch(w, l->base)) return 0;
    }
    there = w->c->head(w->c->context, &o, &w->c->a);
    if (there < 0) return 0;
    if (!there) {
      w->c->vanished = 1;
      continue;
    }
    o.record.serial = ix->h.serial;
    if (!change(w, &o, NULL)) return 0;
    *l->number = o.number;
  }
  return 1;
}

/* Each loose name: another name of a mail that is missing or was met, or of one that came. */
static int place_loose(working *w, lookup const *t, loose **came, size_t *count)
{
  *count = 0;
  for (size_t i = 0; i < w->loose_count; i++) {
    loose *const l = w->loose + i;
    missing *const x = missing_find(w, t, l);
    uint32_t number;
    int mates;
    if (x) {
      if (x->found && !link_mail(w, x->mail.number)) return 0;
      if (!x->found || better(l->where, l->name, x->found->where, x->found->name)) x->found = l;
      continue;
    }
    if (!find_met(w, l, &number, &mates)) return 0;
    if (number != UINT32_MAX) {
      if (!second_name(w, l, number)) return 0;
      continue;
    }
    came[(*count)++] = l;
    if (mates && !touch(w, l->base)) return 0;
  }
  return 1;
}

/* Each missing mail has another name, or went. */
static int place_missing(working *w)
{
  for (size_t i = 0; i < w->missing_count; i++) {
    missing const *const x = w->missing + i;
    loose const *const l = x->found;
    index_room room;
    index_mail m;
    if (l) {
      *l->number = x->mail.number;
      if ((l->where != x->mail.where || !slice_same(l->name, x->mail.name)) && !rename_mail(w, x->mail.number, l->where, l->name)) return 0;
      continue;
    }
    if (!index_get(w->ix, x->mail.number, &m, &room)) return 0;
    if (m.r.flags & INDEX_TWIN && !touch(w, x->mail.base)) return 0;
    if (!change(w, &(index_operation){ .kind = INDEX_GO, .where = m.where, .number = m.number, .inode = m.inode }, &m)) return 0;
  }
  return 1;
}

int compare_resolve(working *w)
{
  loose **came = malloc(w->loose_count * sizeof *came + 1);
  lookup t = { 0 };
  size_t count;
  int const good = came && lookup_make(&t, w) && place_loose(w, &t, came, &count) && place_missing(w) && add_mails(w, came, count);
  free(came);
  free(t.slot);
  return good;
}
