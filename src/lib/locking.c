/* A lock that is waited for, but not for ever: whoever has it may have been stopped, or mean to keep it. */
#include <errno.h>
#include <sys/file.h>
#include <time.h>

#include <porter/locking.h>

#define STEP_MS 2

int lock_within(int fd, unsigned int ms)
{
  for (unsigned int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += STEP_MS) {
    if (errno != EWOULDBLOCK && errno != EINTR) return 0;
    if (waited >= ms) return errno = EBUSY, 0;
    nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000 }, NULL);
  }
  return 1;
}
