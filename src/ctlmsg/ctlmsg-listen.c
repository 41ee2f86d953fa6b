/* ctlmsg-listen: prints messages as they come, or runs a program for each. A UCSPI client. */
#include <string.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/child.h>
#include <porter/confine.h>
#include <porter/control_client.h>
#include <porter/exit.h>
#include <porter/say.h>
#include "arguments.h"

#define USAGE "ctlmsg-listen [ -k cookiefile ] [ -T seconds ] [ -n name ] [ -r ] [ -c count ] [ -t seconds ] [ prog... ]"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static control_client client;
static control_listener listener;

static void print(control_message const *m)
{
  if (buffer_put(buffer_1, m->line.s, m->line.len) < 0 || !buffer_putflush(buffer_1, "\n", 1))
    strerr_diefu1sys(EXIT_TEMPORARY, "write to standard output");
}

static void say_lost(uint64_t lost)
{
  char number[UINT64_FMT];
  number[uint64_fmt(number, lost)] = 0;
  if (lost) say("warning: ", number, " messages were lost: too slow for them", (char const *)NULL);
}

int main(int argc, char const *const *argv)
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
    case 'T':
      if (!uint0_scan(l.arg, &patience)) dieusage();
      break;
    case 'n': name = l.arg; break;
    case 'r': recent = 1; break;
    case 'c':
      if (!uint0_scan(l.arg, &count)) dieusage();
      break;
    case 't':
      if (!uint0_scan(l.arg, &seconds)) dieusage();
      break;
    default: dieusage();
    }
  argv += l.ind;
  check_name(name);
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open standard descriptors");
  child_signals();
  tain_now_set_stopwatch(&now);
  if (seconds) tain_uint(&deadline, seconds);
  tain_add(&deadline, &now, &deadline);

  if (!control_client_open(&client, 6, 7, patience, cookie, *argv ? NULL : confine_client) || !control_listen(&listener, &client, name, recent))
    strerr_dief1x(client.code, client.why);
  while (!code && (!count || seen < count)) {
    news = control_listener_next(&listener, &message, &lost, &deadline);
    if (news == CONTROL_NEWS_NONE || news == CONTROL_NEWS_FAILED) break;
    if (news == CONTROL_NEWS_LOST) {
      say_lost(lost);
      continue;
    }
    seen++;
    if (*argv) code = control_listener_run(&listener, &message, argv, (char const *const *)environ);
    else print(&message);
  }
  if (news == CONTROL_NEWS_FAILED || !control_listener_end(&listener, &lost)) strerr_dief1x(code ? code : client.code, client.why);
  say_lost(lost);
  control_client_quit(&client);
  if (code) return code;
  if (seen < count) strerr_dief1x(EXIT_TEMPORARY, "too few messages came in time");
  return EXIT_DONE;
}
