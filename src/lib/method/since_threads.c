/* Of mails that came or went since a moment: whether their threads did. A thread was there if a mail of it was; so all mails of these threads are looked for,
 * in one pass over the records of each folder and over what has gone. Where threads have never been asked for, nothing is known of them, and nothing is told.
 *
 * Tests: tests/maildir-states.t. */
#include <errno.h>
#include <stdlib.h>

#include "since.h"

/* Whether a mail of a thread was there at N, and at M. */
typedef struct was_s was;
struct was_s {
  unsigned char n, m;
};

typedef struct kin_s kin;
struct kin_s {
  uint64_t *thread; /* sorted */
  was *of;
  size_t count;
  since_lane const *lane;
};

static int by_number(void const *x, void const *y)
{
  uint64_t const a = *(uint64_t const *)x, b = *(uint64_t const *)y;
  return (a > b) - (a < b);
}

static was *was_of(kin const *k, uint64_t thread)
{
  uint64_t const *const found = k->count ? bsearch(&thread, k->thread, k->count, sizeof thread, by_number) : NULL;
  return found ? k->of + (found - k->thread) : NULL;
}

static int take(void *context, mail_trace const *t)
{
  kin const *const k = context;
  was *const of = was_of(k, t->thread);
  if (!of) return 1;
  of->n |= (unsigned char)since_there(k->lane->n, t);
  of->m |= (unsigned char)since_there(k->lane->m, t);
  return 1;
}

/* The threads of mails that came or went. */
static int name_threads(arena *a, since const *out, kin *k)
{
  size_t count = 0;
  k->thread = arena_array(a, out->count + 1, sizeof *k->thread);
  k->of = arena_array(a, out->count + 1, sizeof *k->of);
  if (!k->thread || !k->of) return 0;
  for (size_t i = 0; i < out->count; i++)
    if (out->change[i].thread && out->change[i].kind != PORTER__CHANGE__KIND__CHANGED) k->thread[count++] = out->change[i].thread;
  if (count) qsort(k->thread, count, sizeof *k->thread, by_number);
  for (size_t i = 0; i < count; i++)
    if (!k->count || k->thread[i] != k->thread[k->count - 1]) k->thread[k->count++] = k->thread[i];
  return 1;
}

enum since_answer since_threads(method_call *call, state *s, since_lane const *lane, size_t lanes, since *out)
{
  kin k = { .count = 0 };
  if (!name_threads(call->a, out, &k)) return SINCE_FAILED;
  for (size_t i = 0; k.count && i < lanes; i++) {
    int const there = state_open(s, lane[i].folder);
    if (there <= 0) return there < 0 ? SINCE_FAILED : SINCE_UNKNOWN;
    k.lane = lane + i;
    if (!folder_kin(s->all->f[lane[i].folder], k.thread, k.count, take, &k)) return errno == ENOMEM ? SINCE_FAILED : SINCE_UNKNOWN;
    state_shut(s, lane[i].folder);
  }
  for (size_t i = 0; i < out->count; i++) {
    since_change *const c = out->change + i;
    was const *const of = was_of(&k, c->thread);
    if (of) c->thread_turns = c->kind == PORTER__CHANGE__KIND__NEW ? !of->n : !of->m;
  }
  return SINCE_TOLD;
}

enum since_answer since_join(method_call *call, state *s, since_lane const *lane, size_t lanes)
{
  folder **const f = arena_array(call->a, lanes + 1, sizeof *f);
  size_t count = 0;
  if (!f) return SINCE_FAILED;
  for (size_t i = 0; i < lanes; i++) {
    since_lane const *const l = lane + i;
    int const same = l->n && l->n->birth == l->now->birth && l->n->sequence == l->now->sequence && l->n->check == l->now->check;
    if (!same && l->folder < STATE_OPEN && state_open(s, l->folder) > 0) f[count++] = s->all->f[l->folder];
  }
  return !count || folders_thread(call->box, f, count) ? SINCE_TOLD : SINCE_FAILED;
}
