/* ctlmsg-info: asks a control port for values (GETINFO) and prints them. A UCSPI client. */
#include <string.h>

#include <skalibs/buffer.h>
#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/sig.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/confine.h>
#include <porter/control_client.h>
#include <porter/exit.h>

#define USAGE "ctlmsg-info [ -k cookiefile ] [ -T seconds ] key..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static control_client client;

static int put(slice s)
{
  return (buffer_put(buffer_1, s.s, s.len) == (ssize_t)s.len && buffer_put(buffer_1, "\n", 1) == 1)
    || control_client_broken_sys(&client, "unable to write to standard output");
}

/* "250-key=value", "250+key=" and its lines; an empty value prints nothing. */
static int print(void *context, control_line const *line)
{
  (void)context;
  slice s = line->text;
  control_message message;
  if (line->status == 650) return 1;
  if (line->kind == CONTROL_MID) {
    char const *value = memchr(s.s, '=', s.len);
    if (!value || ++value == s.s + s.len) return 1;
    s = (slice){ .s = value, .len = s.len - (size_t)(value - s.s) };
  } else if (line->kind != CONTROL_DATA) return 1;
  /* As ctlmsg-listen prints it. */
  return put(control_message_parse(&message, s) ? message.line : s);
}

int main(int argc, char const *const *argv)
{
  subgetopt l = SUBGETOPT_ZERO;
  char const *cookie = 0;
  unsigned int patience = CONTROL_PATIENCE;
  PROG = "ctlmsg-info";
  for (int opt; (opt = subgetopt_r(argc, argv, "k:T:", &l)) != -1;) switch (opt) {
    case 'k': cookie = l.arg; break;
    case 'T':
      if (!uint0_scan(l.arg, &patience)) dieusage();
      break;
    default: dieusage();
    }
  argc -= l.ind;
  argv += l.ind;
  if (argc < 1) dieusage();
  slice command[2 * argc];
  for (int i = 0; i < argc; i++) {
    if (!control_key_valid(argv[i])) strerr_dief1x(EXIT_USAGE, "a key is printable ASCII characters without a space");
    command[2 * i] = i ? (slice){ " ", 1 } : (slice){ "GETINFO ", 8 };
    command[2 * i + 1] = slice_of(argv[i]);
  }
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open standard descriptors");
  if (!sig_ignore(SIGPIPE)) strerr_diefu1sys(EXIT_TEMPORARY, "ignore SIGPIPE");
  if (!control_client_open(&client, 6, 7, patience, cookie, confine_client) || !control_client_ask(&client, command, (size_t)(2 * argc), print, 0))
    strerr_dief1x(client.code, client.why);
  if (!buffer_flush(buffer_1)) strerr_diefu1sys(EXIT_TEMPORARY, "write to standard output");
  control_client_quit(&client);
  return EXIT_DONE;
}
