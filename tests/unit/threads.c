/* The table of threads: random mails join it, a plain list says what must come of it; after the file was opened anew, grew, was made of what is known
 * elsewhere, was spoiled or cut, or is something else. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/lib/index/threads.h"
#include "tap.h"

#define KEYS 3000
static uint64_t owner[KEYS]; /* of each key the number of its thread, and 1 */
static uint64_t id[KEYS];
static uint64_t threads;
static uint32_t seed = 3;

static uint32_t any(uint32_t below)
{
  seed = seed * 1103515245u + 12345u;
  return (seed >> 8) % below;
}

static uint64_t key_of(uint32_t i) { return (i + 1) * UINT64_C(0x9e3779b97f4a7c15); }

/* One mail joins both; whether they agree. */
static int join(thread_table *t)
{
  uint32_t which[6];
  uint64_t key[6], oldest = 0, got;
  size_t const n = 1 + any(6);
  for (size_t i = 0; i < n; i++) {
    which[i] = any(KEYS);
    key[i] = key_of(which[i]);
    if (owner[which[i]] && (!oldest || owner[which[i]] < oldest)) oldest = owner[which[i]];
  }
  if (!oldest) id[threads] = key[0], oldest = ++threads;
  for (size_t i = 0; i < n; i++)
    if (!owner[which[i]]) owner[which[i]] = oldest;
  return thread_table_join(t, key, n, &got) && got == id[oldest - 1];
}

static int reopen(thread_table *t, int dir)
{
  thread_table_write(t);
  thread_table_close(t);
  return thread_table_open(t, dir, THREADS_NAME, INDEX_KEYS_VERSION);
}

static void model_test(int dir)
{
  thread_table t, second;
  size_t wrong = 0, lost = 0;
  is_int(thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION), 0, "a new file is empty");
  for (unsigned int i = 0; i < 4000; i++) {
    wrong += !join(&t);
    if (!any(40)) lost += reopen(&t, dir) != 1;
  }
  is_int((long long)wrong, 0, "each mail is in the oldest thread that has one of its keys");
  is_int((long long)lost, 0, "also from the file");
  ok(t.slot_blocks > 1 && t.keys * 2 <= t.slot_blocks * THREADS_SLOTS, "the table has grown, and is at most half full (%u keys, %u blocks)", t.keys, t.slot_blocks);
  reopen(&t, dir);
  ok(t.writable, "we have the lock");
  is_int(thread_table_open(&second, dir, THREADS_NAME, INDEX_KEYS_VERSION), 1, "another reads meanwhile");
  ok(!second.writable, "and leaves the file alone");
  thread_table_close(&second);
  thread_table_close(&t);
  is_int(thread_table_open(&second, dir, THREADS_NAME, INDEX_KEYS_VERSION + 1), 0, "for keys of another version it is empty");
  thread_table_close(&second);
  reopen(&t, dir);
  is_int(t.threads, threads, "until that is written");
  thread_table_close(&t);
}

/* Another table, made of the ids that records would have, goes on as the first. */
static void known_test(void)
{
  thread_table t;
  size_t wrong = 0;
  is_int(thread_table_open(&t, -1, THREADS_NAME, INDEX_KEYS_VERSION), 0, "a table in memory");
  for (uint64_t i = 0; i < threads; i++) wrong += !thread_table_know(&t, id[i]);
  for (uint32_t i = 0; i < KEYS; i++)
    if (owner[i]) wrong += !thread_table_put(&t, key_of(i), id[owner[i] - 1]);
  for (unsigned int i = 0; i < 1000; i++) wrong += !join(&t);
  is_int((long long)wrong, 0, "made of what is known, it goes on as the one that was lost");
  thread_table_close(&t);
}

static off_t size_of(int dir)
{
  struct stat st;
  return fstatat(dir, THREADS_NAME, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : st.st_size;
}

/* Nothing that stands in a block is believed once an octet is another; nothing that was cut off is there. */
static void spoil_test(int dir)
{
  off_t const size = size_of(dir);
  size_t believed = 0, cut = 0;
  for (int i = 0; i < 60; i++) {
    thread_table t;
    off_t const at = i * (size / 60) + i % 7;
    int const fd = openat(dir, THREADS_NAME, O_RDWR);
    char c, d;
    int good;
    if (pread(fd, &c, 1, at) != 1) break;
    d = (char)(c ^ 4);
    if (pwrite(fd, &d, 1, at) != 1) break;
    good = thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION);
    for (uint32_t k = 0; good == 1 && k < KEYS; k++) {
      uint64_t const key = key_of(k);
      uint64_t got;
      if (!owner[k]) continue;
      if (!thread_table_join(&t, &key, 1, &got)) good = 0;
      else if (got != id[owner[k] - 1]) believed++;
    }
    /* The last 8 octets of a block say nothing. */
    if (good == 1 && at % THREADS_BLOCK < THREADS_BLOCK - 8) believed++;
    thread_table_close(&t);
    if (pwrite(fd, &c, 1, at) != 1) break;
    close(fd);
  }
  is_int((long long)believed, 0, "an octet changed anywhere: it is seen");
  for (off_t len = size; len > 0; len -= THREADS_BLOCK - 100) {
    thread_table t;
    int const fd = openat(dir, THREADS_NAME, O_RDWR);
    if (ftruncate(fd, len - 1) < 0) break;
    close(fd);
    cut += thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION) != 0;
    thread_table_close(&t);
  }
  is_int((long long)cut, 0, "a file that was cut is none");
}

static int fills_again(int dir)
{
  thread_table t;
  uint64_t got;
  uint64_t const key = 7;
  int good = thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION) == 0 && thread_table_join(&t, &key, 1, &got) && got == 7;
  thread_table_write(&t);
  thread_table_close(&t);
  if (!good || thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION) != 1) return 0;
  good = thread_table_join(&t, &key, 1, &got) && got == 7 && !t.whole;
  thread_table_close(&t);
  return good;
}

static void place_test(int dir)
{
  unlinkat(dir, THREADS_NAME, 0);
  mkfifoat(dir, THREADS_NAME, 0600);
  ok(fills_again(dir), "a FIFO in its place is removed");
  unlinkat(dir, THREADS_NAME, 0);
  if (symlinkat("/etc/passwd", dir, THREADS_NAME) < 0) perror("symlinkat");
  ok(fills_again(dir), "a link, too");
  if (linkat(dir, THREADS_NAME, dir, "other", 0) < 0) perror("linkat");
  ok(fills_again(dir), "a file of two names is left to the other");
  unlinkat(dir, "other", 0);
  unlinkat(dir, THREADS_NAME, 0);
  close(openat(dir, THREADS_NAME, O_WRONLY | O_CREAT, 0600));
  if (truncate(THREADS_NAME, (off_t)100 << 30) < 0) perror("truncate");
  ok(fills_again(dir) && size_of(dir) < 100000, "100 GB of nothing are written over");
  unlinkat(dir, THREADS_NAME, 0);
  mkdirat(dir, THREADS_NAME, 0700);
  {
    thread_table t;
    uint64_t got, key = 7;
    ok(thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION) == 0 && !t.writable && thread_table_join(&t, &key, 1, &got), "with a directory there the table is in memory");
    thread_table_write(&t);
    thread_table_close(&t);
  }
  unlinkat(dir, THREADS_NAME, AT_REMOVEDIR);
}

int main(void)
{
  char path[] = "/tmp/porter-threads.XXXXXX";
  int dir;
  if (!mkdtemp(path) || chdir(path) < 0 || (dir = open(".", O_RDONLY | O_DIRECTORY)) < 0) return 99;
  model_test(dir);
  spoil_test(dir);
  known_test();
  place_test(dir);
  close(dir);
  rmdir(path);
  return done();
}
