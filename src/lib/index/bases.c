/* Bases that are looked up many at a time: one pass over the names of the image finds them, where a bisection for each would read here and there, or
 * all of the index.
 *
 * What can go wrong, and the rule for each:
 * 1. A name is damaged: names are not checked here. What is found is a hint, that its record must bear out; what is not found is bisected, of which
 *    many are, too, where mids of other folders are asked for: then all is read.
 * 2. Several mails have one base: of such no hint is taken, and they are bisected.
 * 3. Names are many: nearly each is told by its first octets from all that are wanted. A base is the beginning of its name, unless a uid was taken
 *    out of it there.
 *
 * Tests: tests/unit/folder_index.c, tests/maildir-change.t. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../text/bytes.h"
#include "index.h"

/* In mails of a folder: what one of those that are looked up costs. */
#define PASS 512 /* bisection, here and there: as much as passing over so many names */
#define LOAD 128 /* as much as reading all of so many in a row */
#define READ 32  /* reading what is known of it: as much as the same of so many in a row */

/* --- a table of them --- */

static size_t slot_of(index_bases const *b, slice base) { return (size_t)index_check(b->seed, base.s, base.len) & b->mask; }

/* The slot that it has, or would have. */
static uint32_t *find(index_bases const *b, slice base)
{
  size_t i = slot_of(b, base);
  while (b->slot[i] && !slice_same(b->base[b->slot[i] - 1], base)) i = (i + 1) & b->mask;
  return b->slot + i;
}

int index_bases_make(index_bases *b, folder_index const *ix, slice const *base, size_t count)
{
  size_t room = 64;
  *b = (index_bases){ .base = base, .count = count, .seed = ix->h.instance };
  while (room < 2 * count) room *= 2;
  if (!(b->slot = calloc(room, sizeof *b->slot))) return 0;
  b->mask = room - 1;
  for (size_t k = 0; k < count; k++) {
    uint32_t *const slot = find(b, base[k]);
    if (!*slot) *slot = (uint32_t)k + 1;
  }
  return 1;
}

/* --- how they begin --- */

#define START 16
#define STARTS 16384

typedef struct starts_s starts;
struct starts_s {
  int shorter; /* a base has fewer octets: any name may have it */
  unsigned char bits[STARTS / 8];
};

static size_t start_of(char const *s) { return (size_t)(((eight(s) * 0x9e3779b97f4a7c15u) ^ eight(s + 8)) * 0xff51afd7ed558ccdu >> 50); }

static void starts_make(starts *st, index_bases const *b)
{
  *st = (starts){ .shorter = 0 };
  for (size_t k = 0; k < b->count; k++) {
    if (b->base[k].len < START) st->shorter = 1;
    else st->bits[start_of(b->base[k].s) / 8] |= (unsigned char)(1 << start_of(b->base[k].s) % 8);
  }
}

/* Rule 3: whether the base of that name may be among them. */
static int starts_have(starts const *st, slice name)
{
  if (st->shorter || name.len < START || eight_equal(eight(name.s), ',') || eight_equal(eight(name.s + 8), ',')) return 1;
  return st->bits[start_of(name.s) / 8] >> start_of(name.s) % 8 & 1;
}

/* --- the pass --- */

static int give(index_bases const *b, slice base, uint32_t number, index_base_func *each, void *context)
{
  uint32_t const which = *find(b, base);
  return !which || each(context, which - 1, number);
}

static int pass_image(folder_index *ix, index_bases const *b, index_base_func *each, void *context)
{
  uint64_t const len = ix->h.section[SECTION_NAMES].len;
  char const *const names = ix->memory[SECTION_NAMES];
  char room[INDEX_NAME_MAX];
  starts st;
  starts_make(&st, b);
  for (uint64_t i = 0, at = 0; i < ix->h.n; i++) {
    if (at >= len || (unsigned char)names[at] > len - at - 1) return ix->broken = 1, errno = EILSEQ, 0;
    slice const name = { names + at + 1, (unsigned char)names[at] };
    if (starts_have(&st, name) && !give(b, index_base(name, room), (uint32_t)i, each, context)) return 0;
    at += 1 + name.len;
  }
  return 1;
}

int index_bases_pass(folder_index *ix, index_bases const *b, index_base_func *each, void *context)
{
  if (!index_apply(ix) || !index_load(ix, SECTION_NAMES, INDEX_FILE_MAX) || !pass_image(ix, b, each, context)) return 0;
  for (size_t i = 0; i < ix->changes; i++) {
    index_change const *const c = ix->change + i;
    if (c->added && !c->gone && !give(b, c->mail.base, c->mail.number, each, context)) return 0;
  }
  return 1;
}

int index_bases_many(folder_index const *ix, size_t count) { return count > 1 && count > ix->h.n / PASS; }

/* --- hints --- */

static int take_hint(void *context, size_t which, uint32_t number)
{
  folder_index *const ix = context;
  ix->hint[which] = number;
  return 1;
}

int index_expect(folder_index *ix, slice const *base, size_t count)
{
  size_t found = 0;
  if (ix->hint || !index_bases_many(ix, count)) return 1;
  if (!index_bases_make(&ix->expected, ix, base, count) || !(ix->hint = malloc(count * sizeof *ix->hint))) return 0;
  for (size_t i = 0; i < count; i++) ix->hint[i] = UINT32_MAX;
  if (!index_bases_pass(ix, &ix->expected, take_hint, ix) || !index_load(ix, SECTION_INODES, INDEX_FILE_MAX)) return 0;
  for (size_t i = 0; i < count; i++) found += ix->hint[i] != UINT32_MAX;
  if (count - found > ix->h.n / LOAD)
    return index_mails_load(ix) && index_load(ix, (enum index_section)(SECTION_ORDERS + INDEX_BY_BASE), INDEX_FILE_MAX);
  return found <= ix->h.n / READ || index_mails_load(ix);
}

int index_hint(folder_index *ix, slice base, uint64_t inode, index_mail *m, index_room *room)
{
  uint32_t const which = ix->hint ? *find(&ix->expected, base) : 0;
  if (!which || ix->hint[which - 1] == UINT32_MAX || !index_get(ix, ix->hint[which - 1], m, room)) return 0;
  return slice_same(m->base, base) && !(m->r.flags & INDEX_TWIN) && (!inode || m->inode == inode);
}
