/* setuidgid: becomes an account, gives up root for good, and runs a program. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/env.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/account.h>
#include <porter/child.h>
#include <porter/descriptors.h>
#include <porter/exit.h>
#include <porter/say.h>

#define USAGE "setuidgid [ -e ] [ -k fd,fd... ] [ -u account ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define HOME_PATH "PATH=" PORTER_HOME "/bin:/usr/local/bin:/usr/bin:/bin"

static char const *const kept[] = { "AUTHUSER=", "HOME=", "PORTER_STATUS=" };
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

/* What is above 2 was the server's, or whoever's started that. */
static void close_others(descriptors *kept_open)
{
  char const *status = getenv("PORTER_STATUS");
  unsigned int fd;
  if (status && uint0_scan(status, &fd)) descriptors_add(kept_open, fd);
  descriptors_close_others(kept_open);
}

int main(int argc, char const *const *argv)
{
  static account a;
  descriptors kept_open = { .n = 0 };
  char const *name = NULL;
  int clean = 0;
  PROG = "setuidgid";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "ek:u:", &l)) != -1;) switch (opt) {
      case 'e': clean = 1; break;
      case 'k':
        if (!descriptors_scan(&kept_open, l.arg)) dieusage();
        break;
      case 'u': name = l.arg; break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc < 1) dieusage();
  if (!fd_sanitize()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");
  if (name) {
    if (!account_find(&a, name)) die_unable(errno == ENOENT ? EXIT_ACCOUNT : EXIT_TEMPORARY, "find account ", name);
  } else if (!account_scan(&a, getenv("UID"), getenv("GID"), getenv("GIDLIST"))) die(EXIT_ACCOUNT, "UID, GID and GIDLIST do not say who to become");
  if (!a.uid) die(EXIT_ACCOUNT, "will not become root");
  if (!account_become(&a)) die_unable(EXIT_ACCOUNT, "become the account, and only it");
  close_others(&kept_open);
  return child_exec(argv, clean ? chosen() : (char const *const *)environ);
}
