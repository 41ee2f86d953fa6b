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

static int change_one(method_call *call, folder *f, mail_entry *e, slice mid, change_func *change, void *context, Porter__Outcome *outcome)
{
  char new_name[MAILDIR_NAME_MAX + 1] = "";
  int code;
  outcome->mid = build_string(call->a, mid);
  if (!outcome->mid) return 0;
  if (e && change(call, f, e, new_name, context)) {
    maildir_name n;
    slice new_mid = SLICE_ZERO;
    if (!*new_name) return 1;
    maildir_name_split(&n, new_name, strlen(new_name));
    /* A twin that keeps its base stays a twin. */
    if (n.base.len == e->base.len && !memcmp(n.base.s, e->base.s, n.base.len)) new_mid = e->mid;
    else if (!maildir_mid(call->a, n.base, 0, 0, &new_mid)) return 0;
    outcome->new_mid = build_string(call->a, new_mid);
    return outcome->new_mid != NULL;
  }
  if (!e) errno = ENOENT;
  code = failure_code();
  outcome->error = method_error(call, code < 0 ? PORTER__ERROR__CODE__TEMPORARY : (Porter__Error__Code)code,
    code == PORTER__ERROR__CODE__NO_SUCH_MAIL ? "no such mail" : "unable to change mail", mid, code == PORTER__ERROR__CODE__NO_SUCH_MAIL ? 0 : errno);
  return outcome->error != NULL;
}

int changes_make(method_call *call, folder *f, char **mids, size_t count, change_func *change, void *context)
{
  Porter__Failure failure = PORTER__FAILURE__INIT;
  size_t done = 0;
  for (size_t i = 0; i < count; i++) {
    Porter__Outcome outcome = PORTER__OUTCOME__INIT;
    slice mid = { mids[i], strlen(mids[i]) };
    if (!change_one(call, f, folder_find(f, mid), mid, change, context, &outcome)) return method_temporary(call, "take memory");
    if (!outcome.error) done++;
    else if (!failure.error) failure.error = outcome.error;
    if (method_write_field(call, 1, &outcome.base) != EXIT_DONE) return EXIT_TEMPORARY;
  }
  if (done || !count) return EXIT_DONE;
  if (method_write(call, &failure.base) != EXIT_DONE) return EXIT_TEMPORARY;
  return failure.error->code == PORTER__ERROR__CODE__TEMPORARY ? method_temporary(call, "change mail") : EXIT_ERROR;
}

/* --- Remove --- */

static int remove_one(method_call *call, folder *f, mail_entry *e, char *new_name, void *context)
{
  uint64_t size;
  int counts = *(int *)context && folder_size(f, e, &size);
  *new_name = 0;
  if (!folder_remove(f, e)) return 0;
  /* What is gone is gone: a quota that could not be kept up is counted anew in time. */
  if (counts) mailbox_quota_add(call->box, -(int64_t)size, -1);
  return 1;
}

int method_remove(method_call *call)
{
  Porter__RemoveReq const *request = call->request;
  int counts = folder_name_counts((slice){ request->folder, strlen(request->folder) });
  folder f;
  int code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) {
    code = changes_make(call, &f, request->mids, request->n_mids, remove_one, &counts);
    if (code == EXIT_DONE && !folder_sync(&f)) code = method_temporary(call, "sync folder");
  }
  folder_close(&f);
  return code;
}

Porter__Outcome *changes_remove(method_call *call, slice folder_name, slice mid)
{
  Porter__Outcome *outcome = arena_take(call->a, sizeof *outcome);
  int counts = folder_name_counts(folder_name);
  folder f;
  if (!outcome) return NULL;
  *outcome = (Porter__Outcome)PORTER__OUTCOME__INIT;
  if (folder_open(&f, call->box, folder_name) && folder_scan(&f)) {
    if (!change_one(call, &f, folder_find(&f, mid), mid, remove_one, &counts, outcome)) outcome = NULL;
    else if (!outcome->error && !folder_sync(&f)) outcome->error = method_error(call, PORTER__ERROR__CODE__TEMPORARY, "unable to sync folder", folder_name, errno);
  } else if (!(outcome->mid = build_string(call->a, mid))
    || !(outcome->error = method_error(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", folder_name, errno == ENOENT ? 0 : errno))) outcome = NULL;
  folder_close(&f);
  return outcome;
}

/* --- SetFlags --- */

static int flag_one(method_call *call, folder *f, mail_entry *e, char *new_name, void *context)
{
  Porter__SetFlagsReq const *request = context;
  return folder_set_flags(f, call->box, e, request->add, request->remove, new_name);
}

int method_set_flags(method_call *call)
{
  Porter__SetFlagsReq const *request = call->request;
  size_t count = request->n_mids;
  char **mids = request->mids;
  folder f;
  int code;
  if (request->add[strspn(request->add, MAILDIR_FLAGS)] || request->remove[strspn(request->remove, MAILDIR_FLAGS)])
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "flags are of " MAILDIR_FLAGS, (slice)SLICE_ZERO, 0);
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE && !count) {
    count = f.count;
    mids = arena_array(call->a, count, sizeof *mids);
    for (size_t i = 0; mids && i < count; i++) if (!(mids[i] = build_string(call->a, f.mail[i].mid))) mids = NULL;
    if (!mids) code = method_temporary(call, "take memory");
  }
  if (code == EXIT_DONE) code = changes_make(call, &f, mids, count, flag_one, (void *)request);
  if (code == EXIT_DONE && !folder_sync(&f)) code = method_temporary(call, "sync folder");
  folder_close(&f);
  return code;
}
