/* frame-auth: the first request proves who the client is; then the chain behind a checkpassword program has the connection. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
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
#include <porter/confine.h>
#include <porter/credentials.h>
#include <porter/descriptors.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/outcome.h>
#include <porter/say.h>
#include <porter/session.h>
#include <porter/text.h>

#define USAGE "frame-auth [ -j ] [ -l ] [ -t seconds ] [ -d seconds ] [ -u account ] [ -v ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define NOBODY 65534
#define STATUS_FLOOR 10 /* below it are descriptors that somebody means something by */

static struct {
  unsigned int patience, delay;
  int json, lower, verbose;
} option = { 30, 2, 0, 0, 0 };
static char peer[4 + TEXT_ESCAPE_MAX + 1]; /* for the log */
static char who[2 * TEXT_ESCAPE_MAX + 3];  /* likewise: the user, in quotes */
static struct timespec arrival;            /* of the Auth frame */

/* What is in quotes can end them no earlier: text_escape doubles a backslash. */
static void quote(char *to, char const *name)
{
  char shown[TEXT_ESCAPE_MAX + 1];
  size_t n = 0;
  text_escape(shown, name, strlen(name));
  to[n++] = '"';
  for (char const *s = shown; *s; s++) {
    if (*s == '"') to[n++] = '\\';
    to[n++] = *s;
  }
  to[n++] = '"';
  to[n] = 0;
}

/* Who is at the other end: what the server says, else what the kernel knows of a unix socket. */
static void find_peer(char *s)
{
  char const *address = getenv("TCPREMOTEIP"), *uid = getenv("IPCREMOTEEUID");
  struct ucred known;
  socklen_t len = sizeof known;
  if (address || uid) {
    strcpy(s, address ? "ip " : "uid ");
    text_escape(s + strlen(s), address ? address : uid, strlen(address ? address : uid));
  } else if (getsockopt(0, SOL_SOCKET, SO_PEERCRED, &known, &len) < 0 || known.uid == (uid_t)-1) strcpy(s, "nobody knows whom");
  else {
    strcpy(s, "uid ");
    s[4 + uid_fmt(s + 4, known.uid)] = 0;
  }
}

/* The peer first and the user last: nothing that a client chooses stands in front of what a filter looks for. */
static void report(char const *outcome)
{
  if (option.verbose) say(peer, ": ", outcome, ": ", *who ? who : "no user", NULL);
}

/* Until the next whole multiple of the delay after the frame came: a check that takes longer, or waits for its turn, does not show. */
static void hold_back(void)
{
  struct timespec now, until = arrival;
  if (!option.delay) return;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t past = (now.tv_sec - arrival.tv_sec) - (now.tv_nsec < arrival.tv_nsec);
  until.tv_sec += (past / option.delay + 1) * option.delay;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
    ;
}

static int refuse(int code, int error, char const *text)
{
  char s[FRAME_FAILURE_MAX];
  report(text);
  hold_back();
  if (!frame_put(1, s, frame_failure(s, option.json, error, text), option.patience)) say_unable("send a response", NULL);
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

static void nothing(int sig) { (void)sig; }

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

/* uid:gid, or an account of /etc/passwd: a static program asks no other source. */
static int scan_account(account *a, char const *s)
{
  size_t n = uid_scan(s, &a->uid);
  if (n && s[n] == ':') return gid0_scan(s + n + 1, &a->gid) && a->uid;
  FILE *file = fopen("/etc/passwd", "re");
  struct passwd *pw = NULL;
  while (file && (pw = fgetpwent(file)) && strcmp(pw->pw_name, s))
    ;
  if (pw) *a = (account){ .uid = pw->pw_uid, .gid = pw->pw_gid };
  if (file) fclose(file);
  return pw && a->uid;
}

/* What the chain has got is closed here, whoever gave it to this process. */
static void keep_only(int status)
{
  descriptors kept = { 1, { (unsigned int)status } };
  descriptors_close_others(&kept);
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
    for (int opt; (opt = subgetopt_r(argc, argv, "jlt:d:u:v", &l)) != -1;) switch (opt) {
      case 'j': option.json = 1; break;
      case 'l': option.lower = 1; break;
      case 't':
        if (!uint0_scan(l.arg, &option.patience) || !option.patience) dieusage();
        break;
      case 'd':
        if (!uint0_scan(l.arg, &option.delay)) dieusage();
        break;
      case 'u':
        if (!scan_account(&nobody, l.arg)) dieusage();
        break;
      case 'v': option.verbose = 1; break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc < 1) dieusage();
  if (!session_begin()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");
  if (option.verbose) find_peer(peer);

  enum frame_status got = frame_auth_read(0, &c, option.patience);
  clock_gettime(CLOCK_MONOTONIC, &arrival);
  if (got == FRAME_END) return EXIT_DONE;
  if (got != FRAME_OK) {
    credentials_wipe(&c);
    if (got == FRAME_IDLE) return frame_end(0, 1), EXIT_REQUEST;
    return got == FRAME_SYSTEM
      ? refuse(EXIT_TEMPORARY, PORTER__ERROR__CODE__TEMPORARY, frame_reason(got))
      : refuse(EXIT_REQUEST, PORTER__ERROR__CODE__BAD_REQUEST, got == FRAME_METHOD ? "the first request must be Auth" : frame_reason(got));
  }
  quote(who, c.user);

  sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = nothing, .sa_flags = SA_NOCLDSTOP }, NULL);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGCHLD);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  int good = pipes(in, status) && setenv("AUTHUSER", authuser(c.user), 1) == 0 && allwrite(in[1], c.s, c.len) == c.len;
  if (good) number[uint_fmt(number, (unsigned int)status[1])] = 0;
  if (good) good = setenv("PORTER_STATUS", number, 1) == 0;
  credentials_wipe(&c);
  if (!good) {
    say_unable("prepare to run a program", NULL);
    return ended(EXIT_TEMPORARY);
  }
  close(in[1]);
  pid_t pid = child_start(argv, (char const *const *)environ, (child_fd[]){ { in[0], 3 }, { status[1], status[1] } }, 2, &before);
  if (!pid) {
    int code = child_unrun(errno);
    say_unable("run ", argv[0], NULL);
    return ended(code);
  }
  keep_only(status[0]);
  if (!geteuid() && !account_become(&nobody)) die_unable(EXIT_TEMPORARY, "give up root");
  confine_watcher();
  wait_for(status[0], &before);
  int begun = began(status[0]);
  if (begun) report("accepted");
  int code = child_wait(pid);
  return begun || began(status[0]) ? code : ended(code);
}
