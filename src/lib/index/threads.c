/* The table of threads.
 *
 *   block 0        the header
 *   then           blocks of slots: a key stands in the one that its hash names, at a place that its hash names, or behind that, round the block
 *   then           blocks of ids of threads, by number: a lower one is an older thread
 *
 * What can go wrong, and the rule for each:
 * 1. The owner writes anything: what has the name must be a regular file, ours, with one name; a block counts by its check, which has the table's
 *    birth in it; a search looks at one block, so it ends after THREADS_SLOTS slots; a number that no thread has, or a block that is full, breaks
 *    the table. A broken table is made anew, of what the folders' indexes say.
 * 2. Senders choose ids that would meet in one block: which block is by SipHash, with a key that is the table's.
 * 3. It is killed while it writes: ids go before the header that counts them, and that before the slots that name them. A slot that was not written
 *    has its key join again, and come to the same thread. A file that is written whole has no header until all else is there.
 * 4. Two write at once: there is one lock, which is waited for for a second; who has not got it reads, and keeps what he finds in memory.
 * 5. The machine was started anew: some blocks may be those of before, as nothing is synced. The table is made anew.
 *
 * Tests: tests/unit/threads.c, tests/index-threads.t, tests/fuzz/threads.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "index.h"
#include "threads.h"

#define AT_CHECK (THREADS_BLOCK - 16)
#define LOCK_TRIES 500
#define LOCK_STEP 2000000 /* nanoseconds */
#define ROOM_FACTOR 10    /* a file system with less free than so many tables gets none */

enum { AT_FORMAT = 8, AT_MARK = 12, AT_BIRTH = 16, AT_KEY = 24, AT_SLOT_BLOCKS = 40, AT_THREADS = 44, AT_KEYS = 48, AT_STARTED = 56 };
#define FORMAT 1
#define ORDER_MARK 0x01020304u

uint64_t thread_key(uint64_t id_hash, slice subject)
{
  char key[INDEX_KEY] = "";
  uint64_t h;
  put64(key, id_hash);
  h = index_siphash(key, subject.s, subject.len);
  return h ? h : 1;
}

static int broken(thread_table *t)
{
  t->broken = 1;
  return errno = EILSEQ, 0;
}

/* --- blocks --- */

static uint32_t id_blocks(uint32_t threads) { return (threads + THREADS_IDS - 1) / THREADS_IDS; }

static uint64_t block_check(thread_table const *t, uint32_t block, char const *s) { return index_check(t->birth + block, s, AT_CHECK); }

static int make_room(thread_table *t, uint32_t blocks)
{
  uint32_t room = t->room ? t->room : 16;
  char **block;
  unsigned char *dirty;
  if (blocks <= t->room) return 1;
  while (room < blocks) room *= 2;
  if (!(block = realloc(t->block, room * sizeof *block))) return 0;
  t->block = block;
  if (!(dirty = realloc(t->dirty, room))) return 0;
  t->dirty = dirty;
  memset(t->block + t->room, 0, (room - t->room) * sizeof *t->block);
  memset(t->dirty + t->room, 0, room - t->room);
  t->room = room;
  return 1;
}

static int read_block(int fd, uint64_t at, char *s)
{
  for (size_t done = 0; done < THREADS_BLOCK;) {
    ssize_t const r = pread(fd, s + done, THREADS_BLOCK - done, (off_t)(at + done));
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return errno = r ? errno : EILSEQ, 0;
    done += (size_t)r;
  }
  return 1;
}

/* Block i, of slots and ids alike; made where it lies behind what the table had. Null with errno. */
static char *block_at(thread_table *t, uint32_t i, int made)
{
  char *s;
  if (t->broken || !make_room(t, i + 1)) return NULL;
  if (t->block[i]) return t->block[i];
  if (!(s = calloc(1, THREADS_BLOCK))) return NULL;
  if (!made && (!read_block(t->fd, ((uint64_t)i + 1) * THREADS_BLOCK, s) || get64(s + AT_CHECK) != block_check(t, i, s))) {
    free(s);
    return broken(t), NULL;
  }
  return t->block[i] = s;
}

static void forget_blocks(thread_table *t)
{
  for (uint32_t i = 0; i < t->room; i++) free(t->block[i]);
  free(t->block);
  free(t->dirty);
  t->block = NULL;
  t->dirty = NULL;
  t->room = 0;
}

/* --- slots --- */

static char *slot_of(thread_table *t, uint64_t key, uint32_t *block)
{
  char packed[8];
  uint64_t hash;
  char *s;
  put64(packed, key);
  hash = index_siphash(t->key, packed, sizeof packed);
  *block = (uint32_t)((hash >> 32) * t->slot_blocks >> 32);
  s = block_at(t, *block, 0);
  for (uint32_t i = 0, at = (uint32_t)hash % THREADS_SLOTS; s && i < THREADS_SLOTS; i++, at = at + 1 == THREADS_SLOTS ? 0 : at + 1) {
    char *const slot = s + THREADS_SLOT * at;
    uint32_t const thread = get32(slot + 8);
    if (thread > t->threads) return broken(t), NULL;
    if (!thread || get64(slot) == key) return slot;
  }
  /* Of a table that is half full at most no block is full by chance. */
  if (s) broken(t);
  return NULL;
}

static int make_slots(thread_table *t, uint32_t blocks)
{
  t->slot_blocks = blocks;
  for (uint32_t i = 0; i < blocks; i++)
    if (!block_at(t, i, 1)) return 0;
  return 1;
}

/* Moves what a block holds into t. 0 with errno. */
static int take_block(thread_table *t, char const *s)
{
  for (unsigned int i = 0; i < THREADS_SLOTS; i++) {
    char const *const slot = s + THREADS_SLOT * i;
    uint32_t block;
    char *to;
    if (!get32(slot + 8)) continue;
    if (!(to = slot_of(t, get64(slot), &block))) return 0;
    if (!get32(to + 8)) t->keys++;
    memcpy(to, slot, THREADS_SLOT);
  }
  return 1;
}

/* The table with so many blocks of slots. 0 with errno; t is as it was then. */
static int resize(thread_table *t, uint32_t blocks)
{
  thread_table now = *t;
  uint32_t const ids = id_blocks(t->threads);
  int good = 1;
  if (blocks > THREADS_BLOCKS_MAX) return broken(t);
  now.block = NULL;
  now.dirty = NULL;
  now.room = now.keys = 0;
  now.whole = 1;
  good = make_slots(&now, blocks);
  for (uint32_t i = 0; good && i < t->slot_blocks; i++) good = block_at(t, i, 0) && take_block(&now, t->block[i]);
  for (uint32_t i = 0; good && i < ids; i++) {
    char *const to = block_at(&now, blocks + i, 1);
    good = to && block_at(t, t->slot_blocks + i, 0);
    if (good) memcpy(to, t->block[t->slot_blocks + i], THREADS_BLOCK);
  }
  if (!good) {
    int const error = errno;
    forget_blocks(&now);
    if (now.broken) return broken(t);
    return errno = error, 0;
  }
  forget_blocks(t);
  *t = now;
  return 1;
}

/* At most half full, with a quarter to spare. */
static int grow(thread_table *t, uint64_t more)
{
  uint64_t const wanted = (t->keys + more) * 2 / THREADS_SLOTS + 1, blocks = wanted + wanted / 4;
  return t->slot_blocks >= wanted || resize(t, blocks > UINT32_MAX ? UINT32_MAX : (uint32_t)blocks);
}

int thread_table_expect(thread_table *t, uint64_t keys) { return grow(t, keys); }

/* --- threads --- */

static char *id_at(thread_table *t, uint32_t number, int made, uint32_t *block)
{
  char *s;
  *block = t->slot_blocks + (number - 1) / THREADS_IDS;
  s = block_at(t, *block, made && (number - 1) % THREADS_IDS == 0);
  return s ? s + 8 * ((number - 1) % THREADS_IDS) : NULL;
}

static int new_thread(thread_table *t, uint64_t id, uint32_t *number)
{
  uint32_t block;
  char *s;
  if (t->threads >= THREADS_MAX) return broken(t);
  if (!(s = id_at(t, t->threads + 1, 1, &block))) return 0;
  put64(s, id);
  t->dirty[block] = 1;
  *number = ++t->threads;
  return 1;
}

static int fill_slot(thread_table *t, uint64_t key, uint32_t number)
{
  uint32_t block;
  char *s;
  if (!grow(t, 1) || !(s = slot_of(t, key, &block))) return 0;
  if (get32(s + 8)) return 1;
  put64(s, key);
  put32(s + 8, number);
  t->dirty[block] = 1;
  t->keys++;
  return 1;
}

int thread_table_join(thread_table *t, uint64_t const *key, size_t keys, uint64_t *id)
{
  uint32_t oldest = 0, block;
  size_t free_keys = 0;
  char const *s;
  for (size_t i = 0; i < keys; i++) {
    uint32_t number;
    if (!(s = slot_of(t, key[i], &block))) return 0;
    number = get32(s + 8);
    free_keys += !number;
    if (number && (!oldest || number < oldest)) oldest = number;
  }
  if (!oldest && !new_thread(t, *key, &oldest)) return 0;
  for (size_t i = 0; free_keys && i < keys; i++)
    if (!fill_slot(t, key[i], oldest)) return 0;
  if (!(s = id_at(t, oldest, 0, &block))) return 0;
  return (*id = get64(s)) != 0 || broken(t);
}

int thread_table_know(thread_table *t, uint64_t id)
{
  uint32_t block, number;
  char const *const s = slot_of(t, id, &block);
  if (!s) return 0;
  return get32(s + 8) || (new_thread(t, id, &number) && fill_slot(t, id, number));
}

int thread_table_put(thread_table *t, uint64_t key, uint64_t id)
{
  uint32_t block;
  char const *s = slot_of(t, id, &block);
  return s && (!get32(s + 8) || fill_slot(t, key, get32(s + 8)));
}

/* --- the file --- */

static int is_ours(struct stat const *st) { return S_ISREG(st->st_mode) && st->st_uid == geteuid() && st->st_nlink == 1; }

/* The lock, where the path still leads to what was opened. */
static int lock(thread_table *t)
{
  struct stat here, there;
  for (int tries = 0; flock(t->fd, LOCK_EX | LOCK_NB) < 0; tries++) {
    if (errno != EWOULDBLOCK || tries == LOCK_TRIES) return 0;
    nanosleep(&(struct timespec){ .tv_nsec = LOCK_STEP }, NULL);
  }
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
  if (t->fd < 0 || fstat(t->fd, &st) < 0 || st.st_size < THREADS_BLOCK || !read_block(t->fd, 0, s)) return 0;
  t->birth = get64(s + AT_BIRTH);
  memcpy(t->key, s + AT_KEY, INDEX_KEY);
  t->slot_blocks = get32(s + AT_SLOT_BLOCKS);
  t->threads = get32(s + AT_THREADS);
  t->keys = get32(s + AT_KEYS);
  return !memcmp(s, THREADS_MAGIC, 8) && get32(s + AT_FORMAT) == FORMAT && get32(s + AT_MARK) == ORDER_MARK
    && get64(s + AT_CHECK) == block_check(t, UINT32_MAX, s) && machine_same_start(get64(s + AT_STARTED)) && t->slot_blocks
    && t->slot_blocks <= THREADS_BLOCKS_MAX && t->threads <= THREADS_MAX && t->keys <= (uint64_t)t->slot_blocks * THREADS_SLOTS
    && (uint64_t)st.st_size >= ((uint64_t)1 + t->slot_blocks + id_blocks(t->threads)) * THREADS_BLOCK;
}

int thread_table_empty(thread_table *t)
{
  forget_blocks(t);
  t->broken = 0;
  t->whole = 1;
  t->threads = t->keys = 0;
  if (getrandom(&t->birth, sizeof t->birth, 0) != sizeof t->birth || getrandom(t->key, sizeof t->key, 0) != sizeof t->key) return 0;
  return make_slots(t, 1);
}

int thread_table_open(thread_table *t, int dir, char const *name)
{
  *t = (thread_table){ .dir = dir, .name = name, .fd = -1 };
  open_file(t);
  if (read_header(t)) return 1;
  return thread_table_empty(t) ? 0 : -1;
}

/* --- writing --- */

static int write_block(thread_table *t, uint32_t i)
{
  char *const s = t->block[i];
  put64(s + AT_CHECK, block_check(t, i, s));
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
  put64(s + AT_STARTED, machine_started());
  put64(s + AT_CHECK, block_check(t, UINT32_MAX, s));
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

void thread_table_write(thread_table *t)
{
  uint32_t const all = t->slot_blocks + id_blocks(t->threads);
  int good;
  if (!t->writable || t->broken || !(t->whole ? t->threads != 0 : is_dirty(t))) return;
  if (t->whole && (!has_room(t, all) || ftruncate(t->fd, 0) < 0)) return;
  good = t->whole ? write_blocks(t, 0, all) && write_header(t)
                  : write_blocks(t, t->slot_blocks, all) && write_header(t) && write_blocks(t, 0, t->slot_blocks);
  if (good) t->whole = 0;
  else if (ftruncate(t->fd, 0) < 0) t->broken = 1;
}

void thread_table_close(thread_table *t)
{
  int const error = errno;
  forget_blocks(t);
  if (t->fd >= 0) close(t->fd);
  t->fd = -1;
  errno = error;
}
