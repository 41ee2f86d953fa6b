/* PORTER_STATUS: how frame-auth learns that the credentials were accepted and the mailbox was entered. */
#include <stdlib.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/closing.h>
#include <porter/frame.h>

int frame_begun(void)
{
  char const *s = getenv("PORTER_STATUS");
  unsigned int fd;
  int good = 1;
  if (!s) return 1;
  if (uint0_scan(s, &fd) && fd > 2) good = close_keeping((int)fd, write((int)fd, "", 1) == 1);
  unsetenv("PORTER_STATUS");
  return good;
}
