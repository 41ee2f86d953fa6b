/* ctlmsg-listen: prints messages as they come, or runs a program for each. A UCSPI client. */
#include <errno.h>
#include <string.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/env.h>
#include <skalibs/exec.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/control_client.h>
#include <porter/exit.h>

#define USAGE "ctlmsg-listen [ -k cookiefile ] [ -T seconds ] [ -n name ] [ -r ] [ -c count ] [ -t seconds ] [ prog... ]"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static control_client client;
static control_listener listener;

static void print (control_message const *m)
{
  if (buffer_put(buffer_1, m->line.s, m->line.len) < 0 || !buffer_putflush(buffer_1, "\n", 1))
    strerr_diefu1sys(EXIT_TEMPORARY, "write to standard output");
}

static int add (stralloc *sa, char const *variable, slice value)
{
  return stralloc_cats(sa, variable) && stralloc_catb(sa, value.s, value.len) && stralloc_0(sa);
}

/* Runs prog for the message and waits for it; returns its code. */
static int run (control_message const *m, char const *const *prog)
{
  static stralloc changes = STRALLOC_ZERO;
  char id[UINT64_FMT];
  int status;
  size_t const envlen = env_len((char const *const *)environ);
  char const *envp[envlen + 5];
  changes.len = 0;
  if (!add(&changes, "MSGID=", (slice){ id, uint64_fmt(id, m->id) }) || !add(&changes, "MSGFROM=", m->from)
    || !add(&changes, "MSGTO=", m->to) || !add(&changes, "MSGTEXT=", m->text)
    || !env_merge(envp, envlen + 5, (char const *const *)environ, envlen, changes.s, changes.len))
    strerr_diefu1sys(EXIT_TEMPORARY, "build the environment");
  if (!sig_restore(SIGPIPE)) strerr_diefu1sys(EXIT_TEMPORARY, "restore SIGPIPE");
  pid_t const pid = child_spawn0(prog[0], prog, envp);
  if (!pid) strerr_diefu2sys(errno == ENOENT ? EXIT_NOTFOUND : EXIT_NOEXEC, "run ", prog[0]);
  if (!sig_ignore(SIGPIPE)) strerr_diefu1sys(EXIT_TEMPORARY, "ignore SIGPIPE");
  if (wait_pid(pid, &status) < 0) strerr_diefu2sys(EXIT_TEMPORARY, "wait for ", prog[0]);
  if (!WIFSIGNALED(status)) return WEXITSTATUS(status);
  strerr_warnw2x(prog[0], " was killed by a signal");
  return EXIT_TEMPORARY;
}

static void say_lost (uint64_t lost)
{
  char number[UINT64_FMT];
  number[uint64_fmt(number, lost)] = 0;
  if (lost) strerr_warnw2x(number, " messages were lost: too slow for them");
}

int main (int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO;
  char const *cookie = 0, *name = 0;
  unsigned int count = 0, seconds = 0, seen = 0, patience = CONTROL_PATIENCE;
  int recent = 0, code = EXIT_DONE;
  enum control_news news = CONTROL_NEWS_NONE;
  control_message message;
  uint64_t lost;
  tain now, deadline = TAIN_INFINITE_RELATIVE;
  PROG = "ctlmsg-listen";
  for (int opt; (opt = subgetopt_r(argc, argv, "+k:T:n:rc:t:", &l)) != -1;) switch (opt) {
    case 'k': cookie = l.arg; break;
    case 'T': if (!uint0_scan(l.arg, &patience)) dieusage(); break;
    case 'n': name = l.arg; break;
    case 'r': recent = 1; break;
    case 'c': if (!uint0_scan(l.arg, &count)) dieusage(); break;
    case 't': if (!uint0_scan(l.arg, &seconds)) dieusage(); break;
    default: dieusage();
  }
  argv += l.ind;
  if (name && !control_name_formed(name)) strerr_dief1x(EXIT_USAGE, "a name is letters, digits and _");
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open standard descriptors");
  /* A SIGCHLD that the caller ignores would lose the program's exit code. */
  if (!sig_restore(SIGCHLD) || !sig_ignore(SIGPIPE)) strerr_diefu1sys(EXIT_TEMPORARY, "set up signals");
  tain_now_set_stopwatch(&now);
  if (seconds) tain_uint(&deadline, seconds);
  tain_add(&deadline, &now, &deadline);

  if (!control_client_open(&client, 6, 7, patience, cookie) || !control_listen(&listener, &client, name, recent))
    strerr_dief1x(client.code, client.why);
  while (!code && (!count || seen < count)) {
    news = control_listener_next(&listener, &message, &lost, &deadline);
    if (news == CONTROL_NEWS_NONE || news == CONTROL_NEWS_FAILED) break;
    if (news == CONTROL_NEWS_LOST) { say_lost(lost); continue; }
    seen++;
    if (*argv) code = run(&message, argv);
    else print(&message);
  }
  if (news == CONTROL_NEWS_FAILED || !control_listener_end(&listener, &lost)) strerr_dief1x(code ? code : client.code, client.why);
  say_lost(lost);
  control_client_quit(&client);
  if (code) return code;
  if (seen < count) strerr_dief1x(EXIT_TEMPORARY, "too few messages came in time");
  return EXIT_DONE;
}
