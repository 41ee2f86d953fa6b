/* frame-auth: the first request proves who the client is; then the chain behind a checkpassword program has the connection. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <maildir.pb-c.h>
#include <porter/account.h>
#include <porter/child.h>
#include <porter/credentials.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/outcome.h>
#include <porter/text.h>

#define USAGE "frame-auth [ -j ] [ -l ] [ -t seconds ] [ -d seconds ] [ -u uid:gid ] [ -v ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define NOBODY 65534
#define STATUS_FLOOR 10  /* below it are descriptors that somebody means something by */

static struct { unsigned int patience, delay; int json, lower, verbose; } option = { 30, 2, 0, 0, 0 };
static char shown[TEXT_ESCAPE_MAX + 1];  /* the user, for the log */

static void report(char const *outcome)
{
  char const *peer = getenv("TCPREMOTEIP"), *kind = peer ? " from " : " from uid ";
  if (!option.verbose) return;
  if (!peer) peer = getenv("IPCREMOTEEUID");
  strerr_warn("frame-auth: ", *shown ? shown : "nobody", peer ? kind : "", peer ? peer : "", ": ", outcome);
}

static int refuse(int code, int error, char const *text)
{
  char s[FRAME_FAILURE_MAX];
  report(text);
  poll(NULL, 0, option.delay > INT_MAX / 1000 ? INT_MAX : (int)option.delay * 1000);
  if (!frame_put(1, s, frame_failure(s, option.json, error, text), option.patience)) strerr_warnwu1sys("send a response");
  frame_end(0, 1);
  return code;
}

/* The chain has ended before frame-read began. */
static int ended(int code)
{
  outcome o = outcome_of_login(code);
  return refuse(code, o.error, o.text);
}

/* The user as the chain shall know him. */
static char const *authuser(char const *user)
{
  static char s[CREDENTIALS_MAX + 1];
  size_t i = 0;
  if (!option.lower) return user;
  for (; user[i]; i++) s[i] = (char)(user[i] >= 'A' && user[i] <= 'Z' ? user[i] | 0x20 : user[i]);
  s[i] = 0;
  return s;
}

static void nothing(int sig)
{
  (void)sig;
}

/* Whether frame-read has said that it began. */
static int began(int status)
{
  char byte;
  return read(status, &byte, 1) == 1;
}

/* Waits until it says so, or until the chain has ended without a word: some other process may hold the pipe for ever, so its
 * end does not tell. Elsewhere SIGCHLD is blocked, so that it cannot come unnoticed. */
static void wait_for(int status, sigset_t const *unblocked)
{
  struct pollfd p = { .fd = status, .events = POLLIN };
  ppoll(&p, 1, NULL, unblocked);
}

static int pipes(int *in, int *status)
{
  if (pipe2(in, O_CLOEXEC) < 0 || pipe2(status, O_CLOEXEC | O_NONBLOCK) < 0) return 0;
  int floor = fcntl(status[1], F_DUPFD_CLOEXEC, STATUS_FLOOR);
  close(status[1]);
  status[1] = floor;
  return floor >= 0;
}

int main(int argc, char const *const *argv)
{
  static account nobody = { .uid = NOBODY, .gid = NOBODY };
  static credentials c;
  sigset_t blocked, before;
  char number[UINT_FMT + 1];
  int in[2], status[2];
  PROG = "frame-auth";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "jlt:d:u:v", &l)) != -1; ) switch (opt) {
      case 'j': option.json = 1; break;
      case 'l': option.lower = 1; break;
      case 't': if (!uint0_scan(l.arg, &option.patience) || !option.patience) dieusage(); break;
      case 'd': if (!uint0_scan(l.arg, &option.delay)) dieusage(); break;
      case 'u': {
        size_t n = uid_scan(l.arg, &nobody.uid);
        if (!n || l.arg[n] != ':' || !gid0_scan(l.arg + n + 1, &nobody.gid) || !nobody.uid) dieusage();
        break;
      }
      case 'v': option.verbose = 1; break;
      default: dieusage();
    }
    argc -= l.ind; argv += l.ind;
  }
  if (argc < 1) dieusage();
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open descriptors 0 to 2");
  child_signals();
  prctl(PR_SET_DUMPABLE, 0);

  enum frame_status got = frame_auth_read(0, &c, option.patience);
  if (got == FRAME_END) return EXIT_DONE;
  if (got != FRAME_OK) {
    credentials_wipe(&c);
    if (got == FRAME_IDLE) return frame_end(0, 1), EXIT_REQUEST;
    return got == FRAME_SYSTEM ? refuse(EXIT_TEMPORARY, PORTER__ERROR__CODE__TEMPORARY, frame_reason(got))
      : refuse(EXIT_REQUEST, PORTER__ERROR__CODE__BAD_REQUEST,
        got == FRAME_METHOD ? "the first request must be Auth" : frame_reason(got));
  }
  text_escape(shown, c.user, strlen(c.user));

  sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = nothing, .sa_flags = SA_NOCLDSTOP }, NULL);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  int good = pipes(in, status) && setenv("AUTHUSER", authuser(c.user), 1) == 0 && allwrite(in[1], c.s, c.len) == c.len;
  if (good) number[uint_fmt(number, (unsigned int)status[1])] = 0;
  if (good) good = setenv("PORTER_STATUS", number, 1) == 0;
  credentials_wipe(&c);
  if (!good) {
    strerr_warnwu1sys("prepare to run a program");
    return ended(EXIT_TEMPORARY);
  }
  close(in[1]);
  pid_t pid = child_start(argv, (char const *const *)environ, (child_fd[]){ { in[0], 3 }, { status[1], status[1] } }, 2, &before);
  if (!pid) {
    int code = child_unrun(errno);
    strerr_warnwu2sys("run ", argv[0]);
    return ended(code);
  }
  close(in[0]);
  close(status[1]);
  if (!geteuid() && !account_become(&nobody)) strerr_diefu1sys(EXIT_TEMPORARY, "give up root");
  wait_for(status[0], &before);
  int begun = began(status[0]);
  if (begun) report("accepted");
  int code = child_wait(pid);
  return begun || began(status[0]) ? code : ended(code);
}
