/* maildir-enter: goes into the mailbox of who was authenticated, and runs a program there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include <porter/child.h>
#include <porter/exit.h>
#include <porter/maildir_enter.h>
#include <porter/say.h>
#include <porter/text.h>

#define USAGE "maildir-enter [ -c ] [ -m mailuser ] template prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

int main(int argc, char const *const *argv)
{
  static mailbox_path path;
  char shown[TEXT_ESCAPE_MAX + 1];
  char const *user = getenv("AUTHUSER"), *mailuser = NULL;
  int make = 0;
  PROG = "maildir-enter";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "cm:", &l)) != -1;) switch (opt) {
      case 'c': make = 1; break;
      case 'm': mailuser = l.arg; break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc < 2) dieusage();
  if (!fd_sanitize()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");
  if (mailuser && user && strcmp(mailuser, user)) die(EXIT_ACCOUNT, "the mailbox asked for is not that of who logged in");
  if (!mailbox_expand(&path, argv[0], mailuser ? mailuser : user, getenv("HOME"))) {
    if (errno == EINVAL) die(EXIT_USAGE, "this is no template for a mailbox: ", argv[0]);
    die(EXIT_ACCOUNT, "unable to make a path: AUTHUSER or HOME is missing or does not fit into ", argv[0]);
  }
  umask(077);
  if (!mailbox_enter(&path, make)) {
    int e = errno;
    text_escape(shown, path.s, strlen(path.s));
    errno = e;
    die_unable(mailbox_trouble(e) ? EXIT_TEMPORARY : EXIT_ACCOUNT, "enter mailbox ", shown);
  }
  return child_exec(argv + 1, (char const *const *)environ);
}
