/* List and Search: a range of a sorted folder, and all that matches. */
#include <porter/exit.h>
#include <porter/method.h>

int method_list(method_call *call)
{
  Porter__ListReq const *request = call->request;
  Porter__ListResp response = PORTER__LIST_RESP__INIT;
  order_key *list;
  size_t count, start = request->start, end = request->end;
  folder f;
  int code;
  if (start > end) return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "start is beyond end", (slice)SLICE_ZERO, 0);
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = listing_make(call, &f, request->sort, "", &list, &count);
  if (code == EXIT_DONE) {
    if (end > count) end = count;
    if (start > end) start = end;
    response.total = count;
    response.cut = end - start > LISTING_MAX;
    if (response.cut) end = start + LISTING_MAX;
    code = listing_write(call, &f, list + start, end - start, 1, request->preview);
    if (code == EXIT_DONE) code = method_write(call, &response.base);
  }
  folder_close(&f);
  return code;
}

int method_search(method_call *call)
{
  Porter__SearchReq const *request = call->request;
  order_key *list;
  size_t count;
  folder f;
  int code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = listing_make(call, &f, NULL, request->pattern, &list, &count);
  if (code == EXIT_DONE) code = listing_write(call, &f, list, count, 1, 0);
  folder_close(&f);
  return code;
}
