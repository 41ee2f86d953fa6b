/* The way into a mailbox. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/maildir_enter.h>

#include "private.h"

#define HERE (O_PATH | O_DIRECTORY | O_CLOEXEC)

char const *const folder_inner[3] = { [PLACE_NEW] = "new", [PLACE_CUR] = "cur", [PLACES] = "tmp" };

int mailbox_component(char const *s, size_t len)
{
  if (!len || len > NAME_MAX || *s == '.') return 0;
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)s[i] < 32 || s[i] == 127 || s[i] == '/') return 0;
  return 1;
}

static int add(mailbox_path *path, size_t *n, char const *s, size_t len)
{
  if (len >= sizeof path->s - *n) return errno = ENAMETOOLONG, 0;
  memcpy(path->s + *n, s, len);
  *n += len;
  return 1;
}

/* No component below the fixed part may lead up or stay: values cannot, so the template would. */
static int downward(char const *s)
{
  while (*s) {
    size_t len = strcspn(s, "/");
    if ((len == 1 && s[0] == '.') || (len == 2 && s[0] == '.' && s[1] == '.')) return 0;
    s += len;
    s += strspn(s, "/");
  }
  return 1;
}

int mailbox_expand(mailbox_path *path, char const *template, char const *user, char const *home)
{
  char const *at = user ? strrchr(user, '@') : NULL;
  size_t n = 0;
  int fixed = 1;
  path->fixed = 0;
  for (char const *t = template; *t; t++) {
    char const *value = NULL;
    size_t len = 0;
    if (*t != '%') {
      if (!add(path, &n, t, 1)) return 0;
      if (*t == '/' && fixed) path->fixed = n;
      continue;
    }
    switch (*++t) {
    case '%':
      if (!add(path, &n, t, 1)) return 0;
      continue;
    case 'h':
      if (t != template + 1 || (t[1] && t[1] != '/')) return errno = EINVAL, 0;
      if (!home || *home != '/') return errno = EPERM, 0;
      if (!add(path, &n, home, strlen(home))) return 0;
      path->fixed = n;
      fixed = 0;
      continue;
    case 'u':
      value = user;
      len = user ? strlen(user) : 0;
      break;
    case 'n':
      value = user;
      len = at ? (size_t)(at - user) : user ? strlen(user) : 0;
      break;
    case 'd':
      value = at ? at + 1 : NULL;
      len = value ? strlen(value) : 0;
      break;
    default: return errno = EINVAL, 0;
    }
    fixed = 0;
    if (!value || !mailbox_component(value, len)) return errno = EPERM, 0;
    if (!add(path, &n, value, len)) return 0;
  }
  path->s[n] = 0;
  if (*path->s != '/') return errno = EINVAL, 0;
  if (fixed && *template == '/') path->fixed = n; /* nothing in it depends on who comes */
  if (!downward(path->s + path->fixed)) return errno = EINVAL, 0;
  return 1;
}

/* The next component of *s, NUL-terminated, without slashes. */
static int component(char const **s, char *name)
{
  *s += strspn(*s, "/");
  size_t len = strcspn(*s, "/");
  if (len > NAME_MAX) return errno = ENAMETOOLONG, 0;
  memcpy(name, *s, len);
  name[len] = 0;
  *s += len;
  return 1;
}

static int make_inside(int fd, char const *name)
{
  int parent;
  if (mkdirat(fd, name, 0700) < 0) return errno == EEXIST;
  parent = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0) return 0;
  return close_keeping(parent, fsync(parent) == 0);
}

/* A kernel without openat2, or a sandbox that forbids it: a step for each component. Closes fd. */
static int walk(int fd, char const *s, int make)
{
  char name[NAME_MAX + 1];
  while (fd >= 0) {
    int next = -1;
    if (component(&s, name)) {
      if (!*name) return fd;
      if (!make || make_inside(fd, name)) next = openat(fd, name, HERE | O_NOFOLLOW);
    }
    fd = close_keeping(fd, next);
  }
  return -1;
}

static int descend(int fd, char const *s, int make)
{
  struct open_how how = { .flags = HERE, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };
  int below;
  s += strspn(s, "/");
  if (!*s) return fd;
  below = (int)syscall(SYS_openat2, fd, s, &how, sizeof how);
  if (below < 0 && (errno == ENOSYS || errno == EPERM || errno == E2BIG || errno == EINVAL || (make && errno == ENOENT))) return walk(fd, s, make);
  return close_keeping(fd, below);
}

static int check(int fd, int make)
{
  for (unsigned int i = 0; i < 3; i++) {
    struct stat st;
    if (make && !make_inside(fd, folder_inner[i])) return 0;
    if (fstatat(fd, folder_inner[i], &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
    if (!S_ISDIR(st.st_mode)) return errno = ENOTDIR, 0;
  }
  return 1;
}

int mailbox_trouble(int e) { return e == EIO || e == ENOMEM || e == EMFILE || e == ENFILE || e == ESTALE || e == ENOSPC || e == EDQUOT; }

int mailbox_enter(mailbox_path const *path, int make)
{
  char fixed[PATH_MAX];
  memcpy(fixed, path->s, path->fixed);
  fixed[path->fixed] = 0;
  int fd = open(fixed, HERE);
  if (fd < 0) return 0;
  fd = descend(fd, path->s + path->fixed, make);
  if (fd < 0) return 0;
  return close_keeping(fd, check(fd, make) && fchdir(fd) == 0);
}
