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
 * The streams are here, and what they leave over; compare_resolve.c makes operations of that, compare_marks.c marks twins and links.
 *
 * Tests: tests/unit/folder_index.c, against a model; tests/fuzz/folder_index.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compare_internal.h"

#define WINDOW 8        /* names that may have gone between two that are met */
#define WINDOW_MAX 1024 /* grows as names are missed, so that the streams find each other again */

int compare_room(void **list, size_t count, size_t *room, size_t size)
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

/* The base of a name that stays; put together in the arena where it has to be. */
static int base_of(working *w, slice name, slice *base)
{
  char room[INDEX_NAME_MAX];
  *base = index_base(name, room);
  return base->s != room || (base->s = arena_copy(&w->a, base->s, base->len)) != NULL;
}

/* --- what was not met --- */

static int add_loose(working *w, place_name const *name, unsigned char where, uint32_t *number)
{
  loose *l;
  if (!COMPARE_ROOM(w, loose)) return 0;
  l = w->loose + w->loose_count++;
  *l = (loose){ .name = { name->name, strlen(name->name) }, .inode = name->inode, .where = where, .number = number };
  return base_of(w, l->name, &l->base);
}

static int add_missing(working *w, index_mail const *m)
{
  missing *x;
  if (!COMPARE_ROOM(w, missing)) return 0;
  x = w->missing + w->missing_count++;
  *x = (missing){ .mail = *m };
  return base_of(w, m->name, &x->mail.base);
}

/* --- the streams --- */

typedef struct image_s image;
struct image_s {
  folder_index *ix;
  char const *names, *inodes; /* NAMES and INODES, as far as the places listed go */
  char *names_room, *inodes_room;
  uint64_t names_len;
};

static int load(image *im, comparison const *c)
{
  folder_index *const ix = im->ix;
  uint64_t const most = index_load_most(c->listing[PLACE_NEW].count + c->listing[PLACE_CUR].count);
  uint32_t const mails = c->listing[PLACE_CUR].list ? ix->h.n : ix->h.n_new;
  char name_at[4];
  im->names_len = ix->h.section[SECTION_NAMES].len;
  if (mails < ix->h.n) {
    if (!index_bytes(ix, SECTION_RECORDS, (uint64_t)mails * INDEX_RECORD + RECORD_NAME, 4, name_at)) return 0;
    im->names_len = get32(name_at);
  }
  if (im->names_len > most || 8 * (uint64_t)mails > most) return errno = ENOMEM, 0;
  /* Whole sections stay in memory: a new image is made of them, if one is due. */
  if (mails == ix->h.n && !(index_load(ix, SECTION_NAMES, most) && index_load(ix, SECTION_INODES, most))) return 0;
  im->names = index_start(ix, SECTION_NAMES, im->names_len, &im->names_room);
  im->inodes = index_start(ix, SECTION_INODES, 8 * (uint64_t)mails, &im->inodes_room);
  return im->names && im->inodes;
}

static void image_free(image *im)
{
  free(im->names_room);
  free(im->inodes_room);
}

/* The image's names of one place, from one of them on. */
typedef struct stream_s stream;
struct stream_s {
  image const *im;
  unsigned char where;
  uint32_t number, end; /* mails: the next, and behind the last */
  uint64_t at;          /* where in NAMES the next one's name begins */
};

/* The name that begins there. 0 where NAMES ends before. */
static inline int name_at(image const *im, uint64_t at, slice *name)
{
  char const *const s = im->names + at;
  if (at >= im->names_len || (unsigned char)*s > im->names_len - at - 1) return im->ix->broken = 1, errno = EILSEQ, 0;
  *name = (slice){ s + 1, (unsigned char)*s };
  return 1;
}

static uint64_t inode_of(image const *im, uint32_t number) { return get64(im->inodes + 8 * (size_t)number); }

/* Whether the image's name for it no longer holds. */
static int moved(folder_index const *ix, uint32_t number)
{
  index_change const *const c = ix->changes ? index_changed(ix, number) : NULL;
  return c && (c->gone || c->renamed);
}

/* Those before number were not met. */
static int pass_over(working *w, stream *st, uint32_t number)
{
  for (; st->number < number; st->number++) {
    index_mail m = { .number = st->number, .where = st->where, .inode = inode_of(st->im, st->number) };
    if (!name_at(st->im, st->at, &m.name) || (!moved(w->ix, m.number) && !add_missing(w, &m))) return 0;
    st->at += 1 + m.name.len;
  }
  return 1;
}

/* Steps behind the mail of that name, if it is not too far ahead: 1, else 0, -1 with errno. */
static int meet(working *w, stream *st, place_name const *name, size_t window)
{
  uint64_t at = st->at;
  slice known;
  for (uint32_t i = st->number; i < st->end && window; i++, at += 1 + known.len) {
    if (!name_at(st->im, at, &known)) return -1;
    if (inode_of(st->im, i) != name->inode || !slice_is(known, name->name)) window--;
    else if (!moved(w->ix, i)) {
      if (st->number < i && !pass_over(w, st, i)) return -1;
      st->number = i + 1;
      st->at = at + 1 + known.len;
      return 1;
    }
  }
  return 0;
}

static int pass_stream(working *w, stream *st)
{
  index_listing const *const l = w->c->listing + st->where;
  size_t misses = 0;
  for (size_t k = 0; k < l->count; k++) {
    int const met = meet(w, st, l->list + k, WINDOW + 2 * misses < WINDOW_MAX ? WINDOW + 2 * misses : WINDOW_MAX);
    if (met < 0) return 0;
    l->number[k] = met ? st->number - 1 : UINT32_MAX;
    if (met) misses = 0;
    else if (misses++, !add_loose(w, l->list + k, st->where, l->number + k)) return 0;
  }
  return pass_over(w, st, st->end);
}

/* New's names, then cur's, where that was listed. */
static int pass_streams(working *w, image const *im)
{
  stream st = { .im = im, .where = PLACE_NEW, .end = im->ix->h.n_new };
  if (!pass_stream(w, &st)) return 0;
  if (!w->c->listing[PLACE_CUR].list) return 1;
  st.where = PLACE_CUR;
  st.end = im->ix->h.n;
  return pass_stream(w, &st);
}

/* Of what changed since: nothing of that was met, as the streams are the image's. */
static int find_changed(working *w)
{
  folder_index *const ix = w->ix;
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

/* --- all of it --- */

static void working_free(working *w)
{
  free(w->loose);
  free(w->missing);
  free(w->touched);
  free(w->linked);
  arena_free(&w->a);
}

int index_compare(comparison *c)
{
  working w = { .c = c, .ix = c->ix };
  image im = { .ix = c->ix };
  int good = index_apply(c->ix) && load(&im, c);
  if (!c->started) c->total = c->ix->last, c->started = 1;
  good = good && pass_streams(&w, &im) && find_changed(&w) && (!(w.loose_count + w.missing_count) || (compare_resolve(&w) && compare_marks(&w)));
  image_free(&im);
  working_free(&w);
  return good;
}

void index_comparison_free(comparison *c)
{
  free(c->operation);
  arena_free(&c->a);
}
