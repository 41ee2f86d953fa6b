/* varlink-call: answers one varlink call: its parameters are on standard input, its reply goes to standard output. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/confine.h>
#include <porter/exit.h>
#include <porter/say.h>
#include <porter/session.h>
#include <porter/varlink.h>

#define USAGE "varlink-call [ -t seconds ] prog... method"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

/* The parameters; null where they are no JSON, or more of it than anybody needs. */
static json_t *read_parameters(void)
{
  static char s[VARLINK_PARAMETERS_MAX + 1];
  size_t len;
  json_t *parameters;
  errno = 0;
  len = allread(0, s, sizeof s);
  if (len < sizeof s && errno) die_unable(EXIT_TEMPORARY, "read the parameters");
  if (len == sizeof s) return NULL;
  s[len] = 0;
  parameters = varlink_load(s, len);
  if (!parameters && errno != EPROTO) die_unable(EXIT_TEMPORARY, "take memory");
  return parameters;
}

static void started(void) { confine_translator(); }

int main(int argc, char const *const *argv)
{
  unsigned int patience = FRAME_PATIENCE;
  PROG = "varlink-call";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "t:", &l)) != -1;) switch (opt) {
      case 't':
        if (!uint0_scan(l.arg, &patience) || !patience) dieusage();
        break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc < 2) dieusage();
  if (!session_begin()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");

  char const *args[argc + 1], *fault;
  memcpy(args, argv, (size_t)argc * sizeof *args);
  json_t *parameters = read_parameters();
  int code = varlink_answer(args, (size_t)argc - 1, argv[argc - 1], parameters, 1, patience, started, &fault), e = errno;
  json_decref(parameters);
  errno = e;
  if (fault) die_unable(code, fault);
  return code;
}
