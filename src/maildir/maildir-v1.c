/* maildir-v1 [-c charset] prog mode [argument...]: JWebmail's version 1 in the current Maildir. */
#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include <porter/child.h>
#include <porter/exit.h>
#include <porter/version1.h>

#define USAGE "maildir-v1 [ -c charset ] prog mode [argument...]"

static int to_stdout(void *context, char const *s, size_t len)
{
  (void)context;
  return allwrite(1, s, len) == len;
}

int main(int argc, char const *const *argv, char const *const *envp)
{
  char fault[VERSION1_FAULT_SIZE];
  char const *charset = NULL;
  int code;
  PROG = "maildir-v1";
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open descriptors 0 to 2");
  for (subgetopt l = SUBGETOPT_ZERO;;) {
    int opt = subgetopt_r(argc, argv, "+c:", &l);
    if (opt == -1) {
      argc -= l.ind, argv += l.ind;
      break;
    }
    if (opt != 'c') strerr_dieusage(EXIT_USAGE, USAGE);
    charset = l.arg;
  }
  if (argc < 2) strerr_dieusage(EXIT_USAGE, USAGE);
  child_signals();
  code = version1_answer(argv[0], charset, argv + 1, envp, &to_stdout, NULL, fault);
  if (*fault) strerr_dief1x(code, fault);
  return code;
}
