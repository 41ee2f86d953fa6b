/* A pipe is cheaper than a file in memory, but holds little. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include <porter/closing.h>
#include <porter/octets.h>

#define PIPE_SURE 4096u /* a pipe holds a page, even that of a user who has too many */
#define PIPE_MOST 65536u

/* -1 with errno 0 where the pipe is too small: then nothing was lost. */
static int in_pipe(char const *s, size_t len)
{
  int p[2];
  if (pipe2(p, O_CLOEXEC) < 0) return -1;
  if (len > PIPE_SURE && fcntl(p[1], F_GETPIPE_SZ) < (int)len) errno = 0;
  else if (allwrite(p[1], s, len) == len) {
    close(p[1]);
    return p[0];
  }
  close_keeping(p[1], -1);
  return close_keeping(p[0], -1);
}

int octets_fd(char const *name, char const *s, size_t len)
{
  int fd;
  if (len <= PIPE_MOST) {
    fd = in_pipe(s, len);
    if (fd >= 0 || errno) return fd;
  }
  fd = memfd_create(name, MFD_CLOEXEC);
  if (fd >= 0 && (allwrite(fd, s, len) < len || lseek(fd, 0, SEEK_SET) < 0)) return close_keeping(fd, -1);
  return fd;
}

int octets_catcher(char const *name, uint64_t at, uint64_t max)
{
  struct rlimit limit;
  uint64_t size = at + max + 2 * PIPE_MOST;
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -1;
  /* Whoever reaches the limit on files is killed; one octet before it he is told. */
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur <= size) size = limit.rlim_cur ? limit.rlim_cur - 1 : 0;
  if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0 || lseek(fd, (off_t)at, SEEK_SET) < 0)
    return close_keeping(fd, -1);
  return fd;
}
