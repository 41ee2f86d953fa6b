/* Threads: conversations, those with the newest mail first. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include "conversations.h"
#include "heads.h"

/* What of a thread orders it, and where its mails are. */
typedef struct row_s row;
struct row_s {
  uint64_t id;
  size_t first, count;    /* in the list of mails by thread */
  threaded const *newest; /* in the folders asked; null: it has none there */
};

typedef struct view_s view;
struct view_s {
  method_call *call;
  Porter__ThreadsReq const *request;
  scope s;
  size_t asked; /* folders of the scope before those that only add mails */
  conversations c;
  threaded const **mail; /* by thread, then in order of arrival */
  row *row;
  size_t rows;
  heads h;
};

/* --- which threads --- */

/* Counting sort: the mails of each thread one behind the other. */
static int group(view *v)
{
  conversations const *c = &v->c;
  size_t at = 0;
  v->mail = arena_array(v->call->a, c->count + 1, sizeof *v->mail);
  v->row = arena_array(v->call->a, (size_t)c->threads + 1, sizeof *v->row);
  if (!v->mail || !v->row) return 0;
  for (size_t i = 0; i < c->count; i++) v->row[c->mail[i].thread].count++;
  for (unsigned int t = 0; t < c->threads; t++) {
    v->row[t].id = c->id[t];
    v->row[t].first = at;
    at += v->row[t].count;
    v->row[t].count = 0;
  }
  for (size_t i = 0; i < c->count; i++) {
    row *r = v->row + c->mail[i].thread;
    v->mail[r->first + r->count++] = c->mail + i;
    if (c->mail[i].folder < v->asked) r->newest = c->mail + i;
  }
  return 1;
}

static int is_wanted(view const *v, row const *r)
{
  char id[THREAD_ID_LEN + 1];
  if (!r->newest) return 0;
  if (!v->request->n_threads) return 1;
  conversations_id(r->id, id);
  for (size_t i = 0; i < v->request->n_threads; i++)
    if (!strcmp(v->request->threads[i], id)) return 1;
  return 0;
}

/* The newest first, ties by id. */
static int order(void const *x, void const *y)
{
  row const *a = x, *b = y;
  if (a->newest->arrival != b->newest->arrival) return a->newest->arrival > b->newest->arrival ? -1 : 1;
  return (a->id < b->id) - (a->id > b->id);
}

static void choose(view *v)
{
  size_t n = 0;
  for (unsigned int t = 0; t < v->c.threads; t++)
    if (is_wanted(v, v->row + t)) v->row[n++] = v->row[t];
  v->rows = n;
  if (n) qsort(v->row, n, sizeof *v->row, order);
}

/* How many rows lie before the place behind the bound. */
static int skip(view *v, size_t *from)
{
  Porter__Bound const *b = v->request->bound;
  char *end;
  long long arrival;
  *from = 0;
  if (!b || (!*b->param && !*b->id)) return EXIT_DONE;
  errno = 0;
  arrival = strtoll(b->param, &end, 10);
  if (errno || !*b->param || *end) return method_fail(v->call, PORTER__ERROR__CODE__BAD_REQUEST, "no bound of threads:", slice_of(b->param), 0);
  while (*from < v->rows) {
    row const *r = v->row + *from;
    char id[THREAD_ID_LEN + 1];
    conversations_id(r->id, id);
    if (r->newest->arrival < arrival || (r->newest->arrival == arrival && strcmp(id, b->id) < 0)) break;
    ++*from;
  }
  return EXIT_DONE;
}

/* --- one thread --- */

static int has_person(Porter__Thread const *t, slice address)
{
  for (size_t i = 0; i < t->n_people; i++)
    if (strlen(t->people[i]->address) == address.len && !memcmp(t->people[i]->address, address.s, address.len)) return 1;
  return 0;
}

static int add_people(view *v, arena *a, Porter__Thread *t)
{
  mime_part const *part = v->h.tree.part;
  mail_charsets charsets = mail_charsets_of(&v->h.tree, 0);
  mail_address *list;
  size_t count;
  if (!part->head.field[FIELD_FROM].s) return 1;
  if (!mail_address_fields(&v->h.scratch, &charsets, &part->head, part->header, FIELD_FROM, &list, &count)) return 0;
  for (size_t i = 0; i < count && t->n_people < THREAD_PEOPLE_MAX; i++) {
    Porter__MailAddr *p;
    if (list[i].group || has_person(t, list[i].address)) continue;
    if (!(p = build_address(a, list + i))) return 0;
    t->people[t->n_people++] = p;
  }
  return 1;
}

/* What one mail adds. 1, 0 with errno. */
static int add_mail(view *v, arena *a, threaded const *m, Porter__Thread *t, char *flags)
{
  Porter__MailName *name;
  int attached;
  for (char const *c = m->flags; *c; c++)
    if (!strchr(flags, *c)) flags[strlen(flags) + 1] = 0, flags[strlen(flags)] = *c;
  if (m->again) return 1;
  t->mail_count++;
  t->unread_count += m->unread;
  if (t->n_mails == THREAD_MAILS_MAX) return 1;
  if (!(name = arena_take(a, sizeof *name))) return 0;
  *name = (Porter__MailName)PORTER__MAIL_NAME__INIT;
  if (!(name->folder = build_string(a, v->s.name[m->folder])) || !(name->mid = build_string(a, m->mid))) return 0;
  t->mails[t->n_mails++] = name;
  if (!heads_read(&v->h, v->s.f[m->folder], m->e, 0)) return errno == ENOENT;
  if (!mail_has_attachment(&v->h.scratch, &v->h.tree, &attached)) return 0;
  t->has_attachment |= attached;
  return add_people(v, a, t);
}

/* The flags in order: those of any of its mails. */
static char *sorted(char *flags)
{
  char all[sizeof MAILDIR_FLAGS] = "";
  size_t n = 0;
  for (char const *c = MAILDIR_FLAGS; *c; c++)
    if (strchr(flags, *c)) all[n++] = *c;
  all[n] = 0;
  return strcpy(flags, all);
}

static int add_head(view *v, row const *r, Porter__Thread *t)
{
  t->head = heads_build(&v->h, v->s.f[r->newest->folder], r->newest->e);
  if (!t->head) return errno == ENOENT;
  t->head->thread = t->thread;
  t->head->folder = build_string(&v->h.scratch, v->s.name[r->newest->folder]);
  return t->head->folder != NULL;
}

static int write_thread(view *v, row const *r)
{
  Porter__Thread t = PORTER__THREAD__INIT;
  char id[THREAD_ID_LEN + 1], flags[sizeof MAILDIR_FLAGS] = "", newest[MAIL_DATE_FMT + 1];
  size_t most = r->count < THREAD_MAILS_MAX ? r->count : THREAD_MAILS_MAX;
  mail_date date = { r->newest->arrival, 0 };
  arena a = ARENA_ZERO;
  int code = EXIT_DONE,
      good = (t.mails = arena_array(&a, most, sizeof *t.mails)) != NULL && (t.people = arena_array(&a, THREAD_PEOPLE_MAX, sizeof *t.people)) != NULL;
  conversations_id(r->id, id);
  newest[mail_date_fmt(newest, &date)] = 0;
  t.thread = id;
  t.newest = newest;
  for (size_t i = 0; good && i < r->count; i++) good = add_mail(v, &a, v->mail[r->first + i], &t, flags);
  t.flags = sorted(flags);
  if (good && v->request->heads) good = add_head(v, r, &t);
  code = good ? method_write_field(v->call, 1, &t.base) : method_temporary(v->call, "read mail");
  arena_free(&a);
  return code;
}

/* --- the answer --- */

static int answer(view *v)
{
  Porter__ThreadsResp response = PORTER__THREADS_RESP__INIT;
  Porter__Bound bound = PORTER__BOUND__INIT;
  char id[THREAD_ID_LEN + 1], param[24];
  size_t limit = v->request->limit ? v->request->limit : LISTING_DEFAULT, from, to;
  int code = skip(v, &from);
  to = v->rows - from < (limit < LISTING_MAX ? limit : LISTING_MAX) ? v->rows : from + (limit < LISTING_MAX ? limit : LISTING_MAX);
  for (size_t i = from; code == EXIT_DONE && i < to; i++) code = write_thread(v, v->row + i);
  if (code != EXIT_DONE) return code;
  response.last = to == v->rows;
  if (v->request->total) response.total = v->rows;
  if (to > from) {
    conversations_id(v->row[to - 1].id, id);
    snprintf(param, sizeof param, "%lld", (long long)v->row[to - 1].newest->arrival);
    bound.id = id;
    bound.param = param;
    response.last_bound = &bound;
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
  if (code == EXIT_DONE) code = conversations_make(&v.s, v.request->n_folders > 0, &v.c);
  if (code == EXIT_DONE && !group(&v)) code = method_temporary(call, "take memory");
  if (code == EXIT_DONE) choose(&v), code = answer(&v);
  heads_end(&v.h);
  scope_end(&v.s);
  return code;
}
