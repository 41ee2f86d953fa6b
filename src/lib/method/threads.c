/* Threads: conversations, those with the newest mail first. Which threads are in the page is told in one of three ways:
 *
 *   asked for          how
 *   threads            these it is
 *   a page             mails are walked through from the newest, or from the bound, until there are threads enough
 *   total; or no       a line is read for each mail of the folders, and all threads are looked at
 *   index to walk in
 *
 * Then the lines of these threads tell their mails, which alone are opened.
 *
 *   what can go wrong                                 the rule for it
 *   an index breaks while its lines are told          all is told once more, from listings
 *   a thread that was met has mail before the bound   it is none of the page's, and the walk goes on
 *   hundreds of mails of one time, or of one thread   the walk is given up, and all threads are looked at
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
  row bound;
  int bounded;
  thread_numbers numbers; /* of the rows */
  row *row;
  size_t rows, row_room;
  member *member;
  size_t members, member_room;
  row *page; /* those of the answer, in order */
  size_t count;
  heads h;
};

/* Room for one more in a list that grows. */
static int make_room(void *list, size_t count, size_t *room, size_t size)
{
  void **const old = list;
  size_t const more = *room ? 2 * *room : 256;
  void *s;
  if (count < *room) return 1;
  if (!(s = realloc(*old, more * size))) return 0;
  *old = s;
  *room = more;
  return 1;
}

/* The row of a thread, which gets one; null where memory fails. */
static row *row_of(view *v, uint64_t id)
{
  uint32_t const number = thread_number(&v->numbers, id);
  if (number == UINT32_MAX || !make_room(&v->row, v->rows, &v->row_room, sizeof *v->row)) return NULL;
  if (number == v->rows) v->row[v->rows++] = (row){ .id = id, .first = NONE };
  return v->row + number;
}

static void forget_rows(void *context)
{
  view *const v = context;
  thread_numbers_free(&v->numbers);
  v->rows = v->members = 0;
}

static size_t folder_of(view *v, folder const *f)
{
  if (v->folder >= v->s.count || v->s.f[v->folder] != f)
    for (v->folder = 0; v->s.f[v->folder] != f;) v->folder++;
  return v->folder;
}

static void note_arrival(row *r, int64_t arrival)
{
  if (!r->there || arrival > r->newest) r->newest = arrival;
  r->there = 1;
}

/* --- the mails of some threads --- */

static int take_member(void *context, folder *f, mail_line const *line)
{
  view *const v = context;
  size_t const i = folder_of(v, f);
  uint32_t const number = thread_number_find(&v->numbers, line->thread);
  row *r;
  if (number == UINT32_MAX) return 1;
  if (!make_room(&v->member, v->members, &v->member_room, sizeof *v->member)) return 0;
  r = v->row + number;
  v->member[v->members] = (member){ line->arrival, line->number, r->first, (uint32_t)i };
  r->first = (uint32_t)v->members++;
  r->count++;
  if (i < v->asked) note_arrival(r, line->arrival);
  return 1;
}

static void forget_members(void *context)
{
  view *const v = context;
  v->members = 0;
  for (size_t i = 0; i < v->rows; i++) v->row[i] = (row){ .id = v->row[i].id, .first = NONE };
}

/* Of all that have a row. */
static int take_members(view *v)
{
  thread_set set = { .bits = { 0 } };
  for (size_t i = 0; i < v->rows; i++) thread_set_add(&set, v->row[i].id);
  forget_members(v);
  return conversations_lines(&v->s, 0, &set, take_member, forget_members, v);
}

/* --- which threads --- */

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

static int is_behind(view const *v, row const *r) { return r->there && (!v->bounded || order(&v->bound, r) < 0); }

/* The first most rows of the order, sorted, of those behind the bound. Returns how many rows lie behind it. */
static size_t sort_page(view *v, size_t most)
{
  size_t behind = 0;
  v->count = 0;
  for (size_t i = 0; i < v->rows; i++) {
    row const *const x = v->row + i;
    if (!is_behind(v, x)) continue;
    behind++;
    if (v->count < most) {
      v->page[v->count++] = *x;
      if (v->count == most)
        for (size_t k = most / 2; k-- > 0;) sift(v->page, most, k);
    } else if (order(x, v->page) < 0) {
      v->page[0] = *x;
      sift(v->page, most, 0);
    }
  }
  if (v->count) qsort(v->page, v->count, sizeof *v->page, compare_rows);
  return behind;
}

/* Those that are named. */
static int name_rows(view *v)
{
  for (size_t i = 0; i < v->request->n_threads; i++) {
    uint64_t const id = conversations_scan(v->request->threads[i]);
    if (id && !row_of(v, id)) return method_temporary(v->call, "take memory");
  }
  return take_members(v);
}

/* All there are. */
static int take_row(void *context, folder *f, mail_line const *line)
{
  view *const v = context;
  row *const r = row_of(v, line->thread);
  if (!r) return 0;
  if (folder_of(v, f) < v->asked) note_arrival(r, line->arrival);
  return 1;
}

static int all_rows(view *v)
{
  forget_rows(v);
  return conversations_lines(&v->s, 0, NULL, take_row, forget_rows, v);
}

/* --- the walk --- */

#define WALK_MAX 1000 /* mails, and 4 for each thread that is wanted */

typedef struct walk_s walk;
struct walk_s {
  cursor **lane; /* one for each folder asked */
  order_key *key;
  int *there;
  int64_t last; /* arrival of the last thread that was met */
  size_t steps, most;
};

static int walk_step(walk *w, size_t i)
{
  w->there[i] = cursor_next(w->lane[i], w->key + i);
  return w->there[i] >= 0;
}

static int walk_open(view *v, walk *w)
{
  order_key from = { .mail = NULL };
  arena *const a = v->call->a;
  w->lane = arena_array(a, v->asked + 1, sizeof *w->lane);
  w->key = arena_array(a, v->asked + 1, sizeof *w->key);
  w->there = arena_array(a, v->asked + 1, sizeof *w->there);
  if (!w->lane || !w->key || !w->there) return 0;
  /* Behind all mails of the bound's time. */
  if (v->bounded && !order_key_bound(&from, ORDER_ARRIVAL, a, (slice){ "0", 1 }, (slice){ "", 0 })) return 0;
  if (v->bounded) from.number = v->bound.newest < INT64_MAX ? v->bound.newest + 1 : INT64_MAX;
  for (size_t i = 0; i < v->asked; i++) {
    if (!v->s.f[i]) continue;
    if (!cursor_open(w->lane + i, v->s.f[i], ORDER_ARRIVAL, NULL, NULL)) return 0;
    cursor_seek(w->lane[i], v->bounded ? &from : NULL, 1, 0);
    if (!walk_step(w, i)) return 0;
  }
  return 1;
}

static void walk_close(view const *v, walk *w)
{
  for (size_t i = 0; w->lane && i < v->asked; i++) cursor_close(w->lane[i]);
}

/* Which folder has the newest mail that was not met; asked where none. */
static size_t walk_newest(view const *v, walk const *w)
{
  size_t best = v->asked;
  for (size_t i = 0; i < v->asked; i++)
    if (w->there[i] > 0 && (best == v->asked || w->key[i].number > w->key[best].number)) best = i;
  return best;
}

enum { WALK_FAILED = -1, WALK_END, WALK_ENOUGH, WALK_LONG };

/* Goes on until so many threads were met, and all mails of the time of the last. */
static int walk_on(view *v, walk *w, size_t wanted)
{
  for (;;) {
    size_t const i = walk_newest(v, w), before = v->rows;
    uint64_t thread;
    if (i == v->asked) return WALK_END;
    if (v->rows >= wanted && w->key[i].number < w->last) return WALK_ENOUGH;
    if (w->steps++ == w->most) return WALK_LONG;
    thread = folder_thread(v->s.f[i], w->key[i].mail);
    if (thread && !row_of(v, thread)) return WALK_FAILED;
    if (v->rows > before) w->last = w->key[i].number;
    if (!walk_step(w, i)) return WALK_FAILED;
  }
}

static size_t count_behind(view const *v)
{
  size_t n = 0;
  for (size_t i = 0; i < v->rows; i++) n += (size_t)is_behind(v, v->row + i);
  return n;
}

/* *done: there are rows enough for a page, and one to know that there are more; or all there are. */
static int walk_rows(view *v, size_t limit, int *done)
{
  walk w = { .most = WALK_MAX + 4 * limit };
  size_t wanted = limit + 1;
  int met = walk_open(v, &w) ? WALK_ENOUGH : WALK_FAILED, code = EXIT_DONE;
  *done = 0;
  while (code == EXIT_DONE && met == WALK_ENOUGH && !*done) {
    size_t behind;
    met = walk_on(v, &w, wanted);
    if (met != WALK_END && met != WALK_ENOUGH) break;
    code = take_members(v);
    behind = count_behind(v);
    *done = met == WALK_END || behind > limit;
    wanted = v->rows + 2 * (limit + 1 - (behind > limit ? limit : behind));
  }
  walk_close(v, &w);
  if (code == EXIT_DONE && met == WALK_FAILED) code = method_temporary(v->call, "read folder");
  return code;
}

static int can_walk(view const *v)
{
  if (v->request->total) return 0;
  for (size_t i = 0; i < v->asked; i++)
    if (v->s.f[i] && !folder_by_index(v->s.f[i])) return 0;
  return 1;
}

/* The page, and how many threads lie behind the bound, as far as that is known. */
static int choose(view *v, size_t limit, size_t *behind)
{
  int done = 1, code = v->request->n_threads ? name_rows(v) : EXIT_DONE;
  if (code == EXIT_DONE && !v->request->n_threads && (!(done = can_walk(v)) || (code = walk_rows(v, limit, &done)) == EXIT_DONE) && !done)
    code = all_rows(v);
  *behind = code == EXIT_DONE ? sort_page(v, limit) : 0;
  return code;
}

/* The mails of the page's threads, where all were looked at. */
static int fill_page(view *v)
{
  if (v->members) return EXIT_DONE;
  forget_rows(v);
  for (size_t i = 0; i < v->count; i++)
    if (!row_of(v, v->page[i].id)) return method_temporary(v->call, "take memory");
  return take_members(v);
}

/* The bound, as if it were a row. */
static int read_bound(view *v)
{
  Porter__Bound const *b = v->request->bound;
  char *end;
  v->bounded = b && (*b->param || *b->id);
  if (!v->bounded) return EXIT_DONE;
  errno = 0;
  v->bound.newest = strtoll(b->param, &end, 10);
  v->bound.id = conversations_scan(b->id);
  if (!errno && *b->param && !*end && v->bound.id) return EXIT_DONE;
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

static int write_thread(view *v, row const *chosen)
{
  row const *const r = v->row + thread_number_find(&v->numbers, chosen->id);
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
  size_t const limit = !v->request->limit ? LISTING_DEFAULT : v->request->limit < LISTING_MAX ? v->request->limit : LISTING_MAX;
  size_t behind;
  int code = read_bound(v);
  if (code == EXIT_DONE && !(v->page = arena_array(v->call->a, limit, sizeof *v->page))) code = method_temporary(v->call, "take memory");
  if (code == EXIT_DONE) code = choose(v, limit, &behind);
  if (code != EXIT_DONE) return code;
  for (size_t i = 0; i < v->rows; i++) response.total += v->row[i].there && v->request->total;
  code = fill_page(v);
  for (size_t i = 0; code == EXIT_DONE && i < v->count; i++) code = write_thread(v, v->page + i);
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
