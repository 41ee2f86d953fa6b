/* States, Changes and Wait. */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/blake2s.h>

#include <porter/exit.h>
#include <porter/hex.h>
#include <porter/roles.h>
#include "state.h"

#define SETTLE_MS 25 /* two ticks of the coarsest clock, and a little: by then a stamp of this file system has been left behind */

/* Whether a client's is one at all. */
static int state_ok(char const *state)
{
  size_t len = strlen(state);
  return len >= 18 && len <= 19 && !memcmp(state, "0.", 2) && strspn(state + 2, HEX_LOWER) == 16 && (!state[18] || !strcmp(state + 18, "?"));
}

/* Whether it was one that could not hide a change. */
static int state_settled(char const *state) { return !strchr(state, '?'); }

/* 1; 0 where it has gone; -1 with errno. */
static int add_folder(scope *s, size_t i, blake2s_ctx *ctx, int *settled)
{
  char id[FOLDER_ID_LEN + 1];
  folder_stamp stamp;
  uint64_t len = s->name[i].len;
  int there = scope_open(s, i);
  if (there <= 0) return there;
  if (!folder_stamp_take(s->f[i], &stamp) || !folder_id(s->f[i], id)) return errno == ENOENT ? 0 : -1;
  blake2s_update(ctx, (char const *)&len, sizeof len);
  if (len) blake2s_update(ctx, s->name[i].s, s->name[i].len);
  blake2s_update(ctx, id, FOLDER_ID_LEN);
  blake2s_update(ctx, (char const *)stamp.of, sizeof stamp.of);
  *settled &= stamp.settled;
  return 1;
}

static int hash_folders(scope *s, size_t from, size_t to, char *state, int *settled)
{
  unsigned char digest[32];
  blake2s_ctx ctx;
  *settled = 1;
  blake2s_init(&ctx, 32);
  for (size_t i = from; i < to; i++)
    if (add_folder(s, i, &ctx, settled) < 0) return 0;
  blake2s_final(&ctx, (char *)digest);
  strcpy(state, "0.");
  hex_fmt(state + 2, digest, 8, HEX_LOWER);
  state[18] = 0;
  return 1;
}

int state_make(scope *s, size_t from, size_t to, char *state)
{
  int settled;
  for (int tries = 0;; tries++) {
    if (!hash_folders(s, from, to, state, &settled)) return method_temporary(s->call, "look at folder");
    if (settled || tries) break;
    nanosleep(&(struct timespec){ .tv_nsec = SETTLE_MS * 1000000 }, NULL);
  }
  if (!settled) strcat(state, "?");
  return EXIT_DONE;
}

/* --- Changes --- */

static int check(method_call *call, char const *state)
{
  if (strlen(state) <= STATE_MAX) return EXIT_DONE;
  return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "this is no state:", slice_of(state), 0);
}

/* Folders that are named must be there. */
static int open_named(scope *s)
{
  for (size_t i = 0; i < s->count; i++)
    if (scope_open(s, i) <= 0) return scope_fail(s, i);
  return EXIT_DONE;
}

int method_changes(method_call *call)
{
  Porter__ChangesReq const *request = call->request;
  Porter__ChangesResp response = PORTER__CHANGES_RESP__INIT;
  char state[STATE_FMT];
  scope s = { .count = 0 };
  int code = check(call, request->state);
  if (code == EXIT_DONE) code = scope_named(call, &s, request->folders, request->n_folders);
  if (code == EXIT_DONE && request->n_folders) code = open_named(&s);
  if (code == EXIT_DONE) code = state_make(&s, 0, s.count, state);
  scope_end(&s);
  if (code != EXIT_DONE) return code;
  response.state = state;
  /* Of a state that is none of ours, or that could hide a change, nothing can be told. */
  response.reset = !state_settled(request->state) || strcmp(request->state, state) != 0;
  return method_write(call, &response.base);
}

/* --- Wait --- */

#define WAIT_MAX 300
#define WAIT_STEP 3 /* seconds between looks, after the first two */

/* The state now, without waiting for it to settle: any difference is one. */
static int differs(method_call *call, int first, char *state, int *changed)
{
  Porter__WaitReq const *request = call->request;
  scope s = { .count = 0 };
  int settled, code = scope_named(call, &s, request->folders, request->n_folders);
  if (code == EXIT_DONE && first && request->n_folders) code = open_named(&s);
  if (code == EXIT_DONE && !hash_folders(&s, 0, s.count, state, &settled)) code = method_temporary(call, "look at folder");
  if (code == EXIT_DONE && strncmp(state, request->state, 18)) *changed = 1;
  if (code == EXIT_DONE && *changed) code = state_make(&s, 0, s.count, state);
  scope_end(&s);
  return code;
}

int method_wait(method_call *call)
{
  Porter__WaitReq const *request = call->request;
  Porter__WaitResp response = PORTER__WAIT_RESP__INIT;
  char state[STATE_FMT];
  time_t end = time(NULL) + (request->seconds < WAIT_MAX ? request->seconds : WAIT_MAX);
  int changed = !state_ok(request->state) || !state_settled(request->state), code = check(call, request->state);
  for (unsigned int looks = 0; code == EXIT_DONE; looks++) {
    time_t left = end - time(NULL), step = looks < 1 ? 1 : looks < 2 ? 2 : WAIT_STEP;
    code = differs(call, !looks, state, &changed);
    if (code != EXIT_DONE || changed || left <= 0) break;
    nanosleep(&(struct timespec){ .tv_sec = left < step ? left : step }, NULL);
  }
  if (code != EXIT_DONE) return code;
  response.changed = changed;
  response.state = changed ? state : request->state;
  return method_write(call, &response.base);
}
