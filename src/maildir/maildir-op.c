/* maildir-op: one request about the Maildir++ in the current directory, from standard input to standard output. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include <porter/exit.h>
#include <porter/method.h>
#include <porter/say.h>
#include <porter/text.h>

#define USAGE "maildir-op [ -I ] [ -c charset ] [ -i dir ] [ -l dir ] method"
#define BUFFER 65536

typedef struct output_s output;
struct output_s {
  size_t len;
  char s[BUFFER];
};

static int flush(output *o)
{
  size_t len = o->len;
  o->len = 0;
  return allwrite(1, o->s, len) == len;
}

static int write_out(void *context, char const *s, size_t len)
{
  output *o = context;
  if (len > BUFFER - o->len && !flush(o)) return 0;
  if (len >= BUFFER) return allwrite(1, s, len) == len;
  memcpy(o->s + o->len, s, len);
  o->len += len;
  return 1;
}

/* A mail that shrinks while it is mapped (no delivery does that, but its owner may) ends the call with a reason. */
static void shrunk(int signal_number)
{
  static char const text[] = "maildir-op: fatal: a mail shrank while it was read\n";
  (void)signal_number;
  if (write(2, text, sizeof text - 1) < 0) _exit(EXIT_TEMPORARY);
  _exit(EXIT_TEMPORARY);
}

static void warn(char const *what, slice outside, int error)
{
  char escaped[TEXT_ESCAPE_MAX + 1];
  escaped[text_escape(escaped, outside.s, outside.len)] = 0;
  say("warning: ", what, " \"", escaped, error ? "\": " : "\"", error ? strerror(error) : NULL, NULL);
}

int main(int argc, char const *const *argv)
{
  static output out;
  static char message[REQUEST_MAX + 1];
  method_request request = { .s = message };
  arena a = ARENA_ZERO;
  struct rlimit none = { 0, 0 };
  charset const *fallback = NULL;
  char const *failed, *shared = NULL, *indexes = NULL;
  int no_index = 0;
  subgetopt o = SUBGETOPT_ZERO;
  mailbox box;
  int code;
  PROG = "maildir-op";
  if (!fd_sanitize()) return EXIT_TEMPORARY;
  for (int opt; (opt = subgetopt_r(argc, argv, "Ic:i:l:", &o)) != -1;)
    switch (opt) {
      case 'I': no_index = 1; break;
      case 'c':
        if (!(fallback = charset_find(o.arg, strlen(o.arg)))) die(EXIT_USAGE, "no charset that is known: ", o.arg);
        break;
      case 'i': indexes = o.arg; break;
      case 'l': shared = o.arg; break;
      default: strerr_dieusage(EXIT_USAGE, USAGE);
    }
  argc -= o.ind;
  argv += o.ind;
  if (argc != 1) strerr_dieusage(EXIT_USAGE, USAGE);
  /* Its uid may serve many mailboxes: none of their owners' other processes may look into this one. */
  if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0) die_unable(EXIT_TEMPORARY, "become undumpable");
  signal(SIGBUS, shrunk);
  if (!mailbox_open(&box))
    die_unable(errno == ENOENT || errno == ENOTDIR || errno == EACCES ? EXIT_ACCOUNT : EXIT_TEMPORARY, "open the Maildir in the current directory");
  box.warn = warn;
  if (shared && (box.shared = open(shared, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) die_unable(EXIT_TEMPORARY, "open ", shared);
  if (indexes && !mailbox_index_elsewhere(&box, indexes)) die_unable(EXIT_TEMPORARY, "keep indexes in ", indexes);
  box.no_index = no_index;
  box.fallback = fallback;
  if (!method_request_read(&request, argv[0], &box, 0, &a)) die_unable(EXIT_TEMPORARY, "read request");
  code = method_answer(&box, argv[0], &request, write_out, &out, &failed);
  if (code == EXIT_TEMPORARY) die_unable(EXIT_TEMPORARY, failed);
  if (!flush(&out)) die_unable(EXIT_TEMPORARY, "write response");
  return code;
}
