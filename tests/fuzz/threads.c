/* A table of threads whose owner changed it and made all checks right again: mails join it within its bounds, each gets a thread that is one, and what
 * is written can be read. The input: how 2, then edits, four octets each: where (2), what (1), how (1). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/lib/index/threads.h"
#include "check.h"
#include "directory.h"

#define ROOM (64 * THREADS_BLOCK)
#define MAILS 900

static char image[ROOM];
static size_t image_len;
static int dir = -1;

static uint64_t key_of(uint64_t i) { return (i + 1) * UINT64_C(0x9e3779b97f4a7c15); }

static void make_image(void)
{
  thread_table t;
  int fd;
  fuzz_enter();
  dir = open(".", O_RDONLY | O_DIRECTORY);
  check(thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION) == 0);
  for (uint64_t i = 0; i < MAILS; i++) {
    uint64_t const key[2] = { key_of(i), key_of(i / 3) };
    uint64_t id;
    check(thread_table_join(&t, key, 2, &id));
  }
  thread_table_write(&t);
  thread_table_close(&t);
  fd = openat(dir, THREADS_NAME, O_RDONLY);
  image_len = (size_t)read(fd, image, sizeof image);
  check(image_len > THREADS_BLOCK && image_len % THREADS_BLOCK == 0);
  close(fd);
}

static void mend(char *s, size_t len)
{
  uint64_t const birth = get64(s + 16);
  for (size_t i = 0; (i + 1) * THREADS_BLOCK <= len; i++) {
    char *const block = s + i * THREADS_BLOCK;
    put64(block + THREADS_BLOCK - 16, index_check(birth + (i ? i - 1 : UINT32_MAX), block, THREADS_BLOCK - 16));
  }
}

static void use(unsigned int how)
{
  thread_table t;
  int const state = thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION);
  uint64_t id, first = 0;
  check(state >= 0);
  for (uint64_t i = 0; i < 40; i++) {
    uint64_t const key[3] = { key_of((how + i * 31) % (2 * MAILS)), key_of(i), key_of(how) };
    if (!thread_table_join(&t, key, 1 + i % 3, &id)) {
      check(t.broken);
      check(thread_table_empty(&t));
      continue;
    }
    check(id && t.threads && t.threads <= THREADS_MAX);
    if (i == 39) first = id;
  }
  if (how & 2 && !thread_table_expect(&t, how)) check(t.broken);
  thread_table_write(&t);
  thread_table_close(&t);
  /* Once more, by what was written. */
  if (thread_table_open(&t, dir, THREADS_NAME, INDEX_KEYS_VERSION) == 1 && first) {
    uint64_t const key = key_of((how + 39 * 31) % (2 * MAILS));
    if (thread_table_join(&t, &key, 1, &id)) check(id);
  }
  thread_table_close(&t);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static char copy[ROOM];
  size_t len;
  int fd;
  if (size < 2 || size > 4096) return 0;
  if (dir < 0) make_image();
  len = image_len;
  memcpy(copy, image, len);
  for (size_t i = 2; i + 4 <= size; i += 4) {
    /* The header is small beside the rest: half of all edits go there. */
    size_t const any = (size_t)(data[i] | data[i + 1] << 8), at = data[i + 3] & 1 ? any % len : any % 64;
    if (data[i + 3] & 4) copy[at] = (char)(copy[at] ^ 1 << data[i + 2] % 8);
    else copy[at] = (char)data[i + 2];
  }
  if (data[0] & 1 && size > 3) len = (size_t)(data[1] | data[2] << 8) % (len + 1);
  if (len >= THREADS_BLOCK && !(data[0] & 2)) mend(copy, len);
  fd = openat(dir, THREADS_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
  check(write(fd, copy, len) == (ssize_t)len);
  close(fd);
  use(data[1] | (unsigned int)data[0] << 8);
  return 0;
}
