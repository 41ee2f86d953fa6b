/* dovecot-keywords: names of the letters a to z ("0 name" is a).
 *
 * Dovecot guards the file by the lock of dovecot-uidlist, and reads it again only where the seconds of its mtime differ. So a
 * name is added under that lock, and the new file's mtime lies a whole second above the old one's, and at least now. A number
 * that has a name is never changed or taken away: sessions remember it. Nobody's lock is broken: Dovecot itself breaks that of a
 * process that has gone. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/types.h>

#include <porter/closing.h>
#include <porter/deliver.h>
#include <porter/keywords.h>

#include "list.h"
#include "private.h"

#define FILE_NAME "dovecot-keywords"
#define LOCK_NAME "dovecot-uidlist.lock"
#define FILE_MAX 65536 /* 26 names are a few KB */
#define LINE_ROOM 4    /* octets of a line but for the name */
#define LOCK_PATIENCE_MS 5000
#define LOCK_STEP_MS 20

int keyword_ok(slice name)
{
  if (!name.len || name.len > KEYWORD_LEN_MAX) return 0;
  for (size_t i = 0; i < name.len; i++)
    if (name.s[i] <= 0x20 || name.s[i] >= 0x7f || strchr("(){]%*\"\\", name.s[i])) return 0;
  return 1;
}

static int same(slice a, slice b) { return a.len == b.len && !strncasecmp(a.s, b.s, a.len); }

char keyword_flag(slice name)
{
  static struct {
    char const *name;
    char flag;
  } const table[] = { { "$seen", 'S' }, { "$flagged", 'F' }, { "$answered", 'R' }, { "$draft", 'D' }, { "$forwarded", 'P' } };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (same(name, slice_of(table[i].name))) return table[i].flag;
  return 0;
}

/* --- the names --- */

static int letter_of(keywords const *k, slice name)
{
  for (int i = 0; i < KEYWORDS_MAX; i++)
    if (k->name[i].len && same(k->name[i], name)) return i;
  return -1;
}

static int is_ascii(slice name)
{
  for (size_t i = 0; i < name.len; i++)
    if ((unsigned char)name.s[i] < 0x20 || (unsigned char)name.s[i] >= 0x7f) return 0;
  return 1;
}

/* One line: number, blank, name. Of a name that comes twice the first line counts, of a number the last, as Dovecot has it. */
static void read_line(keywords *k, char const *line, size_t len)
{
  unsigned int number = 0;
  size_t i = 0;
  slice name;
  for (; i < len && i < 3 && line[i] >= '0' && line[i] <= '9'; i++) number = 10 * number + (unsigned int)(line[i] - '0');
  if (!i || i == len || line[i] != ' ' || number >= KEYWORDS_MAX) return;
  name = (slice){ line + i + 1, len - i - 1 };
  if (!name.len || letter_of(k, name) >= 0) return;
  k->name[number] = k->odd[number] = (slice)SLICE_ZERO;
  *(is_ascii(name) ? k->name + number : k->odd + number) = name;
}

static void parse(keywords *k, char const *s, size_t len)
{
  for (char const *end = s + len; s < end;) {
    char const *next = memchr(s, '\n', (size_t)(end - s));
    if (!next && !k->whole) break; /* it goes on */
    if (!next) next = end;
    read_line(k, s, (size_t)(next - s));
    s = next + 1;
  }
}

static int is_there(int fd, char const *name)
{
  struct stat st;
  return !fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW);
}

/* What cannot be read is known not to be: letters have no names then. */
static int unreadable(keywords *k, int error)
{
  k->kept = 1;
  k->whole = 0;
  k->error = error;
  return 1;
}

/* Whether the file is there, and always will be, but is none that we may read. */
static int is_closed(int error) { return error == EACCES || error == EPERM || error == ENXIO; }

/* st is that of the file; all 0 where there is none. */
static int read_file(keywords *k, arena *a, int fd, struct stat *st)
{
  char *s;
  size_t len;
  int file = openat(fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  *k = (keywords){ .kept = 1, .whole = 1 };
  *st = (struct stat){ 0 };
  if (file < 0) {
    if (is_closed(errno)) return unreadable(k, errno == ENXIO ? ENOTSUP : errno);
    if (errno != ENOENT && errno != ELOOP) return 0;
    k->kept = is_there(fd, "dovecot-uidlist");
    return 1;
  }
  if (fstat(file, st) < 0) return close_keeping(file, 0);
  if (!S_ISREG(st->st_mode)) return close_keeping(file, unreadable(k, ENOTSUP));
  if (!(s = arena_take(a, FILE_MAX))) return close_keeping(file, 0);
  errno = 0;
  len = allread(file, s, FILE_MAX);
  if (!close_keeping(file, len == FILE_MAX || !errno)) return 0;
  arena_shrink(a, s, FILE_MAX, len);
  k->whole = len < FILE_MAX;
  parse(k, s, len);
  return 1;
}

int folder_keywords(folder const *f, keywords *k, arena *a)
{
  struct stat st;
  if (!read_file(k, a, f->fd, &st)) return 0;
  if (k->error) mailbox_warn(f->box, "unable to read the names of keywords of", slice_of(f->disk), k->error);
  return 1;
}

char keywords_letter(keywords const *k, slice name)
{
  int i = letter_of(k, name);
  if (i < 0 && name.len > 8 && name.len < 11 && !strncasecmp(name.s, "unknown-", 8)) {
    char digits[3] = "";
    unsigned int n;
    memcpy(digits, name.s + 8, name.len - 8);
    digits[name.len - 8] = 0;
    if (uint0_scan(digits, &n) && n < KEYWORDS_MAX && !k->name[n].len) i = (int)n;
  }
  return i < 0 ? 0 : (char)('a' + i);
}

slice keywords_name(keywords const *k, arena *a, char letter)
{
  slice name = k->name[letter - 'a'];
  if (!name.len) {
    char s[8 + UINT_FMT];
    memcpy(s, "unknown-", 8);
    name.len = 8 + uint_fmt(s + 8, (unsigned int)(letter - 'a'));
    name.s = arena_copy(a, s, name.len);
  }
  return name;
}

/* --- adding --- */

static int lock(int fd)
{
  char s[UINT_FMT + 1 + 256];
  for (unsigned int waited = 0;; waited += LOCK_STEP_MS) {
    int file = openat(fd, LOCK_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0) {
      size_t len = uint_fmt(s, (unsigned int)getpid());
      s[len++] = ':';
      if (gethostname(s + len, 255) < 0) strcpy(s + len, "localhost");
      s[sizeof s - 1] = 0;
      len += strlen(s + len);
      /* What is in it tells Dovecot whose it is; without that it waits two minutes longer. */
      if (allwrite(file, s, len) < len) s[0] = 0;
      close(file);
      return 1;
    }
    if (errno != EEXIST) return 0;
    if (waited >= LOCK_PATIENCE_MS) return errno = EAGAIN, 0;
    nanosleep(&(struct timespec){ .tv_nsec = LOCK_STEP_MS * 1000000 }, NULL);
  }
}

/* The letters that names in cur bear, as bits. */
static int letters_used(int cur, uint32_t *used)
{
  DIR *list = list_open(cur, ".");
  struct dirent *d;
  *used = 0;
  if (!list) return 0;
  while ((d = list_next(list))) {
    maildir_name n;
    if (d->d_name[0] == '.') continue;
    maildir_name_split(&n, d->d_name, strlen(d->d_name));
    for (size_t i = 0; i < n.flags.len; i++)
      if (n.flags.s[i] >= 'a' && n.flags.s[i] <= 'z') *used |= 1u << (n.flags.s[i] - 'a');
  }
  return list_close(list, !errno);
}

static slice line_of(keywords const *k, unsigned int number) { return k->name[number].len ? k->name[number] : k->odd[number]; }

static size_t octets_of(keywords const *k)
{
  size_t octets = 0;
  for (unsigned int i = 0; i < KEYWORDS_MAX; i++) octets += line_of(k, i).len + LINE_ROOM;
  return octets;
}

/* Gives each name that has no letter the lowest that has no name and that no mail bears. */
static int assign(keywords *k, int cur, slice const *names, size_t count, int *changed)
{
  uint32_t used;
  if (!letters_used(cur, &used)) return 0;
  *changed = 0;
  for (size_t i = 0; i < count; i++) {
    int number = 0;
    if (keywords_letter(k, names[i])) continue;
    if (k->error) return errno = k->error, 0;
    /* With neither of Dovecot's files, letters that are borne have a meaning somewhere else (CONTROL=). */
    if (!k->kept && used) return errno = ENOTSUP, 0;
    while (number < KEYWORDS_MAX && (k->name[number].len || k->odd[number].len || used >> number & 1)) number++;
    /* Of a file that cannot be read whole, names would be lost. */
    if (number == KEYWORDS_MAX || !k->whole || octets_of(k) + names[i].len > FILE_MAX - LINE_ROOM) return errno = EOVERFLOW, 0;
    k->name[number] = names[i];
    *changed = 1;
  }
  return 1;
}

static int write_names(delivery const *d, keywords const *k)
{
  for (unsigned int i = 0; i < KEYWORDS_MAX; i++) {
    slice const name = line_of(k, i);
    char s[UINT_FMT + 1];
    size_t len = uint_fmt(s, i);
    s[len++] = ' ';
    if (!name.len) continue;
    if (allwrite(d->fd, s, len) < len || allwrite(d->fd, name.s, name.len) < name.len || allwrite(d->fd, "\n", 1) < 1) return 0;
  }
  return 1;
}

static int replace(keywords const *k, mailbox *box, int fd, struct stat const *old)
{
  struct stat st;
  struct timespec now[2];
  delivery d;
  int good;
  clock_gettime(CLOCK_REALTIME, now + 1);
  if (old->st_nlink && now[1].tv_sec <= old->st_mtim.tv_sec) now[1] = (struct timespec){ .tv_sec = old->st_mtim.tv_sec + 1 };
  now[0] = now[1];
  good = fstat(fd, &st) == 0 && mailbox_deliver(&d, box, fd, 0);
  /* The folder's group, where that can be given: who reads the folder reads this. */
  if (good && fchown(d.fd, (uid_t)-1, st.st_gid) < 0 && errno != EPERM) good = 0;
  good = good && write_names(&d, k) && mailbox_deliver_written(&d, st.st_mode & 0666, now) && mailbox_deliver_replace(&d, fd, FILE_NAME);
  mailbox_deliver_end(&d);
  return good;
}

int folder_keywords_add(folder const *f, mailbox *box, keywords *k, arena *a, slice const *names, size_t count)
{
  struct stat old;
  int good, error, changed = 0;
  if (!lock(f->fd)) return 0;
  good = read_file(k, a, f->fd, &old) && assign(k, f->place[PLACE_CUR], names, count, &changed) && (!changed || replace(k, box, f->fd, &old));
  error = errno;
  if (unlinkat(f->fd, LOCK_NAME, 0) < 0 && good && errno != ENOENT) good = 0, error = errno;
  return errno = error, good;
}
