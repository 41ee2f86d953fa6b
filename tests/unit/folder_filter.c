/* The text filter: what a text holds is never denied; what is denied is not there; files that were cut, are foreign or old prove nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/lib/index/filter.h"
#include "tap.h"

#define MAILS 400
#define TEXT_MAX 60000

static uint32_t seed = 7;
static char text[MAILS][TEXT_MAX];
static size_t text_len[MAILS];

static uint32_t any(uint32_t below)
{
  seed = seed * 1103515245u + 12345u;
  return (seed >> 8) % below;
}

/* Words of few letters, so that threes repeat; and some mails of noise, that fill any filter. */
static void make_texts(void)
{
  for (size_t i = 0; i < MAILS; i++) {
    size_t const len = i % 50 ? any(2000) : TEXT_MAX;
    for (size_t k = 0; k < len; k++) text[i][k] = (char)(i % 50 ? "etaoin shrdlu\xc3\xa9\xd1\x88"[any(17)] : (int)any(256));
    text_len[i] = len;
  }
}

static void add(folder_filter *f, uint32_t serial)
{
  static filter_bits b;
  size_t const i = serial % MAILS;
  filter_bits_begin(&b);
  for (size_t k = 0; k < text_len[i];) {  /* in pieces */
    size_t some = 1 + any(40);
    if (some > text_len[i] - k) some = text_len[i] - k;
    filter_bits_put(&b, text[i] + k, some);
    k += some;
  }
  filter_bits_break(&b);
  filter_bits_put(&b, "a second text", 13);
  filter_add(f, &b, serial);
}

static size_t wrong, refused, asked;

static void ask(int dir, uint64_t birth, slice pattern, uint32_t serials)
{
  folder_filter f;
  if (!filter_read(&f, dir, FILTER_NAME, birth, serials, &pattern, 1)) wrong++;
  for (uint32_t i = 0; i < MAILS; i++) {
    asked++;
    if (!filter_without(&f, i)) continue;
    refused++;
    wrong += memmem(text[i], text_len[i], pattern.s, pattern.len) != NULL;
  }
  filter_free(&f);
}

static void count_known(int dir, uint64_t birth, long long want, char const *what)
{
  folder_filter f;
  long long known = 0;
  filter_read(&f, dir, FILTER_NAME, birth, MAILS, NULL, 0);
  for (uint32_t i = 0; i < MAILS; i++) known += filter_known(&f, i);
  is_int(known, want, what);
  filter_free(&f);
}

static off_t size_of(int dir)
{
  struct stat st;
  return fstatat(dir, FILTER_NAME, &st, 0) < 0 ? -1 : st.st_size;
}

static int cut(int dir, off_t len)
{
  int const fd = openat(dir, FILTER_NAME, O_WRONLY), good = fd >= 0 && !ftruncate(fd, len);
  close(fd);
  return good;
}

int main(void)
{
  char path[] = "/tmp/porter-filter.XXXXXX";
  unsigned char alive[MAILS / 8 + 1] = { 0 };
  folder_filter f, g;
  off_t whole;
  int dir;
  if (!mkdtemp(path) || (dir = open(path, O_RDONLY | O_DIRECTORY)) < 0) return 111;
  make_texts();
  filter_read(&f, dir, FILTER_NAME, 3, MAILS, NULL, 0);
  for (uint32_t i = 0; i < MAILS / 2; i++) add(&f, i);
  ok(filter_write(&f, dir, "unique"), "a file is made");
  filter_free(&f);
  count_known(dir, 3, MAILS / 2, "that has what was put there");
  filter_read(&f, dir, FILTER_NAME, 3, MAILS, NULL, 0);
  filter_read(&g, dir, FILTER_NAME, 3, MAILS, NULL, 0);
  for (uint32_t i = MAILS / 2; i < MAILS; i++) add(&f, i), add(&g, i);
  ok(filter_write(&f, dir, "unique"), "more is appended");
  ok(!filter_write(&g, dir, "unique"), "and not by one who read it before that");
  filter_free(&f);
  filter_free(&g);
  count_known(dir, 3, MAILS, "all are there");
  count_known(dir, 4, 0, "for an index of another birth none is");
  for (unsigned int n = 0; n < 1200; n++) {
    size_t const len = 1 + n % 12, i = any(MAILS);
    if (text_len[i] <= len) continue;
    ask(dir, 3, (slice){ text[i] + any((uint32_t)(text_len[i] - len)), len }, MAILS);
  }
  is_int((long long)wrong, 0, "no pattern that is there is denied");
  ok(refused > asked / 3, "and most that are not there are (%zu of %zu)", refused, asked);
  whole = size_of(dir);
  filter_read(&f, dir, FILTER_NAME, 3, MAILS, NULL, 0);
  for (uint32_t i = 0; i < MAILS; i += 4) alive[i / 8] = (unsigned char)(alive[i / 8] | 1 << i % 8);
  ok(filter_rewrite(&f, dir, "unique", alive) && size_of(dir) < whole / 2, "it is written anew without those that have gone");
  filter_free(&f);
  count_known(dir, 3, MAILS / 4, "with the others");
  whole = size_of(dir);
  for (off_t len = whole; len > FILTER_HEADER; len -= 1 + (off_t)any(200)) {
    if (!cut(dir, len)) wrong++;
    ask(dir, 3, (slice){ "etaoin", 6 }, MAILS);
  }
  is_int((long long)wrong, 0, "a file that is cut anywhere denies nothing that is there");
  unlinkat(dir, FILTER_NAME, 0);
  close(dir);
  ok(!rmdir(path), "nothing else is left");
  return done();
}
