/* auth: the checkpassword interface. Checks what is on descriptor 3, and runs a program with the account in its environment. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <grp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/posixplz.h>
#include <skalibs/sgetopt.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/child.h>
#include <porter/credentials.h>
#include <porter/exit.h>
#include <porter/passwd_file.h>
#include <porter/say.h>
#include <porter/session.h>
#include <porter/slot.h>

#define USAGE "auth [ -c ] [ -q ] [ -n slots ] [ -w seconds ] file prog... or auth -s [ -n slots ] [ -w seconds ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define SLOTS "/run/porter.auth"
#define SLOTS_MAX 10000u
#define WAIT 30 /* seconds */

static slice map(char const *name)
{
  struct stat st;
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0) die_unable(EXIT_TEMPORARY, "open ", name);
  if (!st.st_size) return (slice){ "", 0 };
  char const *s = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (s == MAP_FAILED) die_unable(EXIT_TEMPORARY, "map ", name);
  close(fd);
  return (slice){ s, (size_t)st.st_size };
}

static unsigned int processors(void)
{
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned int)CPU_COUNT(&set) : 1;
}

/* A hash takes memory (yescrypt 16 MiB), and whoever can connect can have it computed. Every check waits for its turn, also one that takes
 * none, so that the wait does not tell one scheme from another. The slot is free again when the process ends or becomes another program. */
static void wait_for_turn(unsigned int slots, unsigned int seconds)
{
  if (!slots) return;
  if (geteuid()) errno = EPERM;
  else if (slot_take(SLOTS, slots, seconds) >= 0) return;
  else if (errno == ETIMEDOUT) die_unable(EXIT_TEMPORARY, "check a password: too many want it");
  say_unable("wait for a turn in " SLOTS ", checking at once", NULL);
}

/* Sets a variable of the environment; it goes where there is no value: what the caller had set must not count. */
static void set(char const *name, slice value)
{
  static stralloc sa = STRALLOC_ZERO;
  int good = value.s != NULL;
  sa.len = 0;
  if (!good) good = unsetenv(name) == 0;
  else good = stralloc_catb(&sa, value.s, value.len) && stralloc_0(&sa) && setenv(name, sa.s ? sa.s : "", 1) == 0;
  if (!good) die_unable(EXIT_TEMPORARY, "set the environment");
}

/* The file may name a user or group where a number belongs (Dovecot takes both). s has UID_FMT octets. */
static slice number(slice value, int group, char *s)
{
  char name[256];
  uint32_t n;
  if (!value.s || value.len >= sizeof name) return (slice)SLICE_ZERO;
  memcpy(name, value.s, value.len);
  name[value.len] = 0;
  if (uint320_scan(name, &n)) return value;
  errno = 0;
  struct passwd *pw = group ? NULL : getpwnam(name);
  struct group *gr = group ? getgrnam(name) : NULL;
  if (!pw && !gr && !errno) die(EXIT_TEMPORARY, "the users file has neither a number nor the name of a ", group ? "group: " : "user: ", name);
  if (!pw && !gr) die_unable(EXIT_TEMPORARY, "find ", group ? "group " : "user ", name);
  return (slice){ s, uint32_fmt(s, group ? gr->gr_gid : pw->pw_uid) };
}

int main(int argc, char const *const *argv)
{
  static system_account room;
  static credentials c;
  char uid[UID_FMT], gid[GID_FMT];
  unsigned int slots = processors() + 1, patience = WAIT;
  int cram = 0, system = 0, authuser = 0;
  identity id;
  PROG = "auth";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "cqsn:w:", &l)) != -1;) switch (opt) {
      case 'c': cram = 1; break;
      case 'q': authuser = 1; break;
      case 's': system = 1; break;
      case 'n':
        if (!uint0_scan(l.arg, &slots) || slots > SLOTS_MAX) dieusage();
        break;
      case 'w':
        if (!uint0_scan(l.arg, &patience)) dieusage();
        break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc < (system ? 1 : 2) || (system && (cram || authuser))) dieusage();
  if (!session_begin()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");
  if (!credentials_read(3, &c)) die_unable(EXIT_MISUSE, "read credentials on descriptor 3");
  close(3);
  if (system) {
    if (!system_account_find(c.user, (long)(time(NULL) / 86400), &room, &id)) die_unable(EXIT_TEMPORARY, "ask for accounts");
  } else {
    slice file = map(*argv++);
    if (authuser) authuser_file_find(file, c.user, &id);
    else passwd_file_find(file, c.user, &id);
  }
  wait_for_turn(slots, patience);
  int good = secret_check(&id.stored, &id.like, &c, cram);
  if (good < 0) die_unable(EXIT_TEMPORARY, "hash a password");
  if (!good) {
    credentials_wipe(&c);
    return EXIT_REFUSED;
  }
  set("AUTHUSER", id.name);
  set("USER", id.name);
  set("HOME", id.home);
  set("SHELL", id.shell);
  set("GIDLIST", id.groups);
  set("UID", number(id.uid, 0, uid));
  set("GID", number(id.gid, 1, gid));
  credentials_wipe(&c);
  return child_exec(argv, (char const *const *)environ);
}
