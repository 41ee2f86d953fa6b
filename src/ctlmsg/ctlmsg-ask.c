/* ctlmsg-ask: asks a controller, and prints what he answers. A UCSPI client. */
#include <string.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/random.h>
#include <skalibs/sgetopt.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/child.h>
#include <porter/confine.h>
#include <porter/control_client.h>
#include <porter/control_message.h>
#include <porter/exit.h>
#include <porter/hex.h>
#include "arguments.h"

#define USAGE "ctlmsg-ask [ -k cookiefile ] [ -T seconds ] [ -n name ] [ -t seconds ] @dest text..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define ANSWER_PATIENCE 10 /* seconds */
#define RANDOM_SIZE 8      /* octets in the name that we take: no late answer to an earlier question is ours */

static control_client client;

static char const *own_name(void)
{
  static char name[] = "ask_0123456789abcdef";
  char octets[RANDOM_SIZE];
  random_buf(octets, sizeof octets);
  hex_fmt(name + 4, octets, sizeof octets, HEX_LOWER);
  return name;
}

int main(int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO;
  char const *cookie = NULL, *name = NULL;
  unsigned int patience = CONTROL_PATIENCE, seconds = ANSWER_PATIENCE;
  stralloc text = STRALLOC_ZERO;
  control_message answer;
  PROG = "ctlmsg-ask";
  for (int opt; (opt = subgetopt_r(argc, argv, "k:T:n:t:", &l)) != -1;) switch (opt) {
    case 'k': cookie = l.arg; break;
    case 'T':
      if (!uint0_scan(l.arg, &patience)) dieusage();
      break;
    case 'n': name = l.arg; break;
    case 't':
      if (!uint0_scan(l.arg, &seconds)) dieusage();
      break;
    default: dieusage();
    }
  argc -= l.ind;
  argv += l.ind;
  if (argc < 2 || argv[0][0] != '@') dieusage();
  slice const to = { .s = argv[0] + 1, .len = strlen(argv[0] + 1) };
  check_destination(to.s);
  if (control_name_reserved(to)) strerr_dief1x(EXIT_USAGE, "one controller can be asked, not all, and none that has no name");
  check_name(name);
  join_text(&text, argv + 1);

  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open standard descriptors");
  child_signals();
  if (!control_client_open(&client, 6, 7, patience, cookie, confine_client)
    || !control_question(&client, name ? name : own_name(), to, (slice){ text.s, text.len }, seconds, &answer))
    strerr_dief1x(client.code, client.why);
  if (buffer_put(buffer_1, answer.text.s, answer.text.len) < 0 || !buffer_putflush(buffer_1, "\n", 1))
    strerr_diefu1sys(EXIT_TEMPORARY, "write to standard output");
  stralloc_free(&text);
  control_client_quit(&client);
  return EXIT_DONE;
}
