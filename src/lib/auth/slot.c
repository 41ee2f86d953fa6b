/* Turns, by locks. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/closing.h>
#include <porter/frame.h>
#include <porter/slot.h>

static int directory(char const *name)
{
  struct stat st;
  if (mkdir(name, 0700) < 0 && errno != EEXIST) return -1;
  int fd = open(name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -1;
  if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && !(st.st_mode & 077)) return fd;
  close(fd);
  return errno = EPERM, -1;
}

/* The file of that name, locked. frame_tick interrupts the wait once a second. */
static int locked(int dir, char const *name, int64_t deadline)
{
  int fd = openat(dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return -1;
  while (flock(fd, LOCK_EX) < 0) {
    if (errno == EINTR && frame_clock() < deadline) continue;
    if (errno == EINTR) errno = ETIMEDOUT;
    return close_keeping(fd, -1);
  }
  return fd;
}

/* The next number. Who finds half of one begins anew: it only spreads who comes over the slots. */
static int draw(int dir, uint64_t *number, int64_t deadline)
{
  uint64_t next;
  int fd = locked(dir, "queue", deadline);
  if (fd < 0) return 0;
  if (pread(fd, number, sizeof *number, 0) != sizeof *number) *number = 0;
  next = *number + 1;
  return close_keeping(fd, pwrite(fd, &next, sizeof next, 0) == sizeof next);
}

int slot_take(char const *dir, unsigned int n, unsigned int patience)
{
  char name[UINT_FMT];
  uint64_t number;
  int64_t deadline = frame_clock() + (int64_t)patience * 1000;
  int fd = -1, d = directory(dir);
  if (d < 0) return -1;
  if (frame_tick(1) && draw(d, &number, deadline)) {
    name[uint_fmt(name, (unsigned int)(number % n))] = 0;
    fd = locked(d, name, deadline);
  }
  int e = errno;
  frame_tick(0);
  close(d);
  return errno = e, fd;
}
