/* ListSearch: a page of a sorted folder, before or after a mail already seen. first and last say whether anything lies before
 * and behind it, bounds name its two ends. */
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

#include "conversations.h"

static void turn(order_key *keys, size_t count)
{
  for (size_t i = 0; i < count / 2; i++) {
    order_key k = keys[i];
    keys[i] = keys[count - 1 - i];
    keys[count - 1 - i] = k;
  }
}

/* Whether anything lies before the page on the way that it was taken: 1, 0, or -1 with errno. */
static int more_behind(listing *l, order_key const *from, int backwards)
{
  order_key k;
  if (!from) return 0;
  cursor_seek(l->c, from, !backwards, 1);
  return cursor_next(l->c, &k);
}

/* Takes the page from the place on: in the sort's order, or against it from its end. */
static int page(method_call *call, listing *l, order_key const *from)
{
  Porter__ListSearchReq const *request = call->request;
  Porter__ListSearchResp response = PORTER__LIST_SEARCH_RESP__INIT;
  int before = request->direction == PORTER__LIST_SEARCH_REQ__DIRECTION__BEFORE, backwards = l->descending != before, ahead, behind, code;
  size_t count, limit = request->limit ? request->limit : LISTING_DEFAULT, most = limit < LISTING_MAX ? limit : LISTING_MAX;
  order_key *keys, k;
  folder_count all = { 0 };
  cursor_seek(l->c, from, backwards, 0);
  code = listing_take(call, l, most, &keys, &count);
  if (code != EXIT_DONE) return code;
  ahead = count < most ? 0 : cursor_next(l->c, &k);
  behind = more_behind(l, from, backwards);
  if (ahead < 0 || behind < 0) return method_temporary(call, "read mail");
  code = method_still(call, l->f, request->folder);
  if (code != EXIT_DONE) return code;
  if (before) turn(keys, count);
  code = listing_write(call, l->f, keys, count, 1, request->preview, request->thread);
  if (code != EXIT_DONE) return code;
  if (!*request->search && !folder_count_mails(l->f, 0, &all)) return method_temporary(call, "read folder");
  response.total = all.mails;
  response.cut = limit > LISTING_MAX && ahead;
  response.first = before ? !ahead : !behind;
  response.last = before ? !behind : !ahead;
  response.unread_files = folder_unread_files(l->f);
  if (count) {
    response.first_bound = bound_build(call->a, l->by, keys);
    response.last_bound = bound_build(call->a, l->by, keys + count - 1);
    if (!response.first_bound || !response.last_bound) return method_temporary(call, "take memory");
  }
  return method_write(call, &response.base);
}

int method_list_search(method_call *call)
{
  Porter__ListSearchReq const *request = call->request;
  Porter__Bound const *b = request->bound;
  order_key from;
  folder *f;
  listing l = { .c = NULL };
  int code, dated = b && *b->date && !*b->param && !*b->id, bounded = b && (*b->param || *b->id || dated);
  if (request->direction > PORTER__LIST_SEARCH_REQ__DIRECTION__BEFORE)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such direction", (slice)SLICE_ZERO, 0);
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE && request->thread) code = conversations_of(call, f);
  if (code == EXIT_DONE) code = listing_begin(call, &l, f, request->sort, request->search);
  if (code == EXIT_DONE && bounded) code = dated ? bound_date(call, l.by, l.descending, b->date, &from) : bound_place(call, f, l.by, b, &from);
  if (code == EXIT_DONE) code = page(call, &l, bounded ? &from : NULL);
  listing_end(&l);
  folder_close(f);
  return code;
}
