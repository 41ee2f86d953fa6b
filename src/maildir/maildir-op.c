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

#include <porter/confine.h>
#include <porter/exit.h>
#include <porter/method.h>
#include <porter/say.h>
#include <porter/text.h>

#define USAGE "maildir-op [ -I ] [ -S ] [ -c charset ] [ -i dir ] [ -l dir ] method"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
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
  say("warning: ", what, " \"", escaped, error ? "\": " : "\"", error ? strerror(error) : "", NULL);
}

static int strict; /* -S: what cannot be confined shall not run */

static void need(char const *lacking)
{
  if (lacking && strict) die_unable(EXIT_TEMPORARY, lacking);
}

static void narrow(mailbox const *box, int folder) { need(confine_folder(box->fd, folder)); }

/* All that this process may do from here on is what the method needs of the mailbox: what reads a request, or a mail, may be taken over by
 * who wrote it. */
static void confine(mailbox *box, char const *name)
{
  method const *m = method_find(name);
  enum method_needs needs = m ? m->needs : METHOD_LOOKS;
  /* Who reads writes to nothing but an index, and that may be none, or elsewhere. */
  int index_here = !box->no_index && box->index_dir < 0;
  enum confine_access access = needs == METHOD_CHANGES || (needs != METHOD_LOOKS && index_here) ? CONFINE_WRITE : CONFINE_READ;
  confine_place place[3] = { { box->fd, access } };
  size_t n = 1;
  if (box->shared >= 0) place[n++] = (confine_place){ box->shared, access };
  if (box->index_dir >= 0) place[n++] = (confine_place){ box->index_dir, CONFINE_WRITE };
  need(confine_mailbox(place, n, needs == METHOD_CHANGES));
  if (needs == METHOD_READS && index_here) box->reading = narrow;
}

int main(int argc, char const *const *argv)
{
  static output out;
  static char message[REQUEST_MAX + 1];
  method_request request = { .s = message };
  static arena a = ARENA_ZERO;
  struct rlimit none = { 0, 0 };
  charset const *fallback = NULL;
  char const *failed, *shared = NULL, *indexes = NULL;
  int no_index = 0;
  static mailbox box; /* what these two hold is kept to the end */
  int code;
  PROG = "maildir-op";
  if (!fd_sanitize()) return EXIT_TEMPORARY;
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "ISc:i:l:", &l)) != -1;) switch (opt) {
      case 'I': no_index = 1; break;
      case 'S': strict = 1; break;
      case 'c':
        if (!(fallback = charset_find(l.arg, strlen(l.arg)))) die(EXIT_USAGE, "no charset that is known: ", l.arg);
        break;
      case 'i': indexes = l.arg; break;
      case 'l': shared = l.arg; break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc != 1) dieusage();
  /* Its uid may serve many mailboxes: none of their owners' other processes may look into this one. */
  if (prctl(PR_SET_DUMPABLE, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0) die_unable(EXIT_TEMPORARY, "become undumpable");
  signal(SIGBUS, shrunk);
  signal(SIGXFSZ, SIG_IGN); /* EFBIG instead */
  if (!mailbox_open(&box))
    die_unable(errno == ENOENT || errno == ENOTDIR || errno == EACCES ? EXIT_ACCOUNT : EXIT_TEMPORARY, "open the Maildir in the current directory");
  box.warn = warn;
  if (shared && (box.shared = open(shared, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) die_unable(EXIT_TEMPORARY, "open ", shared);
  if (indexes && !mailbox_index_elsewhere(&box, indexes)) die_unable(EXIT_TEMPORARY, "keep indexes in ", indexes);
  box.no_index = no_index;
  box.fallback = fallback;
  confine(&box, argv[0]);
  if (!method_request_read(&request, argv[0], &box, 0, &a)) die_unable(EXIT_TEMPORARY, "read request");
  code = method_answer(&box, argv[0], &request, write_out, &out, &failed);
  if (code == EXIT_TEMPORARY) die_unable(EXIT_TEMPORARY, failed);
  if (!flush(&out)) die_unable(EXIT_TEMPORARY, "write response");
  return code;
}
