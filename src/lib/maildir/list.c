/* Reading a small directory, entry by entry. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <porter/closing.h>

#include "list.h"
#include "private.h"

DIR *list_open(int dir, char const *name)
{
  int fd = openat(dir, name, FOLDER_OPEN);
  DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
  if (!list) close_keeping(fd, -1);
  return list;
}

struct dirent *list_next(DIR *list)
{
  struct dirent *d;
  do errno = 0, d = readdir(list);
  while (d && (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")));
  return d;
}

int list_close(DIR *list, int result)
{
  int e = errno;
  closedir(list);
  return errno = e, result;
}
