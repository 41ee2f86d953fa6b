/* ctlmsg-post: posts one message to a controller, or to all. A UCSPI client. */
#include <string.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/iopause.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/confine.h>
#include <porter/control_client.h>
#include <porter/exit.h>
#include "arguments.h"

#define USAGE "ctlmsg-post [ -k cookiefile ] [ -T seconds ] [ -n name ] [ -w seconds ] [ -i ] @dest text..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

#define NO_SUCH_CONTROLLER 552
#define PAUSE_MAX 256 /* ms between two tries of -w; the first is 4 */

static control_client client;

static int print_id(void *context, control_line const *line)
{
  slice s = line->text;
  if (context && line->kind == CONTROL_MID && control_prefix_take(&s, "last-message-id=")
    && (buffer_put(context, s.s, s.len) < 0 || buffer_put(context, "\n", 1) < 0))
    return control_client_broken_sys(&client, "unable to write to standard output");
  return 1;
}

/* Of the last message that we have posted; into b, if not null. */
static int ask_id(buffer *b) { return control_client_ask(&client, &(slice){ "GETINFO last-message-id", 23 }, 1, print_id, b); }

int main(int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO;
  char const *cookie = 0, *name = 0;
  int print = 0;
  unsigned int wait = 0, patience = CONTROL_PATIENCE;
  stralloc text = STRALLOC_ZERO;
  tain now, deadline;
  PROG = "ctlmsg-post";
  for (int opt; (opt = subgetopt_r(argc, argv, "k:T:n:w:i", &l)) != -1;) switch (opt) {
    case 'k': cookie = l.arg; break;
    case 'T':
      if (!uint0_scan(l.arg, &patience)) dieusage();
      break;
    case 'n': name = l.arg; break;
    case 'i': print = 1; break;
    case 'w':
      if (!uint0_scan(l.arg, &wait)) dieusage();
      break;
    default: dieusage();
    }
  argc -= l.ind;
  argv += l.ind;
  if (argc < 2 || argv[0][0] != '@') dieusage();
  check_destination(argv[0] + 1);
  check_name(name);
  join_text(&text, argv + 1);

  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open standard descriptors");
  if (!sig_ignore(SIGPIPE)) strerr_diefu1sys(EXIT_TEMPORARY, "ignore SIGPIPE");
  tain_now_set_stopwatch(&now);
  tain_uint(&deadline, wait);
  tain_add(&deadline, &now, &deadline);
  /* Where the key is unknown nothing is to be posted. */
  if (!control_client_open(&client, 6, 7, patience, cookie, confine_client) || (name && !control_client_name(&client, name, 0, 0))
    || (print && !ask_id(NULL)))
    strerr_dief1x(client.code, client.why);
  slice const command[] = { { "POSTMESSAGE ", 12 }, { argv[0], strlen(argv[0]) }, { " ", 1 }, { text.s, text.len } };
  for (unsigned int pause = 4; !control_client_ask(&client, command, 4, 0, 0); pause = pause < PAUSE_MAX ? 2 * pause : PAUSE_MAX) {
    tain until;
    tain_now(&now);
    if (client.code != EXIT_ERROR || client.status != NO_SUCH_CONTROLLER || !tain_less(&now, &deadline)) strerr_dief1x(client.code, client.why);
    tain_from_millisecs(&until, (int)pause);
    tain_add(&until, &now, &until);
    if (tain_less(&deadline, &until)) until = deadline;
    deepsleepuntil(&until, &now);
  }
  if (print && !(ask_id(buffer_1) && (buffer_flush(buffer_1) || control_client_broken_sys(&client, "unable to write to standard output"))))
    strerr_dief1x(client.code, client.why);
  stralloc_free(&text);
  control_client_quit(&client);
  return EXIT_DONE;
}
