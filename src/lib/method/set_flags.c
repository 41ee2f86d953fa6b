/* SetFlags: flags and keywords are set, then cleared; or become exactly what is asked. */
#include <string.h>

#include <porter/exit.h>
#include "changes.h"

typedef struct flags_s flags;
struct flags_s {
  Porter__SetFlagsReq const *request;
  char add[KEYWORDS_LETTERS], remove[KEYWORDS_LETTERS];
};

/* All that can be set but what is to be. */
static void all_but(char const *keep, char *out)
{
  for (char const *c = MAILDIR_FLAGS "abcdefghijklmnopqrstuvwxyz"; *c; c++)
    if (!strchr(keep, *c)) *out++ = *c;
  *out = 0;
}

/* Keywords are letters, which each folder names. */
static int prepare(method_call *call, folder *f, void *context)
{
  flags *fl = context;
  Porter__SetFlagsReq const *r = fl->request;
  keywords k = { .kept = 0 };
  if ((r->n_add_keywords || r->n_remove_keywords) && !folder_keywords(f, &k, call->a)) return 0;
  if (!keywords_letters(call, f, &k, r->add, r->add_keywords, r->n_add_keywords, 1, fl->add)) return 0;
  if (r->exactly) return all_but(fl->add, fl->remove), 1;
  return keywords_letters(call, f, &k, r->remove, r->remove_keywords, r->n_remove_keywords, 0, fl->remove);
}

static int flag_one(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *context)
{
  flags const *fl = context;
  (void)call;
  return folder_set_flags(f, e, fl->add, fl->remove, now);
}

int method_set_flags(method_call *call)
{
  Porter__SetFlagsReq const *request = call->request;
  flags fl = { .request = request };
  changes c = { .folder = request->folder,
    .mids = request->mids,
    .count = request->n_mids,
    .every = !request->n_mids,
    .anywhere = request->anywhere ? CHANGE_COPIES : CHANGE_HERE,
    .prepare = prepare,
    .change = flag_one,
    .finish = changes_sync,
    .context = &fl };
  int code = keywords_check(call, request->add, request->add_keywords, request->n_add_keywords);
  if (code == EXIT_DONE) code = keywords_check(call, request->remove, request->remove_keywords, request->n_remove_keywords);
  if (code == EXIT_DONE && request->exactly && (*request->remove || request->n_remove_keywords))
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "exactly goes with what is added alone", (slice)SLICE_ZERO, 0);
  if (code == EXIT_DONE && request->anywhere && !request->n_mids)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "anywhere goes with mids", (slice)SLICE_ZERO, 0);
  return code == EXIT_DONE ? changes_make(call, &c) : code;
}
