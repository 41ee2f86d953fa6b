/* Threads: conversations, those with the newest mail first. A line is read for each mail of the folders, the mails of the page alone are opened.
 *
 *   what can go wrong                                 the rule for it
 *   an index breaks while its lines are told          all is told once more, from listings
 *   a mail has gone when its head is read             it is left out of what heads say
 *   a thread has no mail in the folders asked         it is none of the answer's
 *   a bound whose thread has gone, or has newer mail  it is a place all the same
 *
 * tests/maildir-threads.t */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include "conversations.h"
#include "heads.h"

#define NONE UINT32_MAX

/* A mail, as a line told it; those of a thread hang together. */
typedef struct member_s member;
struct member_s {
  int64_t arrival;
  uint32_t number, next; /* of the line; the next member of the thread, NONE at its end */
  uint32_t folder;       /* of the scope */
};

/* What of a thread orders it, and where its mails are. */
typedef struct row_s row;
struct row_s {
  uint64_t id;
  int64_t newest;        /* of those in the folders asked */
  uint32_t first, count; /* members */
  int there;             /* it has one in the folders asked */
};

/* A mail of the thread that is written. */
typedef struct mail_s mail;
struct mail_s {
  member const *m;
  mail_entry *e;
  slice mid;
};

typedef struct view_s view;
struct view_s {
  method_call *call;
  Porter__ThreadsReq const *request;
  scope s;
  size_t asked, folder; /* folders of the scope before those that only add mails; the one that is told */
  thread_numbers numbers;
  member *member;
  size_t members, member_room, row_room;
  row *row, *page; /* all, by number; those of the page */
  size_t rows, count;
  heads h;
};

/* --- which threads --- */

/* Room for one more in a list that grows. */
static int make_room(void *list, size_t count, size_t *room, size_t size)
{
  void **const old = list;
  size_t const more = *room ? 2 * *room : 1024;
  void *s;
  if (count < *room) return 1;
  if (!(s = realloc(*old, more * size))) return 0;
  *old = s;
  *room = more;
  return 1;
}

static size_t folder_of(view *v, folder const *f)
{
  if (v->folder >= v->s.count || v->s.f[v->folder] != f)
    for (v->folder = 0; v->s.f[v->folder] != f;) v->folder++;
  return v->folder;
}

static int take_line(void *context, folder *f, mail_line const *line)
{
  view *const v = context;
  size_t const i = folder_of(v, f);
  uint32_t const number = thread_number(&v->numbers, line->thread);
  row *r;
  if (number == UINT32_MAX || !make_room(&v->member, v->members, &v->member_room, sizeof *v->member)
    || !make_room(&v->row, v->rows, &v->row_room, sizeof *v->row))
    return 0;
  r = v->row + number;
  if (number == v->rows) v->rows++, *r = (row){ .id = line->thread, .first = NONE };
  v->member[v->members] = (member){ line->arrival, line->number, r->first, (uint32_t)i };
  r->first = (uint32_t)v->members++;
  r->count++;
  if (i >= v->asked) return 1;
  if (!r->there || line->arrival > r->newest) r->newest = line->arrival;
  return r->there = 1;
}

static void forget(void *context)
{
  view *const v = context;
  thread_numbers_free(&v->numbers);
  v->members = v->rows = 0;
}

/* By id, as its digits have it. */
static int compare_ids(uint64_t a, uint64_t b)
{
  char x[THREAD_ID_LEN + 1], y[THREAD_ID_LEN + 1];
  conversations_id(a, x);
  conversations_id(b, y);
  return strcmp(x, y);
}

/* The newest first, ties by id, downwards. */
static int order(row const *a, row const *b)
{
  if (a->newest != b->newest) return a->newest > b->newest ? -1 : 1;
  return -compare_ids(a->id, b->id);
}

static int compare_rows(void const *x, void const *y) { return order(x, y); }

/* Those that are wanted go to the front; their number. */
static size_t choose(view *v)
{
  Porter__ThreadsReq const *const request = v->request;
  size_t n = 0;
  for (size_t i = 0; !request->n_threads && i < v->rows; i++)
    if (v->row[i].there) v->row[n++] = v->row[i];
  if (!request->n_threads) return n;
  for (size_t i = 0; i < request->n_threads; i++) {
    uint64_t const id = conversations_scan(request->threads[i]);
    uint32_t const number = id ? thread_number_find(&v->numbers, id) : UINT32_MAX;
    /* One that is named twice is there once. */
    if (number != UINT32_MAX && v->row[number].there == 1) v->row[number].there = 2;
  }
  for (size_t i = 0; i < v->rows; i++)
    if (v->row[i].there == 2) v->row[n++] = v->row[i];
  return n;
}

/* Sinks the last of the heap's rows to its place: the heap has on top what comes last in order. */
static void sift(row *heap, size_t count, size_t i)
{
  for (size_t child; (child = 2 * i + 1) < count; i = child) {
    row const x = heap[i];
    if (child + 1 < count && order(heap + child + 1, heap + child) > 0) child++;
    if (order(heap + child, heap + i) <= 0) return;
    heap[i] = heap[child];
    heap[child] = x;
  }
}

/* The first most rows of the order, sorted, of those behind the bound. Returns how many rows lie behind it. */
static size_t take_page(view *v, size_t rows, row const *bound, size_t most)
{
  size_t behind = 0;
  v->count = 0;
  for (size_t i = 0; i < rows; i++) {
    row const x = v->row[i];
    if (bound && order(bound, &x) >= 0) continue;
    behind++;
    if (v->count < most) {
      v->page[v->count++] = x;
      if (v->count == most)
        for (size_t k = most / 2; k-- > 0;) sift(v->page, most, k);
    } else if (order(&x, v->page) < 0) {
      v->page[0] = x;
      sift(v->page, most, 0);
    }
  }
  if (v->count) qsort(v->page, v->count, sizeof *v->page, compare_rows);
  return behind;
}

/* The bound, as if it were a row. */
static int read_bound(view *v, row *bound, int *bounded)
{
  Porter__Bound const *b = v->request->bound;
  char *end;
  *bounded = b && (*b->param || *b->id);
  if (!*bounded) return EXIT_DONE;
  errno = 0;
  bound->newest = strtoll(b->param, &end, 10);
  bound->id = conversations_scan(b->id);
  if (!errno && *b->param && !*end && bound->id) return EXIT_DONE;
  return method_fail(v->call, PORTER__ERROR__CODE__BAD_REQUEST, "no bound of threads:", slice_of(b->param), 0);
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

/* What one mail adds; again: it was met before, in another folder. 1, 0 with errno. */
static int add_mail(view *v, arena *a, mail const *m, int again, Porter__Thread *t, char *flags)
{
  folder *const f = v->s.f[m->m->folder];
  Porter__MailName *name;
  mail_facts facts;
  char standard[sizeof MAILDIR_FLAGS];
  int attached;
  if (!folder_facts(f, m->e, 0, a, &facts)) return errno == ENOENT;
  maildir_name_standard(standard, &facts.name);
  for (char const *c = standard; *c; c++)
    if (!strchr(flags, *c)) flags[strlen(flags) + 1] = 0, flags[strlen(flags)] = *c;
  if (again) return 1;
  t->mail_count++;
  t->unread_count += (uint32_t)facts.unread;
  if (t->n_mails == THREAD_MAILS_MAX) return 1;
  if (!(name = arena_take(a, sizeof *name))) return 0;
  *name = (Porter__MailName)PORTER__MAIL_NAME__INIT;
  if (!(name->folder = build_string(a, v->s.name[m->m->folder])) || !(name->mid = build_string(a, m->mid))) return 0;
  t->mails[t->n_mails++] = name;
  if (!heads_read(&v->h, f, m->e, 0)) return errno == ENOENT;
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

static int add_head(view *v, mail const *newest, Porter__Thread *t)
{
  size_t const i = newest->m->folder;
  t->head = heads_build(&v->h, v->s.f[i], newest->e);
  if (!t->head) return errno == ENOENT;
  t->head->thread = t->thread;
  t->head->folder = build_string(&v->h.scratch, v->s.name[i]);
  return t->head->folder != NULL;
}

static int by_arrival(void const *x, void const *y)
{
  mail const *a = x, *b = y;
  int r;
  if (a->m->arrival != b->m->arrival) return a->m->arrival < b->m->arrival ? -1 : 1;
  r = slice_compare(a->mid, b->mid);
  return r ? r : (a->m->folder > b->m->folder) - (a->m->folder < b->m->folder);
}

/* The mails of a thread, in order of arrival. 0 with errno. */
static int list_mails(view *v, arena *a, row const *r, mail **list, size_t *count)
{
  *count = 0;
  if (!(*list = arena_array(a, r->count, sizeof **list))) return 0;
  for (uint32_t i = r->first; i != NONE; i = v->member[i].next) {
    mail *const m = *list + *count;
    m->m = v->member + i;
    if (!(m->e = folder_line_mail(v->s.f[m->m->folder], m->m->number)) || !mail_mid(a, m->e, &m->mid)) return 0;
    ++*count;
  }
  qsort(*list, *count, sizeof **list, by_arrival);
  return 1;
}

static int fill_thread(view *v, arena *a, row const *r, Porter__Thread *t)
{
  char flags[sizeof MAILDIR_FLAGS] = "";
  mail *list = NULL, *newest = NULL;
  size_t count, most = r->count < THREAD_MAILS_MAX ? r->count : THREAD_MAILS_MAX;
  t->mails = arena_array(a, most, sizeof *t->mails);
  t->people = arena_array(a, THREAD_PEOPLE_MAX, sizeof *t->people);
  if (!t->mails || !t->people || !list_mails(v, a, r, &list, &count)) return 0;
  for (size_t i = 0; i < count; i++) {
    int const again = i && slice_same(list[i - 1].mid, list[i].mid) && list[i - 1].m->arrival == list[i].m->arrival;
    if (!add_mail(v, a, list + i, again, t, flags)) return 0;
    if (list[i].m->folder < v->asked) newest = list + i;
  }
  t->flags = build_string(a, slice_of(sorted(flags)));
  return t->flags && (!v->request->heads || !newest || add_head(v, newest, t));
}

static int write_thread(view *v, row const *r)
{
  Porter__Thread t = PORTER__THREAD__INIT;
  char id[THREAD_ID_LEN + 1], newest[MAIL_DATE_FMT + 1];
  mail_date date = { r->newest, 0 };
  arena a = ARENA_ZERO;
  int code;
  conversations_id(r->id, id);
  newest[mail_date_fmt(newest, &date)] = 0;
  t.thread = id;
  t.newest = newest;
  code = fill_thread(v, &a, r, &t) ? method_write_field(v->call, 1, &t.base) : method_temporary(v->call, "read mail");
  arena_free(&a);
  return code;
}

/* --- the answer --- */

static int answer(view *v)
{
  Porter__ThreadsResp response = PORTER__THREADS_RESP__INIT;
  Porter__Bound last = PORTER__BOUND__INIT;
  char id[THREAD_ID_LEN + 1], param[24];
  size_t limit = v->request->limit ? v->request->limit : LISTING_DEFAULT, rows, behind;
  row bound;
  int bounded, code = read_bound(v, &bound, &bounded);
  if (code != EXIT_DONE) return code;
  if (limit > LISTING_MAX) limit = LISTING_MAX;
  if (!(v->page = arena_array(v->call->a, limit, sizeof *v->page))) return method_temporary(v->call, "take memory");
  rows = choose(v);
  behind = take_page(v, rows, bounded ? &bound : NULL, limit);
  for (size_t i = 0; code == EXIT_DONE && i < v->count; i++) code = write_thread(v, v->page + i);
  if (code != EXIT_DONE) return code;
  response.last = behind == v->count;
  if (v->request->total) response.total = rows;
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
  if (code == EXIT_DONE) code = conversations_lines(&v.s, 0, take_line, forget, &v);
  if (code == EXIT_DONE) code = answer(&v);
  heads_end(&v.h);
  thread_numbers_free(&v.numbers);
  free(v.member);
  free(v.row);
  scope_end(&v.s);
  return code;
}
