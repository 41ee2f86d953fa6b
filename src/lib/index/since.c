/* What an index tells of the time since one of its segments: every mail that is there has the number of the segment that last changed it, and what
 * went is in GONE, or among the changes behind the image.
 *
 * What can go wrong, and the rule for each:
 * 1. More has gone than GONE keeps: index_reaches says so, and nothing can be told.
 * 2. The file is an older one that was put back, and its numbers are given again to other changes: index_follows compares the check of the
 *    segment, as long as that is there; where an image has swallowed it, nothing is known against it.
 * 3. The owner wrote it: GONE is bounded by what we would write (its memory), everything else by the bounds of the index.
 *
 * Tests: tests/unit/folder_index.c, tests/maildir-states.t, tests/fuzz/folder_index.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

/* --- moments --- */

/* Steps over the next of the segments that are there, which were checked as they were read. */
static int next_segment(folder_index const *ix, size_t *at, index_segment *g)
{
  char const *const s = ix->segments + *at;
  if (ix->segments_len - *at < INDEX_SEGMENT) return 0;
  *g = (index_segment){ .len = get32(s + SEGMENT_LEN),
    .sequence = get64(s + SEGMENT_SEQUENCE),
    .check = get64(s + SEGMENT_CHECK),
    .operations = get32(s + SEGMENT_OPERATIONS),
    .threads = get32(s + SEGMENT_THREADS) };
  if (g->len < INDEX_SEGMENT || g->len > ix->segments_len - *at) return 0;
  *at += g->len;
  return 1;
}

int index_moment_take(folder_index const *ix, index_moment *m)
{
  uint64_t sequence = ix->h.sequence;
  size_t at = 0;
  m->check = ix->h.instance;
  for (index_segment g; next_segment(ix, &at, &g);)
    if (g.operations > g.threads) sequence = g.sequence, m->check = g.check;
  m->sequence = (uint32_t)sequence;
  return sequence <= UINT32_MAX && ix->last.sequence <= UINT32_MAX ? 1 : (errno = EOVERFLOW, 0);
}

int index_follows(folder_index const *ix, index_moment const *m)
{
  size_t at = 0;
  if (m->sequence <= ix->h.sequence) return 1;
  for (index_segment g; next_segment(ix, &at, &g);)
    if (g.sequence == m->sequence) return g.check == m->check;
  return 0;
}

/* --- what went --- */

int index_gone_each(folder_index *ix, index_gone_func *each, void *context)
{
  uint64_t const most = ix->h.n / 4 > INDEX_GONE_MAX ? ix->h.n / 4 : INDEX_GONE_MAX, len = ix->h.section[SECTION_GONE].len;
  if (!index_load(ix, SECTION_GONE, 2 * most * (INDEX_GONE + INDEX_NAME_MAX))) return 0;
  for (uint64_t at = 0; at < len;) {
    index_gone g;
    size_t const used = index_gone_unpack(&g, ix->memory[SECTION_GONE] + at, (size_t)(len - at));
    if (!used) return ix->broken = 1, errno = EILSEQ, 0;
    if (!each(context, &g)) return 0;
    at += used;
  }
  return 1;
}

int index_reaches(folder_index const *ix, int64_t sequence) { return sequence < 0 || ix->h.gone_since <= (uint64_t)sequence; }

/* --- what was touched --- */

typedef struct touched_s touched;
struct touched_s {
  folder_index *ix;
  int64_t sequence;
  mail_trace_func *each;
  void *context;
};

static mail_trace trace_of(index_mail const *m)
{
  return (mail_trace){ .base = m->base,
    .inode = m->inode,
    .serial = m->r.serial,
    .sequence = m->r.sequence,
    .thread = m->r.thread,
    .twin = (m->r.flags & INDEX_TWIN) != 0 };
}

/* A mail of the image that nothing behind it speaks of. */
static int touched_image(void *context, uint32_t number, uint32_t sequence)
{
  touched const *const t = context;
  index_room room;
  index_mail m;
  mail_trace trace;
  index_change const *const c = index_changed(t->ix, number);
  if ((int64_t)sequence <= t->sequence || (c && c->sequence)) return 1;
  if (!index_get(t->ix, number, &m, &room)) return 0;
  trace = trace_of(&m);
  return t->each(t->context, &trace);
}

static int touched_gone(void *context, index_gone const *g)
{
  touched const *const t = context;
  if ((int64_t)g->sequence <= t->sequence) return 1;
  return t->each(t->context, &(mail_trace){ .base = g->base, .serial = g->serial, .sequence = g->sequence, .thread = g->thread, .gone = 1 });
}

static int touched_change(touched const *t, index_change *c)
{
  index_room room;
  index_mail m;
  mail_trace trace;
  if (!c->sequence || (int64_t)c->sequence <= t->sequence) return 1;
  if (!index_get_gone(t->ix, c, &m, &room)) return 0;
  trace = trace_of(&m);
  trace.sequence = c->sequence;
  trace.gone = c->gone;
  if (c->gone) trace.inode = 0;
  return t->each(t->context, &trace);
}

int index_touched(folder_index *ix, int64_t sequence, mail_trace_func *each, void *context)
{
  touched t = { ix, sequence, each, context };
  if (!index_apply(ix)) return 0;
  /* Nothing in the image is younger than the last segment that went into it. */
  if (sequence < (int64_t)ix->h.sequence || sequence < 0)
    if (!index_column(ix, RECORD_SEQUENCE, touched_image, &t) || !index_gone_each(ix, touched_gone, &t)) return 0;
  for (size_t i = 0; i < ix->changes; i++)
    if (!touched_change(&t, ix->change + i)) return 0;
  return 1;
}

/* --- mails of threads --- */

typedef struct kin_s kin;
struct kin_s {
  folder_index *ix;
  uint64_t const *thread; /* sorted */
  size_t count;
  mail_trace_func *each;
  void *context;
};

static int is_kin(kin const *k, uint64_t thread)
{
  size_t low = 0, high = k->count;
  while (low < high) {
    size_t const middle = low + (high - low) / 2;
    if (k->thread[middle] < thread) low = middle + 1;
    else high = middle;
  }
  return low < k->count && k->thread[low] == thread;
}

static int give_kin(kin const *k, index_change *c, uint32_t number)
{
  index_room room;
  index_mail m;
  mail_trace trace;
  if (!(c ? index_get_gone(k->ix, c, &m, &room) : index_image_mail(k->ix, number, &m, &room))) return 0;
  if (!is_kin(k, m.r.thread)) return 1;
  trace = trace_of(&m);
  if (c && c->gone) trace.gone = 1, trace.sequence = c->sequence;
  return k->each(k->context, &trace);
}

static int give_gone(void *context, index_gone const *g)
{
  kin const *const k = context;
  if (!is_kin(k, g->thread)) return 1;
  return k->each(k->context, &(mail_trace){ .base = g->base, .serial = g->serial, .sequence = g->sequence, .thread = g->thread, .gone = 1 });
}

int index_kin(folder_index *ix, uint64_t const *threads, size_t count, mail_trace_func *each, void *context)
{
  kin k = { ix, threads, count, each, context };
  char piece[INDEX_RECORD * 512];
  if (!index_apply(ix)) return 0;
  for (uint32_t number = 0; number < ix->h.n; number += 512) {
    uint32_t const some = ix->h.n - number < 512 ? ix->h.n - number : 512;
    if (!index_records(ix, number, some, piece)) return 0;
    for (uint32_t i = 0; i < some; i++)
      if (is_kin(&k, get64(piece + INDEX_RECORD * (size_t)i + RECORD_THREAD)) && !index_changed(ix, number + i) && !give_kin(&k, NULL, number + i))
        return 0;
  }
  for (size_t i = 0; i < ix->changes; i++)
    if (!give_kin(&k, ix->change + i, 0)) return 0;
  return index_gone_each(ix, give_gone, &k);
}

/* --- looking bases up --- */

typedef struct look_up_s look_up;
struct look_up_s {
  folder_index *ix;
  slice const *base;
  mail_hit_func *each;
  void *context;
};

/* A mail that was renamed keeps its base. */
static int give(void *context, size_t which, uint32_t number)
{
  look_up const *const l = context;
  index_room room;
  index_mail m;
  mail_trace trace;
  if (!index_get(l->ix, number, &m, &room)) return errno == ENOENT && !l->ix->broken;
  if (!slice_same(m.base, l->base[which])) return 1;
  trace = trace_of(&m);
  return l->each(l->context, which, &trace);
}

/* A base that several mails have is passed over mail by mail, so that no memory is needed for them. */
static int bisect(look_up const *l, size_t which)
{
  index_key const k = { .base = l->base[which] };
  index_cursor c;
  uint32_t number;
  if (!index_cursor_open(&c, l->ix, INDEX_BY_BASE, 0) || !index_cursor_seek(&c, &k, 0)) return 0;
  for (;;) {
    index_room room;
    index_mail m;
    mail_trace trace;
    int const there = index_cursor_next(&c, &number);
    if (there <= 0) return !there;
    if (!index_get(l->ix, number, &m, &room)) return 0;
    if (!slice_same(m.base, l->base[which])) return 1;
    trace = trace_of(&m);
    if (!l->each(l->context, which, &trace)) return 0;
  }
}

int index_look_up(folder_index *ix, slice const *bases, size_t count, mail_hit_func *each, void *context)
{
  look_up l = { .ix = ix, .base = bases, .each = each, .context = context };
  int good = 1;
  if (!count || (!ix->h.n && !ix->segments_len)) return 1;
  if (!index_apply(ix)) return 0;
  if (index_bases_many(ix, count)) {
    index_bases b;
    good = index_bases_make(&b, ix, bases, count) && index_bases_pass(ix, &b, give, &l);
    free(b.slot);
    return good;
  }
  for (size_t i = 0; good && i < count; i++) good = bisect(&l, i);
  return good;
}
