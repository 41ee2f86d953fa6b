/* bench/names WHAT DIR...: what changing many mails costs at least, in one process without a library. First the names in each DIR are read;
 * then standard input is read, a line "FROM TO" for each mail, and each file renamed, linked or unlinked (TO is any word then); at last each
 * DIR is synced, the last named first. WHAT is list (nothing is done), rename, link, unlink; stamps: each DIR's new and cur are asked for
 * their times; folders: each DIR is seen to be a folder, and asked for its own inode and birth and the times of its new and cur; store FILE:
 * standard input is written to a new FILE, which is synced and gone. */
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

int main(int argc, char **argv)
{
  if (argc < 2) return fprintf(stderr, "names: usage: names list|rename|link|unlink|stamps|folders DIR... or names store FILE\n"), 100;
  if (!strcmp(argv[1], "store") && argc == 3) return store(argv[2]), 0;
  if (!strcmp(argv[1], "stamps") || !strcmp(argv[1], "folders")) {
    for (int i = 2; i < argc; i++) (*argv[1] == 's' ? stamps : folder)(argv[i]);
    return 0;
  }
  for (int i = 2; i < argc; i++) list(argv[i]);
  if (!strcmp(argv[1], "list")) return 0;
  change(argv[1]);
  for (int i = argc; i-- > 2;) sync_directory(argv[i]);
}
