/* Changes: flags, moves, copies, removal. Each mail by renames and unlinks of its own (change_name.c opens with how), so that a crash leaves it whole.
 *
 * What can go wrong, and the rule for each:
 * 1. Two calls move two mails of one base into one folder: neither saw the other. Afterwards each lists the target again and gives its
 *    own mail a fresh base (folder_settle); that both do is no harm.
 * 2. A name has no room for the flags, or the base is taken: a fresh base, which keeps the time of arrival and the size.
 * 3. A mail has several names (hard links): the others follow it, or go with it; what is left of them is an error.
 * 4. Its flags are others than were seen, as the name that is renamed is one that it has got since: what goes along is made of that name.
 *
 * Tests: tests/maildir-change.t, tests/maildir-races.t, tests/maildir-faults.t.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/deliver.h>
#include <porter/keywords.h>

#include "change_internal.h"

#define FRESH_MAX 10 /* unique names that turn out to be taken */

/* --- the name that is wished for --- */

typedef struct wish_s wish;
struct wish_s {
  folder *to;
  census const *there; /* what was known of the base in it */
  char const *add, *remove;
  mail_carried const *with;        /* where it is not null, what it gives is added */
  int fresh;                       /* how many fresh bases were tried */
  char name[MAILDIR_NAME_MAX + 1]; /* what the mail has in the end */
};

/* The name that e gets, by rule 2. 0 with errno. */
static int compose(folder *f, mail_entry *e, wish *w)
{
  char unique[MAILDIR_NAME_MAX + 1], letters[KEYWORDS_LETTERS];
  maildir_name n;
  for (;;) {
    maildir_name_split(&n, e->name, strlen(e->name));
    if (w->with && !w->with->add(w->with->context, n.flags, letters)) return 0;
    if (w->fresh) {
      if (!change_freshen(f, e, &n, unique)) return 0;
      n.uid.len = w->fresh > 1 ? 0 : n.uid.len; /* a name that is taken has its number, too */
    }
    if (maildir_name_flags(w->name, &n, w->with ? letters : w->add, w->remove, w->to != f)) return 1;
    if (w->fresh) return 0;
    w->fresh = 1;
  }
}

/* Where the name is taken: 1, and the next is another; 0 with errno. */
static int wish_again(wish *w)
{
  if (errno != EEXIST || w->fresh >= FRESH_MAX) return 0;
  w->fresh += w->fresh ? 1 : 2;
  return 1;
}

static change_source source_of(folder *f, mail_entry *e) { return (change_source){ f, e, f->place[e->where], e->name }; }

static int rename_to_wish(folder *f, mail_entry *e, wish *w)
{
  for (;;) {
    change_source s = source_of(f, e);
    if (!compose(f, e, w)) return 0;
    if (change_put(&s, w->to->place[PLACE_CUR], w->name)) return 1;
    if (!wish_again(w)) return 0;
  }
}

/* e under the name that it got there. */
static int renamed(folder *f, mail_entry *e, wish const *w, uint64_t inode, mail_entry **now)
{
  mail_entry *n = folder_entry(w->to, w->name, PLACE_CUR, inode);
  if (!n) return 0;
  *now = n;
  if (w->to != f || mail_entry_compare(n, e)) return e->gone = 1, 1;
  e->name = n->name;
  e->where = n->where;
  e->info = n->info;
  *now = e;
  return 1;
}

/* --- flags --- */

static int changes_flags(mail_entry const *e, char const *add, char const *remove)
{
  maildir_name n;
  maildir_name_split(&n, e->name, strlen(e->name));
  for (; *add; add++)
    if (!strchr(remove, *add) && !slice_has(n.flags, *add)) return 1;
  for (; *remove; remove++)
    if (slice_has(n.flags, *remove)) return 1;
  return 0;
}

static int flag_it(folder *f, mail_entry *e, void *context)
{
  wish *w = context;
  /* Where there is nothing to do, the name must still be the mail's: what is known of it may be old. */
  if (!changes_flags(e, w->add, w->remove)) return *w->name = 0, change_has_inode(f, f->place[e->where], e->name, e->inode);
  return rename_to_wish(f, e, w);
}

int folder_set_flags(folder *f, mail_entry *e, char const *add, char const *remove, mail_entry **now)
{
  wish w = { .to = f, .add = add, .remove = remove };
  *now = e;
  if (!folder_try(f, e, flag_it, &w)) return 0;
  return !*w.name || renamed(f, e, &w, e->inode, now);
}

/* --- removal --- */

static int remove_it(folder *f, mail_entry *e, void *context)
{
  change_source s = source_of(f, e);
  (void)context;
  return change_unlink(&s);
}

/* Rule 3. All names but the mail's own, which has gone; *names: how many there were. 0 with errno where one is left. */
static int remove_others(folder *f, mail_entry *e, int64_t *names)
{
  int good = 1, error = 0;
  for (mail_name const *n = e->also; n; n = n->next) {
    change_source s = { f, e, f->place[n->where], n->name };
    if (change_unlink(&s)) ++*names;
    else if (errno != ENOENT) good = 0, error = errno;
  }
  if (!good) errno = error;
  return good;
}

/* Whether taking it away is subtracted from the quota. Courier has done that when T was set, Dovecot does it now: what is subtracted
 * twice lets the mailbox grow beyond its quota, what is not at all is put right by the count that comes before anything is refused. */
static int is_subtracted(folder const *f, mail_entry const *e)
{
  maildir_name n;
  if (!f->counts) return 0;
  maildir_name_split(&n, e->name, strlen(e->name));
  return !slice_has(n.flags, 'T');
}

int folder_remove(folder *f, mail_entry *e)
{
  uint64_t size = 0;
  int64_t names = 1;
  int good, error, subtracted = is_subtracted(f, e);
  if (!folder_names(f, e) || (subtracted && !folder_size(f, e, &size))) return 0;
  if (!folder_try(f, e, remove_it, NULL)) return 0;
  good = remove_others(f, e, &names);
  error = errno;
  e->gone = 1;
  /* What is gone is gone: a quota that could not be kept up is counted anew in time. */
  if (subtracted) mailbox_quota_add(f->box, -names * (int64_t)size, -names);
  return errno = error, good;
}

/* --- moving --- */

static int copy_file(folder *f, mail_entry *e, delivery *d)
{
  struct stat st;
  int from = mail_open(f, e, &st);
  if (from < 0) return 0;
  return close_keeping(from,
    mailbox_deliver_copy(d, from, 0, (uint64_t)st.st_size)
      && mailbox_deliver_written(d, st.st_mode & 0777, (struct timespec[]){ st.st_atim, st.st_mtim }));
}

/* Places the copy under a name that is free. */
static int place_copy(folder *f, mail_entry *e, delivery *d, wish *w)
{
  for (;;) {
    if (!compose(f, e, w)) return 0;
    if (mailbox_deliver_place(d, w->to->place[PLACE_CUR], w->name)) return 1;
    if (!wish_again(w)) return 0;
  }
}

/* *inode: that of the copy, where it can be told. */
static int copy_octets(folder *f, mail_entry *e, wish *w, uint64_t *inode)
{
  delivery d;
  struct stat st;
  int good = mailbox_deliver(&d, f->box, w->to->fd, 0) && copy_file(f, e, &d) && place_copy(f, e, &d, w);
  mailbox_deliver_end(&d);
  if (good && !fstatat(w->to->place[PLACE_CUR], w->name, &st, AT_SYMLINK_NOFOLLOW)) *inode = st.st_ino;
  return good;
}

/* To another file system. The copy lasts before the original goes; where the original stays, the copy goes. */
static int move_across(folder *f, mail_entry *e, wish *w, uint64_t *inode)
{
  int error;
  if (!copy_octets(f, e, w, inode)) return 0;
  if (folder_try(f, e, remove_it, NULL)) return 1;
  error = errno;
  unlinkat(w->to->place[PLACE_CUR], w->name, 0);
  return errno = error, 0;
}

static int move_it(folder *f, mail_entry *e, void *context)
{
  wish *w = context;
  mail_entry const *other = census_find(w->there, e->base, e->inode);
  change_source s = source_of(f, e);
  if (!other) return rename_to_wish(f, e, w);
  strcpy(w->name, other->name);
  return change_put_beside(&s, w->to->place[other->where], w->name);
}

/* Rule 3. The mail's other names follow it; *names: how many there were. 0 with errno where one is left. */
static int move_others(folder *f, mail_entry *e, wish const *w, int64_t *names)
{
  int good = 1, error = 0;
  for (mail_name const *n = e->also; n; n = n->next) {
    change_source s = { f, e, f->place[n->where], n->name };
    char name[MAILDIR_NAME_MAX + 1];
    strcpy(name, w->name);
    if (change_put_beside(&s, w->to->place[PLACE_CUR], name)) ++*names;
    else if (errno != ENOENT) good = 0, error = errno;
  }
  if (!good) errno = error;
  return good;
}

static int remember(folder *to, mail_entry *e)
{
  if (to->arrived_count == to->arrived_room) {
    size_t room = to->arrived_room ? 2 * to->arrived_room : 16;
    mail_entry **more = realloc(to->arrived, room * sizeof *more);
    if (!more) return 0;
    to->arrived = more;
    to->arrived_room = room;
  }
  to->arrived[to->arrived_count++] = e;
  return 1;
}

int folder_move(folder *f, folder *to, mail_entry *e, mail_carried const *with, mail_entry **now)
{
  wish w = { .to = to, .with = with, .remove = with->remove };
  int64_t names = 1;
  uint64_t size = 0, inode = e->inode;
  int good, error, subtracted = is_subtracted(f, e);
  *now = NULL;
  if (!folder_names(f, e) || !(w.there = folder_know_base(to, e->base))) return 0;
  w.fresh = census_taken(w.there, e->base, e->inode) ? 2 : 0;
  if ((f->counts != to->counts || (f->counts && e->also)) && !folder_size(f, e, &size)) return 0;
  if (to->counts && !f->counts && !mailbox_quota_room(f->box, (int64_t)size, 1)) return 0;
  if (folder_try(f, e, move_it, &w)) good = move_others(f, e, &w, &names);
  else {
    if (errno != EXDEV || !move_across(f, e, &w, &inode)) return 0;
    good = remove_others(f, e, &names);
  }
  error = errno;
  e->gone = 1;
  names = to->counts ? f->counts ? 1 - names : 1 : subtracted ? -names : 0;
  if (names) mailbox_quota_add(f->box, names * (int64_t)size, names);
  return renamed(f, e, &w, inode, now) && remember(to, *now) && (errno = error, good);
}

/* --- copying --- */

/* One step, which never replaces. What was linked is looked at: its name may have led to another mail by then. */
static int link_it(folder *f, mail_entry *e, void *context)
{
  wish *w = context;
  int cur = w->to->place[PLACE_CUR];
  for (;;) {
    if (!compose(f, e, w)) return 0;
    if (!linkat(f->place[e->where], e->name, cur, w->name, 0)) {
      if (change_made(w->to, cur, w->name, e->inode)) return 1;
      unlinkat(cur, w->name, 0);
      return errno = ENOENT, 0;
    }
    if (!wish_again(w)) return 0;
    if (change_has_inode(w->to, cur, w->name, e->inode)) return 1;
  }
}

static int no_link(int error) { return error == EXDEV || error == EMLINK || error == EPERM || error == EOPNOTSUPP || error == ENOSYS; }

int folder_copy(folder *f, folder *to, mail_entry *e, mail_carried const *with, mail_entry **now)
{
  wish w = { .to = to, .with = with, .remove = with->remove };
  uint64_t size = 0, inode = e->inode;
  int same = with->same, good;
  *now = NULL;
  if (!(w.there = folder_know_base(to, e->base))) return 0;
  if (!same && (*now = census_find(w.there, e->base, e->inode))) return 1;
  w.fresh = same || census_taken(w.there, e->base, e->inode) ? 2 : 0;
  if (to->counts && (!folder_size(f, e, &size) || !mailbox_quota_room(f->box, (int64_t)size, 1))) return 0;
  good = !same && folder_try(f, e, link_it, &w);
  if (!good && !same && !no_link(errno)) return 0;
  if (!good && !copy_octets(f, e, &w, &inode)) return 0;
  if (to->counts) mailbox_quota_add(f->box, (int64_t)size, 1);
  *now = folder_entry(to, w.name, PLACE_CUR, inode);
  return *now && remember(to, *now);
}

/* --- two mails of one base that came at once --- */

/* Rule 1. */
static int settle_one(folder *to, census const *now, mail_entry *e)
{
  mail_entry *found = census_find(now, e->base, e->inode);
  wish w = { .to = to, .add = "", .remove = "", .fresh = 2 };
  mail_entry *n;
  if (!found || !census_taken(now, e->base, e->inode)) return 1;
  if (!rename_to_wish(to, found, &w)) return errno == ENOENT;
  n = folder_entry(to, w.name, PLACE_CUR, e->inode);
  if (!n) return 0;
  *e = *n;
  return 1;
}

int folder_settle(folder *to)
{
  census wanted = { .count = 0 }, now = { .count = 0 };
  int error, good = !to->arrived_count || census_begin(&wanted);
  for (size_t i = 0; good && i < to->arrived_count; i++) good = census_want(&wanted, to->arrived[i]->base);
  if (good && to->arrived_count) good = census_take(to, &now, &wanted);
  for (size_t i = 0; good && i < to->arrived_count; i++) good = settle_one(to, &now, to->arrived[i]);
  if (good) to->arrived_count = 0;
  error = errno;
  census_free(&wanted);
  census_free(&now);
  return errno = error, good;
}

/* --- lasting --- */

int folder_sync(folder const *f)
{
  for (int p = 0; p < PLACES; p++)
    if (f->place[p] >= 0 && !mailbox_sync(f->place[p])) return 0;
  return 1;
}
