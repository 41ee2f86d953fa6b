/* Changes: what changed in folders since a state. What became of mails is since.c's; here the states that were asked are looked up, folders are compared, and
 * the answer is written.
 *
 *   the client's state                         what it gets
 *   none that we keep (rubbish, another        reset, and the state now
 *   mailbox's, too old, of stamps)
 *   1.BIRTH.N                                  what changed from N to now (M), the first page of it: the state M, or 1.BIRTH.N.M.HASH and more
 *   1.BIRTH.N.M.HASH                           the next page of what changed from N to M; behind the last, the state M, and more where M is not now
 *
 * Folders are told with the first page, from N to M. tests/maildir-states.t. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/hex.h>
#include <porter/roles.h>
#include "conversations.h"
#include "since.h"

#define CHANGES_MAX 10000 /* of an answer */
#define TRIES_MAX 10      /* at a state that is stable, where one is needed */

/* A folder of the state: in the moments asked, and now. */
typedef struct changed_s changed;
struct changed_s {
  method_call *call;
  Porter__ChangesReq const *request;
  scope all, named;
  state now;
  state_asked asked;
  int every;                    /* no folders were named */
  unsigned char *wanted;        /* of each folder of the state */
  states_folder const **n, **m; /* of each folder of the state: at these moments, or null */
  int lost;                     /* a folder that had mail then has gone */
  since_lane *lane;
  size_t lanes;
  Porter__FolderChange **folder;
  size_t folders;
};

/* --- which folders --- */

static int by_octets(void const *a, void const *b) { return slice_compare(*(slice const *)a, *(slice const *)b); }

static int want_folders(changed *c)
{
  size_t const count = c->all.count, named = c->named.count;
  slice *names;
  c->wanted = arena_array(c->call->a, count + 1, 1);
  if (!c->wanted) return 0;
  if (c->every) return memset(c->wanted, 1, count), 1;
  if (!(names = arena_array(c->call->a, named, sizeof *names))) return 0;
  memcpy(names, c->named.name, named * sizeof *names);
  qsort(names, named, sizeof *names, by_octets);
  for (size_t i = 0; i < count; i++) c->wanted[i] = bsearch(c->all.name + i, names, named, sizeof *names, by_octets) != NULL;
  return 1;
}

static int by_id(void const *x, void const *y)
{
  states_folder const *const a = *(states_folder const *const *)x, *const b = *(states_folder const *const *)y;
  return (a->id > b->id) - (a->id < b->id);
}

/* A folder is gone that was there at a record. */
static int note_gone(changed *c, states_folder const *f, int first)
{
  Porter__FolderChange *change;
  if (!c->every) return 1;
  c->lost |= f->at.mails != 0;
  if (!first) return 1;
  change = arena_take(c->call->a, sizeof *change);
  if (!change) return 0;
  *change = (Porter__FolderChange)PORTER__FOLDER_CHANGE__INIT;
  change->kind = PORTER__CHANGE__KIND__GONE;
  change->id = arena_take(c->call->a, FOLDER_ID_LEN + 1);
  change->name = build_string(c->call->a, f->name);
  if (!change->id || !change->name) return 0;
  state_folder_id(f->id, change->id);
  c->folder[c->folders++] = change;
  return 1;
}

/* What each folder of the state was at a record; first: those that have gone are told. */
static int look_back(changed *c, size_t record, states_folder const ***then, int first)
{
  size_t const count = c->all.count;
  states_folder const **const now = arena_array(c->call->a, count + 1, sizeof *now);
  states_folder *slot;
  size_t slots, there = 0;
  *then = arena_array(c->call->a, count + 1, sizeof **then);
  if (!now || !*then || !states_at(&c->now.st, record, c->call->a, &slot, &slots)) return 0;
  if (first && !(c->folder = arena_array(c->call->a, slots + count + 1, sizeof *c->folder))) return 0;
  for (size_t i = 0; i < count; i++)
    if (c->now.now[i].there) now[there++] = c->now.now + i;
  if (there) qsort(now, there, sizeof *now, by_id);
  for (size_t i = 0; i < slots; i++) {
    states_folder const *const f = slot + i, **found;
    if (!f->there) continue;
    found = there ? bsearch(&f, now, there, sizeof *now, by_id) : NULL;
    if (found) (*then)[*found - c->now.now] = f;
    else if (!note_gone(c, f, first)) return 0;
  }
  return 1;
}

static int same_counts(folder_moment const *a, folder_moment const *b)
{
  return a->mails == b->mails && a->unread == b->unread && a->octets == b->octets;
}

static int compare_folder(changed *c, size_t i)
{
  states_folder const *const now = c->now.now + i, *const then = c->n[i];
  int const renamed = then && !slice_same(then->name, now->name);
  Porter__FolderChange *change;
  if (then && !renamed && same_counts(&then->at, &now->at)) return 1;
  change = arena_take(c->call->a, sizeof *change);
  if (!change) return 0;
  *change = (Porter__FolderChange)PORTER__FOLDER_CHANGE__INIT;
  change->kind = then ? PORTER__CHANGE__KIND__CHANGED : PORTER__CHANGE__KIND__NEW;
  change->counts_only = then && !renamed;
  change->id = arena_take(c->call->a, FOLDER_ID_LEN + 1);
  change->name = build_string(c->call->a, now->name);
  if (!change->id || !change->name) return 0;
  state_folder_id(now->id, change->id);
  c->folder[c->folders++] = change;
  return 1;
}

/* --- the page --- */

/* A moment of an index that is another by now is of use only where nothing was there. 0: it cannot be told. */
static int take_moment(states_folder const *then, states_folder const *now, folder_moment const **at)
{
  *at = NULL;
  if (!then || (then->at.birth != now->at.birth && !then->at.mails)) return 1;
  if (then->at.birth != now->at.birth) return 0;
  *at = &then->at;
  return 1;
}

static int make_lanes(changed *c)
{
  for (size_t i = 0; i < c->all.count; i++) {
    states_folder const *const now = c->now.now + i;
    since_lane *const l = c->lane + c->lanes;
    if (!now->there || !c->wanted[i]) continue;
    *l = (since_lane){ .folder = i, .now = &now->at };
    if (!take_moment(c->n[i], now, &l->n) || !take_moment(c->asked.page ? c->m[i] : now, now, &l->m)) return 0;
    c->lanes++;
  }
  return !c->lost;
}

static enum since_answer take_page(changed *c, since *out)
{
  size_t const limit = c->request->limit && c->request->limit < CHANGES_MAX ? c->request->limit : CHANGES_MAX;
  size_t n, m = 0;
  if (!state_scan(&c->asked, c->request->state) || c->asked.birth != c->now.birth || !states_find(&c->now.st, c->asked.n, &n)) return SINCE_UNKNOWN;
  if (c->asked.page && (!states_find(&c->now.st, c->asked.m, &m) || m < n)) return SINCE_UNKNOWN;
  if (n > c->now.record || (c->asked.page && m > c->now.record)) return SINCE_UNKNOWN;
  c->lane = arena_array(c->call->a, c->all.count + 1, sizeof *c->lane);
  if (!c->lane || !want_folders(c) || !look_back(c, n, &c->n, !c->asked.page)) return SINCE_FAILED;
  if (c->asked.page && !look_back(c, m, &c->m, 0)) return SINCE_FAILED;
  if (!make_lanes(c)) return SINCE_UNKNOWN;
  for (size_t i = 0; !c->asked.page && i < c->all.count; i++)
    if (c->now.now[i].there && c->wanted[i] && !compare_folder(c, i)) return SINCE_FAILED;
  return since_take(c->call, &c->now, c->lane, c->lanes, c->asked.page ? &c->asked.hash : NULL, limit, out);
}

/* --- the answer --- */

static Porter__Change *build_change(changed *c, since_change const *from, arena *a)
{
  Porter__Change *const change = arena_take(a, sizeof *change);
  slice mid;
  if (!change) return NULL;
  *change = (Porter__Change)PORTER__CHANGE__INIT;
  change->kind = from->kind;
  if (!(change->thread = arena_take(a, THREAD_ID_LEN + 1))) return NULL;
  conversations_id(from->thread, change->thread);
  change->thread_new = from->kind == PORTER__CHANGE__KIND__NEW && from->thread_turns;
  change->thread_gone = from->kind == PORTER__CHANGE__KIND__GONE && from->thread_turns;
  change->folders = arena_array(a, from->folder_count + 1, sizeof *change->folders);
  if (!change->folders || !maildir_mid(a, from->base, from->inode != 0, from->inode, &mid) || !(change->mid = build_string(a, mid))) return NULL;
  for (size_t i = 0; i < from->folder_count; i++)
    if (!(change->folders[change->n_folders++] = build_string(a, c->all.name[from->folders[i]]))) return NULL;
  return change;
}

static int write_changes(changed *c, since const *page)
{
  arena scratch = ARENA_ZERO;
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < page->count; i++) {
    Porter__Change const *const change = build_change(c, page->change + i, &scratch);
    code = change ? method_write_field(c->call, 1, &change->base) : method_temporary(c->call, "take memory");
    arena_reset(&scratch);
  }
  arena_free(&scratch);
  return code;
}

static int write_page(changed *c, since const *page)
{
  Porter__ChangesResp response = PORTER__CHANGES_RESP__INIT;
  state_asked next = { .birth = c->now.birth, .n = c->asked.page ? c->asked.m : c->now.number };
  char text[STATE_FMT];
  int const code = write_changes(c, page);
  if (code != EXIT_DONE) return code;
  response.folders = c->folder;
  response.n_folders = c->folders;
  response.more = page->cut || next.n != c->now.number;
  if (page->cut) next = (state_asked){ .birth = c->now.birth, .n = c->asked.n, .m = next.n, .hash = page->hash, .page = 1 };
  state_asked_text(&next, text);
  response.state = text;
  return method_write(c->call, &response.base);
}

static int write_reset(changed *c, char *text, int reset)
{
  Porter__ChangesResp response = PORTER__CHANGES_RESP__INIT;
  response.state = text;
  response.reset = reset;
  return method_write(c->call, &response.base);
}

/* Without indexes: nothing, or reset. Of a state that is none of ours, or that could hide a change, nothing can be told. */
static int answer_bare(changed *c)
{
  char text[STATE_FMT];
  int const code = state_bare(c->every ? &c->all : &c->named, 0, c->every ? c->all.count : c->named.count, text);
  return code == EXIT_DONE ? write_reset(c, text, strchr(c->request->state, '?') || strcmp(c->request->state, text) != 0) : code;
}

/* Whether it says of a mail that it has gone, or what comes next will. */
static int has_gone(since const *page)
{
  for (size_t i = 0; i < page->count; i++)
    if (page->change[i].kind == PORTER__CHANGE__KIND__GONE) return 1;
  return page->cut;
}

/* A mail that is on its way from one folder to another has not gone. */
static int answer(changed *c)
{
  since page = { .count = 0 };
  char text[STATE_FMT];
  enum since_answer told = SINCE_FAILED;
  for (int tries = 0; tries < TRIES_MAX; tries++) {
    int const code = state_take(c->call, &c->all, &c->now);
    if (code != EXIT_DONE) return code;
    if (!c->now.kept) return answer_bare(c);
    c->lanes = c->folders = 0;
    c->lost = 0;
    told = take_page(c, &page);
    if (c->now.stable || told != SINCE_TOLD || !has_gone(&page)) break;
  }
  switch (told) {
  case SINCE_TOLD: return write_page(c, &page);
  case SINCE_UNKNOWN: state_text(&c->now, text); return write_reset(c, text, 1);
  default: return method_temporary(c->call, "read folder");
  }
}

int method_changes(method_call *call)
{
  changed c = { .call = call, .request = call->request, .every = !((Porter__ChangesReq const *)call->request)->n_folders };
  int code = state_check(call, c.request->state);
  if (code == EXIT_DONE && !call->box->no_index) code = scope_named(call, &c.all, NULL, 0);
  else if (code == EXIT_DONE && c.every) code = scope_all_seen(call, &c.all);
  if (code == EXIT_DONE && !c.every) code = scope_named(call, &c.named, c.request->folders, c.request->n_folders);
  if (code == EXIT_DONE && !c.every) code = state_named(&c.named);
  if (code == EXIT_DONE) code = answer(&c);
  scope_end(&c.named);
  scope_end(&c.all);
  return code;
}
