/* Delivery: whole under its name or not there, never over what is there, nothing left in tmp. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <porter/deliver.h>

#include "tap.h"

static size_t entries(char const *path)
{
  DIR *dir = opendir(path);
  size_t n = 0;
  if (!dir) return 99;
  for (struct dirent *e; (e = readdir(dir));) n += e->d_name[0] != '.';
  closedir(dir);
  return n;
}

static char const *content(char const *path)
{
  static char s[64];
  int fd = open(path, O_RDONLY);
  ssize_t n = fd < 0 ? -1 : read(fd, s, sizeof s - 1);
  if (fd >= 0) close(fd);
  if (n < 0) return "(none)";
  s[n] = 0;
  return s;
}

static int begin(delivery *d, mailbox *box, char const *text)
{
  return mailbox_deliver(d, box, box->fd, 0) && write(d->fd, text, strlen(text)) == (ssize_t)strlen(text);
}

static void files(mailbox *box, int cur)
{
  struct timespec when[] = { { .tv_sec = 1000 }, { .tv_sec = 2000 } };
  struct stat st;
  delivery d;
  ok(begin(&d, box, "one"), "a file is begun");
  is_int(entries("tmp"), 1, "it is in tmp");
  is_int(entries("cur"), 0, "and nowhere else");
  ok(mailbox_deliver_written(&d, 0640, when) && mailbox_deliver_place(&d, cur, "a"), "it is placed");
  mailbox_deliver_end(&d);
  ok(!stat("cur/a", &st) && (st.st_mode & 07777) == 0640 && st.st_mtime == 2000, "with its mode and time");
  ok(begin(&d, box, "two") && mailbox_deliver_written(&d, 0600, NULL), "another is written");
  errno = 0;
  ok(!mailbox_deliver_place(&d, cur, "a") && errno == EEXIST, "never over what is there");
  is_str(content("cur/a"), "one", "that is as it was");
  ok(mailbox_deliver_place(&d, cur, "b"), "under another name it goes");
  mailbox_deliver_end(&d);
  ok(begin(&d, box, "three") && mailbox_deliver_written(&d, 0600, NULL) && mailbox_deliver_replace(&d, cur, "a"), "unless it is to replace");
  mailbox_deliver_end(&d);
  is_str(content("cur/a"), "three", "what was there");
  ok(begin(&d, box, "four"), "one that is given up");
  errno = ENOSPC;
  mailbox_deliver_end(&d);
  is_int(errno, ENOSPC, "keeps errno");
  is_int(entries("tmp"), 0, "and leaves nothing");
}

static void directories(mailbox *box)
{
  delivery d;
  ok(mailbox_deliver(&d, box, box->fd, 1) && !mkdirat(d.fd, "inner", 0700), "a directory is filled");
  ok(mailbox_deliver_written(&d, 0750, NULL) && mailbox_deliver_place(&d, box->fd, ".a"), "and placed");
  mailbox_deliver_end(&d);
  is_int(entries(".a"), 1, "whole");
  ok(mailbox_deliver(&d, box, box->fd, 1) && mailbox_deliver_written(&d, 0700, NULL), "another");
  ok(!mailbox_deliver_place(&d, box->fd, ".a") && (errno == EEXIST || errno == ENOTEMPTY), "goes over none");
  mailbox_deliver_end(&d);
  is_int(entries("tmp"), 0, "and leaves nothing");
  ok(!mailbox_deliver(&d, box, open(".a", O_RDONLY | O_DIRECTORY), 0), "without a tmp there is no delivery");
  mailbox_deliver_end(&d);
}

int main(void)
{
  char path[] = "/tmp/porter-deliver.XXXXXX", remove[64];
  mailbox box;
  int cur;
  if (!mkdtemp(path) || chdir(path) < 0 || mkdir("cur", 0700) < 0 || mkdir("tmp", 0700) < 0 || !mailbox_open(&box)) return 111;
  cur = open("cur", O_RDONLY | O_DIRECTORY);
  files(&box, cur);
  directories(&box);
  snprintf(remove, sizeof remove, "rm -r %s", path);
  if (system(remove)) return 111;
  return done();
}
