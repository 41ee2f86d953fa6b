/* maildir-op to which every file system is NFS, on a host that was started EARLIER seconds (of the environment) before this one. What fstat says of a
 * directory is what was so when it was opened, as an NFS client's cache has it; statx with AT_STATX_FORCE_SYNC asks anew. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include <linux/magic.h>

#include "../../src/maildir/maildir-op.c"

#define CACHED 1024

static char const *earlier;
static struct stat cached[CACHED]; /* by descriptor */

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

int openat(int dir, char const *path, int flags, ...)
{
  va_list more;
  mode_t mode;
  int fd;
  va_start(more, flags);
  mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
  va_end(more);
  fd = (int)syscall(SYS_openat, dir, path, flags, mode);
  if (fd < 0 || fd >= CACHED) return fd;
  if (fstatat(fd, "", cached + fd, AT_EMPTY_PATH) < 0) cached[fd].st_ino = 0;
  return fd;
}

/* What another host has removed is stale to the server. */
int statx(int dir, char const *restrict path, int flags, unsigned int mask, struct statx *restrict st)
{
  int const r = (int)syscall(SYS_statx, dir, path, flags, mask | STATX_NLINK, st);
  return !r && flags & AT_STATX_FORCE_SYNC && !st->stx_nlink ? errno = ESTALE, -1 : r;
}

int fstat(int fd, struct stat *st)
{
  int const r = fstatat(fd, "", st, AT_EMPTY_PATH);
  if (!r && fd < CACHED && S_ISDIR(st->st_mode) && cached[fd].st_ino == st->st_ino && cached[fd].st_dev == st->st_dev) *st = cached[fd];
  return r;
}
