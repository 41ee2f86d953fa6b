/* What became of mails between two moments that are kept (doc/index.md, "porter.states"): no listing is needed for that, as of every mail the index knows
 * the segment that last changed it, and a serial that grows.
 *
 * At a moment with sequence number Q and next serial S a folder had, of one base, the mails that are there with a serial below S, and those that went
 * after Q with a serial below S. One is the mail BASE; several are twins, BASE/INODE each. So each mid was there or not at N, at M and now:
 *
 *   N M now
 *   0 1  *   NEW        1 0  *   GONE
 *   1 1  1   CHANGED, where anything happened to it since N
 *   1 1  0   nothing: that it went is told with what happened after M
 *   0 0  *   nothing: likewise
 *
 * A first page is one of M = now. What it takes is linear: the records of folders that changed are passed over, of all bases that were touched those of the
 * page are taken, in order of their hash, and only these are looked up in the other folders.
 *
 *   what can go wrong                                       the rule for it
 *   GONE does not reach back to N; the index is another     unknown, unless nothing was there at N
 *   a twin went: GONE has no inodes                         unknown
 *   a folder changes while it is asked                      it is asked as it was opened; one that had to be opened again, and is another: unknown
 *
 * Tests: tests/maildir-states.t. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../index/format.h"
#include "since.h"

/* A mail of a base in a folder. */
typedef struct seen_s seen;
struct seen_s {
  uint64_t hash; /* of the base */
  size_t group;  /* which of the page's bases */
  size_t lane;
  mail_trace t;
  int stale; /* it is looked up instead */
};

typedef struct group_s group;
struct group_s {
  size_t from, to; /* its mails among those that were touched */
};

typedef struct work_s work;
struct work_s {
  method_call *call;
  state *s;
  since_lane *lane;
  size_t lanes, at; /* at: the lane that is asked */
  uint64_t const *from;
  char key[INDEX_KEY];
  seen *list;
  size_t count, room;
  group *groups;
  size_t group_count;
  size_t *asked; /* the groups of the bases that are looked up */
  slice *base;
  since *out;
  size_t out_room;
};

/* --- what was touched --- */

static int add_seen(work *w, seen const *x)
{
  if (w->count == w->room) {
    size_t const room = w->room ? 2 * w->room : 256;
    seen *const more = realloc(w->list, room * sizeof *more);
    if (!more) return 0;
    w->list = more;
    w->room = room;
  }
  w->list[w->count++] = *x;
  return 1;
}

static int touched(void *context, mail_trace const *t)
{
  work *const w = context;
  seen x = { .hash = index_siphash(w->key, t->base.s, t->base.len), .lane = w->at, .t = *t };
  if (w->from && x.hash <= *w->from) return 1;
  x.t.base.s = arena_copy(w->call->a, t->base.s, t->base.len);
  return x.t.base.s && add_seen(w, &x);
}

/* Opens the folder of the lane that is asked: 1; 0 where it is another by now; -1 with errno. */
static int open_lane(work *w) { return state_open(w->s, w->lane[w->at].folder); }

static folder *folder_of(work const *w) { return w->s->all->f[w->lane[w->at].folder]; }

static int same_moment(folder_moment const *a, folder_moment const *b)
{
  return a->birth == b->birth && a->sequence == b->sequence && a->check == b->check;
}

/* A moment before which something went that GONE no longer has is of use only where nothing was there. */
static int settle_moment(work *w, folder_moment const **m)
{
  if (!*m || folder_reaches(folder_of(w), (*m)->sequence)) return 1;
  if ((*m)->mails) return 0;
  *m = NULL;
  return 1;
}

static enum since_answer take_touched(work *w)
{
  since_lane *const l = w->lane + w->at;
  folder *f;
  int there;
  if (l->n && same_moment(l->n, l->now)) return SINCE_TOLD;
  there = open_lane(w);
  if (there <= 0) return there < 0 ? SINCE_FAILED : SINCE_UNKNOWN;
  if (!settle_moment(w, &l->n) || !settle_moment(w, &l->m)) return SINCE_UNKNOWN;
  f = folder_of(w);
  if (w->out->threads && l->folder >= STATE_OPEN && !folders_thread(w->call->box, &f, 1)) return SINCE_FAILED;
  if (!folder_touched(f, l->n ? (int64_t)l->n->sequence : -1, touched, w)) return errno == ENOMEM ? SINCE_FAILED : SINCE_UNKNOWN;
  state_shut(w->s, l->folder);
  return SINCE_TOLD;
}

/* --- the page --- */

static int by_base(void const *x, void const *y)
{
  seen const *const a = x, *const b = y;
  int r;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  r = slice_compare(a->t.base, b->t.base);
  return r ? r : (a->lane > b->lane) - (a->lane < b->lane);
}

/* The first bases, most of them, and those that share a hash with the last. */
static int take_page(work *w, size_t most)
{
  size_t to;
  if (w->count) qsort(w->list, w->count, sizeof *w->list, by_base);
  w->groups = arena_array(w->call->a, (most < w->count ? most : w->count) + 1, sizeof *w->groups);
  if (!w->groups) return 0;
  for (size_t i = 0; i < w->count; i = to) {
    int const tie = w->group_count && w->list[i].hash == w->out->hash;
    if (w->group_count >= most && !tie) return w->out->cut = 1, w->count = i, 1;
    if (w->group_count >= most) { /* hashes are keyed: hardly ever */
      group *const more = arena_array(w->call->a, w->group_count + 2, sizeof *more);
      if (!more) return 0;
      memcpy(more, w->groups, w->group_count * sizeof *more);
      w->groups = more;
    }
    for (to = i; to < w->count && w->list[to].hash == w->list[i].hash && slice_same(w->list[to].t.base, w->list[i].t.base); to++)
      w->list[to].group = w->group_count;
    w->groups[w->group_count++] = (group){ i, to };
    w->out->hash = w->list[i].hash;
  }
  return 1;
}

/* --- the other folders --- */

/* Whether all that a lane has of a base is known already: what was touched there, and has no twin. What is looked up is not taken twice. */
static int is_known(work *w, group const *g, size_t *at)
{
  int known = 0, twin = 0;
  size_t from;
  while (*at < g->to && w->list[*at].lane < w->at) ++*at;
  for (from = *at; *at < g->to && w->list[*at].lane == w->at; ++*at) {
    known |= !w->list[*at].t.gone;
    twin |= w->list[*at].t.twin && !w->list[*at].t.gone;
  }
  if (known && !twin) return 1;
  for (; from < *at; from++) w->list[from].stale = !w->list[from].t.gone;
  return 0;
}

static int looked_up(void *context, size_t which, mail_trace const *t)
{
  work *const w = context;
  seen x = { .group = w->asked[which], .lane = w->at, .t = *t };
  x.hash = w->list[w->groups[x.group].from].hash;
  x.t.base = w->base[which];
  return add_seen(w, &x);
}

static enum since_answer look_up(work *w, size_t *next)
{
  size_t count = 0;
  int there;
  for (size_t i = 0; i < w->group_count; i++) {
    if (is_known(w, w->groups + i, next + i)) continue;
    w->asked[count] = i;
    w->base[count++] = w->list[w->groups[i].from].t.base;
  }
  if (!count || !w->lane[w->at].now->mails) return SINCE_TOLD;
  there = open_lane(w);
  if (there <= 0) return there < 0 ? SINCE_FAILED : SINCE_UNKNOWN;
  if (!folder_look_up(folder_of(w), w->base, count, looked_up, w)) return errno == ENOMEM ? SINCE_FAILED : SINCE_UNKNOWN;
  state_shut(w->s, w->lane[w->at].folder);
  return SINCE_TOLD;
}

static enum since_answer look_up_all(work *w)
{
  size_t *const next = arena_array(w->call->a, w->group_count + 1, sizeof *next);
  enum since_answer told = SINCE_TOLD;
  w->asked = arena_array(w->call->a, w->group_count + 1, sizeof *w->asked);
  w->base = arena_array(w->call->a, w->group_count + 1, sizeof *w->base);
  if (!next || !w->asked || !w->base) return SINCE_FAILED;
  for (size_t i = 0; i < w->group_count; i++) next[i] = w->groups[i].from;
  for (w->at = 0; told == SINCE_TOLD && w->at < w->lanes; w->at++) told = look_up(w, next);
  return told;
}

/* --- what became of a base --- */

/* A mid of a base in a folder. */
typedef struct standing_s standing;
struct standing_s {
  uint64_t inode; /* 0: the plain one */
  size_t folder;
  uint64_t thread;
  unsigned char n, m, now, touched;
};

/* How many there were; -1 where they are twins, of which one has gone. */
static int64_t count_then(folder_moment const *at, seen const *list, size_t count)
{
  int64_t there = 0;
  int gone = 0;
  for (size_t i = 0; i < count; i++) {
    if (list[i].stale || !since_there(at, &list[i].t)) continue;
    there++;
    gone |= list[i].t.gone;
  }
  return there > 1 && gone ? -1 : there;
}

static int64_t count_now(seen const *list, size_t count)
{
  int64_t there = 0;
  for (size_t i = 0; i < count; i++) there += !list[i].stale && !list[i].t.gone;
  return there;
}

static int is_touched(since_lane const *l, seen const *x) { return !x->stale && (!l->n || x->t.sequence > l->n->sequence); }

/* What one folder says: adds its mids to list, which has room for one more than there are mails. */
static enum since_answer stand(work const *w, seen const *mails, size_t count, standing *list, size_t *standings)
{
  since_lane const *const l = w->lane + mails->lane;
  int64_t const n = count_then(l->n, mails, count), m = count_then(l->m, mails, count), now = count_now(mails, count);
  standing plain = { .folder = l->folder, .n = n == 1, .m = m == 1, .now = now == 1 };
  if (n < 0 || m < 0) return SINCE_UNKNOWN;
  for (size_t i = 0; i < count; i++) {
    plain.touched |= (unsigned char)is_touched(l, mails + i);
    if (mails[i].t.thread && (!plain.thread || !mails[i].t.gone)) plain.thread = mails[i].t.thread;
    if (mails[i].stale || mails[i].t.gone || (n < 2 && m < 2 && now < 2)) continue;
    list[(*standings)++] = (standing){ .inode = mails[i].t.inode,
      .folder = l->folder,
      .thread = mails[i].t.thread,
      .n = n > 1 && since_there(l->n, &mails[i].t),
      .m = m > 1 && since_there(l->m, &mails[i].t),
      .now = now > 1,
      .touched = (unsigned char)is_touched(l, mails + i) };
  }
  /* What came after N and has gone again was seen by who read the mail then. */
  if (plain.n || plain.m || plain.now || (plain.touched && !n && !m && !now)) list[(*standings)++] = plain;
  return SINCE_TOLD;
}

static int by_inode(void const *x, void const *y)
{
  standing const *const a = x, *const b = y;
  if (a->inode != b->inode) return a->inode < b->inode ? -1 : 1;
  return (a->folder > b->folder) - (a->folder < b->folder);
}

static since_change *add_change(work *w)
{
  since *const out = w->out;
  if (out->count == w->out_room) {
    size_t const room = w->out_room ? 2 * w->out_room : 256;
    since_change *const more = arena_array(w->call->a, room, sizeof *more);
    if (!more) return NULL;
    if (out->count) memcpy(more, out->change, out->count * sizeof *more);
    out->change = more;
    w->out_room = room;
  }
  return out->change + out->count++;
}

/* What became of one mid, by all that the folders say of it. */
static int tell(work *w, slice base, standing const *list, size_t count)
{
  standing all = { .n = 0 };
  since_change *c;
  for (size_t i = 0; i < count; i++) {
    all.n |= list[i].n;
    all.m |= list[i].m;
    all.now |= list[i].now;
    if (list[i].thread && (!all.thread || list[i].now)) all.thread = list[i].thread;
    all.touched |= list[i].touched | (list[i].n != list[i].now);
  }
  if (all.n == all.m && !(all.n && all.now && all.touched)) return 1;
  if (!(c = add_change(w))) return 0;
  *c = (since_change){ .base = base, .inode = list->inode, .thread = all.thread, .folders = arena_array(w->call->a, count, sizeof *c->folders) };
  c->kind = all.n == all.m ? PORTER__CHANGE__KIND__CHANGED : all.m ? PORTER__CHANGE__KIND__NEW : PORTER__CHANGE__KIND__GONE;
  for (size_t i = 0; c->folders && i < count; i++)
    if (list[i].now) c->folders[c->folder_count++] = list[i].folder;
  return c->folders != NULL;
}

static enum since_answer tell_base(work *w, seen const *mails, size_t count, standing *list)
{
  size_t standings = 0, to, from;
  for (from = 0; from < count; from = to) {
    for (to = from; to < count && mails[to].lane == mails[from].lane; to++)
      ;
    if (stand(w, mails + from, to - from, list, &standings) != SINCE_TOLD) return SINCE_UNKNOWN;
  }
  if (standings) qsort(list, standings, sizeof *list, by_inode);
  for (from = 0; from < standings; from = to) {
    for (to = from; to < standings && list[to].inode == list[from].inode; to++)
      ;
    if (!tell(w, mails->t.base, list + from, to - from)) return SINCE_FAILED;
  }
  return SINCE_TOLD;
}

static int by_group(void const *x, void const *y)
{
  seen const *const a = x, *const b = y;
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  return (a->lane > b->lane) - (a->lane < b->lane);
}

static enum since_answer tell_all(work *w)
{
  /* In each folder a mid for each mail, and the plain one. */
  standing *const list = malloc((2 * w->count + 1) * sizeof *list);
  enum since_answer told = list ? SINCE_TOLD : SINCE_FAILED;
  size_t to;
  if (w->count) qsort(w->list, w->count, sizeof *w->list, by_group);
  for (size_t i = 0; told == SINCE_TOLD && i < w->count; i = to) {
    for (to = i; to < w->count && w->list[to].group == w->list[i].group; to++)
      ;
    told = tell_base(w, w->list + i, to - i, list);
  }
  free(list);
  return told;
}

enum since_answer since_take(method_call *call, state *s, since_lane *lane, size_t lanes, uint64_t const *from, size_t most, since *out)
{
  work w = { .call = call, .s = s, .lane = lane, .lanes = lanes, .from = from, .out = out };
  enum since_answer told = SINCE_TOLD;
  *out = (since){ .threads = mailbox_has_threads(call->box) };
  put64(w.key, s->birth);
  put64(w.key + 8, ~s->birth);
  if (out->threads) told = since_join(call, s, lane, lanes);
  for (; told == SINCE_TOLD && w.at < lanes; w.at++) told = take_touched(&w);
  if (told == SINCE_TOLD && !take_page(&w, most)) told = SINCE_FAILED;
  if (told == SINCE_TOLD) told = look_up_all(&w);
  if (told == SINCE_TOLD) told = tell_all(&w);
  if (told == SINCE_TOLD && out->threads) told = since_threads(call, s, lane, lanes, out);
  free(w.list);
  return told;
}
