/* frame-write: what a program writes becomes one response frame, once the program has ended. */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>
#include <skalibs/uint32.h>

#include <porter/child.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/outcome.h>

#define USAGE "frame-write [ -j ] [ -n max ] [ -t seconds ] [ prog... ]"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define HEAD 4  /* octets of the length, in front of the message in the same file: one sendfile sends both */

/* A file in memory that nobody can make longer than HEAD + max octets; its offset is behind the length. */
static int catcher(uint32_t max)
{
  struct rlimit limit;
  uint64_t size = (uint64_t)max + HEAD;
  int fd = memfd_create("response", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) strerr_diefu1sys(EXIT_TEMPORARY, "make a file in memory");
  /* Whoever reaches the limit on files is killed; one octet before it he is told. */
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur <= size) size = limit.rlim_cur ? limit.rlim_cur - 1 : 0;
  if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0 || lseek(fd, HEAD, SEEK_SET) < 0)
    strerr_diefu1sys(EXIT_TEMPORARY, "prepare a file in memory");
  return fd;
}

/* Standard input is the message. */
static void fill(int fd)
{
  char s[FRAME_PIECE];
  for (;;) {
    size_t n;
    errno = 0;
    n = allread(0, s, sizeof s);
    if (n && allwrite(fd, s, n) < n) strerr_diefu1sys(EXIT_PERMANENT, "keep a message of that size");
    if (n == sizeof s) continue;
    if (errno) strerr_diefu1sys(EXIT_TEMPORARY, "read the message");
    return;
  }
}

static int run(char const *const *argv, int fd)
{
  pid_t pid = child_start(argv, (char const *const *)environ, &(child_fd){ fd, 1 }, 1, NULL);
  if (!pid) strerr_diefu2sys(child_unrun(errno), "run ", argv[0]);
  return child_wait(pid);
}

/* Once the first octet may have gone, nobody else may answer: frame-read leaves EXIT_REQUEST alone. */
static int respond(int fd, uint64_t len, int code, int json, unsigned int patience)
{
  char s[FRAME_FAILURE_MAX];
  uint32_pack_big(s, (uint32_t)(len - HEAD));
  if (pwrite(fd, s, HEAD, 0) != HEAD || !frame_tick(1)) strerr_diefu1sys(EXIT_TEMPORARY, "prepare the response");
  if (len == HEAD && code) {
    /* A program that says no without a word: an empty message would read as success. */
    outcome none = outcome_of_call(code);
    if (frame_put(1, s, frame_failure(s, json, none.error, none.text), patience)) return code;
  }
  else if (frame_put_file(1, fd, len, patience)) return code;
  strerr_warnwu1sys("send the response");
  return EXIT_REQUEST;
}

int main(int argc, char const *const *argv)
{
  unsigned int max = RESPONSE_MAX, patience = FRAME_PATIENCE;
  int json = 0;
  PROG = "frame-write";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "jn:t:", &l)) != -1; ) switch (opt) {
      case 'j': json = 1; break;
      case 'n': if (!uint0_scan(l.arg, &max)) dieusage(); break;
      case 't': if (!uint0_scan(l.arg, &patience) || !patience) dieusage(); break;
      default: dieusage();
    }
    argc -= l.ind; argv += l.ind;
  }
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open descriptors 0 to 2");
  child_signals();
  prctl(PR_SET_DUMPABLE, 0);  /* many mailboxes may share this uid */

  int code = EXIT_DONE, fd = catcher(max);
  if (argc) code = run(argv, fd);
  else fill(fd);
  if (!outcome_of_call(code).answered) return code;
  off_t len = lseek(fd, 0, SEEK_CUR);
  if (len < HEAD || len > (off_t)max + HEAD) strerr_dief1x(EXIT_TEMPORARY, "the program moved in its output");
  return respond(fd, (uint64_t)len, code, json, patience);
}
