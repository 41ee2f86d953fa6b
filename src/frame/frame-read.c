/* frame-read: runs a program for each request frame on descriptor 0, with the message on its standard input. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <maildir.pb-c.h>
#include <porter/child.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/outcome.h>

#define USAGE "frame-read [ -d dir ] [ -n max ] [ -t seconds ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static int end(int code, int error, char const *text, unsigned int patience)
{
  char s[FRAME_FAILURE_MAX];
  if (text && !frame_put(1, s, frame_failure(s, error, text), patience))
    strerr_warnwu1sys("send a response");
  frame_end(0, 1);
  return code;
}

/* What the caller did wrong is answered, unless he never began. */
static int refuse(enum frame_status status, unsigned int patience)
{
  if (status == FRAME_SYSTEM) {
    int full = errno == ENOSPC || errno == EDQUOT;
    strerr_warnwu1sys("read a request");
    if (full) return end(EXIT_ERROR, PORTER__ERROR__CODE__OVER_QUOTA, "no space for the request", patience);
    return end(EXIT_TEMPORARY, PORTER__ERROR__CODE__TEMPORARY, frame_reason(status), patience);
  }
  return end(EXIT_REQUEST, PORTER__ERROR__CODE__BAD_REQUEST, status == FRAME_IDLE ? NULL : frame_reason(status), patience);
}

int main(int argc, char const *const *argv)
{
  unsigned int max = FRAME_MESSAGE_MAX, patience = FRAME_PATIENCE;
  char const *dir = NULL;
  PROG = "frame-read";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "d:n:t:", &l)) != -1; ) switch (opt) {
      case 'd': dir = l.arg; break;
      case 'n': if (!uint0_scan(l.arg, &max)) dieusage(); break;
      case 't': if (!uint0_scan(l.arg, &patience) || !patience) dieusage(); break;
      default: dieusage();
    }
    argc -= l.ind; argv += l.ind;
  }
  if (argc < 1) dieusage();
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open descriptors 0 to 2");
  child_signals();
  prctl(PR_SET_DUMPABLE, 0);  /* many mailboxes may share this uid */
  /* A response must not wait for the other side to acknowledge the one before it. On anything but TCP this does nothing. */
  setsockopt(1, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
  if (!frame_begun()) strerr_warnwu1sys("write to PORTER_STATUS");

  frame_request request;
  char const *args[argc + 2];
  memcpy(args, argv, (size_t)argc * sizeof *args);
  args[argc] = request.method;
  args[argc + 1] = NULL;
  for (;;) {
    int in, code;
    enum frame_status status = frame_request_read(0, &request, max, patience);
    if (status == FRAME_END) return EXIT_DONE;
    if (status == FRAME_OK) status = frame_message_read(0, request.len, patience, dir, &in);
    if (status != FRAME_OK) return refuse(status, patience);
    pid_t pid = child_start(args, (char const *const *)environ, &(child_fd){ in, 0 }, 1, NULL);
    if (!pid) {
      code = child_unrun(errno);
      strerr_warnwu2sys("run ", args[0]);
    }
    else code = child_wait(pid);
    close(in);
    if (code == EXIT_DONE) continue;
    outcome o = outcome_of_call(code);
    return end(code, o.error, o.answered ? NULL : o.text, patience);
  }
}
