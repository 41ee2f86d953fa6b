/* Threads: conversations, those with the newest mail first. Which are in the page is threads_page.c's to choose; then the lines of these threads tell
 * their mails (threads_rows.c), which alone are opened (threads_thread.c). Here the request is looked at, and the answer written.
 *
 * tests/maildir-threads.t */
#include <stdio.h>
#include <stdlib.h>

#include <porter/exit.h>
#include "threads_internal.h"

static int answer(view *v)
{
  Porter__ThreadsResp response = PORTER__THREADS_RESP__INIT;
  Porter__Bound last = PORTER__BOUND__INIT;
  char id[THREAD_ID_LEN + 1], param[24];
  size_t const limit = !v->request->limit ? LISTING_DEFAULT : v->request->limit < LISTING_MAX ? v->request->limit : LISTING_MAX;
  size_t behind;
  int code = threads_read_bound(v);
  if (code == EXIT_DONE && !(v->page = arena_array(v->call->a, limit, sizeof *v->page))) code = method_temporary(v->call, "take memory");
  if (code == EXIT_DONE) code = threads_choose(v, limit, &behind);
  if (code != EXIT_DONE) return code;
  for (size_t i = 0; i < v->rows; i++) response.total += v->row[i].there && v->request->total;
  code = threads_fill_page(v);
  if (code == EXIT_DONE && v->request->n_folders) code = scope_still(&v->s);
  for (size_t i = 0; code == EXIT_DONE && i < v->count; i++) code = threads_write(v, v->page + i);
  if (code != EXIT_DONE) return code;
  response.last = behind == v->count;
  if (v->count) {
    conversations_id(v->page[v->count - 1].id, id);
    snprintf(param, sizeof param, "%lld", (long long)v->page[v->count - 1].newest);
    last.id = id;
    last.param = param;
    response.last_bound = &last;
  }
  return method_write(v->call, &response.base);
}

/* The folders asked, then those that only add mails. */
static int make_scope(view *v)
{
  Porter__ThreadsReq const *r = v->request;
  char **names = arena_array(v->call->a, r->n_folders + r->n_with_folders + 1, sizeof *names);
  scope only = { .count = 0 };
  int code;
  if (!names) return method_temporary(v->call, "take memory");
  for (size_t i = 0; i < r->n_folders; i++) names[i] = r->folders[i];
  for (size_t i = 0; i < r->n_with_folders; i++) names[r->n_folders + i] = r->with_folders[i];
  code = scope_named(v->call, &v->s, names, r->n_folders ? r->n_folders + r->n_with_folders : 0);
  if (code == EXIT_DONE && r->n_folders) code = scope_named(v->call, &only, names, r->n_folders);
  v->asked = r->n_folders ? only.count : v->s.count;
  scope_end(&only);
  return code;
}

int method_threads(method_call *call)
{
  view v = { .call = call, .request = call->request };
  int code = make_scope(&v);
  v.h = (heads){ .call = call, .preview = v.request->preview };
  if (code == EXIT_DONE) code = conversations_make(&v.s, v.request->n_folders > 0);
  if (code == EXIT_DONE) code = answer(&v);
  heads_end(&v.h);
  thread_numbers_free(&v.numbers);
  free(v.member);
  free(v.row);
  scope_end(&v.s);
  return code;
}
