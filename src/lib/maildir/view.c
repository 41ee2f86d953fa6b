/* A folder as methods see it (folder.h), made of listings (census.c) and of its files. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "indexed.h"

#define TRIES_MAX 10    /* as Dovecot: so often may another client rename one mail under our hands */
#define WANTED_MAX 1024 /* to want more costs more than to know all mails of most folders */
#define BLIND_AFTER 4   /* tries that found the same name with another inode: listings of this file system tell no inodes */

/* By listing it: where an index does not say what is asked. */
int folder_know(folder *f)
{
  if (!f->known) f->known = census_take(f, &f->mails, NULL);
  return f->known;
}

static int want_all(folder *f)
{
  if (!census_begin(&f->wanted)) return 0;
  for (size_t i = 0; i < f->expected_count; i++)
    if (f->expected[i].possible && !census_want(&f->wanted, f->expected[i].base)) return 0;
  return 1;
}

census *folder_know_base(folder *f, slice base)
{
  if (!f->known && f->expected_count && f->expected_count <= WANTED_MAX) {
    if (!f->some_known) f->some_known = want_all(f) && census_take(f, &f->some, &f->wanted);
    if (!f->some_known) return NULL;
    if (census_find(&f->wanted, base, 0)) return &f->some;
  }
  return folder_know(f) ? &f->mails : NULL;
}

void folder_close(folder *f)
{
  int error = errno;
  if (!f) return;
  if (f->later) census_free(f->later);
  free(f->later);
  census_free(&f->mails);
  census_free(&f->wanted);
  census_free(&f->some);
  folder_index_close(f);
  arena_free(&f->a);
  mail_file_close(&f->file);
  free(f->arrived);
  for (int p = 0; p < PLACES; p++)
    if (f->place[p] >= 0) close(f->place[p]);
  if (f->fd >= 0) close(f->fd);
  free(f);
  errno = error;
}

int folder_same(folder const *a, folder const *b)
{
  struct stat x, y;
  return !fstat(a->fd, &x) && !fstat(b->fd, &y) && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

int folder_counts(folder const *f) { return f->counts; }

/* --- a mail, under whatever name it has --- */

int mail_entry_is(folder const *f, mail_entry const *e, struct stat const *st)
{
  return f->blind || st->st_ino == e->inode ? 1 : (errno = ENOENT, 0);
}

/* Where listings give other inodes than fstatat does for the very same name, they can never agree. */
static void maybe_blind(folder *f, mail_entry const *e, unsigned int tries)
{
  struct stat st;
  if (tries >= BLIND_AFTER && !fstatat(f->place[e->where], e->name, &st, AT_SYMLINK_NOFOLLOW) && st.st_ino != e->inode) f->blind = 1;
}

static int has_inode(census const *c, uint64_t inode)
{
  for (size_t i = 0; i < c->count; i++)
    if (c->mail[i].inode == inode) return 1;
  return 0;
}

static int take_name(folder *f, mail_entry *e, mail_entry const *now)
{
  char *name = arena_copy(&f->a, now->name, strlen(now->name));
  if (!name) return 0;
  e->name = name;
  e->where = now->where;
  e->info = now->info;
  return 1;
}

static int is_same_name(mail_entry const *a, mail_entry const *b) { return a->where == b->where && !strcmp(a->name, b->name); }

/* Looks e up in the later look, which is taken anew where it is too old to know better. *tries are counted. */
static int look_again(folder *f, mail_entry *e, unsigned int *tries)
{
  mail_entry const *now;
  if (!f->later && !(f->later = calloc(1, sizeof *f->later))) return 0;
  now = census_find(f->later, e->base, e->inode);
  if (now && !is_same_name(now, e)) return take_name(f, e, now);
  for (;;) {
    if (++*tries > TRIES_MAX) return errno = ENOENT, 0;
    if (!census_take(f, f->later, NULL)) return 0;
    now = census_find(f->later, e->base, e->inode);
    if (now) {
      if (!is_same_name(now, e)) return take_name(f, e, now);
      maybe_blind(f, e, *tries); /* else it was back at once */
      return 1;
    }
    /* Its inode under another base: another call that took it for a twin puts it back in a moment (change_name.c). */
    if (!has_inode(f->later, e->inode)) return errno = ENOENT, 0;
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
  }
}

int folder_try(folder *f, mail_entry *e, mail_work *work, void *context)
{
  unsigned int tries = 0;
  if (e->gone) return errno = ENOENT, 0;
  for (;;) {
    if (work(f, e, context)) return 1;
    if (errno != ENOENT) return 0;
    if (!look_again(f, e, &tries)) {
      if (errno == ENOENT) e->gone = 1;
      return 0;
    }
  }
}

/* --- facts --- */

static int look_at(folder *f, mail_entry *e, void *st)
{
  struct stat *s = st;
  return !fstatat(f->place[e->where], e->name, s, AT_SYMLINK_NOFOLLOW) && mail_entry_is(f, e, s);
}

int folder_size(folder *f, mail_entry *e, uint64_t *size)
{
  struct stat st;
  if (maildir_name_size(e->base, size)) return 1;
  if (!folder_try(f, e, look_at, &st)) return 0;
  *size = (uint64_t)st.st_size;
  return 1;
}

int folder_arrival(folder *f, mail_entry *e, int64_t *seconds)
{
  struct stat st;
  if (maildir_name_time(e->base, f->now, seconds)) return 1;
  if (!folder_try(f, e, look_at, &st)) return 0;
  *seconds = st.st_mtim.tv_sec;
  return 1;
}

static int mail_entry_unread(mail_entry const *e)
{
  char const *info = e->name + e->info;
  if (!*info || info[1] != '2') return 1;
  for (info += 3; *info && *info != ','; info++)
    if (*info == 'S') return 0;
  return 1;
}

int mail_mid(arena *a, mail_entry const *e, slice *mid) { return maildir_mid(a, e->base, e->twin, e->inode, mid); }

int folder_count_mails(folder *f, int with_octets, folder_count *count)
{
  int const indexed = !f->known && folder_index_count(f, count);
  if (indexed && !with_octets) count->octets = 0;
  if (indexed) return 1;
  *count = (folder_count){ 0 };
  if (!folder_know(f)) return 0;
  for (size_t i = 0; i < f->mails.count; i++) {
    mail_entry *e = f->mails.mail + i;
    uint64_t size = 0;
    if (with_octets && !folder_size(f, e, &size)) {
      if (errno != ENOENT) return 0;
      continue;
    }
    count->mails++;
    count->unread += (uint64_t)mail_entry_unread(e);
    count->octets = count->octets > UINT64_MAX - size ? UINT64_MAX : count->octets + size;
  }
  return 1;
}

#define PART 128 /* reading an index costs as much as looking up one in so many of its mails */

void folder_expect(folder *f, mail_named const *list, size_t count)
{
  if (f->expected) return;
  f->expected = list;
  f->expected_count = count;
}

static void load_for_many(folder_index *ix, size_t count)
{
  if (count > 1 && count > ix->h.n / PART && index_mails_load(ix))
    index_load(ix, (enum index_section)(SECTION_ORDERS + INDEX_BY_BASE), INDEX_FILE_MAX);
}

/* What an index has that may be behind is tried: its name leads to its inode, or the folder is listed, as another mail may have its base by now. */
static mail_entry *find_indexed(folder *f, slice base, uint64_t inode)
{
  folder_index *ix = f->known ? NULL : folder_index_any(f);
  mail_entry *e;
  struct stat st;
  if (!ix) return NULL;
  if (!f->loaded) f->loaded = 1, load_for_many(ix, f->expected_count);
  e = folder_index_find(f, ix, base, inode);
  if (e && !inode && !folder_index_looked(f) && !look_at(f, e, &st)) return NULL;
  if (e) return e;
  ix = folder_index_fresh(f);
  return ix ? folder_index_find(f, ix, base, inode) : NULL;
}

int folder_names(folder *f, mail_entry *e)
{
  mail_entry const *known;
  if (!e->linked) return 1;
  if (!folder_know(f)) return 0;
  known = census_find(&f->mails, e->base, e->inode);
  if (known) e->also = known->also;
  e->linked = 0;
  return 1;
}

int mail_named_scan(mail_named *n, arena *a, slice mid)
{
  *n = (mail_named){ .possible = 0 };
  n->possible = maildir_mid_scan(a, mid, &n->base, &n->inode);
  return n->possible || errno == EINVAL;
}

mail_entry *folder_find_named(folder *f, mail_named const *n)
{
  census const *known;
  mail_entry *e;
  if (!n->possible) return errno = ENOENT, NULL;
  if ((e = find_indexed(f, n->base, n->inode))) return e;
  if (!(known = folder_know_base(f, n->base))) return NULL;
  e = census_find(known, n->base, n->inode);
  if (!e) errno = ENOENT;
  return e;
}

mail_entry *folder_find(folder *f, slice mid)
{
  mail_named n;
  return mail_named_scan(&n, &f->a, mid) ? folder_find_named(f, &n) : NULL;
}

int mail_unreadable(int error) { return error == EACCES || error == EPERM || error == EIO; }

void folder_unread_file(folder *f, mail_entry *e)
{
  slice mid;
  int error = errno;
  if (e->unreadable) return;
  e->unreadable = 1;
  if (!f->unread_files++ && mail_mid(&f->a, e, &mid)) mailbox_warn(f->box, "unable to read mail", mid, error);
  errno = error;
}

size_t folder_unread_files(folder const *f) { return f->unread_files; }

static int take_ids(arena *a, slice raw, slice **list, size_t *count)
{
  *count = 0;
  return !raw.s || mail_ids(a, raw, list, count);
}

static int take_references(arena *a, slice const *field, mail_facts *facts)
{
  slice *list = NULL;
  size_t count = 0;
  if (!take_ids(a, field[FIELD_MESSAGE_ID], &list, &count)) return 0;
  if (count) facts->message_id = list[0];
  if (!take_ids(a, field[FIELD_REFERENCES], &facts->references, &facts->reference_count)) return 0;
  if (!facts->reference_count && !take_ids(a, field[FIELD_IN_REPLY_TO], &facts->references, &facts->reference_count)) return 0;
  if (facts->reference_count > MAIL_REFERENCES_MAX) {
    facts->references += facts->reference_count - MAIL_REFERENCES_MAX;
    facts->reference_count = MAIL_REFERENCES_MAX;
  }
  return 1;
}

#define START 16384 /* holds the heads of nearly every mail, and those of its parts up to the first attachment */

/* What the octets say, of which the mail may have more: 1, 0 with errno, -1 where more of it has to be seen. */
static int facts_of(mail_facts *facts, unsigned int wanted, arena *a, char const *s, size_t len, int whole, charset const *fallback)
{
  mail_charsets charsets = { .looked = 1, .fallback = fallback };
  mail_head head;
  mail_date date;
  mime_tree tree;
  mail_head_scan(&head, s, len);
  if (!whole && !head.complete) return -1;
  int const raw =
    (wanted & FACT_SENDER && mail_field_is_raw(head.field[FIELD_FROM])) || (wanted & FACT_SUBJECT && mail_field_is_raw(head.field[FIELD_SUBJECT]));
  if (wanted & FACT_ATTACHMENT || raw) {
    if (!whole && raw && len < MAIL_DECLARED_MAX) return -1;
    if (!mime_parse(a, s, len, fallback, &tree)) return 0;
    if (!whole && wanted & FACT_ATTACHMENT && !mail_start_says_all(&tree, s, len)) return -1;
    if (wanted & FACT_ATTACHMENT && !mail_has_attachment(a, &tree, &facts->has_attachment)) return 0;
    charsets = mail_charsets_of(&tree, 0);
  }
  if (wanted & FACT_DATE && head.field[FIELD_DATE].s && mail_date_parse(head.field[FIELD_DATE], &date)) facts->date = date.seconds;
  if (wanted & FACT_SENDER && !order_sender(a, &charsets, head.field[FIELD_FROM], &facts->sender)) return 0;
  if (wanted & FACT_SUBJECT && !order_subject(a, &charsets, head.field[FIELD_SUBJECT], &facts->subject)) return 0;
  return !(wanted & FACT_IDS) || take_references(a, head.field, facts);
}

static int read_facts(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  int said;
  if (!mail_file_begin(&f->file, f, e, START)) return 0;
  said = facts_of(facts, wanted, a, f->file.s, f->file.len, f->file.len < START, f->box->fallback);
  if (said >= 0) return said;
  return mail_file_all(&f->file, f, e) && facts_of(facts, wanted, a, f->file.s, f->file.len, 1, f->box->fallback);
}

#define FACTS_OF_HEAD (FACT_DATE | FACT_SENDER | FACT_SUBJECT)

static int copy_text(arena *a, char const *s, size_t len, slice *text)
{
  *text = (slice){ arena_copy(a, s, len), len };
  return text->s != NULL;
}

/* What a fresh index has of the head: 1; 0 where the mail has to be read; -1 where memory fails. */
static int facts_indexed(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  index_room room;
  index_mail m;
  if (!(wanted & FACTS_OF_HEAD) || wanted & (FACT_IDS | FACT_ATTACHMENT)) return 0;
  if (!folder_index_record(f, e, &m, &room) || m.r.provisional) return 0;
  facts->size = m.r.size;
  facts->arrival = m.r.arrival;
  facts->date = m.r.date;
  if (wanted & FACT_SENDER && !copy_text(a, m.text.s, m.r.sender_len, &facts->sender)) return -1;
  if (wanted & FACT_SUBJECT && !copy_text(a, m.text.s + m.r.sender_len, m.r.subject_len, &facts->subject)) return -1;
  return 1;
}

/* All but what its name says. *trouble: the errno of what could not be read, else 0. */
static int make_facts(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts, int *trouble)
{
  int known;
  *facts = (mail_facts){ 0 };
  *trouble = 0;
  known = facts_indexed(f, e, wanted, a, facts);
  if (known) return known > 0;
  if (wanted & FACT_SIZE && !folder_size(f, e, &facts->size)) return 0;
  if (wanted & (FACT_ARRIVAL | FACT_DATE) && !folder_arrival(f, e, &facts->arrival)) return 0;
  facts->date = facts->arrival;
  if (wanted & ~(unsigned int)(FACT_SIZE | FACT_ARRIVAL) && !read_facts(f, e, wanted, a, facts)) {
    if (!mail_unreadable(errno)) return 0;
    *trouble = errno;
    facts->unreadable = 1;
  }
  return 1;
}

int folder_facts_quietly(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  int trouble;
  return make_facts(f, e, wanted, a, facts, &trouble);
}

int folder_facts(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  int trouble;
  if (!make_facts(f, e, wanted, a, facts, &trouble)) return 0;
  if (trouble) errno = trouble, folder_unread_file(f, e);
  maildir_name_split(&facts->name, e->name, strlen(e->name));
  facts->unread = mail_entry_unread(e);
  return mail_mid(a, e, &facts->mid);
}

/* --- whether anything happened --- */

void folder_stamp_add(folder_stamp *stamp, int p, place_stamp const *s, uint64_t clock, int remote)
{
  if (s->inode && !place_stamp_settled(s, clock, remote)) stamp->settled = 0;
  stamp->of[4 * p] = s->changed;
  stamp->of[4 * p + 1] = s->modified;
  stamp->of[4 * p + 2] = s->inode;
  stamp->of[4 * p + 3] = s->device;
}

int folder_stamp_take(folder *f, folder_stamp *stamp)
{
  uint64_t clock;
  stamp->settled = 1;
  if (!place_clock(&clock)) return 0;
  if (f->remote < 0) f->remote = place_remote(f->fd);
  for (int p = 0; p < PLACES; p++) {
    place_stamp s;
    if (!place_stamp_take(f->place[p], &s)) return 0;
    folder_stamp_add(stamp, p, &s, clock, f->remote);
  }
  return 1;
}
