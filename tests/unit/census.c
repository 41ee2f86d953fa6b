/* A listing where a file system gives few names a call (FUSE: 128 KiB), and others rename between the calls: each mail is
 * there once. getdents64 is this file's own: it gives a few names, then plays the other client. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <porter/folder.h>

#include "tap.h"

#define MAILS 400
#define FEW 1500       /* octets a call: some 40 names */
#define RENAMES 3      /* between two calls */
#define REMOVED 50

static size_t limit;
static unsigned int renames, random_state = 1;
static char names[MAILS][64];

static unsigned int dice(unsigned int n)
{
  random_state = random_state * 1103515245u + 12345u;
  return (random_state >> 8) % n;
}

static void name_it(char *s, unsigned int i, int seen)
{
  snprintf(s, 64, "cur/17000%05u.M%uP1.host,S=5:2,%s", i, i, seen ? "S" : "");
}

static void other_client(void)
{
  for (unsigned int n = 0; n < renames; n++) {
    char to[64];
    unsigned int i = dice(MAILS);
    if (!*names[i]) continue;
    name_it(to, i, names[i][strlen(names[i]) - 1] != 'S');
    if (!rename(names[i], to)) strcpy(names[i], to);
  }
}

ssize_t getdents64(int fd, void *s, size_t n)
{
  long got = syscall(SYS_getdents64, fd, s, limit && n > limit ? limit : n);
  other_client();
  return got;
}

static uint64_t count(mailbox *box)
{
  folder *f;
  folder_count c = { 0 };
  if (folder_open(&f, box, (slice){ "", 0 })) folder_count_mails(f, 0, &c);
  folder_close(f);
  return c.mails;
}

/* How many of 100 counts are not want. */
static int wrong(mailbox *box, uint64_t want)
{
  int n = 0;
  for (int i = 0; i < 100; i++) n += count(box) != want;
  return n;
}

/* How often one of those that were expected is not found, or is not that mail; or one that was not. Some are expected twice. */
static int lost(mailbox *box)
{
  static char mid[MAILS][64];
  mail_named expected[2 * MAILS];
  slice wanted[2 * MAILS];
  arena all = ARENA_ZERO;
  int n = 0;
  for (unsigned int i = 0; i < MAILS; i++) snprintf(mid[i], sizeof mid[i], "17000%05u.M%uP1.host,S=5", i, i);
  for (int round = 0; round < 100; round++) {
    folder *f;
    size_t count = 0;
    for (unsigned int i = (unsigned int)round % 3; i < MAILS; i += 3) {
      wanted[count++] = slice_of(mid[i]);
      if (i % 7 == 0) wanted[count++] = slice_of(mid[i]);
    }
    if (!folder_open(&f, box, (slice){ "", 0 })) return -1;
    for (size_t i = 0; i < count; i++) n += !mail_named_scan(expected + i, &all, wanted[i]);
    folder_expect(f, expected, count);
    for (size_t i = 0; i <= count; i++) {
      slice const sought = i < count ? wanted[i] : slice_of(mid[(unsigned int)(round + 1) % 3]);
      arena a = ARENA_ZERO;
      slice found;
      mail_entry *const e = folder_find(f, sought);
      n += !e || !mail_mid(&a, e, &found) || !slice_same(found, sought);
      arena_free(&a);
    }
    folder_close(f);
  }
  arena_free(&all);
  return n;
}

static void make(void)
{
  char dir[] = "/tmp/porter-census.XXXXXX";
  if (!mkdtemp(dir) || chdir(dir) < 0 || mkdir("cur", 0700) < 0 || mkdir("new", 0700) < 0 || mkdir("tmp", 0700) < 0) exit(111);
  for (unsigned int i = 0; i < MAILS; i++) {
    int fd;
    name_it(names[i], i, 0);
    fd = open(names[i], O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || close(fd) < 0) exit(111);
  }
}

static void sweep(void)
{
  char cwd[256];
  for (unsigned int i = 0; i < MAILS; i++) if (*names[i]) unlink(names[i]);
  rmdir("cur");
  rmdir("new");
  rmdir("tmp");
  if (getcwd(cwd, sizeof cwd) && !chdir("/")) rmdir(cwd);
}

int main(void)
{
  mailbox box;
  make();
  if (!mailbox_open(&box)) exit(111);
  is_int(wrong(&box, MAILS), 0, "one call a place");
  renames = 1;
  is_int(wrong(&box, MAILS), 0, "one call a place, while others rename");
  is_int(lost(&box), 0, "of some alone, too");
  limit = FEW;
  renames = 0;
  is_int(wrong(&box, MAILS), 0, "a few names a call");
  renames = RENAMES;
  is_int(wrong(&box, MAILS), 0, "a few names a call, while others rename: none missed, none doubled");
  is_int(lost(&box), 0, "nor of some alone");
  for (unsigned int i = 0; i < REMOVED; i++) {
    unlink(names[i]);
    *names[i] = 0;
  }
  is_int(wrong(&box, MAILS - REMOVED), 0, "what was removed is not kept");
  sweep();
  return done();
}
