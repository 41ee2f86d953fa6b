/* What the calls that change mails share: all mails that a call names are found before the first is changed, folder by folder; each is
 * changed; each folder is synced once; each mail has an outcome, in the order asked. One that is named again has the outcome of the first time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include "changes.h"
#include "scope.h"

/* The code of a change that failed; -1 where the fault is the system's. */
static int failure_code(int error)
{
  switch (error) {
  case ENOENT:
  case EINVAL: return PORTER__ERROR__CODE__NO_SUCH_MAIL;
  case ENOTDIR: return PORTER__ERROR__CODE__INVALID_FOLDER; /* the target has gone (move.c) */
  case ENOSPC:
  case EDQUOT: return PORTER__ERROR__CODE__OVER_QUOTA;
  case EOVERFLOW: return PORTER__ERROR__CODE__TOO_MANY_KEYWORDS;
  case EACCES:
  case EPERM:
  case EROFS:
  case ENAMETOOLONG:
  case EEXIST:
  case ENOTSUP: return PORTER__ERROR__CODE__UNKNOWN;
  default: return -1;
  }
}

/* A mail that is named, and what became of it. */
typedef struct named_s named;
struct named_s {
  slice mid;
  named *first;        /* the same mid, named before; null: it was not */
  mail_entry *e, *now; /* in the folder that is looked into; null: it is not there; it is no more */
  int changed;         /* there, or in one before it */
  slice new_mid, folder;
  Porter__Error *error;
};

typedef struct work_s work;
struct work_s {
  method_call *call;
  changes const *c;
  named *list;
  mail_named *names; /* what their mids name */
  size_t count;
  slice folder_name;
};

/* What errno says of a mail that could not be changed. 0 where memory fails. */
static int note_failure(work const *w, named *n)
{
  int const error = errno, code = failure_code(error);
  if (n->error) return 1;
  switch (code) {
  case PORTER__ERROR__CODE__NO_SUCH_MAIL: n->error = method_error(w->call, (Porter__Error__Code)code, "no such mail", n->mid, 0); break;
  case PORTER__ERROR__CODE__INVALID_FOLDER:
    n->error = method_error(w->call, (Porter__Error__Code)code, "no such folder", w->c->target ? slice_of(w->c->target) : w->folder_name, 0);
    break;
  case PORTER__ERROR__CODE__TOO_MANY_KEYWORDS:
    n->error = method_error(w->call, (Porter__Error__Code)code, "no letter is left for the keywords of", n->mid, 0);
    break;
  default:
    n->error = method_error(w->call, code < 0 ? PORTER__ERROR__CODE__TEMPORARY : (Porter__Error__Code)code, "unable to change mail", n->mid, error);
  }
  return n->error != NULL;
}

/* --- one folder --- */

/* How many are there; -1 with errno. */
static int64_t find_all(work *w, folder *f)
{
  int64_t found = 0;
  folder_expect(f, w->names, w->count);
  for (size_t i = 0; i < w->count; i++) {
    named *n = w->list + i;
    n->e = n->now = NULL;
    if (n->first || (n->changed && w->c->anywhere != CHANGE_COPIES)) continue;
    n->e = folder_find_named(f, w->names + i);
    if (!n->e && errno != ENOENT) return -1;
    found += n->e != NULL;
  }
  return found;
}

/* 0 where memory fails. */
static int change_found(work *w, folder *f, int prepared)
{
  int error = errno;
  for (size_t i = 0; i < w->count; i++) {
    named *n = w->list + i;
    if (!n->e) continue;
    errno = error;
    if (prepared && w->c->change(w->call, f, n->e, &n->now, w->c->context)) continue;
    n->e = NULL;
    if (errno == ENOENT && w->c->anywhere) continue; /* it has just gone from here */
    if (!note_failure(w, n)) return 0;
  }
  return 1;
}

/* What the mails that were changed are now. */
static int note_changed(work *w)
{
  for (size_t i = 0; i < w->count; i++) {
    named *n = w->list + i;
    if (!n->e) continue;
    if (!n->changed && n->now && !mail_mid(w->call->a, n->now, &n->new_mid)) return 0;
    if (!n->changed && n->new_mid.len && !(n->new_mid.s = build_string(w->call->a, n->new_mid))) return 0;
    if (!n->changed) n->folder = w->c->target ? slice_of(w->c->target) : n->now ? w->folder_name : (slice)SLICE_ZERO;
    n->changed = 1;
  }
  return 1;
}

static int change_folder(work *w, folder *f)
{
  int64_t found = find_all(w, f);
  int code, prepared;
  if (found < 0) return method_temporary(w->call, "read folder");
  if (!found) return EXIT_DONE;
  prepared = !w->c->prepare || w->c->prepare(w->call, f, w->c->context);
  if (!change_found(w, f, prepared)) return method_temporary(w->call, "take memory");
  code = w->c->finish ? w->c->finish(w->call, f, w->c->context) : EXIT_DONE;
  return code == EXIT_DONE && !note_changed(w) ? method_temporary(w->call, "take memory") : code;
}

/* --- all of them --- */

static int is_done(work const *w)
{
  if (w->c->anywhere == CHANGE_COPIES) return 0;
  for (size_t i = 0; i < w->count; i++)
    if (!w->list[i].first && !w->list[i].changed && !w->list[i].error) return 0;
  return 1;
}

static int change_folders(work *w)
{
  scope s;
  int code = scope_from(w->call, &s, w->c->folder, w->c->anywhere != CHANGE_HERE);
  for (size_t i = 0; code == EXIT_DONE && i < s.count && (!i || !is_done(w)); i++) {
    int there = scope_open(&s, i);
    if (!i && there <= 0) code = scope_fail(&s, i);
    else if (there < 0) code = method_temporary(w->call, "read folder");
    if (code != EXIT_DONE || !there) continue;
    w->folder_name = s.name[i];
    code = change_folder(w, s.f[i]);
    scope_shut(&s, i);
  }
  scope_end(&s);
  return code;
}

/* Without mids: every mail of the folder, in the order of bases. */
static int every_mail(work *w, folder *f)
{
  folder_count all;
  cursor *c = NULL;
  order_key k;
  int there = -1;
  w->count = 0;
  if (folder_count_mails(f, 0, &all) && (w->list = arena_array(w->call->a, all.mails, sizeof *w->list))
    && (w->names = arena_array(w->call->a, all.mails, sizeof *w->names)) && cursor_open(&c, f, ORDER_BASE, NULL, NULL))
    while ((there = w->count < all.mails ? cursor_next(c, &k) : 0) > 0) {
      slice mid;
      if (!mail_mid(w->call->a, k.mail, &mid) || !(mid.s = build_string(w->call->a, mid)) || !mail_named_scan(w->names + w->count, w->call->a, mid))
        break;
      w->list[w->count++].mid = mid;
    }
  cursor_close(c);
  return there ? method_temporary(w->call, "read folder") : EXIT_DONE;
}

static int change_every(work *w)
{
  folder *f;
  int code = method_folder(w->call, &f, w->c->folder);
  w->folder_name = slice_of(w->c->folder);
  if (code == EXIT_DONE) code = every_mail(w, f);
  if (code == EXIT_DONE) code = method_still(w->call, f, w->c->folder);
  if (code == EXIT_DONE) code = change_folder(w, f);
  folder_close(f);
  return code;
}

/* --- outcomes --- */

/* 0 where memory fails. */
static int build_outcome(work const *w, named *n, Porter__Outcome *outcome)
{
  *outcome = (Porter__Outcome)PORTER__OUTCOME__INIT;
  if (!n->changed && !n->error && (errno = ENOENT, !note_failure(w, n))) return 0;
  outcome->mid = build_string(w->call->a, n->mid);
  outcome->error = n->error;
  if (n->error) return outcome->mid != NULL;
  outcome->new_mid = (char *)(n->new_mid.s ? n->new_mid.s : "");
  outcome->folder = build_string(w->call->a, n->folder);
  return outcome->mid && outcome->folder;
}

static int write_outcomes(work *w)
{
  Porter__Failure failure = PORTER__FAILURE__INIT;
  size_t done = 0;
  for (size_t i = 0; i < w->count; i++) {
    Porter__Outcome outcome;
    if (!build_outcome(w, w->list[i].first ? w->list[i].first : w->list + i, &outcome)) return method_temporary(w->call, "take memory");
    if (!outcome.error) done++;
    else if (!failure.error) failure.error = outcome.error;
    if (method_write_field(w->call, 1, &outcome.base) != EXIT_DONE) return EXIT_TEMPORARY;
  }
  if (done || !w->count) return EXIT_DONE;
  if (method_write(w->call, &failure.base) != EXIT_DONE) return EXIT_TEMPORARY;
  return failure.error->code == PORTER__ERROR__CODE__TEMPORARY ? method_temporary(w->call, "change mail") : EXIT_ERROR;
}

static int by_mid(void const *x, void const *y)
{
  named const *const a = *(named *const *)x, *const b = *(named *const *)y;
  int const r = slice_compare(a->mid, b->mid);
  return r ? r : (a > b) - (a < b);
}

/* 0 where memory fails. */
static int find_named_again(work *w)
{
  named **const sorted = arena_array(w->call->a, w->count + 1, sizeof *sorted), *first = NULL;
  if (!sorted) return 0;
  for (size_t i = 0; i < w->count; i++) sorted[i] = w->list + i;
  if (w->count) qsort(sorted, w->count, sizeof *sorted, by_mid);
  for (size_t i = 0; i < w->count; i++)
    if (first && slice_same(first->mid, sorted[i]->mid)) sorted[i]->first = first;
    else first = sorted[i];
  return 1;
}

static int name_mails(work *w, char *const *mids, size_t count)
{
  w->list = arena_array(w->call->a, count ? count : 1, sizeof *w->list);
  w->names = method_named(w->call, mids, count);
  w->count = count;
  if (!w->list || !w->names) return method_temporary(w->call, "take memory");
  for (size_t i = 0; i < count; i++) w->list[i].mid = slice_of(mids[i]);
  return find_named_again(w) ? EXIT_DONE : method_temporary(w->call, "take memory");
}

int changes_make(method_call *call, changes const *c)
{
  work w = { .call = call, .c = c };
  int code;
  if (c->every) code = change_every(&w);
  else {
    code = name_mails(&w, c->mids, c->count);
    /* A folder that is named must be there, whatever is asked of it. */
    if (code == EXIT_DONE) code = change_folders(&w);
  }
  return code == EXIT_DONE ? write_outcomes(&w) : code;
}

/* --- what every call does in the end --- */

int changes_sync(method_call *call, folder *f, void *context)
{
  (void)context;
  return folder_sync(f) ? EXIT_DONE : method_temporary(call, "sync folder");
}

/* --- Remove --- */

static int remove_one(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *context)
{
  (void)call;
  (void)context;
  *now = NULL;
  return folder_remove(f, e);
}

int method_remove(method_call *call)
{
  Porter__RemoveReq const *request = call->request;
  changes c = { .folder = request->folder,
    .mids = request->mids,
    .count = request->n_mids,
    .anywhere = request->anywhere ? CHANGE_COPIES : CHANGE_HERE,
    .change = remove_one,
    .finish = changes_sync };
  return changes_make(call, &c);
}

Porter__Outcome *changes_remove(method_call *call, slice folder_name, slice mid)
{
  Porter__Outcome *outcome = arena_take(call->a, sizeof *outcome);
  changes c = { .anywhere = CHANGE_HERE, .change = remove_one };
  named n = { .mid = mid };
  mail_named name;
  work w = { .call = call, .c = &c, .list = &n, .names = &name, .count = 1 };
  folder *f;
  int good = 1;
  if (!outcome || !mail_named_scan(&name, call->a, mid)) return NULL;
  if (!folder_open(&f, call->box, folder_name))
    n.error = method_error(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", folder_name, errno == ENOENT ? 0 : errno);
  else if (find_all(&w, f) < 0) good = note_failure(&w, &n);
  else {
    good = change_found(&w, f, 1) && note_changed(&w);
    if (good && n.changed && !folder_sync(f))
      n.error = method_error(call, PORTER__ERROR__CODE__TEMPORARY, "unable to sync folder", folder_name, errno);
  }
  folder_close(f);
  return good && build_outcome(&w, &n, outcome) ? outcome : NULL;
}
