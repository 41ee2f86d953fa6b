/* The mailbox and its folders: names on disk (modified UTF-7, or UTF-8 as newer Courier writes it), listing, opening, making. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/deliver.h>
#include <porter/text.h>

#include "private.h"

#define FOLDER_NAME_MAX 254  /* of an encoded name; with its leading dot it is MAILDIR_NAME_MAX */
#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static char const *const folder_inner[] = { "cur", "new", "tmp" };
static char const *const place_directory[PLACES] = { [PLACE_NEW] = "new", [PLACE_CUR] = "cur" };

int mailbox_open(mailbox *box)
{
  struct stat st;
  *box = (mailbox)MAILBOX_ZERO;
  box->fd = open(".", OPEN_DIRECTORY);
  if (box->fd < 0) return 0;
  if (fstat(box->fd, &st) < 0) return 0;
  box->mode = st.st_mode & 0777;
  if (fstatat(box->fd, "cur", &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  return S_ISDIR(st.st_mode) ? 1 : (errno = ENOTDIR, 0);
}

void mailbox_warn(mailbox const *box, char const *what, slice outside, int error)
{
  if (box->warn) box->warn(what, outside, error);
}

static size_t add_host(char *s)
{
  char host[40];  /* a longer one is cut: four octets each must leave room for the rest */
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
  for (int i = 0; i < 8; i++) s[i] = "0123456789abcdef"[n >> (28 - 4 * i) & 15];
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

size_t mailbox_unique(mailbox *box, char *s, int with_size, uint64_t size)
{
  return unique(box, s, NULL, with_size, size);
}

size_t mailbox_unique_at(mailbox *box, char *s, int64_t arrival, int with_size, uint64_t size)
{
  if (arrival < 0) arrival = 0;  /* no time: it stays the file's */
  return unique(box, s, &arrival, with_size, size);
}

/* --- names --- */

static int plain_name_ok(slice name)
{
  char before = '.';
  if (!name.len || name.s[0] == '~' || name.s[name.len - 1] == '.') return 0;
  if (name.len == 5 && !strncasecmp(name.s, "INBOX", 5)) return 0;
  if (utf8_valid(name.s, name.len) != name.len) return 0;
  for (size_t i = 0; i < name.len; i++) {
    unsigned char c = (unsigned char)name.s[i];
    if (c < 0x20 || c == 0x7f || c == '/' || (c == '.' && before == '.')) return 0;
    /* C1 controls, as UTF-8 */
    if (c == 0xc2 && (unsigned char)name.s[i + 1] < 0xa0) return 0;
    before = (char)c;
  }
  return 1;
}

/* The name on disk, with its dot and NUL. 0 with EINVAL where no folder can have it. */
static int disk_name(slice name, char *disk)
{
  arena a = ARENA_ZERO;
  slice encoded;
  int good = 0;
  if (name.len > FOLDER_NAME_MAX || !plain_name_ok(name)) return errno = EINVAL, 0;
  if (!mutf7_encode(&a, name, &encoded)) return 0;
  if (encoded.len > FOLDER_NAME_MAX) errno = EINVAL;
  else {
    disk[0] = '.';
    memcpy(disk + 1, encoded.s, encoded.len);
    disk[1 + encoded.len] = 0;
    good = 1;
  }
  arena_free(&a);
  return good;
}

/* What people call the folder with that name on disk; 0 where no request could name it. */
static int people_name(arena *a, char const *disk, slice *name)
{
  slice raw = { disk + 1, strlen(disk + 1) };
  if (!mutf7_decode(a, raw, name)) {
    if (errno != EILSEQ) return -1;
    *name = raw;
  }
  if (!plain_name_ok(*name)) return 0;
  if (name->s == raw.s) name->s = arena_copy(a, raw.s, raw.len);
  return name->s ? 1 : -1;
}

/* Whether the directory disk (relative to the mailbox) is a folder: no link, with a cur; new and tmp are no links either. */
static int is_folder(int box, char const *disk)
{
  struct stat st;
  int fd = openat(box, disk, OPEN_DIRECTORY);
  int good = fd >= 0;
  for (size_t i = 0; good && i < 3; i++) {
    if (fstatat(fd, folder_inner[i], &st, AT_SYMLINK_NOFOLLOW) < 0) good = i && errno == ENOENT;
    else good = S_ISDIR(st.st_mode);
  }
  if (fd >= 0) close(fd);
  return good;
}

static int compare_names(void const *x, void const *y)
{
  slice const *a = x, *b = y;
  int r = memcmp(a->s, b->s, a->len < b->len ? a->len : b->len);
  return r ? r : (a->len > b->len) - (a->len < b->len);
}

int mailbox_folders(mailbox const *box, arena *a, slice **names, size_t *count)
{
  int fd = openat(box->fd, ".", OPEN_DIRECTORY);
  DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
  slice *list = NULL;
  size_t n = 0, room = 0;
  int good = 0;
  if (!dir) {
    if (fd >= 0) close(fd);
    return 0;
  }
  for (;;) {
    struct dirent *d;
    slice name;
    int known;
    errno = 0;
    d = readdir(dir);
    if (!d) {
      good = !errno;
      break;
    }
    if (d->d_name[0] != '.' || !d->d_name[1] || (d->d_type != DT_DIR && d->d_type != DT_UNKNOWN)) continue;
    known = people_name(a, d->d_name, &name);
    if (known < 0) break;
    if (!known || !is_folder(box->fd, d->d_name)) continue;
    if (n == room) {
      slice *more = realloc(list, (room = room ? 2 * room : 32) * sizeof *more);
      if (!more) break;
      list = more;
    }
    list[n++] = name;
  }
  closedir(dir);
  if (good) {
    if (n) qsort(list, n, sizeof *list, compare_names);
    /* One name written in two ways on disk is one folder to people. */
    *count = 0;
    for (size_t i = 0; i < n; i++) if (!i || compare_names(list + i - 1, list + i)) list[(*count)++] = list[i];
    *names = arena_array(a, *count ? *count : 1, sizeof **names);
    good = *names != NULL;
    if (good && *count) memcpy(*names, list, *count * sizeof *list);
  }
  free(list);
  return good;
}

int mailbox_disk_name(mailbox const *box, slice name, char *disk)
{
  char plain[MAILDIR_NAME_MAX + 1];
  if (!disk_name(name, disk)) return 0;
  if (is_folder(box->fd, disk)) return 1;
  plain[0] = '.';
  memcpy(plain + 1, name.s, name.len);
  plain[1 + name.len] = 0;
  if (!strcmp(plain, disk) || !is_folder(box->fd, plain)) return errno = ENOENT, 0;
  strcpy(disk, plain);
  return 1;
}

/* Its directory, new and cur. */
static int open_inside(folder *f, char const *disk)
{
  f->fd = openat(f->box->fd, disk, OPEN_DIRECTORY);
  if (f->fd < 0) return 0;
  for (int p = PLACES; p-- > 0;) {
    f->place[p] = openat(f->fd, place_directory[p], OPEN_DIRECTORY);
    /* A folder may lack new (then it is as good as empty), but not cur. */
    if (f->place[p] < 0 && !(p == PLACE_NEW && errno == ENOENT)) return errno = errno == ELOOP || errno == ENOTDIR ? ENOENT : errno, 0;
  }
  return 1;
}

int folder_open(folder **out, mailbox *box, slice name)
{
  char disk[MAILDIR_NAME_MAX + 1] = ".";
  folder *f;
  *out = NULL;
  if (name.len && !mailbox_disk_name(box, name, disk)) return 0;
  f = malloc(sizeof *f);
  if (!f) return 0;
  *f = (folder){ .box = box, .fd = -1, .place = { -1, -1 }, .now = time(NULL), .counts = folder_name_counts(name), .remote = -1, .file = MAIL_FILE_ZERO };
  *out = f;
  if (open_inside(f, disk)) return 1;
  folder_close(f);
  *out = NULL;
  return 0;
}

/* --- making --- */

static int make_file(int dir, char const *name, mode_t mode)
{
  int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) return 0;
  if (fchmod(fd, mode) < 0 || fsync(fd) < 0) {
    close(fd);
    return 0;
  }
  return !close(fd);
}

/* All of a folder, in the empty directory fd. */
static int fill(int fd, mode_t mode)
{
  /* As the mailbox: who may read that, by its group, may read this. */
  for (size_t i = 0; i < 3; i++) if (mkdirat(fd, folder_inner[i], mode) < 0 || fchmodat(fd, folder_inner[i], mode, 0) < 0) return 0;
  return make_file(fd, "maildirfolder", mode & 0666);
}

static void discard(int tmp, char const *name)
{
  int e = errno, fd = openat(tmp, name, OPEN_DIRECTORY);
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
  int good;
  if (mailbox_disk_name(box, name, disk)) return 0;
  if (errno != ENOENT) return -1;
  if (!fstatat(box->fd, disk, &st, AT_SYMLINK_NOFOLLOW)) return errno = EEXIST, -1;
  if (errno != ENOENT) return -1;
  good = mailbox_deliver(&d, box, box->fd, 1) && fill(d.fd, box->mode) && mailbox_deliver_written(&d, box->mode, NULL)
    && mailbox_deliver_place(&d, box->fd, disk);
  if (!good && d.name[0]) discard(d.tmp, d.name);
  mailbox_deliver_end(&d);
  if (!good && (errno == EEXIST || errno == ENOTEMPTY) && is_folder(box->fd, disk)) return 0;  /* somebody else made it meanwhile */
  return good ? 1 : -1;
}
