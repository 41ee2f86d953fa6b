/* ListSearch: a page of a sorted folder, before or after a mail already seen. The page is the stretch start <= i < end of
 * the order; first and last say whether anything lies before and behind it, bounds name its two ends. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

static Porter__Bound *bound(arena *a, enum order_by by, order_key const *k)
{
  char param[ORDER_TEXT_MAX + 1];
  Porter__Bound *b = arena_take(a, sizeof *b);
  if (!b) return NULL;
  *b = (Porter__Bound)PORTER__BOUND__INIT;
  b->param = build_string(a, (slice){ param, order_key_param(param, by, k) });
  b->id = build_string(a, k->mail->mid);
  return b->param && b->id ? b : NULL;
}

static int page(method_call *call, folder *f, order_key const *from)
{
  Porter__ListSearchReq const *request = call->request;
  Porter__ListSearchResp response = PORTER__LIST_SEARCH_RESP__INIT;
  enum order_by by = request->sort ? (enum order_by)request->sort->parameter : ORDER_DATE;
  int descending = request->sort && request->sort->direction == PORTER__SORT__DIRECTION__DESC;
  int before = request->direction == PORTER__LIST_SEARCH_REQ__DIRECTION__BEFORE;
  size_t count, start, end, limit = request->limit ? request->limit : LISTING_DEFAULT;
  order_key *list;
  int code = listing_make(call, f, request->sort, request->search, &list, &count);
  if (code != EXIT_DONE) return code;
  start = 0;
  end = count;
  if (from) {
    int there;
    size_t at = order_find(list, count, descending, from, &there);
    if (before) end = at;
    else start = at + (size_t)there;
  }
  response.total = *request->search ? 0 : count;
  response.cut = limit > LISTING_MAX && end - start > LISTING_MAX;
  if (limit > LISTING_MAX) limit = LISTING_MAX;
  if (end - start > limit) {
    if (before) start = end - limit;
    else end = start + limit;
  }
  code = listing_write(call, f, list + start, end - start, 1, request->preview);
  if (code != EXIT_DONE) return code;
  response.first = !start;
  response.last = end == count;
  if (end > start) {
    response.first_bound = bound(call->a, by, list + start);
    response.last_bound = bound(call->a, by, list + end - 1);
    if (!response.first_bound || !response.last_bound) return method_temporary(call, "take memory");
  }
  return method_write(call, &response.base);
}

int method_list_search(method_call *call)
{
  Porter__ListSearchReq const *request = call->request;
  Porter__Bound const *b = request->bound;
  enum order_by by = request->sort ? (enum order_by)request->sort->parameter : ORDER_DATE;
  order_key from;
  folder f;
  int code, bounded = b && (*b->param || *b->id);
  if (request->direction > PORTER__LIST_SEARCH_REQ__DIRECTION__BEFORE)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such direction", (slice)SLICE_ZERO, 0);
  if (bounded && !order_key_bound(&from, by, call->a, (slice){ b->param, strlen(b->param) }, (slice){ b->id, strlen(b->id) })) {
    if (errno != EINVAL) return method_temporary(call, "take memory");
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no bound of this order:", (slice){ b->param, strlen(b->param) }, 0);
  }
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = page(call, &f, bounded ? &from : NULL);
  folder_close(&f);
  return code;
}
