/* The table of threads in memory: what stands where, and how it grows. Its file is threads_file.c's.
 *
 *   block 0        the header
 *   then           blocks of slots: a key stands in the one that its hash names, at a place that its hash names, or behind that, round the block
 *   then           blocks of ids of threads, by number: a lower one is an older thread
 *
 * What can go wrong, and the rule for each:
 * 1. The owner writes anything: a block counts by its check, which has the table's birth in it; a search looks at one block, so it ends after
 *    THREADS_SLOTS slots; a number that no thread has, or a block that is full, breaks the table. A broken table is made anew, of what the folders'
 *    indexes say.
 * 2. Senders choose ids that would meet in one block: which block is by SipHash, with a key that is the table's.
 *
 * Tests: tests/unit/threads.c, tests/index-threads.t, tests/fuzz/threads.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index.h"
#include "threads_internal.h"

uint64_t thread_key(uint64_t id_hash, slice subject)
{
  char key[INDEX_KEY] = "";
  uint64_t h;
  put64(key, id_hash);
  h = index_siphash(key, subject.s, subject.len);
  return h ? h : 1;
}

int thread_table_broken(thread_table *t)
{
  t->broken = 1;
  return errno = EILSEQ, 0;
}

/* --- blocks --- */

uint32_t thread_id_blocks(uint32_t threads) { return (threads + THREADS_IDS - 1) / THREADS_IDS; }

uint64_t thread_block_check(thread_table const *t, uint32_t block, char const *s) { return index_check(t->birth + block, s, THREADS_AT_CHECK); }

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

int thread_block_read(int fd, uint64_t at, char *s)
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
  if (!made && (!thread_block_read(t->fd, ((uint64_t)i + 1) * THREADS_BLOCK, s) || get64(s + THREADS_AT_CHECK) != thread_block_check(t, i, s))) {
    free(s);
    return thread_table_broken(t), NULL;
  }
  return t->block[i] = s;
}

void thread_blocks_forget(thread_table *t)
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
    if (thread > t->threads) return thread_table_broken(t), NULL;
    if (!thread || get64(slot) == key) return slot;
  }
  /* Of a table that is half full at most no block is full by chance. */
  if (s) thread_table_broken(t);
  return NULL;
}

int thread_slots_make(thread_table *t, uint32_t blocks)
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
  uint32_t const ids = thread_id_blocks(t->threads);
  int good = 1;
  if (blocks > THREADS_BLOCKS_MAX) return thread_table_broken(t);
  now.block = NULL;
  now.dirty = NULL;
  now.room = now.keys = 0;
  now.whole = 1;
  good = thread_slots_make(&now, blocks);
  for (uint32_t i = 0; good && i < t->slot_blocks; i++) good = block_at(t, i, 0) && take_block(&now, t->block[i]);
  for (uint32_t i = 0; good && i < ids; i++) {
    char *const to = block_at(&now, blocks + i, 1);
    good = to && block_at(t, t->slot_blocks + i, 0);
    if (good) memcpy(to, t->block[t->slot_blocks + i], THREADS_BLOCK);
  }
  if (!good) {
    int const error = errno;
    thread_blocks_forget(&now);
    if (now.broken) return thread_table_broken(t);
    return errno = error, 0;
  }
  thread_blocks_forget(t);
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
  if (t->threads >= THREADS_MAX) return thread_table_broken(t);
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
  return (*id = get64(s)) != 0 || thread_table_broken(t);
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
