/* Knowing what is in a folder: new and cur are listed (place.c), each mail once, found by base and inode.
 *
 * What can go wrong, and the rule for each:
 * 1 and 2. Two files have one base, or one file two names: census_table.c.
 * 3. A mail goes from new to cur between the two listings: new is listed first, so it is met. One that goes back from cur to
 *    new would be missed: where new's stamp moved or is not settled, new is listed once more, and the union counts. Where it did
 *    move, one may have gone there and back, so cur is seen to likewise, and so on, PASSES_MAX times.
 * 4. A mail gets another base while we look (mbsync's ",U=" belongs to no base, but others rename too): of two with one inode
 *    of which one may be stale, that is dropped whose name is not there any more. Both there: two mails, hard links.
 * 5. A place that took several calls (place.c, rule 3), or was changed while a server or btrfs listed it, is scanned again, up to SCANS_MAX times, until no
 *    change shows. What an earlier scan met and a later did not is kept until fstatat and further scans agree that it has gone.
 * 6. Where mails are named, their bases alone are kept (wanted). Of a mail that gets another base while we look rule 4 then knows one name; where
 *    that leads nowhere it is looked up again among all (folder_try), as one is that an index told of.
 * 7. The folder is removed while we look: a directory that is no more cannot be listed. Without its cur the folder has gone, and has no mails: who
 *    named it asks folder_gone. Without new alone it may be back in a moment (remove_folder.c): then it has none in new. The inbox never goes, as
 *    the mailbox would have gone with it, or be out of reach: that is a failure.
 *
 * Tests: tests/maildir-races.t has 1 to 4 and 7, tests/unit/census.c 5; tests/soak goes on for minutes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "census_internal.h"

#define SCANS_MAX 3 /* what several calls a place have found is then taken, unless something is in doubt */
#define SCANS_IN_DOUBT_MAX 8
#define MISSED_MAX 2 /* scans that may miss a mail which is there: others rename it each time */
#define PASSES_MAX 8

/* --- what has gone --- */

/* How many names the file has that e's name leads to; 0 where that is not e. */
static nlink_t is_there(folder const *f, mail_entry const *e)
{
  struct stat st;
  return !fstatat(f->place[e->where], e->name, &st, AT_SYMLINK_NOFOLLOW) && mail_entry_is(f, e, &st) ? st.st_nlink : 0;
}

/* Rule 5. *doubt: something was missed once. */
static int judge_missed(folder const *f, census *c, unsigned int first, int exact, int *doubt)
{
  for (size_t i = 0; i < c->count; i++) {
    mail_entry *e = c->mail + i;
    if (e->seen >= first) continue;
    if (exact) e->gone = 1;
    else if (is_there(f, e)) e->seen = c->pass;
    else if (e->missed == MISSED_MAX) e->gone = 1;
    else e->missed++, *doubt = 1;
  }
  return census_drop_gone(c);
}

static int compare_inodes(void const *x, void const *y)
{
  mail_entry const *a = *(mail_entry *const *)x, *b = *(mail_entry *const *)y;
  return (a->inode > b->inode) - (a->inode < b->inode);
}

/* One inode met under two bases: a mail that was renamed meanwhile, unless it has two names and both are there. */
static void judge_pair(folder const *f, mail_entry *x, mail_entry *y)
{
  nlink_t names;
  if (x->gone || y->gone || x->inode != y->inode) return;
  names = is_there(f, x);
  if (!names) x->gone = 1;
  else if (names == 1 || !is_there(f, y)) y->gone = 1;
}

static void judge_pairs(folder const *f, census const *c, mail_entry **few, size_t count, unsigned int cur)
{
  unsigned char bits[CENSUS_BITS / 8] = { 0 };
  qsort(few, count, sizeof *few, compare_inodes);
  for (size_t i = 0; i < count; i++) {
    census_set_bit(bits, few[i]->inode);
    if (i) judge_pair(f, few[i - 1], few[i]);
  }
  for (size_t i = 0; i < c->count; i++) {
    mail_entry *e = c->mail + i, **found;
    if (e->where == PLACE_NEW || e->seen < cur || !census_has_bit(bits, e->inode)) continue;
    found = bsearch(&e, few, count, sizeof *few, compare_inodes);
    if (found) judge_pair(f, *found, e);
  }
}

/* Rule 4, where a place has been listed twice: of what may be stale, or else has been met in new. cur is the last pass over cur. */
static int judge_renamed(folder const *f, census *c, unsigned int cur)
{
  size_t n = 0, room = 0;
  mail_entry **few;
  for (size_t i = 0; i < c->count; i++) room += c->mail[i].where == PLACE_NEW || c->mail[i].seen < cur;
  if (!room) return 1;
  few = malloc(room * sizeof *few);
  if (!few) return 0;
  for (size_t i = 0; i < c->count; i++)
    if (c->mail[i].where == PLACE_NEW || c->mail[i].seen < cur) few[n++] = c->mail + i;
  judge_pairs(f, c, few, n, cur);
  free(few);
  return census_drop_gone(c);
}

/* --- one look --- */

/* The last pass over a place. */
typedef struct look_s look;
struct look_s {
  place_stamp before;
  uint64_t clock;
  unsigned int pass, calls;
};

static int settled(folder *f, look const *l) { return place_stamp_settled(&l->before, l->clock, folder_kind(f) == PLACE_REMOTE); }

/* Rule 7: whether what failed did so as new alone is no more, or for another reason. */
static int lacks_new(int where) { return where == PLACE_NEW && errno == ENOENT; }

static int stamp_of(folder const *f, int where, place_stamp *s) { return place_stamp_take(f->place[where], s) || lacks_new(where); }

/* Whether the place has, or may have, changed since it was listed: 1, 0, -1 with errno. */
static int may_differ(folder *f, int where, look const *l)
{
  place_stamp now;
  if (f->place[where] < 0) return 0;
  if (!stamp_of(f, where, &now)) return -1;
  return !place_stamp_same(&now, &l->before) || !settled(f, l);
}

/* Whether it was one moment: -1 with errno. On a remote file system one call may be several at the server, on btrfs it may lack what was renamed. */
static int was_moment(folder *f, int where, look const *l)
{
  place_stamp now;
  int differ;
  if (l->calls > 1 || folder_kind(f) == PLACE_LATE) return (differ = may_differ(f, where, l)) < 0 ? differ : !differ;
  if (f->place[where] < 0 || folder_kind(f) != PLACE_REMOTE) return 1;
  return stamp_of(f, where, &now) ? place_stamp_same(&now, &l->before) : -1;
}

static int list_place(folder *f, census *c, int where, unsigned int first, look *l)
{
  place_list list;
  if (!place_clock(&l->clock) || !stamp_of(f, where, &l->before)) return 0;
  if (!f->space[where]) f->space[where] = place_room(f->place[where]);
  if (!place_read(f->place[where], &c->a, f->space + where, &list) && !lacks_new(where)) return 0;
  l->calls = list.calls;
  l->pass = c->pass + 1u;
  return census_add(c, &list, where, first);
}

/* Rule 3, after one pass over each. *passes: how many there were. */
static int look_further(folder *f, census *c, unsigned int first, look *l, int *passes)
{
  int where = PLACE_NEW;
  for (*passes = 2; *passes < PASSES_MAX; ++*passes, where = where == PLACE_NEW ? PLACE_CUR : PLACE_NEW) {
    size_t met = c->met;
    place_stamp was = l[where].before;
    int differ = may_differ(f, where, l + where);
    if (differ <= 0) return !differ;
    if (!list_place(f, c, where, first, l + where)) return 0;
    /* new did not settle, but nothing happened there. */
    if (c->met == met && place_stamp_same(&was, &l[where].before)) return ++*passes, 1;
  }
  return 1;
}

/* *exact: every listing was one moment, or nothing changed meanwhile. */
static int scan(folder *f, census *c, int *exact)
{
  look l[PLACES];
  unsigned int first = c->pass + 1u;
  int passes;
  *exact = 1;
  for (int p = 0; p < PLACES; p++)
    if (!list_place(f, c, p, first, l + p)) return 0;
  if (!look_further(f, c, first, l, &passes)) return 0;
  for (int p = 0; p < PLACES; p++) {
    int const moment = was_moment(f, p, l + p);
    if (moment < 0) return 0;
    if (!moment) *exact = 0;
  }
  return passes == 2 || judge_renamed(f, c, l[PLACE_CUR].pass);
}

static int begin(census *c, census const *wanted)
{
  if (!census_begin(c)) return 0;
  c->wanted = wanted;
  if (wanted) c->seed = wanted->seed;
  return 1;
}

static int take(folder *f, census *c, census const *wanted)
{
  if (!begin(c, wanted)) return 0;
  for (int scans = 1;; scans++) {
    unsigned int first = c->pass + 1u;
    int exact, doubt = 0;
    if (!scan(f, c, &exact)) return 0;
    if (scans > 1 && !judge_missed(f, c, first, exact, &doubt)) return 0;
    if (exact || (scans >= SCANS_MAX && (!doubt || scans == SCANS_IN_DOUBT_MAX))) return 1;
  }
}

/* Rule 7, of a folder that cannot be listed. That a server says so of all that it has tells nothing. */
static int has_gone(folder const *f)
{
  place_stamp s;
  return errno == ENOENT && strcmp(f->disk, ".") != 0 && place_stamp_take(f->box->fd, &s);
}

int census_take(folder *f, census *c, census const *wanted)
{
  if (take(f, c, wanted)) return 1;
  if (!has_gone(f)) return 0;
  f->gone = 1;
  return begin(c, wanted);
}
