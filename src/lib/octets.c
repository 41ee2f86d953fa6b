/* A pipe is cheaper than a file in memory, but holds little. */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include <porter/octets.h>

#define PIPE_SURE 4096u  /* a pipe holds a page, even that of a user who has too many */
#define PIPE_MOST 65536u

/* Keeps errno. */
static int drop(int fd)
{
  int e = errno;
  if (fd >= 0) close(fd);
  return errno = e, -1;
}

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
  drop(p[1]);
  return drop(p[0]);
}

int octets_fd(char const *name, char const *s, size_t len)
{
  int fd;
  if (len <= PIPE_MOST) {
    fd = in_pipe(s, len);
    if (fd >= 0 || errno) return fd;
  }
  fd = memfd_create(name, MFD_CLOEXEC);
  if (fd >= 0 && (allwrite(fd, s, len) < len || lseek(fd, 0, SEEK_SET) < 0)) return drop(fd);
  return fd;
}
