/* The mails of a folder as they are met, name by name: each once, found by base and inode. Who looks, and how often, is census.c's.
 *
 * 1. Two files with one base are two mails: each has its inode in its mid, and the plain mid is neither's.
 * 2. One base and one inode met twice is one mail: renamed while we looked, or a hard link. Where it lies in both places, it is
 *    in cur; within a place what was met later counts, in one listing the greater name, so that the answer does not hang on the order
 *    of a directory. The other names are kept (also): Remove and Move act on all.
 *
 * Tests: tests/maildir-races.t, tests/unit/census.c, tests/maildir-linear.t.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "census_internal.h"

#define AHEAD 16                   /* mails whose slots are asked of memory before the first of them is looked at */
#define COUNT_MAX (UINT32_MAX / 4) /* the table holds 32-bit numbers and is at most half full */

/* --- the table: base (and inode, for all but the first of a base) to mail --- */

static uint64_t hash(census const *c, slice base, uint64_t inode)
{
  uint64_t h = c->seed ^ (inode * 0x9e3779b97f4a7c15u);
  size_t i = 0;
  for (; i + 8 <= base.len; i += 8) {
    uint64_t w;
    memcpy(&w, base.s + i, 8);
    h = (h ^ w) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  if (i && i < base.len) { /* the last octets, some of them once more: they lie in one word */
    uint64_t w;
    memcpy(&w, base.s + base.len - 8, 8);
    h = (h ^ w) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  } else
    for (; i < base.len; i++) h = (h ^ (unsigned char)base.s[i]) * 0x100000001b3u;
  h *= 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 29);
}

/* The slot of base's first mail (inode 0) or of the later one with that inode, h being their hash; an empty slot where there is none. */
static uint32_t *slot_from(census const *c, uint64_t h, slice base, uint64_t inode)
{
  for (size_t i = h & c->mask;; i = (i + 1) & c->mask) {
    mail_entry const *e;
    if (!c->table[i]) return c->table + i;
    e = c->mail + c->table[i] - 1;
    if (slice_same(e->base, base) && (inode ? e->later && e->inode == inode : !e->later)) return c->table + i;
  }
}

static uint32_t *slot(census const *c, slice base, uint64_t inode) { return slot_from(c, hash(c, base, inode), base, inode); }

/* Makes room for more mails. */
static int grow(census *c, size_t more)
{
  size_t room = c->room ? c->room : 64;
  mail_entry *mail;
  uint32_t *table;
  if (more > COUNT_MAX) return errno = EOVERFLOW, 0;
  while (room < c->count + more) room *= 2;
  if (room > COUNT_MAX) return errno = EOVERFLOW, 0;
  if (room == c->room) return 1;
  mail = place_large_take(room * sizeof *mail);
  if (!mail) return 0;
  if (c->count) memcpy(mail, c->mail, c->count * sizeof *mail);
  free(c->mail);
  c->mail = mail;
  table = calloc(2 * room, sizeof *table);
  if (!table) return 0;
  free(c->table);
  c->table = table;
  c->mask = 2 * room - 1;
  c->room = room;
  for (size_t i = 0; i < c->count; i++) *slot(c, mail[i].base, mail[i].later ? mail[i].inode : 0) = (uint32_t)(i + 1);
  return 1;
}

mail_entry *census_find(census const *c, slice base, uint64_t inode)
{
  uint32_t at = c->table ? *slot(c, base, 0) : 0;
  mail_entry *e = at ? c->mail + at - 1 : NULL;
  if (!e) return NULL;
  if (!inode) return e->twin ? NULL : e;
  if (e->inode == inode) return e;
  at = *slot(c, base, inode);
  return at ? c->mail + at - 1 : NULL;
}

int census_taken(census const *c, slice base, uint64_t inode)
{
  uint32_t at = c->table ? *slot(c, base, 0) : 0;
  return at && (c->mail[at - 1].inode != inode || c->mail[at - 1].twin);
}

/* --- a name is met --- */

/* Where another name of a mail is, or belongs. */
static mail_name **other_slot(census const *c, char const *name, int where, uint64_t inode)
{
  for (size_t i = hash(c, slice_of(name), inode + (uint64_t)where) & c->others_mask;; i = (i + 1) & c->others_mask) {
    mail_name const *const n = c->other[i];
    if (!n || (n->where == where && n->inode == inode && !strcmp(n->name, name))) return c->other + i;
  }
}

static int grow_others(census *c)
{
  size_t const old_room = c->other ? c->others_mask + 1 : 0, room = old_room ? 2 * old_room : 64;
  mail_name **const old = c->other, **const more = calloc(room, sizeof *more);
  if (!more) return 0;
  c->other = more;
  c->others_mask = room - 1;
  for (size_t i = 0; i < old_room; i++)
    if (old[i]) *other_slot(c, old[i]->name, old[i]->where, old[i]->inode) = old[i];
  free(old);
  return 1;
}

/* Whether this scan, whose first pass that is, has met the mail by that name. */
static int has_name(census const *c, mail_entry const *e, char const *name, int where, unsigned int first)
{
  mail_name const *n;
  if (e->where == where && !strcmp(e->name, name)) return 1;
  n = e->also ? *other_slot(c, name, where, e->inode) : NULL;
  return n && n->seen >= first;
}

/* Gives e that name besides its own. */
static int add_other(census *c, mail_entry *e, char const *name, int where)
{
  mail_name *const n = arena_take(&c->a, sizeof *n), **at;
  if (!n || (2 * (c->others + 1) > c->others_mask && !grow_others(c))) return 0;
  *n = (mail_name){ e->also, name, where, c->pass, e->inode };
  at = other_slot(c, name, where, e->inode);
  c->others += !*at;
  *at = e->also = n;
  return 1;
}

/* Rule 2; first is the first pass of this scan. What only an earlier scan had seen is no name any more. */
static int meet(census *c, mail_entry *old, mail_entry const *e, unsigned int first)
{
  int newer = e->where != old->where ? e->where == PLACE_CUR : e->seen > old->seen || strcmp(e->name, old->name) > 0;
  if (old->seen < first) {
    old->also = NULL;
    newer = 1;
    c->met++;
  } else if (!has_name(c, old, e->name, e->where, first)) {
    c->met++;
    if (!add_other(c, old, newer ? old->name : e->name, newer ? old->where : e->where)) return 0;
  } else newer = 0;
  if (newer) {
    old->name = e->name;
    old->where = e->where;
    old->info = e->info;
  }
  old->seen = e->seen;
  old->missed = 0;
  return 1;
}

/* h: the hash of its base alone. */
static int insert(census *c, mail_entry *e, uint64_t h, unsigned int first)
{
  uint32_t *at = slot_from(c, h, e->base, 0);
  if (*at) {
    mail_entry *old = c->mail + *at - 1;
    if (old->inode == e->inode) return meet(c, old, e, first);
    at = slot(c, e->base, e->inode);
    if (*at) return meet(c, c->mail + *at - 1, e, first);
    old->twin = e->twin = e->later = 1;
  }
  c->mail[c->count++] = *e;
  *at = (uint32_t)c->count;
  c->met++;
  return 1;
}

int census_begin(census *c)
{
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) < 0) return 0;
  census_free(c);
  c->seed = ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec) ^ ((uint64_t)getpid() << 40);
  return grow(c, 0);
}

int census_want(census *c, slice base)
{
  uint32_t *at;
  if (!grow(c, 1)) return 0;
  at = slot(c, base, 0);
  if (*at) return 1;
  c->mail[c->count++] = (mail_entry){ .base = base };
  *at = (uint32_t)c->count;
  return 1;
}

static int entry_make(arena *a, mail_entry *e, char const *name, int where, uint64_t inode)
{
  maildir_name n;
  maildir_name_split(&n, name, strlen(name));
  *e = (mail_entry){ .name = name, .inode = inode, .where = (unsigned char)where };
  e->info = (unsigned char)(n.base.len + n.uid.len + n.tail.len);
  return maildir_name_base(a, &n, &e->base);
}

/* Of these bases alone: a small table, that stays in the cache. Both have the same seed. */
static int add_wanted(census *c, place_list const *list, int where, unsigned int first)
{
  census const *const wanted = c->wanted;
  unsigned char bits[CENSUS_BITS / 8] = { 0 };
  c->pass++;
  for (size_t i = 0; i < wanted->count; i++) census_set_bit(bits, hash(wanted, wanted->mail[i].base, 0) >> 16);
  for (size_t i = 0; i < list->count; i++) {
    mail_entry e;
    uint64_t h;
    if (!entry_make(&c->a, &e, list->name[i].name, where, list->name[i].inode)) return 0;
    h = hash(c, e.base, 0);
    if (!census_has_bit(bits, h >> 16) || !*slot_from(wanted, h, e.base, 0)) continue;
    e.seen = c->pass;
    if (!grow(c, 1) || !insert(c, &e, h, first)) return 0;
  }
  return 1;
}

int census_add(census *c, place_list const *list, int where, unsigned int first)
{
  mail_entry e[AHEAD];
  uint64_t h[AHEAD];
  if (c->wanted) return add_wanted(c, list, where, first);
  c->pass++;
  if (!grow(c, list->count)) return 0;
  for (size_t i = 0, some; i < list->count; i += some) {
    some = list->count - i < AHEAD ? list->count - i : AHEAD;
    for (size_t k = 0; k < some; k++) {
      if (!entry_make(&c->a, e + k, list->name[i + k].name, where, list->name[i + k].inode)) return 0;
      e[k].seen = c->pass;
      h[k] = hash(c, e[k].base, 0);
      __builtin_prefetch(c->table + (h[k] & c->mask));
    }
    for (size_t k = 0; k < some; k++)
      if (!insert(c, e + k, h[k], first)) return 0;
  }
  return 1;
}

int census_drop_gone(census *c)
{
  size_t n = c->count, room = c->room, some = 0;
  for (size_t i = 0; i < n; i++) some += c->mail[i].gone;
  if (!some) return 1;
  c->count = 0;
  memset(c->table, 0, 2 * room * sizeof *c->table);
  for (size_t i = 0; i < n; i++) {
    mail_entry e = c->mail[i];
    if (e.gone) continue;
    e.twin = e.later = 0;
    if (!insert(c, &e, hash(c, e.base, 0), 0)) return 0;
  }
  return 1;
}

void census_free(census *c)
{
  arena_free(&c->a);
  free(c->mail);
  free(c->table);
  free(c->other);
  c->mail = NULL;
  c->table = NULL;
  c->other = NULL;
  c->others = c->others_mask = 0;
  c->count = c->room = c->mask = c->met = 0;
  c->pass = 0;
  c->wanted = NULL;
}

mail_entry *folder_entry(folder *f, char const *name, int where, uint64_t inode)
{
  mail_entry *e = arena_take(&f->a, sizeof *e);
  char const *copy = arena_copy(&f->a, name, strlen(name));
  return e && copy && entry_make(&f->a, e, copy, where, inode) ? e : NULL;
}
