/* Find: mails of several folders, in one order, that have what a filter asks. Each folder has a cursor; the order is total: key, mid, then
 * folder, so that a bound names one place in all of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include "conversations.h"
#include "filter.h"
#include "heads.h"
#include "scope.h"
#include "state.h"

/* One folder's share of the walk. */
typedef struct lane_s lane;
struct lane_s {
  keywords k;
  cursor *c;
  order_key key; /* the next mail, where there is one */
  int there;
};

typedef struct hit_s hit;
struct hit_s {
  size_t folder;
  order_key key;
};

typedef struct find_s find;
struct find_s {
  method_call *call;
  Porter__FindReq const *request;
  scope s;
  filter *filter;
  lane *lane;
  enum order_by by;
  int descending;
  int bounded;
  hit bound;     /* folder: the first that lies not before the bound's */
  int at_folder; /* it is the bound's own */
};

/* --- walking --- */

static int match(void *context, folder *f, mail_entry *e, slice const *octets) { return filter_match(context, f, e, octets); }

static int open_lanes(find *fi)
{
  slice text = filter_text(fi->filter);
  fi->lane = arena_array(fi->call->a, fi->s.count + 1, sizeof *fi->lane);
  if (!fi->lane) return method_temporary(fi->call, "take memory");
  for (size_t i = 0; i < fi->s.count; i++) {
    int there = scope_open(&fi->s, i);
    if (there <= 0 && fi->request->n_folders) return scope_fail(&fi->s, i);
    if (there < 0) return method_temporary(fi->call, "read folder");
    if (!there) continue;
    if (!folder_keywords(fi->s.f[i], &fi->lane[i].k, fi->call->a) || !filter_enter(fi->filter, fi->s.f[i], &fi->lane[i].k, fi->s.name[i]))
      return method_temporary(fi->call, "read keywords");
    if (!cursor_open(&fi->lane[i].c, fi->s.f[i], fi->by, fi->request->filter ? match : NULL, fi->filter))
      return method_temporary(fi->call, "read mail");
    if (text.len) cursor_narrow(fi->lane[i].c, text);
  }
  return EXIT_DONE;
}

/* The filter knows one folder at a time: before a lane is asked for a mail, it enters that lane's. */
static int step(find *fi, size_t i)
{
  lane *l = fi->lane + i;
  if (!filter_enter(fi->filter, fi->s.f[i], &l->k, fi->s.name[i])) return 0;
  l->there = cursor_next(l->c, &l->key);
  return l->there >= 0;
}

/* Sends all lanes to a place (null: an end). backwards: against the order by keys. Of the mails with the very key and mid of the place, those in
 * folders beyond its own lie behind it. */
static int seek(find *fi, hit const *from, int at_folder, int backwards, int with_place)
{
  for (size_t i = 0; i < fi->s.count; i++) {
    int beyond = from && (backwards ? i < from->folder : i >= from->folder + (size_t)at_folder), at = from && at_folder && i == from->folder;
    if (!fi->lane[i].c) continue;
    cursor_seek(fi->lane[i].c, from ? &from->key : NULL, backwards, at ? with_place : beyond);
    if (!step(fi, i)) return 0;
  }
  return 1;
}

/* The next mail of all: 1, 0 at the end, -1 with errno. */
static int next(find *fi, int backwards, hit *h)
{
  size_t best = fi->s.count;
  for (size_t i = 0; i < fi->s.count; i++) {
    int r;
    if (!fi->lane[i].c || fi->lane[i].there <= 0) continue;
    if (best == fi->s.count) {
      best = i;
      continue;
    }
    r = order_compare(&fi->lane[i].key, &fi->lane[best].key);
    if (backwards ? r >= 0 : r < 0) best = i;
  }
  if (best == fi->s.count) return 0;
  *h = (hit){ best, fi->lane[best].key };
  return step(fi, best) ? 1 : -1;
}

/* --- places --- */

/* Where a folder of that name stands, or would. */
static size_t folder_place(find const *fi, char const *name, int *there)
{
  size_t len = strlen(name), i = 0;
  for (; i < fi->s.count; i++) {
    slice n = fi->s.name[i];
    size_t least = n.len < len ? n.len : len;
    int r = least ? memcmp(n.s, name, least) : 0;
    if (!r && n.len == len) return *there = 1, i;
    if (r > 0 || (!r && n.len > len)) break;
  }
  return *there = 0, i;
}

/* A mid alone: the mail must be there; in the folder that is named with it, else in the first that has it. */
static int find_mail(find *fi, Porter__Bound const *b)
{
  size_t i = fi->bound.folder;
  slice id = { b->id, strlen(b->id) };
  if (fi->at_folder && folder_find(fi->s.f[i], id)) return EXIT_DONE;
  for (i = 0; i < fi->s.count; i++) {
    if (!fi->s.f[i] || !folder_find(fi->s.f[i], id)) continue;
    fi->bound.folder = i;
    fi->at_folder = 1;
    return EXIT_DONE;
  }
  return method_fail(fi->call, PORTER__ERROR__CODE__NO_SUCH_MAIL, "no such mail", id, 0);
}

static int find_place(find *fi)
{
  Porter__Bound const *b = fi->request->bound;
  int code = EXIT_DONE;
  fi->bounded = b && (*b->param || *b->id || *b->date);
  if (!fi->bounded) return EXIT_DONE;
  if (*b->date && !*b->param && !*b->id) return bound_date(fi->call, fi->by, fi->descending, b->date, &fi->bound.key);
  fi->bound.folder = folder_place(fi, b->folder, &fi->at_folder);
  if (fi->at_folder && !fi->s.f[fi->bound.folder]) fi->at_folder = 0;
  if (!*b->param) code = find_mail(fi, b);
  if (code != EXIT_DONE) return code;
  if (fi->at_folder) return bound_place(fi->call, fi->s.f[fi->bound.folder], fi->by, b, &fi->bound.key);
  if (order_key_bound(&fi->bound.key, fi->by, fi->call->a, (slice){ b->param, strlen(b->param) }, (slice){ b->id, strlen(b->id) })) return EXIT_DONE;
  if (errno != EINVAL) return method_temporary(fi->call, "take memory");
  return method_fail(fi->call, PORTER__ERROR__CODE__BAD_REQUEST, "no place in this order:", (slice){ b->param, strlen(b->param) }, 0);
}

/* --- the page --- */

typedef struct page_s page;
struct page_s {
  hit *hit;
  size_t count, room;
  int ahead, behind; /* there is more, the way it was taken and the other way */
  uint64_t passed;   /* mails that start passed over */
};

static int put(find *fi, page *p, hit const *h)
{
  if (p->count == p->room) {
    size_t room = p->room ? 2 * p->room : 64;
    hit *more = arena_array(fi->call->a, room, sizeof *more);
    if (!more) return 0;
    if (p->count) memcpy(more, p->hit, p->count * sizeof *more);
    p->hit = more;
    p->room = room;
  }
  p->hit[p->count++] = *h;
  return 1;
}

/* --- one a thread: worked out from the beginning --- */

/* The first of each thread, in order, of all that match. */
static int first_of_each(find *fi, page *all)
{
  conversations c;
  unsigned char *seen;
  hit h;
  int there, code = conversations_make(&fi->s, 0, &c);
  if (code != EXIT_DONE) return code;
  if (!(seen = arena_array(fi->call->a, (size_t)c.threads + 1, 1)) || !conversations_index(fi->call->a, &c))
    return method_temporary(fi->call, "take memory");
  there = seek(fi, NULL, 0, fi->descending, 0) ? 1 : -1;
  while (there > 0 && (there = next(fi, fi->descending, &h)) > 0) {
    threaded const *t = conversations_find(&c, h.key.mail);
    /* One that came while heads were read begins a thread of its own. */
    if (t && seen[t->thread]) continue;
    if (t) seen[t->thread] = 1;
    if (!put(fi, all, &h)) there = -1;
  }
  return there < 0 ? method_temporary(fi->call, "read mail") : EXIT_DONE;
}

/* How many of them lie before the bound's place, or at it. */
static size_t count_before(find const *fi, page const *all, int at_too)
{
  size_t i = 0;
  for (; i < all->count; i++) {
    hit const *h = all->hit + i;
    int r = order_compare(&h->key, &fi->bound.key);
    if (!r) r = h->folder < fi->bound.folder ? -1 : fi->at_folder && h->folder == fi->bound.folder ? 0 : 1;
    if (fi->descending) r = -r;
    if (r > 0 || (!r && !at_too)) break;
  }
  return i;
}

static size_t less(size_t n, uint64_t by) { return by > n ? 0 : n - (size_t)by; }

static size_t more(size_t n, uint64_t by, size_t most) { return by > most - n ? most : n + (size_t)by; }

/* Cuts the page out of them; ahead and behind are as if it had been walked. */
static void cut_out(find const *fi, page const *all, page *p, size_t most, int before, uint64_t *position)
{
  uint64_t start = fi->request->start;
  size_t n = all->count, from, to;
  if (before) {
    to = fi->bounded ? count_before(fi, all, 0) : n;
    to = fi->request->back ? more(to, start, n) : less(to, start);
    from = less(to, most);
  } else {
    from = !fi->bounded ? fi->request->back ? n : 0 : count_before(fi, all, !(fi->request->back && start));
    from = fi->request->back ? less(from, start) : more(from, start, n);
    to = more(from, most, n);
  }
  *p = (page){ .hit = all->hit + from, .count = to - from };
  p->ahead = before ? from > 0 : to < n;
  p->behind = before ? to < n : from > 0;
  *position = from;
}

static int same_hit(hit const *a, hit const *b) { return a->folder == b->folder && !order_compare(&a->key, &b->key); }

/* With back: goes as many against the way, and makes that the place, which then belongs to the page. */
static int go_back(find *fi, int backwards, hit *place, int *moved)
{
  hit h;
  int there = seek(fi, fi->bounded ? &fi->bound : NULL, fi->at_folder, !backwards, 0) ? 1 : -1;
  *moved = 0;
  for (uint64_t i = 0; there > 0 && i < fi->request->start; i++) {
    there = next(fi, !backwards, &h);
    if (there > 0) *place = h, *moved = 1;
  }
  return there >= 0;
}

static int take(find *fi, page *p, size_t most, int backwards)
{
  hit place = fi->bound, h;
  int there = 1, moved = 0, back = fi->request->back;
  if (back && !go_back(fi, backwards, &place, &moved)) return 0;
  if (!seek(fi, moved || fi->bounded ? &place : NULL, moved || fi->at_folder, backwards, moved)) return 0;
  if (back && !moved && !fi->bounded) return 1; /* before the end there is nothing */
  for (uint64_t i = 0; there > 0 && !fi->request->back && i < fi->request->start; i++) {
    there = next(fi, backwards, &h);
    p->passed += there > 0;
  }
  while (there > 0 && p->count < most && (there = next(fi, backwards, &h)) > 0)
    if (!put(fi, p, &h)) return 0;
  if (there > 0) there = next(fi, backwards, &h);
  p->ahead = there > 0;
  return there >= 0;
}

/* Whether anything lies before the page on its way. */
static int look_behind(find *fi, page *p, int backwards)
{
  hit h;
  int there;
  if (p->count) there = seek(fi, p->hit, 1, !backwards, 0) ? next(fi, !backwards, &h) : -1;
  else there = seek(fi, fi->bounded ? &fi->bound : NULL, fi->at_folder, !backwards, 1) ? next(fi, !backwards, &h) : -1;
  p->behind = there > 0;
  return there >= 0;
}

/* All that match, and how many of them lie before the page's first. */
static int count_all(find *fi, page const *p, uint64_t *total, uint64_t *position)
{
  hit h;
  int there = seek(fi, NULL, 0, fi->descending, 0) ? 1 : -1;
  *total = 0;
  while (there > 0 && (there = next(fi, fi->descending, &h)) > 0) {
    if (p->count && same_hit(&h, p->hit)) *position = *total;
    ++*total;
  }
  return there >= 0;
}

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

static void turn(page *p)
{
  for (size_t i = 0; i < p->count / 2; i++) {
    hit h = p->hit[i];
    p->hit[i] = p->hit[p->count - 1 - i];
    p->hit[p->count - 1 - i] = h;
  }
}

static int write_hits(find *fi, page const *p)
{
  heads h = { .call = fi->call, .preview = fi->request->preview };
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < p->count; i++) code = write_hit(fi, &h, p->hit + i);
  heads_end(&h);
  return code;
}

/* The heads, and what is said of the page as a whole. */
static int write_page(find *fi, page const *p, int before, int capped, char *state, Porter__FindResp *response)
{
  int code = write_hits(fi, p);
  if (code != EXIT_DONE) return code;
  response->cut = capped && p->ahead;
  response->first = before ? !p->ahead : !p->behind;
  response->last = before ? !p->behind : !p->ahead;
  if (state) response->state = state;
  for (size_t i = 0; i < fi->s.count; i++)
    if (fi->s.f[i]) response->unread_files += folder_unread_files(fi->s.f[i]);
  if (p->count) {
    response->first_bound = make_bound(fi, p->hit);
    response->last_bound = make_bound(fi, p->hit + p->count - 1);
    if (!response->first_bound || !response->last_bound) return method_temporary(fi->call, "take memory");
  }
  return method_write(fi->call, &response->base);
}

static int answer_threads(find *fi, size_t most, int capped, char *state)
{
  Porter__FindResp response = PORTER__FIND_RESP__INIT;
  int before = fi->request->direction == PORTER__FIND_REQ__DIRECTION__BEFORE;
  page all = { .hit = NULL }, p;
  int code = first_of_each(fi, &all);
  if (code != EXIT_DONE) return code;
  cut_out(fi, &all, &p, most, before, &response.position);
  if (fi->request->total) response.total = all.count;
  return write_page(fi, &p, before, capped, state, &response);
}

static int answer(find *fi, char *state)
{
  Porter__FindReq const *request = fi->request;
  Porter__FindResp response = PORTER__FIND_RESP__INIT;
  int before = request->direction == PORTER__FIND_REQ__DIRECTION__BEFORE, backwards = fi->descending != before;
  size_t limit = request->limit ? request->limit : LISTING_DEFAULT,
         cap = request->heads == PORTER__FIND_REQ__HEADS__MIDS ? FIND_MIDS_MAX : LISTING_MAX;
  page p = { .hit = NULL };
  uint64_t position = 0;
  if (request->one_a_thread) return answer_threads(fi, limit < cap ? limit : cap, limit > cap, state);
  if (!take(fi, &p, limit < cap ? limit : cap, backwards) || !look_behind(fi, &p, backwards)) return method_temporary(fi->call, "read mail");
  if (before) turn(&p);
  if (!fi->bounded && !before && !request->back) position = p.passed;
  if (request->total && !count_all(fi, &p, &response.total, &position)) return method_temporary(fi->call, "read mail");
  response.position = position;
  return write_page(fi, &p, before, limit > cap, state, &response);
}

static int compare_names(void const *x, void const *y)
{
  slice const *a = x, *b = y;
  size_t least = a->len < b->len ? a->len : b->len;
  int r = least ? memcmp(a->s, b->s, least) : 0;
  return r ? r : (a->len > b->len) - (a->len < b->len);
}

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
  fi->descending = sort && sort->direction == PORTER__SORT__DIRECTION__DESC;
  code = filter_make(fi->call, request->filter, &fi->filter);
  if (code == EXIT_DONE) code = scope_named(fi->call, &fi->s, request->folders, request->n_folders);
  if (code == EXIT_DONE && fi->s.count) qsort(fi->s.name, fi->s.count, sizeof *fi->s.name, compare_names);
  return code;
}

int method_find_mails(method_call *call)
{
  find fi = { .call = call, .request = call->request };
  char state[STATE_FMT];
  int code = begin(&fi);
  /* The state first: what changes while mails are read shows in the next one. */
  if (code == EXIT_DONE && fi.request->state) code = state_make(&fi.s, 0, fi.s.count, state);
  if (code == EXIT_DONE) code = open_lanes(&fi);
  if (code == EXIT_DONE) code = find_place(&fi);
  if (code == EXIT_DONE) code = answer(&fi, fi.request->state ? state : NULL);
  for (size_t i = 0; fi.lane && i < fi.s.count; i++) cursor_close(fi.lane[i].c);
  filter_end(fi.filter);
  scope_end(&fi.s);
  return code;
}
