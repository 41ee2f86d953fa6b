/* ListSearch: a page of a sorted folder, before or after a mail already seen. first and last say whether anything lies before
 * and behind it, bounds name its two ends. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

static Porter__Bound *bound(arena *a, enum order_by by, order_key const *k)
{
  char param[ORDER_TEXT_MAX + 1];
  Porter__Bound *b = arena_take(a, sizeof *b);
  slice mid;
  if (!b || !mail_mid(a, k->mail, &mid)) return NULL;
  *b = (Porter__Bound)PORTER__BOUND__INIT;
  b->param = build_string(a, (slice){ param, order_key_param(param, by, k) });
  b->id = build_string(a, mid);
  return b->param && b->id ? b : NULL;
}

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
  if (before) turn(keys, count);
  code = listing_write(call, l->f, keys, count, 1, request->preview);
  if (code != EXIT_DONE) return code;
  if (!*request->search && !folder_count_mails(l->f, 0, &all)) return method_temporary(call, "read folder");
  response.total = all.mails;
  response.cut = limit > LISTING_MAX && ahead;
  response.first = before ? !ahead : !behind;
  response.last = before ? !behind : !ahead;
  response.unread_files = folder_unread_files(l->f);
  if (count) {
    response.first_bound = bound(call->a, l->by, keys);
    response.last_bound = bound(call->a, l->by, keys + count - 1);
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
  folder *f;
  listing l = { .c = NULL };
  int code, bounded = b && (*b->param || *b->id);
  if (request->direction > PORTER__LIST_SEARCH_REQ__DIRECTION__BEFORE)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such direction", (slice)SLICE_ZERO, 0);
  if (bounded && !order_key_bound(&from, by, call->a, (slice){ b->param, strlen(b->param) }, (slice){ b->id, strlen(b->id) })) {
    if (errno != EINVAL) return method_temporary(call, "take memory");
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no bound of this order:", (slice){ b->param, strlen(b->param) }, 0);
  }
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = listing_begin(call, &l, f, request->sort, request->search);
  if (code == EXIT_DONE) code = page(call, &l, bounded ? &from : NULL);
  listing_end(&l);
  folder_close(f);
  return code;
}
