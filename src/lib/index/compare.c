/* A listing is compared with what the index has. Both are streams: the image's names lie in the order in which the directories listed them, and
 * a directory that has changed a little lists the rest in the same order. So nearly every name is met where the last one leads one to expect
 * it, with the inode it had. What is left over on both sides is brought together by base and inode:
 *
 *   listed, not expected; known, not met; same base and inode    renamed (flags, or from new to cur)
 *   listed, and no mail of that base and inode is known          came
 *   known, its place listed, and no name for it                  went
 *   listed, and a mail of that base and inode was met already    a second name for it (a hard link, or it was renamed while we listed):
 *                                                                cur counts before new, then the greater name
 *
 * Mails whose base another inode has are twins: whenever one of a base comes or goes, the others are looked at. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define WINDOW 8         /* names that may have gone between two that are met */
#define WINDOW_MAX 1024  /* grows as names are missed, so that the streams find each other again */
#define LOAD_FACTOR 1024 /* octets for each name that is listed: an index so much larger is not worth its memory */
#define LOAD_FLOOR (UINT64_C(16) << 20)

/* A listed name that did not stand where one was expected. */
typedef struct loose_s loose;
struct loose_s {
  slice name, base;
  uint64_t inode;
  unsigned char where;
  uint32_t *number; /* where its mail's number is kept */
};

/* A known mail that was not met. */
typedef struct missing_s missing;
struct missing_s {
  index_mail mail;
  loose *found;
};

typedef struct working_s working;
struct working_s {
  comparison *c;
  folder_index *ix;
  unsigned char *met;         /* a bit for each mail of the image */
  char const *names, *inodes; /* NAMES and INODES, as far as the places listed go */
  char *names_room, *inodes_room;
  uint64_t names_len;
  loose *loose;
  size_t loose_count, loose_room;
  missing *missing;
  size_t missing_count, missing_room;
  uint32_t *slot; /* of missing + 1 by base and inode */
  size_t mask;
  slice *touched; /* bases of which a mail came or went beside another */
  size_t touched_count, touched_room;
  uint32_t *linked; /* mails with several names */
  size_t linked_count, linked_room;
  arena a;
};

/* Room for one more. */
static int more(void **list, size_t count, size_t *room, size_t size)
{
  size_t const want = *room ? 2 * *room : 64;
  void *larger;
  if (count < *room) return 1;
  larger = realloc(*list, want * size);
  if (!larger) return 0;
  *list = larger;
  *room = want;
  return 1;
}
#define MORE(w, what) more((void **)&(w)->what, (w)->what##_count, &(w)->what##_room, sizeof *(w)->what)

/* The base of a name that stays; put together in the arena where it has to be. */
static int base_of(working *w, slice name, slice *base)
{
  char room[INDEX_NAME_MAX];
  *base = index_base(name, room);
  return base->s != room || (base->s = arena_copy(&w->a, base->s, base->len)) != NULL;
}

/* --- the streams --- */

/* The image's names of one place. */
typedef struct stream_s stream;
struct stream_s {
  uint32_t first, count; /* mail numbers */
  uint32_t *at;          /* where in NAMES each begins */
};

static int stream_open(working *w, stream *st, unsigned int where)
{
  folder_index *const ix = w->ix;
  uint64_t const len = w->names_len;
  uint64_t at = 0;
  st->first = where == PLACE_NEW ? 0 : ix->h.n_new;
  st->count = (where == PLACE_NEW ? ix->h.n_new : ix->h.n) - st->first;
  st->at = malloc(st->count * sizeof *st->at + 1);
  if (!st->at) return 0;
  for (uint32_t i = 0; i < st->first + st->count; i++) {
    if (at >= len || (unsigned char)w->names[at] > len - at - 1) return ix->broken = 1, errno = EILSEQ, 0;
    if (i >= st->first) st->at[i - st->first] = (uint32_t)at;
    at += 1 + (uint64_t)(unsigned char)w->names[at];
  }
  return 1;
}

static slice stream_name(working const *w, stream const *st, uint32_t i)
{
  char const *const s = w->names + st->at[i];
  return (slice){ s + 1, (unsigned char)*s };
}

static uint64_t stream_inode(working const *w, stream const *st, uint32_t i) { return get64(w->inodes + 8 * (size_t)(st->first + i)); }

/* Whether the image's name for it no longer holds. */
static int moved(working const *w, uint32_t number)
{
  index_change const *const c = index_changed(w->ix, number);
  return c && (c->gone || c->renamed);
}

static int add_loose(working *w, place_name const *name, unsigned char where, uint32_t *number)
{
  loose *l;
  if (!MORE(w, loose)) return 0;
  l = w->loose + w->loose_count++;
  *l = (loose){ .name = { name->name, strlen(name->name) }, .inode = name->inode, .where = where, .number = number };
  return base_of(w, l->name, &l->base);
}

static int pass_stream(working *w, stream *st, unsigned char where)
{
  index_listing const *const l = w->c->listing + where;
  uint32_t expected = 0;
  size_t misses = 0;
  for (size_t k = 0; k < l->count; k++) {
    place_name const *const name = l->list + k;
    size_t window = WINDOW + 2 * misses < WINDOW_MAX ? WINDOW + 2 * misses : WINDOW_MAX;
    uint32_t i = expected;
    l->number[k] = UINT32_MAX;
    for (; i < st->count && window; i++) {
      if (stream_inode(w, st, i) != name->inode || !slice_is(stream_name(w, st, i), name->name)) {
        window--;
        continue;
      }
      if (!w->ix->changes || !moved(w, st->first + i)) break;
    }
    if (i < st->count && window) {
      uint32_t const number = st->first + i;
      w->met[number / 8] = (unsigned char)(w->met[number / 8] | 1 << number % 8);
      l->number[k] = number;
      expected = i + 1;
      misses = 0;
    } else {
      misses++;
      if (!add_loose(w, name, where, l->number + k)) return 0;
    }
  }
  return 1;
}

/* --- what was not met --- */

static int add_missing(working *w, index_mail const *m)
{
  missing *x;
  if (!MORE(w, missing)) return 0;
  x = w->missing + w->missing_count++;
  *x = (missing){ .mail = *m };
  return base_of(w, m->name, &x->mail.base);
}

static int find_missing(working *w, stream const st[PLACES])
{
  folder_index *const ix = w->ix;
  for (unsigned int p = 0; p < PLACES; p++) {
    for (uint32_t i = 0; i < st[p].count; i++) {
      uint32_t const number = st[p].first + i;
      index_mail m = { .number = number, .where = (unsigned char)p };
      if (number % 8 == 0 && w->met[number / 8] == 0xff && st[p].count - i >= 8) {
        i += 7;
        continue;
      }
      if ((w->met[number / 8] >> number % 8 & 1) || moved(w, number)) continue;
      m.name = stream_name(w, st + p, i);
      m.inode = stream_inode(w, st + p, i);
      if (!add_missing(w, &m)) return 0;
    }
  }
  for (size_t i = 0; i < ix->changes; i++) {
    index_change const *const c = ix->change + i;
    index_mail m = c->mail;
    index_room room;
    if (c->gone || !(c->added || c->renamed) || !w->c->listing[m.where].list) continue;
    if (!c->added && !index_get(ix, m.number, &m, &room)) return 0;
    m.name = c->mail.name;
    if (!add_missing(w, &m)) return 0;
  }
  return 1;
}

static size_t place(working const *w, slice base, uint64_t inode) { return (size_t)index_check(inode, base.s, base.len) & w->mask; }

static int table_missing(working *w)
{
  size_t room = 64;
  while (room < 2 * w->missing_count) room *= 2;
  w->slot = calloc(room, sizeof *w->slot);
  if (!w->slot) return 0;
  w->mask = room - 1;
  for (size_t k = 0; k < w->missing_count; k++) {
    size_t i = place(w, w->missing[k].mail.base, w->missing[k].mail.inode);
    while (w->slot[i]) i = (i + 1) & w->mask;
    w->slot[i] = (uint32_t)k + 1;
  }
  return 1;
}

static missing *missing_find(working *w, loose const *l)
{
  for (size_t i = place(w, l->base, l->inode); w->slot[i]; i = (i + 1) & w->mask) {
    missing *const x = w->missing + w->slot[i] - 1;
    if (x->mail.inode == l->inode && slice_same(x->mail.base, l->base)) return x;
  }
  return NULL;
}

/* Of two names of one mail: cur before new, then the greater. */
static int better(unsigned char where, slice name, unsigned char old_where, slice old)
{
  size_t const n = name.len < old.len ? name.len : old.len;
  int const r = memcmp(name.s, old.s, n);
  if (where != old_where) return where == PLACE_CUR;
  return r ? r > 0 : name.len > old.len;
}

/* --- operations --- */

static int emit(working *w, index_operation const *o, index_mail const *before)
{
  comparison *const c = w->c;
  index_mail now = { .name = o->name };
  index_operation kept = *o;
  if (o->name.len && !(kept.name.s = arena_copy(&c->a, o->name.s, o->name.len))) return 0;
  if (!more((void **)&c->operation, c->count, &c->room, sizeof *c->operation)) return 0;
  c->operation[c->count++] = kept;
  c->octets += index_operation_pack(NULL, o);
  if (before) {
    c->total.mails--;
    c->total.unread -= (uint64_t)index_unread(before);
    c->total.octets -= before->r.size;
  }
  if (o->kind == INDEX_GO) return 1;
  c->total.mails++;
  c->total.octets += o->kind == INDEX_RENAME ? before->r.size : o->record.size;
  if (o->kind == INDEX_KEYS) now.name = before->name;
  c->total.unread += (uint64_t)index_unread(&now);
  return 1;
}

/* An operation of which the index hears at once. */
static int change(working *w, index_operation const *o, index_mail const *before)
{
  return emit(w, o, before) && index_change_make(w->ix, o, (uint32_t)w->ix->last.sequence + 1);
}

static int rename_mail(working *w, uint32_t number, unsigned char where, slice name)
{
  index_operation const o = { .kind = INDEX_RENAME, .where = where, .number = number, .name = name };
  index_room room;
  index_mail m;
  return index_get(w->ix, number, &m, &room) && change(w, &o, &m);
}

static int touch(working *w, slice base)
{
  if (!MORE(w, touched)) return 0;
  w->touched[w->touched_count++] = base;
  return 1;
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

static int link_mail(working *w, uint32_t number)
{
  if (!MORE(w, linked)) return 0;
  w->linked[w->linked_count++] = number;
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

/* What came: of several names of one mail the best. Where its head cannot be read as it has gone meanwhile, the caller looks again. */
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
        if (o.number > ix->h.n && !link_mail(w, o.number - 1)) return 0;
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

static int resolve(working *w)
{
  loose **came = malloc(w->loose_count * sizeof *came + 1);
  size_t count = 0;
  int good = came && table_missing(w);
  for (size_t i = 0; good && i < w->loose_count; i++) {
    loose *const l = w->loose + i;
    missing *const x = missing_find(w, l);
    uint32_t number;
    int mates;
    if (x) {
      if (x->found && !link_mail(w, x->mail.number)) good = 0;
      if (!x->found || better(l->where, l->name, x->found->where, x->found->name)) x->found = l;
      continue;
    }
    if (!(good = find_met(w, l, &number, &mates))) break;
    if (number != UINT32_MAX) good = second_name(w, l, number);
    else {
      came[count++] = l;
      if (mates) good = touch(w, l->base);
    }
  }
  for (size_t i = 0; good && i < w->missing_count; i++) {
    missing *const x = w->missing + i;
    index_room room;
    index_mail m;
    if (x->found) {
      *x->found->number = x->mail.number;
      if (x->found->where == x->mail.where && slice_same(x->found->name, x->mail.name)) continue;
      good = rename_mail(w, x->mail.number, x->found->where, x->found->name);
      continue;
    }
    good = index_get(w->ix, x->mail.number, &m, &room);
    if (good && (m.r.flags & INDEX_TWIN)) good = touch(w, x->mail.base);
    if (good) good = change(w, &(index_operation){ .kind = INDEX_GO, .where = m.where, .number = m.number, .inode = m.inode }, &m);
  }
  good = good && add_mails(w, came, count);
  free(came);
  return good;
}

/* --- marks --- */

/* Looked for first, taken in after that: each change would have the order of bases made anew. */
static int mark(working *w, uint32_t number, uint32_t clear, uint32_t set)
{
  index_operation o = { .kind = INDEX_KEYS, .number = number };
  index_room text;
  index_mail m;
  if (!index_get(w->ix, number, &m, &text)) return errno == ENOENT && !w->ix->broken;
  o.where = m.where;
  o.inode = m.inode;
  o.record = m.r;
  o.record.flags = (m.r.flags & ~clear) | set;
  o.text = m.text;
  if (o.record.flags == m.r.flags) return 1;
  if (!(o.text.s = arena_copy(&w->c->a, m.text.s, m.text.len))) return 0;
  return emit(w, &o, &m);
}

/* The mails of a base bear the mark where there are several, and one alone bears none. */
static int mark_base(working *w, slice base, uint32_t **numbers, size_t *room)
{
  size_t count;
  for (;;) {
    if (!index_base_find(w->ix, base, 0, *numbers, *room, &count)) return 0;
    if (count < *room) break; /* it counts no further */
    free(*numbers);
    *room = *room ? 2 * *room : 64;
    *numbers = malloc(*room * sizeof **numbers);
    if (!*numbers) return *room = 0, 0;
  }
  for (size_t i = 0; i < count; i++)
    if (!mark(w, (*numbers)[i], INDEX_TWIN, count > 1 ? INDEX_TWIN : 0)) return 0;
  return 1;
}

static int by_octets(void const *a, void const *b)
{
  index_key const k = { .base = *(slice const *)a }, j = { .base = *(slice const *)b };
  return index_key_compare(&k, &j);
}

static int take_marks(working *w, size_t from)
{
  for (size_t i = from; i < w->c->count; i++)
    if (!index_change_make(w->ix, w->c->operation + i, (uint32_t)w->ix->last.sequence + 1)) return 0;
  return 1;
}

static int make_marks(working *w)
{
  size_t before = w->c->count;
  uint32_t *numbers = NULL;
  size_t room = 0;
  int good = 1;
  if (w->touched_count) qsort(w->touched, w->touched_count, sizeof *w->touched, by_octets);
  for (size_t i = 0; good && i < w->touched_count; i++)
    if (!i || !slice_same(w->touched[i], w->touched[i - 1])) good = mark_base(w, w->touched[i], &numbers, &room);
  free(numbers);
  good = good && take_marks(w, before);
  before = w->c->count;
  for (size_t i = 0; good && i < w->linked_count; i++) good = mark(w, w->linked[i], 0, INDEX_LINKED);
  return good && take_marks(w, before);
}

/* --- all of it --- */

static int load(working *w)
{
  folder_index *const ix = w->ix;
  comparison const *const c = w->c;
  uint64_t const listed = c->listing[PLACE_NEW].count + c->listing[PLACE_CUR].count, most = LOAD_FACTOR * listed + LOAD_FLOOR;
  uint32_t const mails = c->listing[PLACE_CUR].list ? ix->h.n : ix->h.n_new;
  char name_at[4];
  w->names_len = ix->h.section[SECTION_NAMES].len;
  if (mails < ix->h.n) {
    if (!index_bytes(ix, SECTION_RECORDS, (uint64_t)mails * INDEX_RECORD + RECORD_NAME, 4, name_at)) return 0;
    w->names_len = get32(name_at);
  }
  if (w->names_len > most || 8 * (uint64_t)mails > most) return errno = ENOMEM, 0;
  w->names = index_start(ix, SECTION_NAMES, w->names_len, &w->names_room);
  w->inodes = index_start(ix, SECTION_INODES, 8 * (uint64_t)mails, &w->inodes_room);
  return w->names && w->inodes;
}

static void working_free(working *w)
{
  free(w->met);
  free(w->names_room);
  free(w->inodes_room);
  free(w->loose);
  free(w->missing);
  free(w->slot);
  free(w->touched);
  free(w->linked);
  arena_free(&w->a);
}

int index_compare(comparison *c)
{
  working w = { .c = c, .ix = c->ix };
  stream st[PLACES] = { { 0 } };
  int good = index_apply(c->ix) && load(&w) && (w.met = calloc(c->ix->h.n / 8 + 1, 1));
  if (!c->started) c->total = c->ix->last, c->started = 1;
  for (unsigned int p = 0; good && p < PLACES; p++)
    if (c->listing[p].list) good = stream_open(&w, st + p, p) && pass_stream(&w, st + p, (unsigned char)p);
  good = good && find_missing(&w, st) && (!(w.loose_count + w.missing_count) || (resolve(&w) && make_marks(&w)));
  for (unsigned int p = 0; p < PLACES; p++) free(st[p].at);
  working_free(&w);
  return good;
}

void index_comparison_free(comparison *c)
{
  free(c->operation);
  arena_free(&c->a);
}
