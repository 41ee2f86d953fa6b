/* maildir-op to which every file system is NFS, on a host that was started EARLIER seconds (of the environment) before this one. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "../../src/maildir/maildir-op.c"

static char const *earlier;

__attribute__((constructor)) static void take_earlier(void) { earlier = getenv("EARLIER"); }

/* A program's own go before the C library's. */
int fstatfs(int fd, struct statfs *st)
{
  int const r = (int)syscall(SYS_fstatfs, fd, st);
  if (!r) st->f_type = NFS_SUPER_MAGIC;
  return r;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
  int const r = (int)syscall(SYS_clock_gettime, clock, now);
  if (!r && clock == CLOCK_BOOTTIME && earlier) now->tv_sec += atol(earlier);
  return r;
}
