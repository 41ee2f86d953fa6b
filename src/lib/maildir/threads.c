/* Which mails belong together. A mail's keys are the pairs of an id (each that it refers to, then its own Message-ID; without any, its base) and
 * its base subject without white space. A mail joins the oldest thread that has one of its keys, else begins one, whose id is its first key; its
 * keys without a thread get that one. This happens once, in order of arrival, and is never undone: an id never changes.
 *
 * What is known lies in the records of the folders' indexes (a mail's thread) and in porter.threads (a key's thread). Either can be lost: what
 * comes of a key is the same again as long as the table is there, and the table is made of the records.
 *
 * What can go wrong, and the rule for each:
 * 1. A mail has no thread in its record: it came since, or the index is new. It joins, under the table's lock; then its record is told. Killed
 *    between, it joins again, and its keys are in the thread that it came to.
 * 2. There is no table, or it broke: it is made of all folders of the mailbox, those without threads too, so that mails join in the order in which
 *    they arrived, whatever folders the call asks for.
 * 3. The table cannot be locked or written, or a folder has no index (-I, no space, a link): the call has threads for itself, of the folders that
 *    it asks for, and leaves nothing behind.
 * 4. A mail that could not be read has the thread of its base until it can.
 *
 * Tests: tests/maildir-threads.t, tests/index-threads.t, tests/index-model.t. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../index/threads.h"
#include "indexed.h"

#define FACTS (FACT_ARRIVAL | FACT_IDS | FACT_SUBJECT)

/* A mail that joins, or one whose thread is put into a new table. */
typedef struct newcomer_s newcomer;
struct newcomer_s {
  int64_t arrival;
  slice base;
  uint64_t *key; /* of what it refers to, then its own */
  uint64_t thread;
  size_t folder;
  mail_entry *e;   /* null: it is in the folder's index, */
  uint32_t number; /* with that number */
  unsigned int keys;
};

typedef struct joining_s joining;
struct joining_s {
  mailbox *box;
  folder **f;
  unsigned char *indexed, *asked; /* for each: its index has been made; the call asks for it */
  size_t folders;
  newcomer *list;
  size_t count, room;
  uint64_t keys;
  arena a, scratch;
  int known_too;                   /* mails that have a thread are wanted, too */
  char name[MAILDIR_NAME_MAX + 1]; /* of the table */
};

/* --- a mail's keys --- */

static int bare_subject(arena *a, slice *subject)
{
  char *s = arena_take(a, subject->len + 1);
  size_t len = 0;
  if (!s) return 0;
  for (size_t i = 0; i < subject->len; i++)
    if (subject->s[i] != ' ' && subject->s[i] != '\t') s[len++] = subject->s[i];
  *subject = (slice){ s, len };
  return 1;
}

static newcomer *add(joining *j, newcomer const *n, size_t keys)
{
  newcomer *to;
  if (j->count == j->room) {
    size_t const room = j->room ? 2 * j->room : 256;
    newcomer *more = realloc(j->list, room * sizeof *more);
    if (!more) return NULL;
    j->list = more;
    j->room = room;
  }
  to = j->list + j->count;
  *to = *n;
  to->base.s = arena_copy(&j->a, n->base.s, n->base.len);
  to->key = arena_array(&j->a, keys + 1, sizeof *to->key);
  if (!to->base.s || !to->key) return NULL;
  j->count++;
  return to;
}

static int finish(joining *j, newcomer *n, uint64_t message_id, slice subject)
{
  if (message_id) n->key[n->keys++] = thread_key(message_id, subject);
  if (!n->keys) n->key[n->keys++] = thread_key(index_id_hash(n->base), subject);
  j->keys += n->keys;
  return 1;
}

static int add_record(joining *j, size_t at, index_mail const *m)
{
  char const *const references = m->text.s + m->r.sender_len + m->r.subject_len;
  size_t const count = (unsigned char)*references;
  slice subject = { m->text.s + m->r.sender_len, m->r.subject_len };
  newcomer *const n =
    add(j, &(newcomer){ .arrival = m->r.arrival, .base = m->base, .thread = m->r.thread, .folder = at, .number = m->number }, count + 1);
  if (!n || !bare_subject(&j->scratch, &subject)) return 0;
  for (size_t i = 0; i < count; i++) n->key[n->keys++] = thread_key(get64(references + 1 + 8 * i), subject);
  finish(j, n, m->r.message_id, subject);
  arena_reset(&j->scratch);
  return 1;
}

/* 1, also where the mail has gone; 0 with errno. */
static int add_entry(joining *j, size_t at, mail_entry *e)
{
  mail_facts facts;
  newcomer *n;
  if (!folder_facts(j->f[at], e, FACTS, &j->scratch, &facts)) return errno == ENOENT;
  n = add(j, &(newcomer){ .arrival = facts.arrival, .base = e->base, .folder = at, .e = e }, facts.reference_count + 1);
  if (!n || !bare_subject(&j->scratch, &facts.subject)) return 0;
  for (size_t i = 0; i < facts.reference_count; i++) n->key[n->keys++] = thread_key(index_id_hash(facts.references[i]), facts.subject);
  finish(j, n, facts.message_id.len ? index_id_hash(facts.message_id) : 0, facts.subject);
  arena_reset(&j->scratch);
  return 1;
}

/* --- a folder's mails --- */

static int wanted(joining const *j, index_record const *r) { return !r->thread || r->provisional || j->known_too; }

static int add_number(joining *j, size_t at, folder_index *ix, uint32_t number)
{
  index_room room;
  index_mail m;
  if (!index_get(ix, number, &m, &room)) return errno == ENOENT && !ix->broken;
  return !wanted(j, &m.r) || add_record(j, at, &m);
}

/* Of the image those in [0, n) where all are looked at, else the provisional ones; then those that came since. */
static int add_indexed(joining *j, size_t at, folder_index *ix)
{
  uint32_t provisional[INDEX_PROVISIONAL_MAX];
  size_t count = 0;
  int const all = ix->h.threadless || j->known_too;
  int good = index_apply(ix) && (!all || index_mails_load(ix));
  if (good && ix->h.section[SECTION_PROVISIONAL].len) good = folder_index_remake(j->f[at], 0);
  if (good && !all) good = index_provisional(ix, provisional, &count);
  for (uint32_t i = 0; good && all && i < ix->h.n; i++) good = add_number(j, at, ix, i);
  for (size_t i = 0; good && i < count; i++) good = provisional[i] >= ix->h.n || add_number(j, at, ix, provisional[i]);
  for (size_t i = 0; good && i < ix->changes; i++) good = ix->change[i].mail.number < ix->h.n || add_number(j, at, ix, ix->change[i].mail.number);
  return good;
}

static int add_listed(joining *j, size_t at)
{
  folder *const f = j->f[at];
  if (!folder_know(f)) return 0;
  for (size_t i = 0; i < f->mails.count; i++)
    if (!f->mails.mail[i].gone && !f->mails.mail[i].thread && !add_entry(j, at, f->mails.mail + i)) return 0;
  return 1;
}

/* What broke on the way is forgotten, and the folder is listed. */
static int add_folder(joining *j, size_t i)
{
  folder_index *const ix = folder_index_kept(j->f[i]);
  size_t const before = j->count;
  uint64_t const keys = j->keys;
  j->indexed[i] = ix != NULL;
  if (ix && add_indexed(j, i, ix)) return 1;
  if (ix && !ix->broken && errno == ENOMEM) return 0;
  j->count = before;
  j->keys = keys;
  if (ix) ix->broken = 1;
  j->indexed[i] = 0;
  return !j->asked[i] || add_listed(j, i);
}

/* --- all folders, for a new table --- */

static int is_there(joining const *j, folder const *f)
{
  for (size_t i = 0; i < j->folders; i++)
    if (!strcmp(j->f[i]->disk, f->disk)) return 1;
  return 0;
}

/* A folder that cannot be opened has no mails for us. */
static int open_other(joining *j, slice name)
{
  folder *f;
  if (!folder_open(&f, j->box, name)) return errno != ENOMEM && errno != EMFILE;
  if (f->linked || is_there(j, f)) folder_close(f);
  else j->f[j->folders++] = f;
  return 1;
}

static int open_others(joining *j)
{
  slice *names;
  size_t count, i;
  folder **f;
  unsigned char *marks;
  if (!mailbox_folders(j->box, &j->a, &names, &count)) return 0;
  f = arena_array(&j->a, j->folders + count + 1, sizeof *f);
  marks = arena_array(&j->a, 2 * (j->folders + count + 1), 1);
  if (!f || !marks) return 0;
  memcpy(f, j->f, j->folders * sizeof *f);
  memcpy(marks, j->asked, j->folders);
  memcpy(marks + j->folders + count + 1, j->indexed, j->folders);
  j->f = f;
  j->asked = marks;
  j->indexed = marks + j->folders + count + 1;
  if (!open_other(j, (slice){ "", 0 })) return 0;
  for (i = 0; i < count; i++)
    if (!open_other(j, names[i])) return 0;
  return 1;
}

/* --- joining --- */

static int by_arrival(void const *x, void const *y)
{
  newcomer const *a = x, *b = y;
  int r;
  if (a->arrival != b->arrival) return a->arrival < b->arrival ? -1 : 1;
  r = slice_compare(a->base, b->base);
  return r ? r : (a->folder > b->folder) - (a->folder < b->folder);
}

static int put_keys(thread_table *t, newcomer const *n, uint64_t thread)
{
  for (unsigned int k = 0; k < n->keys; k++)
    if (!thread_table_put(t, n->key[k], thread)) return 0;
  return 1;
}

/* As all mails came, those whose threads are known among the others. */
static int replay(joining const *j, thread_table *t, uint64_t *thread)
{
  for (size_t i = 0; i < j->count; i++) {
    newcomer const *const n = j->list + i;
    thread[i] = n->thread;
    if (n->thread ? !thread_table_know(t, n->thread) || !put_keys(t, n, n->thread) : !thread_table_join(t, n->key, n->keys, thread + i)) return 0;
  }
  return 1;
}

/* A table is lost, and so are some mails' threads: what these were comes of a replay. Then every thread has its own key first, by age. */
static int remake(joining const *j, thread_table *t, uint64_t *thread)
{
  thread_table scratch;
  int good = thread_table_open(&scratch, -1, NULL) >= 0 && thread_table_expect(&scratch, j->keys) && replay(j, &scratch, thread);
  thread_table_close(&scratch);
  for (size_t i = 0; good && i < j->count; i++) good = thread_table_know(t, thread[i]);
  for (size_t i = 0; good && i < j->count; i++) good = put_keys(t, j->list + i, thread[i]);
  return good;
}

/* In the order of the list. */
static int join_all(joining const *j, thread_table *t, uint64_t *thread)
{
  size_t known = 0;
  if (j->known_too && !thread_table_expect(t, j->keys)) return 0;
  for (size_t i = 0; j->known_too && i < j->count; i++) known += j->list[i].thread != 0;
  if (known) return remake(j, t, thread);
  for (size_t i = 0; i < j->count; i++)
    if (!thread_table_join(t, j->list[i].key, j->list[i].keys, thread + i)) return 0;
  return 1;
}

static int add_folders(joining *j, size_t from)
{
  for (size_t i = from; i < j->folders; i++)
    if (!add_folder(j, i)) return 0;
  return 1;
}

/* Rule 2; without a lock rule 3. */
static int gather_all(joining *j, int lasting)
{
  j->known_too = 1;
  j->count = 0;
  j->keys = 0;
  return (!lasting || open_others(j)) && add_folders(j, 0);
}

static void sort(joining *j)
{
  if (j->count) qsort(j->list, j->count, sizeof *j->list, by_arrival);
}

/* *thread: of each in the list, in the arena. A table that is broken is made anew, once. */
static int join(joining *j, thread_table *t, uint64_t **thread)
{
  for (int tries = 0; tries < 2; tries++) {
    sort(j);
    *thread = arena_array(&j->a, j->count + 1, sizeof **thread);
    if (!*thread) return 0;
    if (join_all(j, t, *thread)) return 1;
    if (!t->broken || !thread_table_empty(t) || !gather_all(j, t->writable)) return 0;
  }
  return 0;
}

/* --- what came of it --- */

static int by_folder(void const *x, void const *y)
{
  newcomer const *a = x, *b = y;
  if (a->folder != b->folder) return a->folder < b->folder ? -1 : 1;
  return (a->number > b->number) - (a->number < b->number);
}

/* The mails of one folder, from at on: those with another thread than their record says. */
static int tell(joining *j, size_t from, size_t to, int lasting)
{
  folder *const f = j->f[j->list[from].folder];
  index_threading *const list = malloc((to - from) * sizeof *list);
  int good = list != NULL;
  for (size_t i = from; good && i < to; i++) list[i - from] = (index_threading){ j->list[i].number, j->list[i].thread };
  if (good && folder_index_looked(f)) good = folder_index_thread(f, list, to - from, lasting) || !folder_index_looked(f);
  free(list);
  return good;
}

static int tell_all(joining *j, uint64_t const *thread, int lasting)
{
  size_t n = 0;
  for (size_t i = 0; i < j->count; i++) {
    newcomer x = j->list[i];
    if (x.thread == thread[i]) continue;
    x.thread = thread[i];
    if (x.e) x.e->thread = thread[i];
    else j->list[n++] = x;
  }
  j->count = n;
  if (n) qsort(j->list, n, sizeof *j->list, by_folder);
  for (size_t i = 0, to; i < n; i = to) {
    for (to = i + 1; to < n && j->list[to].folder == j->list[i].folder; to++)
      ;
    if (!tell(j, i, to, lasting)) return 0;
  }
  return 1;
}

/* Whether a mail of the folder may have no thread. Its index is made, or it is listed. */
static int has_news(joining *j, size_t i)
{
  folder_index *const ix = folder_index_kept(j->f[i]);
  int news = 0;
  j->indexed[i] = ix != NULL;
  if (!ix) return 1;
  if (ix->h.threadless || ix->h.section[SECTION_PROVISIONAL].len || !index_apply(ix)) return 1;
  for (size_t k = 0; k < ix->changes && !news; k++) {
    index_change const *const c = ix->change + k;
    news = !c->gone && (c->added || c->keyed) && (c->mail.r.provisional || !(c->threaded ? c->thread : c->mail.r.thread));
  }
  return news;
}

static int work(joining *j)
{
  thread_table t;
  uint64_t *thread = NULL;
  int good = 0, lasting, state, news = 0;
  for (size_t i = 0; i < j->folders; i++) news |= has_news(j, i);
  if (!news) return 1;
  state = thread_table_open(&t, mailbox_threads_place(j->box, j->name), j->name);
  if (state < 0) return thread_table_close(&t), 0;
  good = state ? add_folders(j, 0) : gather_all(j, t.writable);
  good = good && (!j->count || join(j, &t, &thread));
  lasting = t.writable;
  if (good) thread_table_write(&t);
  thread_table_close(&t);
  return good && (!j->count || tell_all(j, thread, lasting));
}

int folders_thread(mailbox *box, folder *const *f, size_t count)
{
  joining j = { .box = box };
  int error, good;
  j.f = arena_array(&j.a, count + 1, sizeof *j.f);
  j.asked = arena_array(&j.a, 2 * (count + 1), 1);
  good = j.f && j.asked;
  if (good) j.indexed = j.asked + count + 1;
  for (size_t i = 0; good && i < count; i++)
    if (f[i]) j.asked[j.folders] = 1, j.f[j.folders++] = f[i];
  count = j.folders;
  good = good && work(&j);
  error = errno;
  for (size_t i = count; i < j.folders; i++) folder_close(j.f[i]);
  free(j.list);
  arena_free(&j.scratch);
  arena_free(&j.a);
  return errno = error, good;
}

/* --- asked --- */

int mailbox_has_threads(mailbox *box)
{
  char name[MAILDIR_NAME_MAX + 1];
  struct stat st;
  int const dir = mailbox_threads_place(box, name), error = errno;
  return dir >= 0 && !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) ? 1 : (errno = error, 0);
}

uint64_t folder_thread(folder *f, mail_entry const *e)
{
  folder_index *const ix = folder_index_looked(f);
  index_room room;
  index_mail m;
  uint32_t number = e->number - 1;
  size_t count = 1;
  if (!ix) return e->thread;
  if (!e->number && (!index_base_find(ix, e->base, e->inode, &number, 1, &count) || !count)) return e->thread;
  return index_get(ix, number, &m, &room) && m.inode == e->inode ? m.r.thread : e->thread;
}
