/* Knowing what is in a folder: new and cur are listed (place.c), each mail once, found by base and inode.
 *
 * What can go wrong, and the rule for each:
 * 1. Two files with one base are two mails: each has its inode in its mid, and the plain mid is neither's.
 * 2. One base and one inode met twice is one mail: renamed while we looked, or a hard link. Where it lies in both places, it is
 *    in cur; within a place what was met later counts, in one listing the greater name, so that the answer does not hang on the order
 *    of a directory. The other names are kept (also): Remove and Move act on all.
 * 3. A mail goes from new to cur between the two listings: new is listed first, so it is met. One that goes back from cur to
 *    new would be missed: where new's stamp moved or is not settled, new is listed once more, and the union counts. Where it did
 *    move, one may have gone there and back, so cur is seen to likewise, and so on, PASSES_MAX times.
 * 4. A mail gets another base while we look (mbsync's ",U=" belongs to no base, but others rename too): of two with one inode
 *    of which one may be stale, that is dropped whose name is not there any more. Both there: two mails, hard links.
 * 5. A place that took several calls (place.c, rule 3) is scanned again, up to SCANS_MAX times, until no change shows. What an earlier
 *    scan met and a later did not is kept until fstatat and further scans agree that it has gone.
 * 6. Where mails are named, their bases alone are kept (wanted). Of a mail that gets another base while we look rule 4 then knows one name; where
 *    that leads nowhere it is looked up again among all (folder_try), as one is that an index told of.
 *
 * Tests: tests/maildir-races.t has 1 to 4, tests/unit/census.c 5; tests/soak goes on for minutes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "private.h"

#define SCANS_MAX 3 /* what several calls a place have found is then taken, unless something is in doubt */
#define SCANS_IN_DOUBT_MAX 8
#define MISSED_MAX 2 /* scans that may miss a mail which is there: others rename it each time */
#define PASSES_MAX 8
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

#define BITS 65536 /* whether any of the few is marked so: most of the many need no further look */

static int has_bit(unsigned char const *bits, uint64_t n) { return bits[n % BITS / 8] & 1 << n % 8; }
static void set_bit(unsigned char *bits, uint64_t n) { bits[n % BITS / 8] |= (unsigned char)(1 << n % 8); }

/* Of these bases alone: a small table, that stays in the cache. Both have the same seed. */
static int add_wanted(census *c, census const *wanted, place_list const *list, int where, unsigned int first)
{
  unsigned char bits[BITS / 8] = { 0 };
  c->pass++;
  for (size_t i = 0; i < wanted->count; i++) set_bit(bits, hash(wanted, wanted->mail[i].base, 0) >> 16);
  for (size_t i = 0; i < list->count; i++) {
    mail_entry e;
    uint64_t h;
    if (!entry_make(&c->a, &e, list->name[i].name, where, list->name[i].inode)) return 0;
    h = hash(c, e.base, 0);
    if (!has_bit(bits, h >> 16) || !*slot_from(wanted, h, e.base, 0)) continue;
    e.seen = c->pass;
    if (!grow(c, 1) || !insert(c, &e, h, first)) return 0;
  }
  return 1;
}

static int add_list(census *c, census const *wanted, place_list const *list, int where, unsigned int first)
{
  mail_entry e[AHEAD];
  uint64_t h[AHEAD];
  if (wanted) return add_wanted(c, wanted, list, where, first);
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

/* --- what has gone --- */

/* Drops what has been marked, and makes the table anew. */
static int drop_gone(census *c)
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

/* How many names the file has that e's name leads to; 0 where that is not e. */
static nlink_t is_there(folder const *f, mail_entry const *e)
{
  struct stat st;
  return !fstatat(f->place[e->where], e->name, &st, AT_SYMLINK_NOFOLLOW) && mail_entry_is(f, e, &st) ? st.st_nlink : 0;
}

/* Rule 5. *doubt: something was missed once. */
static int judge_missed(folder const *f, census *c, unsigned int first, int exact, int *doubt)
{
  for (size_t i = 0; i < c->count; i++) {
    mail_entry *e = c->mail + i;
    if (e->seen >= first) continue;
    if (exact) e->gone = 1;
    else if (is_there(f, e)) e->seen = c->pass;
    else if (e->missed == MISSED_MAX) e->gone = 1;
    else e->missed++, *doubt = 1;
  }
  return drop_gone(c);
}

static int compare_inodes(void const *x, void const *y)
{
  mail_entry const *a = *(mail_entry *const *)x, *b = *(mail_entry *const *)y;
  return (a->inode > b->inode) - (a->inode < b->inode);
}

/* One inode met under two bases: a mail that was renamed meanwhile, unless it has two names and both are there. */
static void judge_pair(folder const *f, mail_entry *x, mail_entry *y)
{
  nlink_t names;
  if (x->gone || y->gone || x->inode != y->inode) return;
  names = is_there(f, x);
  if (!names) x->gone = 1;
  else if (names == 1 || !is_there(f, y)) y->gone = 1;
}

static void judge_pairs(folder const *f, census const *c, mail_entry **few, size_t count, unsigned int cur)
{
  unsigned char bits[BITS / 8] = { 0 };
  qsort(few, count, sizeof *few, compare_inodes);
  for (size_t i = 0; i < count; i++) {
    set_bit(bits, few[i]->inode);
    if (i) judge_pair(f, few[i - 1], few[i]);
  }
  for (size_t i = 0; i < c->count; i++) {
    mail_entry *e = c->mail + i, **found;
    if (e->where == PLACE_NEW || e->seen < cur || !has_bit(bits, e->inode)) continue;
    found = bsearch(&e, few, count, sizeof *few, compare_inodes);
    if (found) judge_pair(f, *found, e);
  }
}

/* Rule 4, where a place has been listed twice: of what may be stale, or else has been met in new. cur is the last pass over cur. */
static int judge_renamed(folder const *f, census *c, unsigned int cur)
{
  size_t n = 0, room = 0;
  mail_entry **few;
  for (size_t i = 0; i < c->count; i++) room += c->mail[i].where == PLACE_NEW || c->mail[i].seen < cur;
  if (!room) return 1;
  few = malloc(room * sizeof *few);
  if (!few) return 0;
  for (size_t i = 0; i < c->count; i++)
    if (c->mail[i].where == PLACE_NEW || c->mail[i].seen < cur) few[n++] = c->mail + i;
  judge_pairs(f, c, few, n, cur);
  free(few);
  return drop_gone(c);
}

/* --- one look --- */

/* The last pass over a place. */
typedef struct look_s look;
struct look_s {
  place_stamp before;
  uint64_t clock;
  unsigned int pass, calls;
};

static int settled(folder *f, look const *l)
{
  if (f->remote < 0) f->remote = place_remote(f->fd);
  return place_stamp_settled(&l->before, l->clock, f->remote);
}

/* Whether the place has, or may have, changed since it was listed: 1, 0, -1 with errno. */
static int may_differ(folder *f, int where, look const *l)
{
  place_stamp now;
  if (f->place[where] < 0) return 0;
  if (!place_stamp_take(f->place[where], &now)) return -1;
  return !place_stamp_same(&now, &l->before) || !settled(f, l);
}

static int list_place(folder *f, census *c, census const *wanted, int where, unsigned int first, look *l)
{
  place_list list;
  if (!place_clock(&l->clock) || !place_stamp_take(f->place[where], &l->before)) return 0;
  if (!f->space[where]) f->space[where] = place_room(f->place[where]);
  if (!place_read(f->place[where], &c->a, f->space + where, &list)) return 0;
  l->calls = list.calls;
  l->pass = c->pass + 1u;
  return add_list(c, wanted, &list, where, first);
}

/* Rule 3, after one pass over each. *passes: how many there were. */
static int look_further(folder *f, census *c, census const *wanted, unsigned int first, look *l, int *passes)
{
  int where = PLACE_NEW;
  for (*passes = 2; *passes < PASSES_MAX; ++*passes, where = where == PLACE_NEW ? PLACE_CUR : PLACE_NEW) {
    size_t met = c->met;
    place_stamp was = l[where].before;
    int differ = may_differ(f, where, l + where);
    if (differ <= 0) return !differ;
    if (!list_place(f, c, wanted, where, first, l + where)) return 0;
    /* new did not settle, but nothing happened there. */
    if (c->met == met && place_stamp_same(&was, &l[where].before)) return ++*passes, 1;
  }
  return 1;
}

/* *exact: every listing was one moment, or nothing changed meanwhile. */
static int scan(folder *f, census *c, census const *wanted, int *exact)
{
  look l[PLACES];
  unsigned int first = c->pass + 1u;
  int passes;
  *exact = 1;
  for (int p = 0; p < PLACES; p++)
    if (!list_place(f, c, wanted, p, first, l + p)) return 0;
  if (!look_further(f, c, wanted, first, l, &passes)) return 0;
  for (int p = 0; p < PLACES; p++) {
    int differ = l[p].calls > 1 ? may_differ(f, p, l + p) : 0;
    if (differ < 0) return 0;
    if (differ) *exact = 0;
  }
  return passes == 2 || judge_renamed(f, c, l[PLACE_CUR].pass);
}

int census_take(folder *f, census *c, census const *wanted)
{
  if (!census_begin(c)) return 0;
  if (wanted) c->seed = wanted->seed;
  for (int scans = 1;; scans++) {
    unsigned int first = c->pass + 1u;
    int exact, doubt = 0;
    if (!scan(f, c, wanted, &exact)) return 0;
    if (scans > 1 && !judge_missed(f, c, first, exact, &doubt)) return 0;
    if (exact || (scans >= SCANS_MAX && (!doubt || scans == SCANS_IN_DOUBT_MAX))) return 1;
  }
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
}

mail_entry *folder_entry(folder *f, char const *name, int where, uint64_t inode)
{
  mail_entry *e = arena_take(&f->a, sizeof *e);
  char const *copy = arena_copy(&f->a, name, strlen(name));
  return e && copy && entry_make(&f->a, e, copy, where, inode) ? e : NULL;
}
