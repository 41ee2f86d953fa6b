/* Messages that are too large to lie in memory for as long as the other side likes. */
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/frame.h>

int frame_file(char const *dir) { return open(dir, O_TMPFILE | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600); }

int frame_copy(int to, int from, uint64_t len)
{
  off_t at = 0;
  while ((uint64_t)at < len) {
    ssize_t w = sendfile(to, from, &at, (size_t)(len - (uint64_t)at));
    if (w < 0 && errno == EINTR) continue;
    if (w < 0) return 0;
    if (!w) return errno = EIO, 0;
  }
  return 1;
}
