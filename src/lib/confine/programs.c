/* What each program gives up, all of it in order. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/confine.h>
#include <porter/limits.h>

#include "calls.h"

#ifdef PORTER_UNCONFINED
static char const unconfined[] = "confine what was built without confinement";
#endif

/* Every part is tried; the first that cannot be had is what is lacking. */
static char const *confine(confine_limits const *limits, confine_place const *place, size_t n, enum calls_of program)
{
#ifdef PORTER_UNCONFINED
  (void)limits, (void)place, (void)n, (void)program;
  return errno = ENOSYS, unconfined;
#else
  char const *lacking = NULL;
  int e = 0;
  if (!confine_privileges()) lacking = "give up new privileges", e = errno;
  if (limits && !confine_limit(limits) && !lacking) lacking = "set limits", e = errno;
  if (!confine_files(place, n) && !lacking) lacking = "give up files (Landlock)", e = errno;
  if (!confine_calls(program) && !lacking) lacking = "give up system calls (seccomp)", e = errno;
  return errno = e, lacking;
#endif
}

char const *confine_mailbox(confine_place const *place, size_t n, int changes)
{
  static confine_limits const limits = { CALL_PROCESSOR_MAX, CALL_DATA_MAX, RESPONSE_MAX, CALL_DESCRIPTORS_MAX };
  return confine(&limits, place, n, changes ? CALLS_OF_MAILBOX : CALLS_OF_READER);
}

#ifdef PORTER_UNCONFINED
char const *confine_folder(int mailbox, int folder)
{
  (void)mailbox, (void)folder;
  return errno = ENOSYS, unconfined;
}
#else
char const *confine_folder(int mailbox, int folder)
{
  static char const *const names[] = { "tmp", "porter.index", "porter.search" };
  confine_place place[5] = { { mailbox, CONFINE_RENEW }, { folder, CONFINE_RENEW } };
  size_t n = 2;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    int fd = openat(folder, names[i], O_PATH | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0) continue;
    if (fstat(fd, &st) == 0 && (i ? S_ISREG(st.st_mode) : S_ISDIR(st.st_mode)))
      place[n++] = (confine_place){ fd, i ? CONFINE_REWRITE : CONFINE_WRITE };
    else close(fd);
  }
  int good = confine_files(place, n);
  while (n > 2) close_keeping(place[--n].fd, 0);
  return good ? NULL : "give up files (Landlock)";
}
#endif

char const *confine_writer(char const *dir)
{
  confine_place place = { dir ? open(dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1, CONFINE_WRITE };
  char const *lacking = confine(NULL, &place, place.fd >= 0, CALLS_OF_WRITER);
  close_keeping(place.fd, 0);
  return lacking;
}

char const *confine_watcher(void) { return confine(NULL, NULL, 0, CALLS_OF_WATCHER); }

char const *confine_client(void) { return confine(NULL, NULL, 0, CALLS_OF_CLIENT); }

/* The directory that holds path. 0: its name is too long. */
static int around(char *to, char const *path)
{
  size_t len = strlen(path);
  while (len > 1 && path[len - 1] == '/') len--;
  while (len && path[len - 1] != '/') len--;
  if (len >= PATH_MAX) return 0;
  memcpy(to, path, len);
  strcpy(to + len, len ? "" : ".");
  return 1;
}

/* How many directories there are in fd, or 2; -1: nobody tells. Where a file system does not count them (btrfs), a directory has one link. */
static int directories_in(int fd, struct stat const *st)
{
  int n = 0, list;
  DIR *dir;
  if (st->st_nlink >= 2) return st->st_nlink < 4 ? (int)st->st_nlink - 2 : 2;
  list = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  dir = list < 0 ? NULL : fdopendir(list);
  if (!dir) return close_keeping(list, -1);
  for (struct dirent *d; n < 2 && (d = readdir(dir));) {
    struct stat inner;
    if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
    if (fstatat(fd, d->d_name, &inner, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(inner.st_mode)) n++;
  }
  closedir(dir);
  return n;
}

/* A directory of our account's in which, but for files, there are no more directories than that. */
static int is_own(int fd, int directories)
{
  struct stat st;
  int n;
  if (fstat(fd, &st) < 0 || st.st_uid != geteuid()) return 0;
  n = directories_in(fd, &st);
  return n >= 0 && n <= directories;
}

char const *confine_bus(char const *statedir)
{
  char path[PATH_MAX];
  confine_place place[2];
  size_t n = 0;
  int kept = mkdirat(AT_FDCWD, statedir, 0700) == 0 || errno == EEXIST, state, outer;
  state = kept ? open(statedir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  outer = around(path, statedir) ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  if (state >= 0) place[n++] = (confine_place){ state, CONFINE_STATE };
  if (outer >= 0 && is_own(outer, state >= 0)) place[n++] = (confine_place){ outer, CONFINE_STATE };
  char const *lacking = confine(NULL, place, n, CALLS_OF_BUS);
  close_keeping(state, 0);
  close_keeping(outer, 0);
  return lacking;
}

char const *confine_translator(void) { return confine(NULL, NULL, 0, CALLS_OF_TRANSLATOR); }
