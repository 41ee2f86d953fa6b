/* A program for each message, and what it replies. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <skalibs/env.h>
#include <skalibs/types.h>

#include <porter/child.h>
#include <porter/control_client.h>
#include <porter/exit.h>
#include <porter/say.h>

#define REPLY_MAX 9  /* the largest number of a descriptor that every shell takes in >&9 */
#define REPLY_ELSE 6 /* the connection is on it here, so the program has nothing there */
#define NO_SUCH_CONTROLLER 552
#define LOOK_AGAIN 100 /* ms, where the kernel has no descriptors of processes */

typedef struct reply_s reply;
struct reply_s {
  control_listener *l;
  char to[CONTROL_NAME_MAX + 1];
  char line[CONTROL_TEXT_MAX + 1];
  size_t len;   /* one more than a text may have: the line is too long */
  int dropping; /* nobody is there any more */
};

static void reply_line(reply *r)
{
  slice const text = { .s = r->line, .len = r->len };
  control_client const *c = r->l->client;
  r->len = 0;
  if (!text.len || r->dropping) return;
  if (!control_text_valid(text))
    say("warning: a line of the reply to ", r->to, " is too long or not printable ASCII: it is not posted", (char const *)NULL);
  else if (!control_listener_post(r->l, slice_of(r->to), text)) {
    r->dropping = c->code != EXIT_ERROR || c->status == NO_SUCH_CONTROLLER;
    say("warning: unable to reply to ", r->to, ": ", c->why, (char const *)NULL);
  }
}

/* Takes at most max octets out of the pipe. 0: its end, or nothing is there. */
static size_t reply_read(reply *r, int fd, size_t max)
{
  char s[4096];
  ssize_t n = read(fd, s, max < sizeof s ? max : sizeof s);
  for (ssize_t i = 0; i < n; i++) {
    if (s[i] == '\n') reply_line(r);
    else if (r->len <= CONTROL_TEXT_MAX) r->line[r->len++] = s[i];
  }
  return n > 0 ? (size_t)n : 0;
}

static int ended(pid_t pid, siginfo_t *info, int options)
{
  info->si_pid = 0;
  return waitid(P_PID, (id_t)pid, info, WEXITED | WNOWAIT | options) == 0 && info->si_pid == pid;
}

/* Until the program ends: others whom it started may keep the pipe open. */
static void reply_while(reply *r, int fd, pid_t pid)
{
  int process = (int)syscall(SYS_pidfd_open, pid, 0), left;
  siginfo_t info;
  struct pollfd x[] = { { .fd = fd, .events = POLLIN }, { .fd = process, .events = POLLIN } };
  while (x[0].fd >= 0 && !ended(pid, &info, WNOHANG)) {
    if (poll(x, 2, process < 0 ? LOOK_AGAIN : -1) <= 0 || !x[0].revents) continue;
    if (!reply_read(r, fd, SIZE_MAX)) x[0].fd = -1;
  }
  if (process >= 0) close(process);
  /* What lies there now, and no more. */
  if (ioctl(fd, FIONREAD, &left) < 0) left = 0;
  for (size_t n; left > 0 && (n = reply_read(r, fd, (size_t)left)); left -= (int)n)
    ;
  reply_line(r);
}

static int add(stralloc *sa, char const *variable, slice value)
{
  return stralloc_cats(sa, variable) && stralloc_catb(sa, value.s, value.len) && stralloc_0(sa);
}

static int environment(stralloc *sa, control_message const *m, int number)
{
  char id[UINT64_FMT], digit = (char)('0' + number);
  return add(sa, "MSGID=", (slice){ id, uint64_fmt(id, m->id) }) && add(sa, "MSGFROM=", m->from) && add(sa, "MSGTO=", m->to)
    && add(sa, "MSGTEXT=", m->text) && add(sa, "MSGREPLY=", (slice){ &digit, 1 });
}

int control_listener_run(control_listener *l, control_message const *m, char const *const *argv, char const *const *envp)
{
  reply r = { .l = l };
  stralloc changes = STRALLOC_ZERO;
  size_t const count = env_len(envp);
  char const *merged[count + 6];
  siginfo_t info;
  int fds[2], code;
  pid_t pid = 0;
  memcpy(r.to, m->from.s, m->from.len);
  if (pipe2(fds, O_CLOEXEC) < 0) return say_fatal_unable(EXIT_TEMPORARY, "make a pipe", (char const *)NULL);
  child_fd const given = { .from = fds[1], .to = fds[1] <= REPLY_MAX ? fds[1] : REPLY_ELSE };
  if (environment(&changes, m, given.to) && env_merge(merged, count + 6, envp, count, changes.s, changes.len))
    pid = child_start(argv, merged, &given, 1, NULL);
  code = pid ? 0 : say_fatal_unable(child_unrun(errno), "run ", argv[0], (char const *)NULL);
  close(fds[1]);
  if (pid) {
    reply_while(&r, fds[0], pid);
    if (ended(pid, &info, 0) && info.si_code != CLD_EXITED) say("warning: ", argv[0], " was killed by a signal", (char const *)NULL);
    code = child_wait(pid);
  }
  close(fds[0]);
  stralloc_free(&changes);
  return code;
}
