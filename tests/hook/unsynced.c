/* maildir-op that leaves out syncs: of files where it is called unsynced-files, of directories where it is called otherwise. tests/power
 * must see what that loses. */
#include <sys/stat.h>
#include <sys/syscall.h>

#include "../../src/maildir/maildir-op.c"

/* No header's: a program's own goes before the C library's. */
int fsync(int fd)
{
  struct stat st;
  int files = !strcmp(program_invocation_short_name, "unsynced-files");
  if (fstat(fd, &st) < 0) return -1;
  return files == S_ISREG(st.st_mode) ? 0 : (int)syscall(SYS_fsync, fd);
}
