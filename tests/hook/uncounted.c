/* ctlmsg on a file system that does not count the directories in a directory: it has one link (btrfs). */
#include <sys/stat.h>

#include "../../src/ctlmsg/ctlmsg.c"

/* A program's own goes before the C library's. */
int fstat(int fd, struct stat *st)
{
  int const r = fstatat(fd, "", st, AT_EMPTY_PATH);
  if (!r && S_ISDIR(st->st_mode)) st->st_nlink = 1;
  return r;
}
