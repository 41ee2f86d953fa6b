/* frame-read: runs a program for each request frame on descriptor 0, with the message on its standard input. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <maildir.pb-c.h>
#include <porter/child.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/outcome.h>
#include <porter/say.h>
#include <porter/session.h>

#define USAGE "frame-read [ -d dir ] [ -j ] [ -n max ] [ -t seconds ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static struct {
  unsigned int max, patience;
  int json;
} option = { FRAME_MESSAGE_MAX, FRAME_PATIENCE, 0 };

/* A response of our own. */
static int answer(int error, char const *text)
{
  char s[FRAME_FAILURE_MAX];
  if (frame_put(1, s, frame_failure(s, option.json, error, text), option.patience)) return 1;
  say_unable("send a response", NULL);
  return 0;
}

static int end(int code, int error, char const *text)
{
  if (text) answer(error, text);
  frame_end(0, 1);
  return code;
}

/* What the caller did wrong is answered, unless he never began. */
static int refuse(enum frame_status status)
{
  if (status == FRAME_SYSTEM) {
    say_unable("read a request", NULL);
    return end(EXIT_TEMPORARY, PORTER__ERROR__CODE__TEMPORARY, frame_reason(status));
  }
  return end(EXIT_REQUEST, PORTER__ERROR__CODE__BAD_REQUEST, status == FRAME_IDLE ? NULL : frame_reason(status));
}

/* Runs the program for one request. Returns its exit code; where a signal killed it, the client may have a part of its response. */
static int run(char const *const *argv, int in, int *killed)
{
  pid_t pid = child_start(argv, (char const *const *)environ, &(child_fd){ in, 0 }, 1, NULL);
  int code;
  *killed = 0;
  if (pid) code = child_wait_end(pid, killed);
  else {
    code = child_unrun(errno);
    say_unable("run ", argv[0], NULL);
  }
  if (*killed) say("warning: ", argv[0], " was killed by a signal", NULL);
  close(in);
  return code;
}

/* The answer to KeepOpen: an empty message. */
static int keep_open(void)
{
  size_t len = option.json ? 6 : 4;
  if (frame_put(1, option.json ? "\0\0\0\2{}" : "\0\0\0\0", len, option.patience)) return 1;
  say_unable("send a response", NULL);
  return 0;
}

int main(int argc, char const *const *argv)
{
  char const *dir = NULL;
  PROG = "frame-read";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "d:jn:t:", &l)) != -1;) switch (opt) {
      case 'd': dir = l.arg; break;
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
  if (argc < 1) dieusage();
  if (!session_begin()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");
  session_serve();

  frame_request request;
  int open = 0;
  char const *args[argc + 2];
  memcpy(args, argv, (size_t)argc * sizeof *args);
  args[argc] = request.method;
  args[argc + 1] = NULL;
  for (;;) {
    int in, killed;
    enum frame_status status = frame_request_read(0, &request, option.max, option.patience);
    if (status == FRAME_END) return EXIT_DONE;
    if (status == FRAME_OK && !strcmp(request.method, "KeepOpen")) {
      status = frame_keep_open_read(0, request.len, option.json, option.patience);
      if (status != FRAME_OK) return refuse(status);
      if (!keep_open()) return end(EXIT_REQUEST, 0, NULL);
      open = 1;
      continue;
    }
    if (status == FRAME_OK) status = frame_message_read(0, request.len, option.patience, dir, &in);
    if (status == FRAME_FULL) {
      if (!open) return end(EXIT_ERROR, PORTER__ERROR__CODE__OVER_QUOTA, frame_reason(status));
      if (!answer(PORTER__ERROR__CODE__OVER_QUOTA, frame_reason(status))) return end(EXIT_REQUEST, 0, NULL);
      continue;
    }
    if (status != FRAME_OK) return refuse(status);
    int code = run(args, in, &killed);
    outcome o = outcome_of_call(code);
    if (code == EXIT_DONE || (open && o.again)) continue;
    return end(code, o.error, o.answered || killed ? NULL : o.text);
  }
}
