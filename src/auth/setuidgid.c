/* setuidgid: becomes an account, gives up root for good, and runs a program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/env.h>
#include <skalibs/exec.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include <porter/account.h>
#include <porter/exit.h>

#define USAGE "setuidgid [ -e ] [ -u account ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define HOME_PATH "PATH=" PORTER_HOME "/bin:/usr/local/bin:/usr/bin:/bin"

static char const *const kept[] = { "AUTHUSER=", "PORTER_STATUS=" };
#define KEPT (sizeof kept / sizeof *kept)

/* What a chain needs of the environment, behind a PATH that nobody outside chose. */
static char const *const *chosen(void)
{
  static char const *env[KEPT + 2] = { HOME_PATH };
  size_t n = 1;
  for (size_t i = 0; i < KEPT; i++)
    for (char **e = environ; *e; e++)
      if (!strncmp(*e, kept[i], strlen(kept[i]))) {
        env[n++] = *e;
        break;
      }
  return env;
}

int main(int argc, char const *const *argv)
{
  static account a;
  char const *name = NULL;
  int clean = 0;
  PROG = "setuidgid";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "eu:", &l)) != -1; ) switch (opt) {
      case 'e': clean = 1; break;
      case 'u': name = l.arg; break;
      default: dieusage();
    }
    argc -= l.ind; argv += l.ind;
  }
  if (argc < 1) dieusage();
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open descriptors 0 to 2");
  if (name) {
    if (!account_find(&a, name)) strerr_diefu2sys(errno == ENOENT ? EXIT_ACCOUNT : EXIT_TEMPORARY, "find account ", name);
  }
  else if (!account_scan(&a, getenv("UID"), getenv("GID"), getenv("GIDLIST")))
    strerr_dief1x(EXIT_ACCOUNT, "UID, GID and GIDLIST do not say who to become");
  if (!a.uid) strerr_dief1x(EXIT_ACCOUNT, "will not become root");
  if (!account_become(&a)) strerr_diefu1sys(EXIT_ACCOUNT, "become the account, and only it");
  if (clean) xexec_ae(argv[0], argv, chosen());
  xexec(argv);
}
