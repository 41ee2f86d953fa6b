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
 * 3. The table cannot be locked or written, a folder has no index (-I, no space, a link), or there are more than a thousand folders: the call has
 *    threads for itself, of the folders that it asks for, and leaves nothing behind.
 * 4. A mail that could not be read has the thread of its base until it can (threads_gather.c).
 * 5. Keys are made in another way than before (a new version of porter, another -c). Indexes are made anew, with the threads that their mails had
 *    (indexed_image.c), and the table of these, as in 2: nobody moves, two threads that have a key in common now stay two, and mail that comes then
 *    joins the older.
 *
 * Tests: tests/maildir-threads.t, tests/index-threads.t, tests/index-model.t. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "threads_internal.h"

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

/* Keys that room is made for at once. Mails of a long thread name the same ids, hundreds each, so that all together say little of how many there are. */
static uint64_t expected(joining const *j)
{
  uint64_t const usual = 2 * (uint64_t)j->count;
  return j->keys < usual ? j->keys : usual;
}

/* A table is lost, and so are some mails' threads: what these were comes of a replay. Then every thread has its own key first, by age. */
static int remake(joining const *j, thread_table *t, uint64_t *thread)
{
  thread_table scratch;
  int good = thread_table_open(&scratch, -1, NULL, t->version) >= 0 && thread_table_expect(&scratch, expected(j)) && replay(j, &scratch, thread);
  thread_table_close(&scratch);
  for (size_t i = 0; good && i < j->count; i++) good = thread_table_know(t, thread[i]);
  for (size_t i = 0; good && i < j->count; i++) good = put_keys(t, j->list + i, thread[i]);
  return good;
}

/* In the order of the list. */
static int join_all(joining const *j, thread_table *t, uint64_t *thread)
{
  size_t known = 0;
  if (j->known_too && !thread_table_expect(t, expected(j))) return 0;
  for (size_t i = 0; j->known_too && i < j->count; i++) known += j->list[i].thread != 0;
  if (known) return remake(j, t, thread);
  for (size_t i = 0; i < j->count; i++)
    if (!thread_table_join(t, j->list[i].key, j->list[i].keys, thread + i)) return 0;
  return 1;
}

static void sort(joining *j)
{
  if (j->count) qsort(j->list, j->count, sizeof *j->list, by_arrival);
}

/* Rule 2, but where the mailbox has more folders than can be open at once: rule 3. */
static int gather_all(joining *j, thread_table *t)
{
  if (joining_gather_all(j, t->writable)) return 1;
  if (!t->writable || (errno != EMFILE && errno != ENFILE)) return 0;
  t->writable = 0;
  joining_forget_others(j);
  return joining_gather_all(j, 0);
}

/* *thread: of each in the list, in the arena. A table that is broken is made anew, once. */
static int join(joining *j, thread_table *t, uint64_t **thread)
{
  for (int tries = 0; tries < 2; tries++) {
    sort(j);
    *thread = arena_array(&j->a, j->count + 1, sizeof **thread);
    if (!*thread) return 0;
    if (join_all(j, t, *thread)) return 1;
    if (!t->broken || !thread_table_empty(t) || !gather_all(j, t)) return 0;
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

/* Images whose mails without a thread have all gone: else every call would look for them. */
static int tell_of_gone(joining *j)
{
  for (size_t i = 0; i < j->folders; i++) {
    folder_index const *const ix = folder_index_looked(j->f[i]);
    if (ix && ix->h.threadless && !folder_index_thread(j->f[i], NULL, 0, 1) && folder_index_looked(j->f[i])) return 0;
  }
  return 1;
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
  return !lasting || tell_of_gone(j);
}

static int work(joining *j)
{
  thread_table t;
  uint64_t *thread = NULL;
  int good = 0, lasting, state, news = 0;
  for (size_t i = 0; i < j->folders; i++) news |= joining_has_news(j, i);
  if (!news) return 1;
  state = thread_table_open(&t, mailbox_threads_place(j->box, j->name), j->name, mailbox_keys_version(j->box));
  if (state < 0) return thread_table_close(&t), 0;
  good = state ? joining_gather(j) : gather_all(j, &t);
  good = good && (!j->count || join(j, &t, &thread));
  /* Records are not told what the table does not know: then nobody would look for these mails' keys again. */
  lasting = good && thread_table_write(&t);
  thread_table_close(&t);
  return good && tell_all(j, thread, lasting);
}

int folders_thread(mailbox *box, folder *const *f, size_t count)
{
  joining j = { .box = box };
  int error, good;
  j.f = arena_array(&j.a, count + 1, sizeof *j.f);
  good = j.f != NULL;
  for (size_t i = 0; good && i < count; i++)
    if (f[i]) j.f[j.folders++] = f[i];
  j.asked = j.folders;
  good = good && work(&j);
  error = errno;
  joining_forget_others(&j);
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
