/* Remove and SetFlags, and what they share with Move: one change to each of several mails, an outcome for each. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

/* The code of a change that failed; -1 where the fault is the system's. */
static int failure_code(void)
{
  switch (errno) {
    case ENOENT: case EINVAL: return PORTER__ERROR__CODE__NO_SUCH_MAIL;
    case ENOSPC: case EDQUOT: return PORTER__ERROR__CODE__OVER_QUOTA;
    case EACCES: case EPERM: case EROFS: case ENAMETOOLONG: case EEXIST: return PORTER__ERROR__CODE__UNKNOWN;
    default: return -1;
  }
}

/* A mail that is named, and what became of it. */
typedef struct named_s named;
struct named_s {
  slice mid;
  mail_entry *e, *now;  /* null: there is none; it is no more */
  Porter__Error *error;
};

/* 0 where the folder cannot be read, with errno. */
static int find(folder *f, named *n)
{
  n->e = folder_find(f, n->mid);
  return n->e || errno == ENOENT;
}

/* 0 where memory fails. */
static int change_one(method_call *call, folder *f, named *n, change_func *change, void *context)
{
  int code;
  if (n->e && change(call, f, n->e, &n->now, context)) return 1;
  if (!n->e) errno = ENOENT;
  code = failure_code();
  n->error = method_error(call, code < 0 ? PORTER__ERROR__CODE__TEMPORARY : (Porter__Error__Code)code,
    code == PORTER__ERROR__CODE__NO_SUCH_MAIL ? "no such mail" : "unable to change mail", n->mid, code == PORTER__ERROR__CODE__NO_SUCH_MAIL ? 0 : errno);
  return n->error != NULL;
}

/* 0 where memory fails. */
static int build_outcome(method_call *call, named const *n, Porter__Outcome *outcome)
{
  slice mid;
  *outcome = (Porter__Outcome)PORTER__OUTCOME__INIT;
  outcome->mid = build_string(call->a, n->mid);
  outcome->error = n->error;
  if (!outcome->mid) return 0;
  if (n->error || !n->now) return 1;
  outcome->new_mid = mail_mid(call->a, n->now, &mid) ? build_string(call->a, mid) : NULL;
  return outcome->new_mid != NULL;
}

static int write_outcomes(method_call *call, named const *list, size_t count)
{
  Porter__Failure failure = PORTER__FAILURE__INIT;
  size_t done = 0;
  for (size_t i = 0; i < count; i++) {
    Porter__Outcome outcome;
    if (!build_outcome(call, list + i, &outcome)) return method_temporary(call, "take memory");
    if (!outcome.error) done++;
    else if (!failure.error) failure.error = outcome.error;
    if (method_write_field(call, 1, &outcome.base) != EXIT_DONE) return EXIT_TEMPORARY;
  }
  if (done || !count) return EXIT_DONE;
  if (method_write(call, &failure.base) != EXIT_DONE) return EXIT_TEMPORARY;
  return failure.error->code == PORTER__ERROR__CODE__TEMPORARY ? method_temporary(call, "change mail") : EXIT_ERROR;
}

/* All are found before the first is changed: what a call names it names once. */
static int change_all(method_call *call, folder *f, named *list, size_t count, change_func *change, finish_func *finish, void *context)
{
  int code = EXIT_DONE;
  for (size_t i = 0; i < count; i++) if (!change_one(call, f, list + i, change, context)) return method_temporary(call, "take memory");
  if (finish) code = finish(call, f, context);
  return code == EXIT_DONE ? write_outcomes(call, list, count) : code;
}

int changes_make(method_call *call, folder *f, char **mids, size_t count, change_func *change, finish_func *finish, void *context)
{
  named *list = arena_array(call->a, count, sizeof *list);
  if (!list) return method_temporary(call, "take memory");
  for (size_t i = 0; i < count; i++) {
    list[i].mid = (slice){ mids[i], strlen(mids[i]) };
    if (!find(f, list + i)) return method_temporary(call, "read folder");
  }
  return change_all(call, f, list, count, change, finish, context);
}

static int sync_folder(method_call *call, folder *f, void *context)
{
  (void)context;
  return folder_sync(f) ? EXIT_DONE : method_temporary(call, "sync folder");
}

/* --- Remove --- */

static int remove_one(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *context)
{
  (void)call;
  (void)now;
  (void)context;
  return folder_remove(f, e);
}

int method_remove(method_call *call)
{
  Porter__RemoveReq const *request = call->request;
  folder *f;
  int code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = changes_make(call, f, request->mids, request->n_mids, remove_one, sync_folder, NULL);
  folder_close(f);
  return code;
}

Porter__Outcome *changes_remove(method_call *call, slice folder_name, slice mid)
{
  Porter__Outcome *outcome = arena_take(call->a, sizeof *outcome);
  named n = { .mid = mid };
  folder *f;
  int good;
  if (!outcome) return NULL;
  if (folder_open(&f, call->box, folder_name) && find(f, &n)) {
    good = change_one(call, f, &n, remove_one, NULL);
    if (good && !n.error && !folder_sync(f)) n.error = method_error(call, PORTER__ERROR__CODE__TEMPORARY, "unable to sync folder", folder_name, errno);
  } else {
    n.error = method_error(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", folder_name, errno == ENOENT ? 0 : errno);
    good = n.error != NULL;
  }
  folder_close(f);
  return good && build_outcome(call, &n, outcome) ? outcome : NULL;
}

/* --- SetFlags --- */

static int flag_one(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *context)
{
  Porter__SetFlagsReq const *request = context;
  (void)call;
  return folder_set_flags(f, e, request->add, request->remove, now);
}

/* Without mids: every mail of the folder, in the order of bases. Null with errno. */
static named *find_all(method_call *call, folder *f, size_t *count)
{
  folder_count all;
  named *list;
  cursor *c;
  order_key k;
  int there = -1;
  *count = 0;
  if (!folder_count_mails(f, 0, &all) || !(list = arena_array(call->a, all.mails, sizeof *list))) return NULL;
  if (cursor_open(&c, f, ORDER_BASE, NULL, NULL))
    while (*count < all.mails && (there = cursor_next(c, &k)) > 0) {
      named *n = list + (*count)++;
      n->e = k.mail;
      if (!mail_mid(call->a, k.mail, &n->mid)) break;
    }
  else all.mails = 1;
  cursor_close(c);
  return *count == all.mails || !there ? list : NULL;
}

int method_set_flags(method_call *call)
{
  Porter__SetFlagsReq const *request = call->request;
  named *list;
  size_t count;
  folder *f;
  int code;
  if (request->add[strspn(request->add, MAILDIR_FLAGS)] || request->remove[strspn(request->remove, MAILDIR_FLAGS)])
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "flags are of " MAILDIR_FLAGS, (slice)SLICE_ZERO, 0);
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE && request->n_mids) code = changes_make(call, f, request->mids, request->n_mids, flag_one, sync_folder, (void *)request);
  else if (code == EXIT_DONE) {
    list = find_all(call, f, &count);
    code = list ? change_all(call, f, list, count, flag_one, sync_folder, (void *)request) : method_temporary(call, "read folder");
  }
  folder_close(f);
  return code;
}
