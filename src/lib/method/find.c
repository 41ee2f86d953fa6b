/* Find: mails of several folders, in one order, that have what a filter asks. The walk through the folders is find_walk.c's, the page that
 * is taken of it find_page.c's, the filter filter.c's; here the request is looked at, and the answer written.
 *
 *   what can go wrong                                  the rule for it
 *   no such direction, heads or order                  BAD_REQUEST
 *   more asked for than is sent                        the limit of LISTING_MAX, or FIND_MIDS_MAX, and cut where that left some out
 *   a mail of the page has gone when its head is read  it is left out
 *   mails change while they are read                   the state is of before, so that the next call sees them
 *   mails that cannot be read                          match nothing, and are counted
 *
 * tests/maildir-find.t, tests/maildir-threads.t; tests/index-model.t with an index and without. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>

#include "conversations.h"
#include "find.h"
#include "heads.h"
#include "state.h"

/* --- the answer --- */

static int write_hit(find *fi, heads *h, hit const *at)
{
  Porter__ListMailHeader *head, bare = PORTER__LIST_MAIL_HEADER__INIT;
  slice mid;
  char *name = build_string(fi->call->a, fi->s.name[at->folder]);
  if (!name) return method_temporary(fi->call, "take memory");
  if (fi->request->heads == PORTER__FIND_REQ__HEADS__MIDS) {
    head = &bare;
    if (!mail_mid(&h->scratch, at->key.mail, &mid) || !(head->mid = build_string(&h->scratch, mid))) return method_temporary(fi->call, "take memory");
    if (h->thread && !(head->thread = conversations_build(&h->scratch, folder_thread(fi->s.f[at->folder], at->key.mail))))
      return method_temporary(fi->call, "take memory");
  } else {
    head = heads_build(h, fi->s.f[at->folder], at->key.mail);
    if (!head) return errno == ENOENT ? EXIT_DONE : method_temporary(fi->call, "read mail");
  }
  head->folder = name;
  return method_write_field(fi->call, 1, &head->base);
}

static Porter__Bound *make_bound(find *fi, hit const *h)
{
  Porter__Bound *b = bound_build(fi->call->a, fi->by, &h->key);
  if (b && !(b->folder = build_string(fi->call->a, fi->s.name[h->folder]))) return NULL;
  return b;
}

static int write_hits(find *fi, find_page const *p)
{
  heads h = { .call = fi->call, .preview = fi->request->preview, .excerpt = fi->request->excerpt, .thread = fi->request->thread };
  int code = h.excerpt && !filter_phrases(fi->filter, &h.phrase, &h.phrases) ? method_temporary(fi->call, "take memory") : EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < p->count; i++) code = write_hit(fi, &h, p->hit + i);
  heads_end(&h);
  return code;
}

/* The heads, and what is said of the page as a whole. */
static int write_page(find *fi, find_page const *p, int capped, char *state)
{
  Porter__FindResp response = PORTER__FIND_RESP__INIT;
  int const code = write_hits(fi, p);
  if (code != EXIT_DONE) return code;
  response.cut = capped && p->ahead;
  response.first = fi->before ? !p->ahead : !p->behind;
  response.last = fi->before ? !p->behind : !p->ahead;
  response.position = p->position;
  response.total = p->total;
  if (state) response.state = state;
  for (size_t i = 0; i < fi->s.count; i++)
    if (fi->s.f[i]) response.unread_files += folder_unread_files(fi->s.f[i]);
  if (p->count) {
    response.first_bound = make_bound(fi, p->hit);
    response.last_bound = make_bound(fi, p->hit + p->count - 1);
    if (!response.first_bound || !response.last_bound) return method_temporary(fi->call, "take memory");
  }
  return method_write(fi->call, &response.base);
}

static int answer(find *fi, char *state)
{
  size_t const limit = fi->request->limit ? fi->request->limit : LISTING_DEFAULT,
               cap = fi->request->heads == PORTER__FIND_REQ__HEADS__MIDS ? FIND_MIDS_MAX : LISTING_MAX;
  find_page p;
  int code = find_page_take(fi, limit < cap ? limit : cap, &p);
  if (code == EXIT_DONE && fi->request->n_folders) code = scope_still(&fi->s);
  return code == EXIT_DONE ? write_page(fi, &p, limit > cap, state) : code;
}

/* --- the request --- */

static int compare_names(void const *x, void const *y) { return slice_compare(*(slice const *)x, *(slice const *)y); }

static int begin(find *fi)
{
  Porter__FindReq const *request = fi->request;
  Porter__Sort const *sort = request->sort;
  int code;
  if (request->direction > PORTER__FIND_REQ__DIRECTION__BEFORE || request->heads > PORTER__FIND_REQ__HEADS__MIDS)
    return method_fail(fi->call, PORTER__ERROR__CODE__BAD_REQUEST, "no such direction, or no such heads", (slice)SLICE_ZERO, 0);
  if (sort && (sort->parameter > PORTER__SORT__PARAMETER__ARRIVAL || sort->direction > PORTER__SORT__DIRECTION__DESC))
    return method_fail(fi->call, PORTER__ERROR__CODE__BAD_REQUEST, "no such order", (slice)SLICE_ZERO, 0);
  fi->by = sort ? (enum order_by)sort->parameter : ORDER_DATE;
  fi->before = request->direction == PORTER__FIND_REQ__DIRECTION__BEFORE;
  fi->descending = sort && sort->direction == PORTER__SORT__DIRECTION__DESC;
  code = filter_make(fi->call, request->filter, &fi->filter);
  if (code == EXIT_DONE) code = scope_named(fi->call, &fi->s, request->folders, request->n_folders);
  if (code == EXIT_DONE && fi->s.count) qsort(fi->s.name, fi->s.count, sizeof *fi->s.name, compare_names);
  return code;
}

int method_find_mails(method_call *call)
{
  find fi = { .call = call, .request = call->request };
  scope every = { .count = 0 };
  state now;
  char text[STATE_FMT];
  int code = begin(&fi);
  /* The state first: what changes while mails are read shows in the next one. */
  if (code == EXIT_DONE && fi.request->state) code = state_write(&fi.s, !fi.request->n_folders, &every, &now, text);
  scope_end(&every);
  if (code == EXIT_DONE) code = find_threads(&fi);
  if (code == EXIT_DONE) code = find_open(&fi);
  if (code == EXIT_DONE) code = find_bound(&fi);
  if (code == EXIT_DONE) code = answer(&fi, fi.request->state ? text : NULL);
  find_close(&fi);
  filter_end(fi.filter);
  scope_end(&fi.s);
  return code;
}
