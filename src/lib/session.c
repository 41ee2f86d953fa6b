/* How the programs of a session begin. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <skalibs/djbunix.h>

#include <porter/child.h>
#include <porter/frame.h>
#include <porter/say.h>
#include <porter/session.h>

int session_begin(void)
{
  if (!fd_sanitize()) return 0;
  child_signals();
  prctl(PR_SET_DUMPABLE, 0);
  return 1;
}

void session_serve(void)
{
  setsockopt(1, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
  if (!frame_begun()) say_unable("write to PORTER_STATUS", NULL);
}
