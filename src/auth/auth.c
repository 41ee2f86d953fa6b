/* auth: the checkpassword interface. Checks what is on descriptor 3, and runs a program with the account in its environment. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <grp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/env.h>
#include <skalibs/exec.h>
#include <skalibs/sgetopt.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/credentials.h>
#include <porter/exit.h>
#include <porter/passwd_file.h>

#define USAGE "auth [ -c ] [ -q ] file prog... or auth -s prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static slice map(char const *name)
{
  struct stat st;
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0) strerr_diefu2sys(EXIT_TEMPORARY, "open ", name);
  if (!st.st_size) return (slice){ "", 0 };
  char const *s = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (s == MAP_FAILED) strerr_diefu2sys(EXIT_TEMPORARY, "map ", name);
  close(fd);
  return (slice){ s, (size_t)st.st_size };
}

/* Adds a variable to the changes; the variable goes where there is no value: what the caller had set must not count. */
static void set(stralloc *changes, char const *name, slice value)
{
  static stralloc sa = STRALLOC_ZERO;
  sa.len = 0;
  if (value.s && (!stralloc_catb(&sa, value.s, value.len) || !stralloc_0(&sa))) strerr_diefu1sys(EXIT_TEMPORARY, "set the environment");
  if (!env_addmodif(changes, name, value.s ? sa.s : NULL)) strerr_diefu1sys(EXIT_TEMPORARY, "set the environment");
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
  if (!pw && !gr && !errno) strerr_dief3x(EXIT_TEMPORARY, "the users file has neither a number nor the name of a ", group ? "group: " : "user: ", name);
  if (!pw && !gr) strerr_diefu3sys(EXIT_TEMPORARY, "find ", group ? "group " : "user ", name);
  return (slice){ s, uint32_fmt(s, group ? gr->gr_gid : pw->pw_uid) };
}

int main(int argc, char const *const *argv)
{
  static system_account room;
  static credentials c;
  stralloc changes = STRALLOC_ZERO;
  char uid[UID_FMT], gid[GID_FMT];
  int cram = 0, system = 0, authuser = 0;
  identity id;
  PROG = "auth";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "cqs", &l)) != -1; ) switch (opt) {
      case 'c': cram = 1; break;
      case 'q': authuser = 1; break;
      case 's': system = 1; break;
      default: dieusage();
    }
    argc -= l.ind; argv += l.ind;
  }
  if (argc < (system ? 1 : 2) || (system && (cram || authuser))) dieusage();
  prctl(PR_SET_DUMPABLE, 0);
  if (!credentials_read(3, &c)) strerr_diefu1sys(EXIT_MISUSE, "read credentials on descriptor 3");
  close(3);
  if (!fd_sanitize()) strerr_diefu1sys(EXIT_TEMPORARY, "open descriptors 0 to 2");
  if (system) {
    if (!system_account_find(c.user, (long)(time(NULL) / 86400), &room, &id)) strerr_diefu1sys(EXIT_TEMPORARY, "ask for accounts");
  }
  else {
    slice file = map(*argv++);
    if (authuser) authuser_file_find(file, c.user, &id);
    else passwd_file_find(file, c.user, &id);
  }
  int good = secret_check(&id.stored, &id.like, &c, cram);
  if (good < 0) strerr_diefu1sys(EXIT_TEMPORARY, "hash a password");
  if (!good) {
    credentials_wipe(&c);
    return EXIT_REFUSED;
  }
  set(&changes, "AUTHUSER", id.name);
  set(&changes, "USER", id.name);
  set(&changes, "HOME", id.home);
  set(&changes, "SHELL", id.shell);
  set(&changes, "GIDLIST", id.groups);
  set(&changes, "UID", number(id.uid, 0, uid));
  set(&changes, "GID", number(id.gid, 1, gid));
  credentials_wipe(&c);
  xmexec_m(argv, changes.s, changes.len);
}
