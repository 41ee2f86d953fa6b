/* ctlmsg: one controller's connection to a control port with messages (Tor proposal 197), alone or in front of a tor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/socket.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/confine.h>
#include <porter/control.h>
#include <porter/exit.h>
#include <porter/say.h>

#define GIVE_WAY 3 /* of nice: with 1 a hundred listeners wait a tenth longer, with more a busy machine has too little left for a relay */
#define USAGE "ctlmsg [ -S ] [ -f [ -s torsocket ] ] [ -r rate ] [ -c cookiefile ] [ -p passwordfile ] [ -t seconds ] statedir"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static void warn(char const *what, int e) { say("warning: unable to ", what, ": ", bus_reason(e), (char const *)NULL); }

static int domain(int fd)
{
  int value = AF_UNSPEC;
  socklen_t len = sizeof value;
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len) < 0 ? AF_UNSPEC : value;
}

static int is_tcp(int fd)
{
  int family = domain(fd), on = 1;
  if (family != AF_INET && family != AF_INET6) return 0;
  /* What is written is whole: nothing more will come to fill a segment. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return 1;
}

/* Who the client is: what the server that accepted it says, or the kernel. Over TCP nobody knows. */
static uint32_t client_uid(int fd)
{
  struct ucred cred;
  socklen_t len = sizeof cred;
  char const *said = getenv("IPCREMOTEEUID");
  uint32_t uid;
  if (domain(fd) == AF_INET || domain(fd) == AF_INET6) return BUS_UID_NONE;
  if (said && uint320_scan(said, &uid)) return uid;
  return domain(fd) == AF_UNIX && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 ? (uint32_t)cred.uid : BUS_UID_NONE;
}

/* Connects to tor itself: a program less to start. The two descriptors differ, as what is waited for must. */
static void tor_connect(control *c, char const *path)
{
  int fd = ipc_stream_b();
  if (fd < 0 || !ipc_connect(fd, path) || coe(fd) < 0) strerr_diefu2sys(EXIT_TEMPORARY, "connect to ", path);
  c->front.in = fd;
  c->front.out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (c->front.out < 0) strerr_diefu1sys(EXIT_TEMPORARY, "copy a descriptor");
}

/* A message wakes all of us at once, and each wakes his client: who was relayed to should run before the next of us does, or the first
 * client waits for the last relay. So we interrupt nobody, and where two wait it is the other's turn. Unless whoever started us chose. */
static void give_way(void)
{
  struct sched_param param = { .sched_priority = 0 };
  if (sched_getscheduler(0) == SCHED_OTHER && sched_setscheduler(0, SCHED_BATCH, &param) == 0)
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + GIVE_WAY);
}

int main(int argc, char const *const *argv)
{
  static control c;
  subgetopt l = SUBGETOPT_ZERO;
  char const *cookie = NULL, *password = NULL, *tor = NULL, *lacking;
  unsigned int rate = CONTROL_RATE, patience = CONTROL_EARLY, patient = 0;
  int front = 0, strict = 0, opt;
  char path[PATH_MAX];
  PROG = "ctlmsg";

  while ((opt = subgetopt_r(argc, argv, "Sfs:r:c:p:t:", &l)) != -1) switch (opt) {
    case 'S': strict = 1; break;
    case 'f': front = 1; break;
    case 's': tor = l.arg; break;
    case 't':
      if (!uint0_scan(l.arg, &patience)) dieusage();
      patient = 1;
      break;
    case 'r':
      if (!uint0_scan(l.arg, &rate) || rate > 1000000000) dieusage();
      break;
    case 'c': cookie = l.arg; break;
    case 'p': password = l.arg; break;
    default: dieusage();
    }
  argc -= l.ind;
  argv += l.ind;
  /* In front of a tor it is tor who asks, and who waits. */
  if (argc != 1 || (front ? cookie || password || patient : tor != NULL)) dieusage();

  give_way();
  if (sig_ignore(SIGPIPE) < 0) strerr_diefu1sys(EXIT_TEMPORARY, "ignore SIGPIPE");
  control_init(&c, argv[0], client_uid(0));
  if (cookie) {
    if (!auth_cookie_read(&c.auth, cookie)) strerr_diefu2sys(EXIT_TEMPORARY, "read a cookie of 32 octets from ", cookie);
    if (!realpath(cookie, path)) strerr_diefu2sys(EXIT_TEMPORARY, "find the path of ", cookie);
    c.auth.cookie_file = path;
  }
  if (password && !auth_password_read(&c.auth, password)) strerr_diefu2sys(EXIT_TEMPORARY, "read a hashed password from ", password);
  c.own.rate = rate;
  c.version = PORTER_VERSION "-porter";
  c.warn = &warn;
  c.client.tcp = is_tcp(1);
  c.patience = patience;
  if (tor) tor_connect(&c, tor);
  else if (front) {
    c.front.in = 6;
    c.front.out = 7;
    is_tcp(7);
  }
  if ((lacking = confine_bus(argv[0])) && strict) strerr_diefu1sys(EXIT_TEMPORARY, lacking);
  if (!control_run(&c)) strerr_diefu1sys(EXIT_TEMPORARY, "serve the connection");
  return EXIT_DONE;
}
