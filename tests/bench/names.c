/* bench/names WHAT DIR...: what changing many mails costs at least, in one process without a library. First the names in each DIR are read;
 * then standard input is read, a line "FROM TO" for each mail, and each file renamed, linked or unlinked (TO is any word then); at last each
 * DIR is synced, the last named first. WHAT is list (nothing is done), rename, link, unlink; stamps: each DIR's new and cur are asked for
 * their times; folders: each DIR is seen to be a folder, and asked for its own inode and birth and the times of its new and cur; store FILE:
 * standard input is written to a new FILE, which is synced and gone; keyword DIR: a name is added to DIR's dovecot-keywords, behind its lock,
 * once the names in cur are read, whose letters are taken; remove DIR TO: the folder DIR is renamed to TO, what is in it listed and unlinked, and
 * both directories' parents, . and tmp, are synced. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(char const *what)
{
  perror(what);
  exit(111);
}

static void list(char const *path)
{
  DIR *const dir = opendir(path);
  if (!dir) fail(path);
  while (readdir(dir));
  closedir(dir);
}

static void stamps(char const *path)
{
  static char const *const places[] = { "new", "cur" };
  for (size_t i = 0; i < 2; i++) {
    char name[4096];
    struct stat st;
    snprintf(name, sizeof name, "%s/%s", path, places[i]);
    if (stat(name, &st) < 0) fail(name);
  }
}

static void folder(char const *path)
{
  static char const *const inner[] = { "new", "cur", "tmp" };
  struct stat st;
  struct statx id;
  int const fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) fail(path);
  for (size_t i = 0; i < 3; i++)
    if (fstatat(fd, inner[i], &st, AT_SYMLINK_NOFOLLOW) < 0) fail(path);
  if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &id) < 0 || close(fd) < 0) fail(path);
}

static void sync_directory(char const *path)
{
  int const fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fsync(fd) < 0 || close(fd) < 0) fail(path);
}

static void change(char const *what)
{
  static char line[8192];
  while (fgets(line, sizeof line, stdin)) {
    char *const to = strchr(line, ' ');
    int r = -1;
    if (!to) continue;
    *to = 0;
    to[1 + strcspn(to + 1, "\n")] = 0;
    if (!strcmp(what, "rename")) r = rename(line, to + 1);
    if (!strcmp(what, "link")) r = link(line, to + 1);
    if (!strcmp(what, "unlink")) r = unlink(line);
    if (r < 0) fail(line);
  }
}

static void store(char const *path)
{
  static char octets[65536];
  ssize_t r;
  int const fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail(path);
  while ((r = read(0, octets, sizeof octets)) > 0)
    if (write(fd, octets, (size_t)r) != r) fail(path);
  if (r < 0 || fsync(fd) < 0 || close(fd) < 0 || unlink(path) < 0) fail(path);
}

/* --- a name of a keyword --- */

static void write_file(int dir, char const *name, char const *octets, size_t len, int lasting)
{
  int const fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 || write(fd, octets, len) != (ssize_t)len || (lasting && fsync(fd) < 0) || close(fd) < 0) fail(name);
}

static void keyword(char const *path)
{
  static char octets[65536];
  struct stat st;
  ssize_t len;
  int const dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (dir < 0 || fchdir(dir) < 0) fail(path);
  list("cur");
  write_file(dir, "dovecot-uidlist.lock", "1:host", 6, 0);
  int const fd = openat(dir, "dovecot-keywords", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) < 0 || (len = read(fd, octets, sizeof octets - 16)) < 0 || close(fd) < 0) fail("dovecot-keywords");
  memcpy(octets + len, "9 another\n", 10);
  write_file(dir, "tmp/keywords", octets, (size_t)len + 10, 1);
  st.st_mtim.tv_sec++;
  if (utimensat(dir, "tmp/keywords", (struct timespec[2]){ st.st_mtim, st.st_mtim }, 0) < 0) fail("tmp/keywords");
  if (renameat(dir, "tmp/keywords", dir, "dovecot-keywords") < 0 || fsync(dir) < 0 || unlinkat(dir, "dovecot-uidlist.lock", 0) < 0) fail(path);
  close(dir);
}

/* --- a folder that goes --- */

/* What is in name, and name itself; depth: of directories in it. */
static void clear(int at, char const *name, int depth)
{
  int const fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *const dir = fd < 0 ? NULL : fdopendir(fd);
  if (!dir) fail(name);
  for (struct dirent *e; (e = readdir(dir));) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) continue;
    if (e->d_type == DT_DIR && depth) clear(fd, e->d_name, depth - 1);
    else if (unlinkat(fd, e->d_name, 0) < 0) fail(e->d_name);
  }
  closedir(dir);
  if (unlinkat(at, name, AT_REMOVEDIR) < 0) fail(name);
}

static void remove_folder(char const *path, char const *to)
{
  if (rename(path, to) < 0) fail(path);
  sync_directory(".");
  clear(AT_FDCWD, to, 1);
  sync_directory("tmp");
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    fprintf(stderr, "names: usage: names list|rename|link|unlink|stamps|folders DIR..., names store FILE, keyword DIR, remove DIR TO\n");
    return 100;
  }
  if (!strcmp(argv[1], "store") && argc == 3) return store(argv[2]), 0;
  if (!strcmp(argv[1], "keyword") && argc == 3) return keyword(argv[2]), 0;
  if (!strcmp(argv[1], "remove") && argc == 4) return remove_folder(argv[2], argv[3]), 0;
  if (!strcmp(argv[1], "stamps") || !strcmp(argv[1], "folders")) {
    for (int i = 2; i < argc; i++) (*argv[1] == 's' ? stamps : folder)(argv[i]);
    return 0;
  }
  for (int i = 2; i < argc; i++) list(argv[i]);
  if (!strcmp(argv[1], "list")) return 0;
  change(argv[1]);
  for (int i = argc; i-- > 2;) sync_directory(argv[i]);
}
