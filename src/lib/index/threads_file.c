/* The file of the table of threads.
 *
 * What can go wrong, and the rule for each:
 * 1. Its owner puts something else there: it must be a regular file, ours, with one name; what is not is removed.
 * 2. It is killed while it writes: ids go before the header that counts them, and that before the slots that name them. A slot that was not written
 *    has its key join again, and come to the same thread. A file that is written whole has no header until all else is there.
 * 3. Two write at once: there is one lock, which is waited for for a second; who has not got it reads, and keeps what he finds in memory.
 * 4. The machine was started anew: some blocks may be those of before, as nothing is synced. The table is made anew.
 * 5. Keys are made in another way than those that lie there: no mail would find them. The table is made anew.
 *
 * Tests: tests/index-threads.t, tests/fuzz/threads.c. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <porter/locking.h>

#include "index.h"
#include "threads_internal.h"

#define LOCK_MS 1000
#define ROOM_FACTOR 10 /* a file system with less free than so many tables gets none */

enum {
  AT_FORMAT = 8,
  AT_MARK = 12,
  AT_BIRTH = 16,
  AT_KEY = 24,
  AT_SLOT_BLOCKS = 40,
  AT_THREADS = 44,
  AT_KEYS = 48,
  AT_STARTED = 56,
  AT_VERSION = 64
};
#define FORMAT 2
#define ORDER_MARK 0x01020304u

/* --- opening --- */

static int is_ours(struct stat const *st) { return S_ISREG(st->st_mode) && st->st_uid == geteuid() && st->st_nlink == 1; }

/* The lock, where the path still leads to what was opened. */
static int lock(thread_table *t)
{
  struct stat here, there;
  if (!lock_within(t->fd, LOCK_MS)) return 0;
  return !fstat(t->fd, &here) && !fstatat(t->dir, t->name, &there, AT_SYMLINK_NOFOLLOW) && here.st_ino == there.st_ino && here.st_dev == there.st_dev
    && here.st_nlink == 1;
}

static int open_as(thread_table *t, int flags)
{
  struct stat st;
  t->fd = openat(t->dir, t->name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
  if (t->fd < 0) return 0;
  if (!fstat(t->fd, &st) && is_ours(&st)) return 1;
  close(t->fd);
  t->fd = -1;
  return errno = ELOOP, 0;
}

/* What else has the name is removed once, as a rename over it would. */
static void open_file(thread_table *t)
{
  if (t->dir < 0) return;
  if (!open_as(t, O_RDWR | O_CREAT) && (errno == ELOOP || errno == ENXIO)) {
    unlinkat(t->dir, t->name, 0);
    open_as(t, O_RDWR | O_CREAT | O_EXCL);
  }
  if (t->fd >= 0) t->writable = lock(t);
  else open_as(t, O_RDONLY);
}

static int read_header(thread_table *t)
{
  char s[THREADS_BLOCK];
  struct stat st;
  if (t->fd < 0 || fstat(t->fd, &st) < 0 || st.st_size < THREADS_BLOCK || !thread_block_read(t->fd, 0, s)) return 0;
  t->birth = get64(s + AT_BIRTH);
  memcpy(t->key, s + AT_KEY, INDEX_KEY);
  t->slot_blocks = get32(s + AT_SLOT_BLOCKS);
  t->threads = get32(s + AT_THREADS);
  t->keys = get32(s + AT_KEYS);
  return !memcmp(s, THREADS_MAGIC, 8) && get32(s + AT_FORMAT) == FORMAT && get32(s + AT_MARK) == ORDER_MARK
    && get64(s + THREADS_AT_CHECK) == thread_block_check(t, UINT32_MAX, s) && get64(s + AT_VERSION) == t->version
    && machine_same_start(t->fd, get64(s + AT_STARTED)) && t->slot_blocks && t->slot_blocks <= THREADS_BLOCKS_MAX && t->threads <= THREADS_MAX
    && t->keys <= (uint64_t)t->slot_blocks * THREADS_SLOTS
    && (uint64_t)st.st_size >= ((uint64_t)1 + t->slot_blocks + thread_id_blocks(t->threads)) * THREADS_BLOCK;
}

int thread_table_empty(thread_table *t)
{
  thread_blocks_forget(t);
  t->broken = 0;
  t->whole = 1;
  t->threads = t->keys = 0;
  if (getrandom(&t->birth, sizeof t->birth, 0) != sizeof t->birth || getrandom(t->key, sizeof t->key, 0) != sizeof t->key) return 0;
  return thread_slots_make(t, 1);
}

int thread_table_open(thread_table *t, int dir, char const *name, uint64_t version)
{
  *t = (thread_table){ .dir = dir, .name = name, .fd = -1, .version = version };
  open_file(t);
  if (read_header(t)) return 1;
  return thread_table_empty(t) ? 0 : -1;
}

/* --- writing --- */

static int write_block(thread_table *t, uint32_t i)
{
  char *const s = t->block[i];
  put64(s + THREADS_AT_CHECK, thread_block_check(t, i, s));
  t->dirty[i] = 0;
  return index_write_at(t->fd, s, THREADS_BLOCK, ((uint64_t)i + 1) * THREADS_BLOCK);
}

static int write_header(thread_table *t)
{
  char s[THREADS_BLOCK] = THREADS_MAGIC;
  put32(s + AT_FORMAT, FORMAT);
  put32(s + AT_MARK, ORDER_MARK);
  put64(s + AT_BIRTH, t->birth);
  memcpy(s + AT_KEY, t->key, INDEX_KEY);
  put32(s + AT_SLOT_BLOCKS, t->slot_blocks);
  put32(s + AT_THREADS, t->threads);
  put32(s + AT_KEYS, t->keys);
  put64(s + AT_STARTED, machine_started(t->fd));
  put64(s + AT_VERSION, t->version);
  put64(s + THREADS_AT_CHECK, thread_block_check(t, UINT32_MAX, s));
  return index_write_at(t->fd, s, THREADS_BLOCK, 0);
}

/* Blocks from to to, those that are dirty or all. */
static int write_blocks(thread_table *t, uint32_t from, uint32_t to)
{
  for (uint32_t i = from; i < to && i < t->room; i++)
    if (t->block[i] && (t->whole || t->dirty[i]) && !write_block(t, i)) return 0;
  return 1;
}

static int is_dirty(thread_table const *t)
{
  for (uint32_t i = 0; i < t->room; i++)
    if (t->dirty[i]) return 1;
  return 0;
}

static int has_room(thread_table const *t, uint32_t blocks)
{
  struct statvfs st;
  return !fstatvfs(t->dir, &st) && st.f_bavail / ROOM_FACTOR >= (uint64_t)blocks * THREADS_BLOCK / st.f_frsize;
}

int thread_table_write(thread_table *t)
{
  uint32_t const all = t->slot_blocks + thread_id_blocks(t->threads);
  int good;
  if (!t->writable || t->broken) return 0;
  if (!(t->whole ? t->threads != 0 : is_dirty(t))) return 1;
  if (t->whole && (!has_room(t, all) || ftruncate(t->fd, 0) < 0)) return 0;
  good = t->whole ? write_blocks(t, 0, all) && write_header(t)
                  : write_blocks(t, t->slot_blocks, all) && write_header(t) && write_blocks(t, 0, t->slot_blocks);
  if (good) t->whole = 0;
  else if (ftruncate(t->fd, 0) < 0) t->broken = 1;
  return good;
}

void thread_table_close(thread_table *t)
{
  int const error = errno;
  thread_blocks_forget(t);
  if (t->fd >= 0) close(t->fd);
  t->fd = -1;
  errno = error;
}
