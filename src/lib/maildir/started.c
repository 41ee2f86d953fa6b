/* When the machine was started: what was written before, and not synced, may be lost, or older than what others remember of it.
 *
 * On NFS others write, too, each started at another time, and there it says nothing: closing, unlocking and renaming a file write it to the server, which
 * has it on its disk before it answers (unless it exports async). So nothing is noted there, 0, and what has another start noted was written by a program
 * on the server itself, without syncing. Other remote file systems have no such rule: there who changes the host begins anew.
 *
 * Tests: tests/maildir-hosts.t, tests/maildir-states.t. */
#include <sys/vfs.h>
#include <time.h>

#include <linux/magic.h>

#include "private.h"

#define SLACK 10 /* seconds: the clock is set now and then */

static int is_nfs(int fd)
{
  struct statfs st;
  return !fstatfs(fd, &st) && st.f_type == NFS_SUPER_MAGIC;
}

uint64_t machine_started(int fd)
{
  struct timespec now, up;
  if (is_nfs(fd) || clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_gettime(CLOCK_BOOTTIME, &up) < 0) return 0;
  return (uint64_t)(now.tv_sec - up.tv_sec);
}

int machine_same_start(int fd, uint64_t then)
{
  uint64_t const started = machine_started(fd);
  return (then > started ? then - started : started - then) <= SLACK;
}
