/* A folder known by its index (src/lib/index; doc/index.md): when it is believed, when the directories are listed and compared with it, when it is
 * made, what is left behind.
 *
 *   state      what holds                                          who may use it
 *   UNTRIED    nothing is known
 *   NONE       there is none, or it broke: list (census.c)
 *   STALE      it can be read, a stamp has moved or is not settled  a mail that is named: its name is tried, its inode compared
 *   FRESH      it says what is there, as of this call's look        everybody
 *
 * Rules:
 * 1. Stamps are taken before the index is opened and before anything is listed: a change meanwhile is seen twice, never missed.
 * 2. Each place is listed in one call, new before cur, and new again where it may have changed meanwhile. Where that cannot be had (several calls a
 *    listing, new was another the second time) the careful look of census.c is compared instead.
 * 3. Where cur was not listed as its stamp had not moved, the stamp is taken again after new was listed: a mail may just have gone there.
 * 4. Whatever fails in here leaves the call without an index, never with a wrong answer or an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "../index/compare.h"
#include <porter/text.h>

#include "indexed.h"

#define SMALLEST 200 /* a folder below that is listed faster than its index is kept */
#define LOOKS_MAX 10 /* at a folder whose mails are renamed while their heads are read */
#define FACTS (FACT_SIZE | FACT_ARRIVAL | FACT_DATE | FACT_SENDER | FACT_SUBJECT | FACT_IDS)

enum { UNTRIED, NONE, STALE, FRESH };

struct folder_indexed_s {
  int unsaved; /* what was found is not in the file: its serials name these mails for this process alone */
  folder_index ix;
  int state;
  int dir; /* where the file is; not owned */
  char name[INDEX_NAME_MAX + 1], search[INDEX_NAME_MAX + 1];
  index_stamp stamp[PLACES]; /* from before the look */
  mail_entry **entry;        /* those handed out, by number: an open table */
  size_t entries, mask;
  int remade; /* provisional keys were made anew */
};

/* --- stamps --- */

static int take_stamps(folder *f, index_stamp stamp[PLACES])
{
  uint64_t clock;
  if (!place_clock(&clock)) return 0;
  if (f->remote < 0) f->remote = place_remote(f->fd);
  for (int p = 0; p < PLACES; p++) {
    place_stamp s;
    if (!place_stamp_take(f->place[p], &s)) return 0;
    stamp[p] = (index_stamp){ s.changed, s.modified, clock, s.inode, s.device, f->remote ? STAMP_REMOTE : 0 };
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

static int unchanged(folder_index const *ix, index_stamp const stamp[PLACES], int p)
{
  return same_stamp(ix->last.stamp + p, stamp + p) && settled(ix->last.stamp + p);
}

/* --- opening --- */

/* Entries that were handed out keep what they say; the numbers are others now. */
static void forget_numbers(folder_indexed *x)
{
  for (size_t i = 0; x->entry && i <= x->mask; i++)
    if (x->entry[i]) x->entry[i]->number = 0;
  free(x->entry);
  x->entry = NULL;
  x->entries = x->mask = 0;
}

/* What broke is made anew by the next call. */
static void remove_broken(folder_indexed const *x)
{
  if (x->ix.broken && index_current(&x->ix)) unlinkat(x->dir, x->name, 0);
}

/* A cursor may be on its way through what was fresh: it sees that it broke, and goes on without. */
static void give_up(folder *f)
{
  folder_indexed *const x = f->indexed;
  remove_broken(x);
  forget_numbers(x);
  if (x->state == FRESH) x->ix.broken = 1;
  else index_close(&x->ix);
  x->state = NONE;
}

static int name_files(folder *f, folder_indexed *x)
{
  x->dir = f->fd;
  strcpy(x->name, INDEX_NAME);
  strcpy(x->search, FILTER_NAME);
  if (f->box->index_dir < 0) return 1;
  x->dir = f->box->index_dir;
  return mailbox_index_name(f->box, f->disk, x->name, x->search);
}

/* Keys hang on what text without a charset is read in. */
static uint64_t keys_version(folder const *f)
{
  char const *const fallback = f->box->fallback ? charset_name(f->box->fallback) : NULL;
  return INDEX_KEYS_VERSION + (fallback ? index_check(0, fallback, strlen(fallback)) << 8 : 0);
}

static folder_indexed *try(folder *f)
{
  folder_indexed *x = f->indexed;
  if (x) return x;
  x = f->indexed = calloc(1, sizeof *x);
  if (!x) return NULL;
  x->state = NONE;
  x->ix = (folder_index)FOLDER_INDEX_ZERO;
  if (f->box->no_index || f->linked || !name_files(f, x) || !take_stamps(f, x->stamp)) return x;
  if (index_open(&x->ix, x->dir, x->name, keys_version(f)))
    x->state = unchanged(&x->ix, x->stamp, PLACE_NEW) && unchanged(&x->ix, x->stamp, PLACE_CUR) ? FRESH : STALE;
  return x;
}

/* --- a mail's record from its head --- */

/* Sender, subject, a count, the hashes of references: as TEXT has it. */
static int pack_text(folder_index const *ix, mail_facts const *facts, arena *a, index_record *r, slice *text)
{
  size_t const refs = facts->reference_count, keys = facts->sender.len + facts->subject.len;
  char *const s = arena_take(a, keys + 1 + 8 * refs);
  if (!s) return 0;
  if (facts->sender.len) memcpy(s, facts->sender.s, facts->sender.len);
  if (facts->subject.len) memcpy(s + facts->sender.len, facts->subject.s, facts->subject.len);
  s[keys] = (char)refs;
  for (size_t i = 0; i < refs; i++) index_id_pack(s + keys + 1 + 8 * i, ix->h.key, facts->references[i]);
  r->sender_len = (uint16_t)facts->sender.len;
  r->subject_len = (uint16_t)facts->subject.len;
  *text = (slice){ s, keys + 1 + 8 * refs };
  return 1;
}

/* Whether its arrival is its file's mtime only because the time in its name lies in the future: it will not stay so. */
static int arrival_provisional(mail_entry const *e, int64_t now)
{
  int64_t t;
  return !maildir_name_time(e->base, now, &t) && maildir_name_time(e->base, INT64_MAX - 86400, &t);
}

/* 1, 0 with errno. */
static int make_record(folder *f, mail_entry *e, arena *a, index_record *r, slice *text)
{
  mail_facts facts;
  if (!folder_facts_quietly(f, e, FACTS, a, &facts)) return 0;
  *r = (index_record){ .date = facts.date, .arrival = facts.arrival, .size = facts.size };
  r->provisional = (unsigned char)(facts.unreadable || arrival_provisional(e, f->now));
  if (facts.message_id.len) r->message_id = index_id_hash(f->indexed->ix.h.key, facts.message_id);
  if (e->also) r->flags |= INDEX_LINKED;
  return pack_text(&f->indexed->ix, &facts, a, r, text);
}

static int head_of(void *context, index_operation *o, arena *a)
{
  folder *const f = context;
  mail_entry *e;
  char name[INDEX_NAME_MAX + 1];
  memcpy(name, o->name.s, o->name.len);
  name[o->name.len] = 0;
  e = folder_entry(f, name, o->where, o->inode);
  if (!e) return -1;
  if (make_record(f, e, a, &o->record, &o->text)) return 1;
  return errno == ENOENT ? 0 : -1;
}

/* --- writing --- */

static int may_write(folder *f)
{
  folder_indexed const *const x = f->indexed;
  struct statvfs st;
  if (fstatvfs(x->dir, &st) < 0 || (st.f_flag & ST_RDONLY)) return 0;
  return !faccessat(x->dir, ".", W_OK, AT_EACCESS) && (f->box->index_dir >= 0 || !faccessat(f->fd, "tmp", W_OK, AT_EACCESS));
}

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

int folder_filter_place(folder *f, char const **name)
{
  *name = f->indexed->search;
  return f->indexed->dir;
}

/* The image that is in memory, by way of tmp (elsewhere: of that directory itself). What fails is left as it was. */
static void leave_image(folder *f)
{
  folder_indexed *const x = f->indexed;
  char unique[MAILDIR_NAME_MAX + 1];
  int const tmp = folder_tmp(f, unique);
  if (tmp < 0) return;
  x->ix.dir = x->dir;
  x->ix.name = x->name;
  index_image_write(&x->ix, tmp, unique);
  folder_tmp_close(f, tmp);
}

/* What is random of a new index, and of each image. */
static int take_random(index_header *h, int first)
{
  if (getrandom(&h->instance, sizeof h->instance, 0) != sizeof h->instance) return 0;
  if (!first) return 1;
  return getrandom(&h->birth, sizeof h->birth, 0) == sizeof h->birth && getrandom(h->key, sizeof h->key, 0) == sizeof h->key;
}

/* --- a new image from an old one and a listing --- */

static int keep_gone(folder_index *old, index_builder *b)
{
  uint64_t const len = old->h.section[SECTION_GONE].len, most = old->last.mails / 4 > INDEX_GONE_MAX ? old->last.mails / 4 : INDEX_GONE_MAX;
  uint64_t kept = 0, all = old->gone;
  if (!index_load(old, SECTION_GONE, 16 * (most + INDEX_SEGMENTS_MAX))) return 0;
  for (int pass = 0; pass < 2; pass++) {
    for (uint64_t at = 0; at + 13 <= len;) {
      char const *const s = old->memory[SECTION_GONE] + at;
      index_gone g;
      size_t const used = index_gone_unpack(&g, s, (size_t)(len - at));
      if (!used) return errno = EILSEQ, 0;
      at += used;
      if (!pass) all++;
      else if (all - kept++ > most) b->h.gone_since = g.sequence;
      else if (!index_builder_gone(b, &g)) return 0;
    }
  }
  return index_changes_gone(old, b, all > kept + most ? all - kept - most : 0);
}

static int is_name(slice name, char const *listed) { return !strncmp(listed, name.s, name.len) && !listed[name.len]; }

/* map: where each mail of old has gone. */
static int copy_mails(folder_index *old, comparison const *c, index_builder *b, uint32_t *map)
{
  memset(map, 0xff, ((size_t)old->h.n + old->added) * sizeof *map);
  for (int p = 0; p < PLACES; p++) {
    for (size_t k = 0; k < c->listing[p].count; k++) {
      index_room room;
      index_mail m;
      if (c->listing[p].number[k] == UINT32_MAX) continue;
      if (!index_get(old, c->listing[p].number[k], &m, &room)) {
        if (errno != ENOENT) return 0;
        continue;
      }
      /* Of several names of a mail the one that counts. */
      if (m.where != p || !is_name(m.name, c->listing[p].list[k].name)) continue;
      map[m.number] = b->h.n;
      if (!index_builder_add(b, &m)) return 0;
    }
  }
  return 1;
}

static int load_all(folder_index *ix)
{
  for (unsigned int i = 0; i < SECTION_ORDERS; i++)
    if (!index_load(ix, (enum index_section)i, INDEX_FILE_MAX)) return 0;
  return 1;
}

/* The lock of the file that was read, if nobody has written to it or made another meanwhile: -1 where somebody has, as the new image would
 * take away what he added, and serials that he gave would be given again. */
static int hold(folder_index const *ix)
{
  struct stat st;
  int const fd = openat(ix->dir, ix->name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return -1;
  if (!flock(fd, LOCK_EX | LOCK_NB) && !fstat(fd, &st) && st.st_ino == ix->inode && index_current(ix)) return fd;
  close(fd);
  return -1;
}

static int make_again(folder *f, comparison const *c)
{
  folder_indexed *const x = f->indexed;
  index_builder b = INDEX_BUILDER_ZERO;
  folder_index now = FOLDER_INDEX_ZERO;
  index_header *const h = &b.h, *const old = &x->ix.h;
  uint32_t *const map = malloc(((size_t)old->n + x->ix.added + 1) * sizeof *map);
  int good, held;
  *h = (index_header){ .birth = old->birth,
    .serial = old->serial,
    .sequence = x->ix.last.sequence,
    .gone_since = old->gone_since,
    .keys_version = old->keys_version,
    .threads_birth = old->threads_birth };
  memcpy(h->key, old->key, INDEX_KEY);
  b.merged = 1;
  good = map && take_random(h, 0) && load_all(&x->ix) && keep_gone(&x->ix, &b) && copy_mails(&x->ix, c, &b, map)
    && index_merge(&now, &x->ix, map, b.h.n) && index_builder_finish(&b, &now);
  free(map);
  index_builder_free(&b);
  if (!good) return index_close(&now), 0;
  memcpy(now.last.stamp, x->stamp, sizeof now.last.stamp);
  forget_numbers(x);
  held = hold(&x->ix);
  index_close(&x->ix);
  x->ix = now;
  if (held < 0) return x->unsaved = 1;
  leave_image(f);
  close(held);
  return 1;
}

/* --- looking --- */

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
  return !take_stamps(f, now) || !same_stamp(now + p, before) || !settled(before);
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
  int good = census_take(f, &all);
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
  int const cur = both || !unchanged(&x->ix, x->stamp, PLACE_CUR);
  if (!list_place(f, PLACE_NEW, a, list + PLACE_NEW) || !take_list(c->listing + PLACE_NEW, list + PLACE_NEW, a)) return 0;
  if (list[PLACE_NEW].calls > 1) return -1;
  if (!cur) return may_have_changed(f, PLACE_CUR, &x->ix.last.stamp[PLACE_CUR]) ? list_places(f, c, a, 1) : 1;
  if (!list_place(f, PLACE_CUR, a, list + PLACE_CUR) || !take_list(c->listing + PLACE_CUR, list + PLACE_CUR, a)) return 0;
  if (list[PLACE_CUR].calls > 1) return -1;
  if (f->place[PLACE_NEW] < 0 || !may_have_changed(f, PLACE_NEW, x->stamp + PLACE_NEW)) return 1;
  if (!list_place(f, PLACE_NEW, a, &again)) return 0;
  return again.calls > 1 || !same_lists(list + PLACE_NEW, &again) ? -1 : 1;
}

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
  if (errno != EFBIG) return x->unsaved |= c->count != 0, 1;
  return c->listing[PLACE_CUR].list ? make_again(f, c) : -1;
}

/* 1; 0 where the index is of no use; -1 where another look is needed, at both places. */
static int look(folder *f, int both)
{
  folder_indexed *const x = f->indexed;
  comparison c = { .ix = &x->ix, .head = head_of, .context = f };
  arena a = ARENA_ZERO;
  int good = list_places(f, &c, &a, both);
  if (good < 0) good = list_census(f, &c, &a);
  good = good && index_compare(&c);
  if (good && c.vanished) good = -1;
  else if (good) good = leave(f, &c);
  /* What has no stamps to be believed by is not left behind, but it is what is there. */
  index_comparison_free(&c);
  arena_free(&a);
  return good;
}

static int refresh(folder *f)
{
  folder_indexed *const x = f->indexed;
  for (int looks = 0, both = 0; looks < LOOKS_MAX; looks++) {
    int const good = look(f, both);
    if (good > 0) return x->state = FRESH, 1;
    if (!good || x->ix.broken) break;
    both = 1;
    if (!take_stamps(f, x->stamp)) break;
  }
  give_up(f);
  return 0;
}

/* --- making one --- */

static int add_entry(folder *f, mail_entry *e, index_builder *b, arena *scratch)
{
  index_mail m = { .where = e->where, .inode = e->inode };
  if (!make_record(f, e, scratch, &m.r, &m.text)) return errno == ENOENT;
  m.name = (slice){ e->name, strlen(e->name) };
  m.r.serial = b->h.serial++;
  arena_reset(scratch);
  return index_builder_add(b, &m);
}

/* From the listing that f->mails is, which was taken after the stamps. */
static int make(folder *f)
{
  folder_indexed *const x = f->indexed;
  index_builder b = INDEX_BUILDER_ZERO;
  arena scratch = ARENA_ZERO;
  int good = take_random(&b.h, 1);
  b.h.keys_version = keys_version(f);
  x->ix.h = b.h; /* its key */
  for (unsigned char p = 0; good && p < PLACES; p++)
    for (size_t i = 0; good && i < f->mails.count; i++)
      if (f->mails.mail[i].where == p && !f->mails.mail[i].gone) good = add_entry(f, f->mails.mail + i, &b, &scratch);
  arena_free(&scratch);
  good = good && index_builder_finish(&b, &x->ix);
  index_builder_free(&b);
  if (!good) return give_up(f), 0;
  memcpy(x->ix.last.stamp, x->stamp, sizeof x->stamp);
  leave_image(f);
  x->state = FRESH;
  return 1;
}

/* --- for the view --- */

folder_index *folder_index_fresh(folder *f)
{
  folder_indexed *const x = try(f);
  if (!x) return NULL;
  if (x->ix.broken && x->state != NONE) give_up(f);
  if (x->state == STALE && !refresh(f)) return NULL;
  return x->state == FRESH ? &x->ix : NULL;
}

int folder_index_saved(folder const *f) { return f->indexed && !f->indexed->unsaved; }

folder_index *folder_index_any(folder *f)
{
  folder_indexed *const x = try(f);
  if (!x) return NULL;
  if (x->ix.broken && x->state != NONE) give_up(f);
  return x->state >= STALE ? &x->ix : NULL;
}

folder_index *folder_index_made(folder *f)
{
  folder_index *const ix = folder_index_fresh(f);
  folder_indexed *const x = f->indexed;
  if (ix || !x || x->ix.broken || f->box->no_index || f->linked || f->known) return ix;
  if (!folder_know(f) || f->mails.count < SMALLEST || !may_write(f)) return NULL;
  return make(f) ? &x->ix : NULL;
}

/* --- entries --- */

static size_t place_of(folder_indexed const *x, uint32_t number) { return (size_t)((uint64_t)number * 0x9e3779b97f4a7c15u >> 20) & x->mask; }

static int grow_entries(folder_indexed *x)
{
  size_t const room = x->mask ? 2 * (x->mask + 1) : 256;
  mail_entry **const old = x->entry;
  size_t const old_room = old ? x->mask + 1 : 0;
  x->entry = calloc(room, sizeof *x->entry);
  if (!x->entry) return x->entry = old, 0;
  x->mask = room - 1;
  for (size_t i = 0; i < old_room; i++) {
    size_t k;
    if (!old[i]) continue;
    for (k = place_of(x, old[i]->number - 1); x->entry[k]; k = (k + 1) & x->mask)
      ;
    x->entry[k] = old[i];
  }
  free(old);
  return 1;
}

mail_entry *folder_index_entry(folder *f, index_mail const *m)
{
  folder_indexed *const x = f->indexed;
  char name[INDEX_NAME_MAX + 1];
  mail_entry *e;
  size_t i;
  if (2 * (x->entries + 1) > x->mask && !grow_entries(x)) return NULL;
  for (i = place_of(x, m->number); x->entry[i]; i = (i + 1) & x->mask)
    if (x->entry[i]->number == m->number + 1) return x->entry[i];
  memcpy(name, m->name.s, m->name.len);
  name[m->name.len] = 0;
  e = folder_entry(f, name, m->where, m->inode);
  if (!e) return NULL;
  e->twin = (m->r.flags & INDEX_TWIN) != 0;
  e->linked = (m->r.flags & INDEX_LINKED) != 0;
  e->number = m->number + 1;
  x->entry[i] = e;
  x->entries++;
  return e;
}

mail_entry *folder_index_find(folder *f, folder_index *ix, slice base, uint64_t inode)
{
  uint32_t numbers[2];
  size_t count;
  index_room room;
  index_mail m;
  if (!index_base_find(ix, base, inode, numbers, 2, &count)) return NULL;
  errno = ENOENT;
  if (!count || (!inode && count > 1) || !index_get(ix, numbers[0], &m, &room) || (inode && m.inode != inode)) return NULL;
  return folder_index_entry(f, &m);
}

int folder_index_record(folder *f, mail_entry const *e, index_mail *m, index_room *room)
{
  folder_indexed *const x = f->indexed;
  return x && x->state == FRESH && e->number && index_get(&x->ix, e->number - 1, m, room);
}

/* --- what is provisional --- */

static int remake_one(folder *f, uint32_t number, arena *a)
{
  folder_index *const ix = &f->indexed->ix;
  index_operation o = { .kind = INDEX_KEYS, .number = number };
  index_room room;
  index_mail m;
  mail_entry *e;
  if (!index_get(ix, number, &m, &room)) return errno == ENOENT && !ix->broken;
  e = folder_index_entry(f, &m);
  if (!e) return 0;
  if (!make_record(f, e, a, &o.record, &o.text)) return errno == ENOENT;
  o.where = m.where;
  o.inode = m.inode;
  o.record.serial = m.r.serial;
  o.record.thread = m.r.thread;
  o.record.flags |= m.r.flags & (INDEX_TWIN | INDEX_LINKED);
  return index_change_make(ix, &o, (uint32_t)ix->last.sequence);
}

int folder_index_remake(folder *f, int count_unreadable)
{
  folder_indexed *const x = f->indexed;
  uint32_t numbers[INDEX_PROVISIONAL_MAX];
  size_t count;
  arena a = ARENA_ZERO;
  int good = index_provisional(&x->ix, numbers, &count);
  for (size_t i = 0; good && i < count && !x->remade; i++) good = remake_one(f, numbers[i], &a);
  x->remade = 1;
  for (size_t i = 0; good && i < count && count_unreadable; i++) {
    index_room room;
    index_mail m;
    mail_facts facts;
    mail_entry *e;
    if (!index_get(&x->ix, numbers[i], &m, &room)) continue;
    e = folder_index_entry(f, &m);
    good = e != NULL;
    if (e && m.r.provisional) folder_facts(f, e, FACT_SENDER, &a, &facts);
  }
  arena_free(&a);
  if (!good) x->ix.broken = 1;
  return good;
}

void folder_index_close(folder *f)
{
  if (!f->indexed) return;
  remove_broken(f->indexed);
  index_close(&f->indexed->ix);
  free(f->indexed->entry);
  free(f->indexed);
}
