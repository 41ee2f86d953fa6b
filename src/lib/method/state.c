/* States (state.h; doc/index.md, "porter.states").
 *
 * A state that is kept is a moment of all folders: for each what its index says. What can go wrong, and the rule for each:
 * 1. A mail goes from one folder to another while they are looked at, and is in neither: stamps are looked at again behind all, and where one has moved that
 *    folder is looked at again. Where a stamp is not settled, a change could bear the same one: that is waited for, once. Where others change folders all the
 *    time the state is not stable, and who would have to say that a mail has gone takes another.
 * 2. Another call writes to an index, so that what this one found is not in the file: the folder is opened again.
 * 3. Another call adds a record while this one looks: this one begins again, so that each record is wholly later than the one before.
 * 4. An index is an old one that was put back: its numbers mean other mails. The file is made anew, with another birth.
 * 5. There can be no index, or nothing can be written: a hash of stamps is the state.
 *
 * Tests: tests/maildir-states.t. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <porter/exit.h>
#include <porter/hex.h>
#include <porter/roles.h>
#include "../index/format.h"
#include "state.h"

#define SETTLE_MS 35    /* the grain of settled.c, a tick by which the clock lags behind a stamp (multigrain ones are finer), and a little */
#define LOOKS_MAX 8     /* at all folders, while mails go from one to another */
#define OPENINGS_MAX 50 /* of one folder, whose index others write to */
#define TAKES_MAX 20    /* while others add records */

static void pause_ms(unsigned int ms) { nanosleep(&(struct timespec){ .tv_nsec = (long)ms * 1000000 }, NULL); }

/* --- text --- */

static char *put_hex(char *s, uint64_t u)
{
  for (int shift = 60; shift >= 0; shift -= 4) *s++ = HEX_LOWER[u >> shift & 15];
  *s = 0;
  return s;
}

void state_asked_text(state_asked const *asked, char *text)
{
  char *s = put_hex(stpcpy(text, "1."), asked->birth);
  *s++ = '.';
  s = put_hex(s, asked->n);
  if (!asked->page) return;
  *s++ = '.';
  s = put_hex(s, asked->m);
  *s++ = '.';
  put_hex(s, asked->hash);
}

void state_text(state const *s, char *text) { state_asked_text(&(state_asked){ .birth = s->birth, .n = s->number }, text); }

void state_folder_id(uint64_t id, char *text) { put_hex(text, id); }

/* --- folders of a record, by id --- */

static int by_id(void const *x, void const *y)
{
  states_folder const *const a = *(states_folder const *const *)x, *const b = *(states_folder const *const *)y;
  return (a->id > b->id) - (a->id < b->id);
}

int state_ids_make(state_ids *ids, arena *a, states_folder const *slot, size_t slots)
{
  *ids = (state_ids){ .f = arena_array(a, slots + 1, sizeof *ids->f) };
  if (!ids->f) return 0;
  for (size_t i = 0; i < slots; i++)
    if (slot[i].there) ids->f[ids->count++] = slot + i;
  if (ids->count) qsort(ids->f, ids->count, sizeof *ids->f, by_id);
  return 1;
}

/* What the record says of it; null where it was not there. */
static states_folder const *folder_then(state_ids const *ids, states_folder const *f)
{
  states_folder const **const found = ids->count ? bsearch(&f, ids->f, ids->count, sizeof *ids->f, by_id) : NULL;
  return found ? *found : NULL;
}

/* That folder, one of all; null where it is not there. */
static states_folder const *folder_now(state const *s, slice name)
{
  size_t const i = slice_find(s->all->name, s->all->count, name);
  return i < s->all->count && s->now[i].there ? s->now + i : NULL;
}

int state_same_since(state const *s, slice name, state_ids const *ids)
{
  states_folder const *const now = folder_now(s, name), *const then = now ? folder_then(ids, now) : NULL;
  return then && states_same(then, now);
}

void state_folder_text(state *s, slice name, char *text)
{
  states_folder const *const now = folder_now(s, name);
  /* Without memory for that it is the mailbox's state, which is right, too. */
  int const known = s->last.f || state_ids_make(&s->last, s->all->call->a, s->st.slot, s->st.slots);
  states_folder const *const last = now && known ? folder_then(&s->last, now) : NULL;
  size_t const landmark = states_landmark(&s->st);
  size_t record = last && last->changed < s->record ? last->changed : s->record;
  if (record < landmark && landmark < s->record) record = landmark;
  state_asked_text(&(state_asked){ .birth = s->birth, .n = states_number(&s->st, record) }, text);
}

/* --- what a client sent --- */

static int scan_hex(char const **s, uint64_t *u)
{
  *u = 0;
  for (int i = 0; i < 16; i++, ++*s) {
    char const *const digit = **s ? strchr(HEX_LOWER, **s) : NULL;
    if (!digit) return 0;
    *u = *u << 4 | (uint64_t)(digit - HEX_LOWER);
  }
  return 1;
}

int state_scan(state_asked *asked, char const *text)
{
  *asked = (state_asked){ .page = 0 };
  if (strncmp(text, "1.", 2)) return 0;
  text += 2;
  if (!scan_hex(&text, &asked->birth) || *text++ != '.' || !scan_hex(&text, &asked->n)) return 0;
  if (!*text) return 1;
  asked->page = 1;
  return *text++ == '.' && scan_hex(&text, &asked->m) && *text++ == '.' && scan_hex(&text, &asked->hash) && !*text;
}

int state_check(method_call *call, char const *text)
{
  if (strlen(text) <= STATE_MAX) return EXIT_DONE;
  return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "this is no state:", slice_of(text), 0);
}

int state_named(scope *s)
{
  for (size_t i = 0; i < s->count; i++) {
    if (scope_open(s, i) <= 0) return scope_fail(s, i);
    if (i >= STATE_OPEN) scope_shut(s, i);
  }
  return EXIT_DONE;
}

/* --- looking at all folders --- */

typedef struct taking_s taking;
struct taking_s {
  state *s;
  state_ids old; /* of the last record */
  int waited, anew, unsettled;
};

enum look { LOOK_FAILED = -1, LOOK_NEVER, LOOK_DONE, LOOK_MOVED };

static int take_id(folder const *f, uint64_t *id)
{
  char text[FOLDER_ID_LEN + 1];
  char const *s = text;
  return folder_id(f, text) && scan_hex(&s, id);
}

/* Of a folder that is open. LOOK_MOVED: it has to be opened again. */
static enum look take_moment(taking *t, size_t i)
{
  folder *const f = t->s->all->f[i];
  states_folder *const now = t->s->now + i;
  states_folder const *last;
  *now = (states_folder){ .name = t->s->all->name[i], .there = 1 };
  if (!t->waited && folder_unmoved(f) < 0) {
    pause_ms(SETTLE_MS);
    t->waited = 1;
    return LOOK_MOVED;
  }
  if (!take_id(f, &now->id)) return errno == ENOENT ? LOOK_MOVED : LOOK_FAILED;
  if (!folder_moment_take(f, &now->at)) return errno == EAGAIN ? LOOK_MOVED : LOOK_NEVER;
  last = folder_then(&t->old, now);
  if (last && states_same(last, now)) now->at.serial = last->at.serial;
  else if (!folder_moment_serial(f, &now->at)) return LOOK_MOVED;
  if (last && last->at.birth == now->at.birth && !folder_follows(f, &last->at)) t->anew = 1;
  return LOOK_DONE;
}

/* Rule 2. A folder that is open is looked at as it was opened. */
static enum look look_at(taking *t, size_t i)
{
  scope *const all = t->s->all;
  for (int tries = 0; tries < OPENINGS_MAX; tries++) {
    enum look seen;
    int const there = scope_open(all, i);
    if (there < 0) return LOOK_FAILED;
    if (!there) return t->s->now[i].there = 0, LOOK_DONE;
    seen = take_moment(t, i);
    if (seen != LOOK_MOVED) return seen;
    scope_shut(all, i);
    if (tries) pause_ms(tries < 10 ? 1 : 10);
  }
  return LOOK_NEVER;
}

/* Rule 1: whether a folder is still as it was looked at; else it has been looked at again. */
static enum look look_again(taking *t, size_t i)
{
  scope *const all = t->s->all;
  states_folder const before = t->s->now[i];
  enum look seen;
  if (all->f[i]) {
    int const unmoved = before.there ? folder_unmoved(all->f[i]) : 0;
    t->unsettled |= unmoved < 0;
    if (unmoved == 1 || (unmoved < 0 && t->waited)) return LOOK_DONE;
    if (unmoved < 0) pause_ms(SETTLE_MS), t->waited = 1;
    scope_shut(all, i);
  }
  seen = look_at(t, i);
  if (seen != LOOK_DONE) return seen;
  return before.there == t->s->now[i].there && (!before.there || states_same(&before, t->s->now + i)) ? LOOK_DONE : LOOK_MOVED;
}

static enum look look_at_all(taking *t, int again)
{
  scope *const all = t->s->all;
  enum look result = LOOK_DONE;
  for (size_t i = 0; i < all->count; i++) {
    enum look const seen = again ? look_again(t, i) : look_at(t, i);
    if (seen == LOOK_FAILED || seen == LOOK_NEVER) return seen;
    if (seen == LOOK_MOVED) result = seen;
    if (i >= STATE_OPEN) scope_shut(all, i);
  }
  return result;
}

static enum look look(taking *t)
{
  enum look seen = look_at_all(t, 0);
  for (int looks = 0; seen == LOOK_DONE || seen == LOOK_MOVED; looks++) {
    t->unsettled = 0;
    seen = look_at_all(t, 1);
    if (seen == LOOK_DONE || looks == LOOKS_MAX) break;
  }
  t->s->stable = seen == LOOK_DONE && !t->unsettled;
  return seen == LOOK_MOVED ? LOOK_DONE : seen;
}

/* --- the state now --- */

static int is_last(taking const *t)
{
  size_t there = 0;
  for (size_t i = 0; i < t->s->all->count; i++) {
    states_folder const *const now = t->s->now + i, *const last = now->there ? folder_then(&t->old, now) : NULL;
    if (!now->there) continue;
    if (!last || !states_same(last, now)) return 0;
    there++;
  }
  return there == t->old.count && !t->anew && t->s->st.records;
}

static int keep(taking *t, method_call *call)
{
  state *const s = t->s;
  if (is_last(t)) {
    s->birth = s->st.birth;
    s->record = s->st.records - 1;
    s->number = states_number(&s->st, s->record);
    return 1;
  }
  if (!states_add(&s->st, call->box, call->a, s->now, s->all->count, t->anew, &s->birth, &s->number)) return 0;
  if (!states_read(&s->st, call->box, call->a)) return 0;
  /* It has already gone, or is not readable. */
  return states_find(&s->st, s->number, &s->record) && s->st.birth == s->birth ? 1 : (errno = EAGAIN, 0);
}

/* One try: 1; 0 where there can be none; -1 with errno; 2: another. */
static int take(state *s, method_call *call)
{
  taking t = { .s = s };
  enum look seen;
  scope_end(s->all);
  if (!states_read(&s->st, call->box, call->a) || !state_ids_make(&t.old, call->a, s->st.slot, s->st.slots)) return -1;
  seen = look(&t);
  if (seen == LOOK_FAILED || seen == LOOK_NEVER) return seen;
  if (keep(&t, call)) return 1;
  return errno == EAGAIN ? 2 : errno == ENOMEM ? -1 : 0;
}

int state_take(method_call *call, scope *all, state *s)
{
  int taken = 2;
  *s = (state){ .all = all, .now = arena_array(call->a, all->count + 1, sizeof *s->now) };
  if (!s->now) return method_temporary(call, "take memory");
  if (call->box->no_index) return EXIT_DONE;
  for (int tries = 0; taken == 2 && tries < TAKES_MAX; tries++) taken = take(s, call);
  if (taken < 0) return method_temporary(call, "look at folder");
  s->kept = taken == 1;
  return EXIT_DONE;
}

int state_open(state *s, size_t i)
{
  folder_moment at;
  int there;
  if (!s->now[i].there) return 0;
  if (s->all->f[i]) return 1;
  there = scope_open(s->all, i);
  if (there <= 0) return there;
  if (!folder_moment_take(s->all->f[i], &at)) return errno == EAGAIN || errno == ENOTSUP ? 0 : -1;
  return at.birth == s->now[i].at.birth && at.check == s->now[i].at.check && at.sequence == s->now[i].at.sequence;
}

void state_shut(state *s, size_t i)
{
  if (i >= STATE_OPEN) scope_shut(s->all, i);
}

/* --- without indexes --- */

/* What was hashed so far is half of the key for what comes. */
static uint64_t hash_on(uint64_t hash, void const *s, size_t len)
{
  char key[INDEX_KEY] = { 0 };
  put64(key, hash);
  return index_siphash(key, s, len);
}

/* Of a folder that is open: 1; 0 where it has gone; -1 with errno. */
static int see_open(folder *f, folder_seen *seen)
{
  if (folder_stamp_take(f, &seen->stamp) && folder_origin_take(f, &seen->origin)) return 1;
  return errno == ENOENT ? 0 : -1;
}

/* Likewise of any. There may be more than can be open at once. */
static int see_folder(scope *s, size_t i, folder_seen *seen)
{
  int const was_open = s->f[i] != NULL;
  int there;
  if (!was_open && s->seen && s->seen[i] && s->seen[i]->known) return *seen = *s->seen[i], 1;
  there = scope_open(s, i);
  if (there <= 0) return there;
  there = see_open(s->f[i], seen);
  if (!was_open && i >= STATE_OPEN) scope_shut(s, i);
  return there;
}

static void add_folder(slice name, folder_seen const *seen, uint64_t *hash, int *settled)
{
  *hash = hash_on(*hash, name.s, name.len);
  *hash = hash_on(*hash, &seen->origin, sizeof seen->origin);
  *hash = hash_on(*hash, seen->stamp.of, sizeof seen->stamp.of);
  *settled &= seen->stamp.settled;
}

int state_stamps(scope *s, size_t from, size_t to, char *text, int *settled)
{
  uint64_t hash = 0;
  *settled = 1;
  for (size_t i = from; i < to; i++) {
    folder_seen seen;
    int const there = see_folder(s, i, &seen);
    if (there < 0) return 0;
    if (there) add_folder(s->name[i], &seen, &hash, settled);
  }
  put_hex(stpcpy(text, "0."), hash);
  return 1;
}

int state_bare(scope *s, size_t from, size_t to, char *text)
{
  int settled;
  for (int tries = 0;; tries++) {
    if (!state_stamps(s, from, to, text, &settled)) return method_temporary(s->call, "look at folder");
    if (settled || tries) break;
    pause_ms(SETTLE_MS);
    s->seen = NULL;
  }
  if (!settled) strcat(text, "?");
  return EXIT_DONE;
}

int state_write(scope *s, int all, scope *every, state *now, char *text)
{
  int code = all ? EXIT_DONE : scope_named(s->call, every, NULL, 0);
  if (code == EXIT_DONE) code = state_take(s->call, all ? s : every, now);
  if (code == EXIT_DONE && now->kept) state_text(now, text);
  return code == EXIT_DONE && !now->kept ? state_bare(s, 0, s->count, text) : code;
}
