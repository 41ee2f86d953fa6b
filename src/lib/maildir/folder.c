/* The mailbox; its folders are opened and made. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/closing.h>
#include <porter/deliver.h>
#include <porter/hex.h>
#include <porter/text.h>

#include "private.h"

int mailbox_open(mailbox *box)
{
  struct stat st;
  *box = (mailbox)MAILBOX_ZERO;
  box->fd = open(".", FOLDER_OPEN);
  if (box->fd < 0) return 0;
  if (fstat(box->fd, &st) < 0) return 0;
  box->mode = st.st_mode & (S_ISGID | 0777);
  if (fstatat(box->fd, "cur", &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  return S_ISDIR(st.st_mode) ? 1 : (errno = ENOTDIR, 0);
}

void mailbox_warn(mailbox const *box, char const *what, slice outside, int error)
{
  if (box->warn) box->warn(what, outside, error);
}

static size_t add_host(char *s)
{
  char host[40]; /* a longer one is cut: four octets each must leave room for the rest */
  size_t len = 0;
  if (gethostname(host, sizeof host) < 0) strcpy(host, "localhost");
  host[sizeof host - 1] = 0;
  for (char const *h = host; *h; h++) {
    char const *octal = *h == '/' ? "\\057" : *h == ':' ? "\\072" : NULL;
    memcpy(s + len, octal ? octal : h, octal ? 4 : 1);
    len += octal ? 4 : 1;
  }
  return len;
}

/* R and 8 hex digits: nobody chose them before in a second that is long gone. */
static size_t add_random(char *s)
{
  uint32_t n = 0;
  if (getrandom(&n, sizeof n, GRND_NONBLOCK) != (ssize_t)sizeof n) n = (uint32_t)getpid() * 2654435761u;
  *s++ = 'R';
  for (int i = 0; i < 8; i++) s[i] = HEX_LOWER[n >> (28 - 4 * i) & 15];
  return 9;
}

static size_t unique(mailbox *box, char *s, int64_t const *seconds, int with_size, uint64_t size)
{
  struct timespec now;
  size_t len;
  clock_gettime(CLOCK_REALTIME, &now);
  len = uint64_fmt(s, (uint64_t)(seconds ? *seconds : now.tv_sec));
  s[len++] = '.';
  s[len++] = 'M';
  len += uint64_fmt(s + len, (uint64_t)now.tv_nsec / 1000);
  s[len++] = 'P';
  len += uint64_fmt(s + len, (uint64_t)getpid());
  s[len++] = '_';
  len += uint_fmt(s + len, box->counter++);
  if (seconds) len += add_random(s + len);
  s[len++] = '.';
  len += add_host(s + len);
  if (with_size) {
    memcpy(s + len, ",S=", 3);
    len += 3;
    len += uint64_fmt(s + len, size);
  }
  s[len] = 0;
  return len;
}

size_t mailbox_unique(mailbox *box, char *s, int with_size, uint64_t size) { return unique(box, s, NULL, with_size, size); }

size_t mailbox_unique_at(mailbox *box, char *s, int64_t arrival, int with_size, uint64_t size)
{
  if (arrival < 0) arrival = 0; /* no time: it stays the file's */
  return unique(box, s, &arrival, with_size, size);
}

/* Its directory, new and cur. */
static int open_inside(folder *f, char const *disk)
{
  f->fd = folder_directory(f->box, disk, &f->linked);
  if (f->fd < 0) return 0;
  for (int p = PLACES; p-- > 0;) {
    f->place[p] = openat(f->fd, folder_inner[p], FOLDER_OPEN);
    /* A folder may lack new (then it is as good as empty), but not cur. */
    if (f->place[p] < 0 && !(p == PLACE_NEW && errno == ENOENT)) return errno = errno == ELOOP || errno == ENOTDIR ? ENOENT : errno, 0;
  }
  return 1;
}

void folder_reading(folder *f)
{
  if (f->reading || !f->box->reading) return;
  f->box->reading(f->box, f->fd);
  f->reading = 1;
}

static void close_inside(folder *f)
{
  for (int p = 0; p < PLACES; p++) {
    if (f->place[p] >= 0) close(f->place[p]);
    f->place[p] = -1;
  }
  if (f->fd >= 0) close(f->fd);
  f->fd = -1;
}

/* By the name that nearly all have, at once: what can be opened so needs no look (folder_look) before, but at its tmp. */
static int open_usual(folder *f, slice name)
{
  struct stat st;
  if (!folder_usual_name(name, f->disk)) return 0;
  if (open_inside(f, f->disk) && (fstatat(f->fd, "tmp", &st, AT_SYMLINK_NOFOLLOW) < 0 ? errno == ENOENT : S_ISDIR(st.st_mode))) return 1;
  close_inside(f);
  return 0;
}

static int open_named(folder *f, slice name)
{
  if (!name.len) return open_inside(f, f->disk);
  return open_usual(f, name) || (mailbox_disk_name(f->box, name, f->disk) && open_inside(f, f->disk));
}

int folder_open(folder **out, mailbox *box, slice name)
{
  folder *const f = malloc(sizeof *f);
  *out = f;
  if (!f) return 0;
  *f = (folder){ .box = box, .fd = -1, .place = { -1, -1 }, .now = time(NULL), .kind = -1, .file = MAIL_FILE_ZERO, .disk = "." };
  if (open_named(f, name)) {
    f->counts = !f->linked && folder_name_counts(name);
    return 1;
  }
  folder_close(f);
  *out = NULL;
  return 0;
}

/* --- making --- */

static int make_file(int dir, char const *name, mode_t mode)
{
  int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return 0;
  if (fchmod(fd, mode) < 0 || !mailbox_sync(fd)) return close_keeping(fd, 0);
  return !close(fd);
}

int folder_make_inner(int fd, char const *name, mode_t mode)
{
  if (mkdirat(fd, name, mode & 0777) < 0) return 0;
  int inner = openat(fd, name, FOLDER_OPEN);
  return inner < 0 ? 0 : close_keeping(inner, mailbox_set_mode(inner, mode));
}

/* All of a folder, in the empty directory fd. */
static int fill(int fd, mode_t mode)
{
  /* As the mailbox: who may read that, by its group, may read this. */
  for (size_t i = 0; i < 3; i++)
    if (!folder_make_inner(fd, folder_inner[i], mode)) return 0;
  return make_file(fd, "maildirfolder", mode & 0666);
}

static void discard(int tmp, char const *name)
{
  int e = errno, fd = openat(tmp, name, FOLDER_OPEN);
  if (fd >= 0) {
    for (size_t i = 0; i < 3; i++) unlinkat(fd, folder_inner[i], AT_REMOVEDIR);
    unlinkat(fd, "maildirfolder", 0);
    close(fd);
  }
  errno = e;
}

int mailbox_add_folder(mailbox *box, slice name)
{
  char disk[MAILDIR_NAME_MAX + 1];
  struct stat st;
  delivery d;
  int good, error;
  if (mailbox_disk_name(box, name, disk)) return 0;
  if (errno != ENOENT) return -1;
  if (!fstatat(box->fd, disk, &st, AT_SYMLINK_NOFOLLOW)) return errno = EEXIST, -1;
  if (errno != ENOENT) return -1;
  good = mailbox_deliver(&d, box, box->fd, 1) && fill(d.fd, box->mode) && mailbox_deliver_written(&d, box->mode, NULL)
    && mailbox_deliver_place(&d, box->fd, disk);
  if (!good && d.name[0]) discard(d.tmp, d.name);
  mailbox_deliver_end(&d);
  if (good) return 1;
  error = errno == EINVAL ? EIO : errno; /* EINVAL is the name's fault alone */
  if (folder_look(box, disk) <= 0) return errno = error, -1;
  /* It is there: somebody else made it meanwhile, or it was made and it is not sure that it lasts. */
  return error == EEXIST || error == ENOTEMPTY ? 0 : (errno = EIO, -1);
}
