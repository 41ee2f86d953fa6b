/* What changed since the image: mails that came, went, were renamed, or whose head was read anew. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

static size_t place(folder_index const *ix, uint32_t number) { return (size_t)((uint64_t)number * 0x9e3779b97f4a7c15u >> 20) & ix->slot_mask; }

index_change *index_changed(folder_index const *ix, uint32_t number)
{
  if (!ix->changes) return NULL;
  for (size_t i = place(ix, number); ix->slot[i]; i = (i + 1) & ix->slot_mask)
    if (ix->change[ix->slot[i] - 1].mail.number == number) return ix->change + ix->slot[i] - 1;
  return NULL;
}

static void enter(folder_index *ix, size_t at)
{
  size_t i = place(ix, ix->change[at].mail.number); /* NOLINT(clang-analyzer-core.CallAndMessage): realloc keeps what was there */
  while (ix->slot[i]) i = (i + 1) & ix->slot_mask;
  ix->slot[i] = (uint32_t)at + 1;
}

static int grow(folder_index *ix, size_t room)
{
  index_change *change = realloc(ix->change, room * sizeof *change);
  uint32_t *slot;
  if (!change) return 0;
  ix->change = change;
  slot = calloc(2 * room, sizeof *slot);
  if (!slot) return 0;
  free(ix->slot);
  ix->slot = slot;
  ix->slot_mask = 2 * room - 1;
  ix->changes_room = room;
  for (size_t i = 0; i < ix->changes; i++) enter(ix, i);
  return 1;
}

int index_changes_room(folder_index *ix, size_t count)
{
  size_t const most = INDEX_SEGMENTS_MAX / INDEX_OPERATION, more = count < most ? count : most;
  size_t room = 64;
  while (room < ix->changes + more) room *= 2;
  return !count || (ix->change && room <= ix->changes_room) || grow(ix, room);
}

static index_change *find_or_make(folder_index *ix, uint32_t number)
{
  index_change *c = index_changed(ix, number);
  if (c) return c;
  if ((!ix->change || ix->changes == ix->changes_room) && !index_changes_room(ix, ix->changes + 1)) return NULL;
  c = ix->change + ix->changes++;
  *c = (index_change){ .mail.number = number };
  enter(ix, ix->changes - 1);
  return c;
}

static int keep(folder_index *ix, slice from, slice *to)
{
  char *s;
  if (ix->applying) return *to = from, 1;
  s = arena_copy(&ix->a, from.s, from.len);
  if (!s) return 0;
  *to = (slice){ s, from.len };
  return 1;
}

int index_hidden(folder_index const *ix, unsigned int by, uint32_t number)
{
  index_change const *c;
  if (!ix->hidden || !(ix->hidden[number / 8] >> number % 8 & 1)) return 0;
  return by != INDEX_BY_BASE || ((c = index_changed(ix, number)) && c->gone);
}

static int keep_name(folder_index *ix, index_change *c, slice name)
{
  char room[INDEX_NAME_MAX];
  slice const base = index_base(name, room);
  if (!keep(ix, name, &c->mail.name)) return 0;
  if (base.s == name.s) c->mail.base = (slice){ c->mail.name.s, base.len };
  else return (c->mail.base.s = arena_copy(&ix->a, base.s, base.len)) ? c->mail.base.len = base.len, 1 : 0;
  return 1;
}

static int hide(folder_index *ix, uint32_t number)
{
  if (number >= ix->h.n) return 1;
  if (!ix->hidden && !(ix->hidden = calloc(ix->h.n / 8 + 1, 1))) return 0;
  ix->hidden[number / 8] = (unsigned char)(ix->hidden[number / 8] | 1 << number % 8);
  return 1;
}

static void forget_orders(folder_index *ix)
{
  for (unsigned int by = 0; by < INDEX_ORDERS; by++) {
    free(ix->extra[by]);
    ix->extra[by] = NULL;
    ix->extras[by] = 0;
  }
}

static int set_keys(folder_index *ix, index_change *c, index_operation const *o)
{
  uint32_t const serial = c->mail.r.serial;
  if (!keep(ix, o->text, &c->mail.text)) return 0;
  c->mail.r = o->record;
  if (c->keyed || (c->added && o->kind == INDEX_KEYS)) c->mail.r.serial = serial;
  return 1;
}

int index_change_make(folder_index *ix, index_operation const *o, uint32_t sequence)
{
  uint32_t const all = ix->h.n + ix->added;
  index_change *c;
  if (o->kind == INDEX_ADD ? o->number != all || all >= INDEX_MAILS_MAX : o->number >= all) return errno = EILSEQ, 0;
  c = find_or_make(ix, o->number);
  if (!c) return 0;
  if (c->gone) return errno = EILSEQ, 0;
  if (o->kind == INDEX_THREAD) {
    c->thread = o->thread;
    return c->threaded = 1;
  }
  c->sequence = sequence;
  switch (o->kind) {
  case INDEX_GO:
    if (!hide(ix, o->number)) return 0;
    c->gone = 1;
    ix->gone++;
    return 1;
  case INDEX_RENAME:
    c->renamed = 1;
    c->mail.where = o->where;
    return keep_name(ix, c, o->name);
  case INDEX_KEYS:
    if (!hide(ix, o->number) || !set_keys(ix, c, o)) return 0;
    c->keyed = 1;
    c->threaded = 0; /* the record has it */
    break;
  default:
    c->mail.inode = o->inode;
    c->mail.where = o->where;
    if (!keep_name(ix, c, o->name) || !set_keys(ix, c, o)) return 0;
    c->added = 1;
    ix->added++;
    if (o->record.serial >= ix->h.serial) ix->h.serial = o->record.serial + 1;
  }
  if (!ix->applying) forget_orders(ix);
  return 1;
}

/* --- in order --- */

typedef struct sorted_s sorted;
struct sorted_s {
  index_key key;
  uint32_t change;
};

static int compare(void const *a, void const *b) { return index_key_compare(&((sorted const *)a)->key, &((sorted const *)b)->key); }

/* The bases of mails that were keyed are the image's, whose names are not in memory: they are copied. */
static int key_of(folder_index *ix, unsigned int by, index_change const *c, index_key *key, arena *scratch)
{
  index_room room;
  index_mail m;
  if (!index_get(ix, c->mail.number, &m, &room)) return 0;
  index_mail_key(key, by, &m);
  if (!c->added && !c->renamed) key->base.s = arena_copy(scratch, key->base.s, key->base.len);
  return key->base.s != NULL;
}

int index_extra(folder_index *ix, unsigned int by)
{
  arena scratch = ARENA_ZERO;
  sorted *list;
  size_t count = 0;
  int good = 1;
  if (ix->extra[by] || !ix->changes) return 1;
  list = malloc(ix->changes * sizeof *list);
  ix->extra[by] = malloc(ix->changes * sizeof **ix->extra);
  if (!list || !ix->extra[by]) good = 0;
  for (size_t i = 0; good && i < ix->changes; i++) {
    index_change const *const c = ix->change + i;
    if (c->gone || !(c->added || (c->keyed && by != INDEX_BY_BASE))) continue;
    list[count].change = (uint32_t)i;
    good = key_of(ix, by, c, &list[count++].key, &scratch);
  }
  if (good && count) qsort(list, count, sizeof *list, compare);
  for (size_t i = 0; good && i < count; i++) ix->extra[by][i] = list[i].change;
  ix->extras[by] = good ? count : 0;
  if (!good) free(ix->extra[by]), ix->extra[by] = NULL;
  free(list);
  arena_free(&scratch);
  return good;
}

/* --- for who makes an image, and for who asks what changed --- */

int index_get_gone(folder_index *ix, index_change *c, index_mail *m, index_room *room)
{
  unsigned char const gone = c->gone;
  int good;
  c->gone = 0;
  good = index_get(ix, c->mail.number, m, room);
  c->gone = gone;
  return good;
}

int index_changes_gone(folder_index *ix, index_builder *b, uint64_t skip)
{
  for (size_t i = 0; i < ix->changes; i++) {
    index_change *const c = ix->change + i;
    index_room room;
    index_mail m;
    index_gone g;
    if (!c->gone) continue;
    if (skip) {
      index_gone_forget(b, c->sequence);
      skip--;
      continue;
    }
    if (!index_get_gone(ix, c, &m, &room)) return 0;
    g = (index_gone){ c->sequence, m.r.serial, m.r.thread, m.base };
    if (!index_builder_gone(b, &g)) return 0;
  }
  return 1;
}

int index_provisional(folder_index *ix, uint32_t *numbers, size_t *count)
{
  uint64_t const len = ix->h.section[SECTION_PROVISIONAL].len;
  char list[4 * INDEX_PROVISIONAL_MAX];
  *count = 0;
  if (len > sizeof list || !index_apply(ix) || !index_bytes(ix, SECTION_PROVISIONAL, 0, (size_t)len, list)) return 0;
  for (uint64_t at = 0; at < len; at += 4, ++*count) {
    numbers[*count] = get32(list + at);
    if (numbers[*count] >= ix->h.n) return ix->broken = 1, errno = EILSEQ, 0;
  }
  for (size_t i = 0; i < ix->changes; i++) {
    index_change const *const c = ix->change + i;
    if (c->gone || !(c->added || c->keyed) || !c->mail.r.provisional) continue;
    if (*count == INDEX_PROVISIONAL_MAX) return errno = EOVERFLOW, 0;
    numbers[(*count)++] = c->mail.number;
  }
  return 1;
}

void index_changes_free(folder_index *ix)
{
  forget_orders(ix);
  arena_free(&ix->a);
  free(ix->change);
  free(ix->slot);
  free(ix->hidden);
}
