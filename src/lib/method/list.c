/* List and Search: a range of a sorted folder, and all that matches. */
#include <stdint.h>

#include <porter/exit.h>
#include <porter/method.h>

#include "conversations.h"

static int range(method_call *call, listing *l)
{
  Porter__ListReq const *request = call->request;
  Porter__ListResp response = PORTER__LIST_RESP__INIT;
  folder_count count;
  order_key *keys;
  size_t taken, wanted = request->end - request->start;
  int code;
  if (!folder_count_mails(l->f, 0, &count)) return method_temporary(call, "read folder");
  response.total = count.mails;
  if (request->end > count.mails) wanted = request->start < count.mails ? (size_t)count.mails - request->start : 0;
  response.cut = wanted > LISTING_MAX;
  if (cursor_skip(l->c, request->start) < 0) return method_temporary(call, "read mail");
  code = listing_take(call, l, response.cut ? LISTING_MAX : wanted, &keys, &taken);
  if (code == EXIT_DONE) code = method_still(call, l->f, request->folder);
  if (code == EXIT_DONE) code = listing_write(call, l->f, keys, taken, 1, request->preview, request->thread);
  return code == EXIT_DONE ? method_write(call, &response.base) : code;
}

int method_list(method_call *call)
{
  Porter__ListReq const *request = call->request;
  folder *f;
  listing l = { .c = NULL };
  int code;
  if (request->start > request->end) return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "start is beyond end", (slice)SLICE_ZERO, 0);
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE && request->thread) code = conversations_of(call, f);
  if (code == EXIT_DONE) code = listing_begin(call, &l, f, request->sort, "");
  if (code == EXIT_DONE) code = range(call, &l);
  listing_end(&l);
  folder_close(f);
  return code;
}

int method_search(method_call *call)
{
  Porter__SearchReq const *request = call->request;
  Porter__SearchResp response = PORTER__SEARCH_RESP__INIT;
  order_key *keys;
  size_t count;
  folder *f;
  listing l = { .c = NULL };
  int code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = listing_begin(call, &l, f, NULL, request->pattern);
  if (code == EXIT_DONE) code = listing_take(call, &l, SIZE_MAX, &keys, &count);
  if (code == EXIT_DONE) code = method_still(call, f, request->folder);
  if (code == EXIT_DONE) code = listing_write(call, f, keys, count, 1, 0, 0);
  if (code == EXIT_DONE) {
    response.unread_files = folder_unread_files(f);
    code = method_write(call, &response.base);
  }
  listing_end(&l);
  folder_close(f);
  return code;
}
