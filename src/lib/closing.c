/* Closing a descriptor on the way out. */
#include <errno.h>
#include <unistd.h>

#include <porter/closing.h>

int close_keeping(int fd, int result)
{
  int e = errno;
  if (fd >= 0) close(fd);
  errno = e;
  return result;
}
