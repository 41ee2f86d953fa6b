/* Wait: answers when the state is another, or after some seconds. A glance is taken at stamps, which costs two calls a folder; where one has moved, or
 * could have without a trace, those of the folders asked are compared, and where one of these has the state is taken. No inotify: doc/index.md, "What was
 * refused". tests/maildir-states.t, tests/maildir-folders.t. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include <porter/exit.h>
#include "state.h"

#define WAIT_MAX 300
#define WAIT_STEP 3 /* seconds between looks, after the first two */

typedef struct waiting_s waiting;
struct waiting_s {
  method_call *call;
  Porter__WaitReq const *request;
  char stamps[STATE_FMT]; /* as they were when the state was last taken; "": not yet, or they could hide a change */
  mailbox_glance glance;  /* from before stamps */
  char state[STATE_FMT];
  int changed;
  int hides; /* nothing is seen to have happened, but the state that was asked may hide it */
};

/* A state of the whole mailbox says of some folders whether they are as they were. */
static int is_as_asked(waiting *w, state *now, scope const *named)
{
  state_asked asked;
  size_t record, slots;
  states_folder *slot;
  state_ids ids;
  if (!state_scan(&asked, w->request->state) || asked.page || asked.birth != now->birth || !states_find(&now->st, asked.n, &record)) return 0;
  if (record == now->record) return 1;
  if (!named || !states_at(&now->st, record, w->call->a, &slot, &slots) || !state_ids_make(&ids, w->call->a, slot, slots)) return 0;
  for (size_t i = 0; i < named->count; i++)
    if (!state_same_since(now, named->name[i], &ids)) return 0;
  return 1;
}

/* Stamps that were not settled may hide a change (state.h), which is told as soon as the state that is given for it hides none. Told at once it would be told
 * again and again to who waits in a loop, for 3 seconds on a remote file system. */
static int is_other_bare(waiting *w)
{
  char const *const asked = w->request->state;
  size_t const len = strcspn(asked, "?");
  if (strcspn(w->state, "?") != len || strncmp(asked, w->state, len)) return 1;
  w->hides = asked[len] == '?';
  return w->hides ? !w->state[len] : w->state[len] != 0;
}

/* Takes the state. */
static int take_state(waiting *w, scope *named)
{
  int const every = !w->request->n_folders;
  scope all = { .count = 0 };
  state now;
  int code = w->call->box->no_index ? EXIT_DONE : scope_named(w->call, &all, NULL, 0);
  if (code == EXIT_DONE) code = state_take(w->call, &all, &now);
  if (code == EXIT_DONE && now.kept) {
    state_text(&now, w->state);
    w->changed = !is_as_asked(w, &now, every ? NULL : named);
  } else if (code == EXIT_DONE) {
    code = state_bare(named, 0, named->count, w->state);
    if (code == EXIT_DONE) w->changed = is_other_bare(w);
  }
  scope_end(&all);
  return code;
}

static int look(waiting *w, int first)
{
  scope named = { .count = 0 };
  char stamps[STATE_FMT] = "";
  int settled = 0, code;
  if (*w->stamps && mailbox_glance_same(&w->glance, w->call->box)) return EXIT_DONE;
  mailbox_glance_take(&w->glance, w->call->box);
  code = w->request->n_folders ? scope_named(w->call, &named, w->request->folders, w->request->n_folders) : scope_all_seen(w->call, &named);
  if (code == EXIT_DONE && first && w->request->n_folders) code = state_named(&named);
  /* The stamps first: what happens while the state is taken shows in the next ones. */
  if (code == EXIT_DONE && !state_stamps(&named, 0, named.count, stamps, &settled)) code = method_temporary(w->call, "look at folder");
  if (code == EXIT_DONE && (!*w->stamps || strcmp(stamps, w->stamps) != 0)) code = take_state(w, &named);
  strcpy(w->stamps, settled ? stamps : "");
  scope_end(&named);
  return code;
}

int method_wait(method_call *call)
{
  waiting w = { .call = call, .request = call->request, .glance = MAILBOX_GLANCE_ZERO };
  Porter__WaitResp response = PORTER__WAIT_RESP__INIT;
  time_t const end = time(NULL) + (w.request->seconds < WAIT_MAX ? w.request->seconds : WAIT_MAX);
  int code = state_check(call, w.request->state);
  for (unsigned int looks = 0; code == EXIT_DONE; looks++) {
    time_t const left = end - time(NULL), step = looks < 1 ? 1 : looks < 2 ? 2 : WAIT_STEP;
    code = look(&w, !looks);
    if (left <= 0) w.changed |= w.hides;
    if (code != EXIT_DONE || w.changed || left <= 0) break;
    nanosleep(&(struct timespec){ .tv_sec = left < step ? left : step }, NULL);
  }
  mailbox_glance_end(&w.glance);
  if (code != EXIT_DONE) return code;
  response.changed = w.changed;
  response.state = w.changed ? w.state : w.request->state;
  return method_write(call, &response.base);
}
