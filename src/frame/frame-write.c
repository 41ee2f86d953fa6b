/* frame-write: what a program writes becomes one response frame, once the program has ended. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>
#include <skalibs/uint32.h>

#include <maildir.pb-c.h>
#include <porter/child.h>
#include <porter/confine.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/octets.h>
#include <porter/outcome.h>
#include <porter/say.h>
#include <porter/session.h>

#define USAGE "frame-write [ -d dir ] [ -j ] [ -n max ] [ -t seconds ] [ prog... ]"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define HEAD 4 /* octets of the length, in front of the message in the same file: one sendfile sends both */

static struct {
  char const *dir;
  unsigned int max, patience;
  int json;
} option = { NULL, FRAME_RESPONSE_MAX, FRAME_PATIENCE, 0 };

/* Standard input is the message. */
static void fill(int fd)
{
  char s[FRAME_PIECE];
  for (uint64_t got = 0;;) {
    size_t n;
    errno = 0;
    n = allread(0, s, sizeof s);
    got += n;
    if (got > option.max) errno = EFBIG;
    if (n && (got > option.max || allwrite(fd, s, n) < n)) die_unable(EXIT_PERMANENT, "keep a message of that size");
    if (n == sizeof s) continue;
    if (errno) die_unable(EXIT_TEMPORARY, "read the message");
    return;
  }
}

static int run(char const *const *argv, int fd)
{
  pid_t pid = child_start(argv, (char const *const *)environ, &(child_fd){ fd, 1 }, 1, NULL);
  if (!pid) die_unable(child_unrun(errno), "run ", argv[0]);
  confine_writer(option.dir);
  return child_wait(pid);
}

/* What the reader takes his time for shall not lie in memory: the account's disk and quota pay. Where they do not, or there is no such
 * file, it stays there, and goes as it is sent. Returns the file, and says whether it is the same. */
static int settle(int fd, uint64_t len, int *memory)
{
  *memory = len > FRAME_MEMORY_MAX;
  if (!*memory || !option.dir) return fd;
  int file = frame_file(option.dir);
  if (file < 0) return fd;
  if (!frame_copy(file, fd, len)) {
    close(file);
    return fd;
  }
  close(fd);
  *memory = 0;
  return file;
}

static int respond_failure(int code, int error, char const *text)
{
  char s[FRAME_FAILURE_MAX];
  if (frame_put(1, s, frame_failure(s, option.json, error, text), option.patience)) return code;
  say_unable("send the response", NULL);
  return EXIT_REQUEST;
}

/* Once the first octet may have gone, nobody else may answer: frame-read leaves EXIT_REQUEST alone. */
static int respond(int fd, uint64_t len, int code)
{
  char s[HEAD];
  int memory;
  uint32_pack_big(s, (uint32_t)(len - HEAD));
  if (pwrite(fd, s, HEAD, 0) != HEAD) die_unable(EXIT_TEMPORARY, "prepare the response");
  fd = settle(fd, len, &memory);
  if (!frame_tick(1)) die_unable(EXIT_TEMPORARY, "prepare the response");
  if (frame_put_file(1, fd, len, option.patience, memory)) return code;
  say_unable("send the response", NULL);
  return EXIT_REQUEST;
}

int main(int argc, char const *const *argv)
{
  PROG = "frame-write";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "d:jn:t:", &l)) != -1;) switch (opt) {
      case 'd': option.dir = l.arg; break;
      case 'j': option.json = 1; break;
      case 'n':
        if (!uint0_scan(l.arg, &option.max)) dieusage();
        break;
      case 't':
        if (!uint0_scan(l.arg, &option.patience) || !option.patience) dieusage();
        break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (!session_begin()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");

  int code = EXIT_DONE, fd = octets_catcher("response", HEAD, option.max);
  if (fd < 0) die_unable(EXIT_TEMPORARY, "make a file in memory");
  if (argc) code = run(argv, fd);
  else fill(fd);
  off_t len = lseek(fd, 0, SEEK_CUR);
  if (len > (off_t)option.max + HEAD)
    return respond_failure(EXIT_ERROR, PORTER__ERROR__CODE__TOO_LARGE, "the response would be too long, ask for less");
  outcome end = outcome_of_call(code);
  if (!end.answered) return code;
  if (len < HEAD) die(EXIT_TEMPORARY, "the program moved in its output");
  /* A program that says no without a word: an empty message would read as success. */
  if (len == HEAD && code) return respond_failure(code, end.error, end.text);
  return respond(fd, (uint64_t)len, code);
}
