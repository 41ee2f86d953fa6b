/* What is in a state directory, by name: numbers in names, entries, fifos. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/closing.h>
#include "bus_internal.h"

void bus_path_fmt(char *s, char const *prefix, uint64_t n)
{
  s = stpcpy(s, prefix);
  s[uint64_fmt(s, n)] = 0;
}

int bus_number(char const *s, char end, uint64_t *n, char const **rest)
{
  size_t len = uint64_scan(s, n);
  if (!len || s[len] != end) return 0;
  *rest = s + len + (end != 0);
  return 1;
}

void bus_conn_fmt(char *s, char const *prefix, uint64_t serial, uint32_t uid)
{
  s = stpcpy(s, prefix);
  s += uint64_fmt(s, serial);
  *s++ = '.';
  s[uint32_fmt(s, uid)] = 0;
}

int bus_conn_scan(char const *s, uint64_t *serial, uint32_t *uid)
{
  uint64_t n;
  if (!bus_number(s, '.', serial, &s) || !bus_number(s, 0, &n, &s) || n > UINT32_MAX || !*serial) return 0;
  *uid = (uint32_t)n;
  return 1;
}

int bus_fifo_open(bus const *b, char const *path) { return openat(b->dir, path, O_WRONLY | O_NONBLOCK | O_CLOEXEC); }

void bus_fifo_wake(int fd)
{
  while (write(fd, "", 1) < 0 && errno == EINTR)
    ;
}

int bus_entries(int dir, char const *path, bus_entry_func *each, void *context)
{
  /* Not opendir: it takes 32 KiB for each directory. */
  _Alignas(struct dirent64) char entries[4096];
  ssize_t n;
  int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return 0;
  while ((n = getdents64(fd, entries, sizeof entries)) > 0)
    for (ssize_t i = 0; i < n;) {
      struct dirent64 const *entry = (struct dirent64 const *)(entries + i);
      i += entry->d_reclen;
      if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
      if (!each(context, entry->d_name)) return close_keeping(fd, 1);
    }
  return close_keeping(fd, n >= 0);
}
