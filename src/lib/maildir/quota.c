/* maildirsize, Maildir++'s voluntary quota (README.maildirquota): kept up where it exists, never made.
 *
 *   first line: the limits, NUMBER S (octets) and NUMBER C (mails), by commas; no limit where absent or 0
 *   each other: OCTETS MAILS, added up, as far as numbers go; one O_APPEND write each, so that writers need no lock
 *
 * Over 5120 octets it is counted anew: into a file of its own, renamed over it. Trash counts for nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/types.h>

#include <porter/closing.h>
#include <porter/deliver.h>
#include <porter/folder.h>

#define SIZE_MAX_KEPT 5120
#define READ_MAX 65536 /* a file that grew beyond is counted anew in any case */

static char const file_name[] = "maildirsize";

int folder_name_counts(slice name) { return !(name.len >= 5 && !memcmp(name.s, "Trash", 5) && (name.len == 5 || name.s[5] == '.')); }

static int64_t number(char const **s, char const *end)
{
  int64_t n = 0;
  int minus = 0;
  while (*s < end && (**s == ' ' || **s == '\t')) ++*s;
  if (*s < end && **s == '-') minus = 1, ++*s;
  for (; *s < end && **s >= '0' && **s <= '9'; ++*s)
    if (n < INT64_MAX / 10 - 9) n = n * 10 + (**s - '0');
  return minus ? -n : n;
}

/* Of numbers that anybody may have written, or that stand in names. */
static int64_t sum(int64_t a, int64_t b)
{
  int64_t both;
  if (!__builtin_add_overflow(a, b, &both)) return both;
  return b < 0 ? INT64_MIN : INT64_MAX;
}

static int64_t as_signed(uint64_t n) { return n > INT64_MAX ? INT64_MAX : (int64_t)n; }

static void parse(quota *q, char const *s, size_t len)
{
  char const *end = s + len, *line = memchr(s, '\n', len);
  *q = (quota){ .limits_len = line ? (size_t)(line - s) + 1 : len };
  for (char const *p = s; p < s + q->limits_len;) {
    int64_t const given = number(&p, end);
    uint64_t const n = given < 0 ? 0 : (uint64_t)given;
    if (p < end && *p == 'S') q->octets = n;
    else if (p < end && *p == 'C') q->mails = n;
    p++;
  }
  for (char const *p = s + q->limits_len; p < end;) {
    char const *next = memchr(p, '\n', (size_t)(end - p));
    if (!next) break;
    q->used_octets = sum(q->used_octets, number(&p, next));
    q->used_mails = sum(q->used_mails, number(&p, next));
    p = next + 1;
  }
}

static int count_folder(mailbox *box, slice name, int64_t *octets, int64_t *mails)
{
  folder *f;
  folder_count count;
  int good;
  if (!folder_open(&f, box, name)) return errno == ENOENT;
  good = folder_count_mails(f, 1, &count);
  if (good && folder_counts(f)) {
    *octets = sum(*octets, as_signed(count.octets));
    *mails = sum(*mails, as_signed(count.mails));
  }
  folder_close(f);
  return good;
}

static int write_anew(mailbox *box, char const *limits, size_t len, int64_t octets, int64_t mails)
{
  delivery d;
  char line[2 * UINT64_FMT + 2];
  size_t n = uint64_fmt(line, (uint64_t)octets);
  int good;
  line[n++] = ' ';
  n += uint64_fmt(line + n, (uint64_t)mails);
  line[n++] = '\n';
  good = mailbox_deliver(&d, box, box->fd, 0) && allwrite(d.fd, limits, len) == len
    && (!len || limits[len - 1] == '\n' || allwrite(d.fd, "\n", 1) == 1) && allwrite(d.fd, line, n) == n
    && mailbox_deliver_written(&d, box->mode & 0666, NULL) && mailbox_deliver_replace(&d, box->fd, file_name);
  mailbox_deliver_end(&d);
  return good;
}

static int count_anew(mailbox *box, quota *q, char const *limits)
{
  arena a = ARENA_ZERO;
  slice *names;
  size_t count = 0;
  int good = mailbox_folders(box, &a, &names, &count);
  q->used_octets = q->used_mails = 0;
  good = good && count_folder(box, (slice)SLICE_ZERO, &q->used_octets, &q->used_mails);
  for (size_t i = 0; good && i < count; i++)
    if (folder_name_counts(names[i])) good = count_folder(box, names[i], &q->used_octets, &q->used_mails);
  arena_free(&a);
  return good && write_anew(box, limits, q->limits_len, q->used_octets, q->used_mails);
}

static int over(quota const *q, int64_t octets, int64_t mails)
{
  return (q->octets && sum(q->used_octets, octets) > (int64_t)q->octets) || (q->mails && sum(q->used_mails, mails) > (int64_t)q->mails);
}

static size_t signed_fmt(char *s, int64_t n)
{
  size_t minus = n < 0;
  if (minus) *s = '-';
  return minus + uint64_fmt(s + minus, minus ? -(uint64_t)n : (uint64_t)n);
}

/* Opens and reads the file; -1 with errno ENOENT where there is none (or what has its name is no file). One that somebody makes during a call
 * is counted then, with what the call has done so far: what it does afterwards is put right by the next count. */
static int open_quota(mailbox *box, quota *q, char *text, size_t *len)
{
  int fd = box->quota_none ? (errno = ENOENT, -1) : openat(box->fd, file_name, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat st;
  if (fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO)) errno = ENOENT;
  if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) close(fd), errno = ENOENT, fd = -1;
  if (fd < 0) return box->quota_none = errno == ENOENT, -1;
  *len = allread(fd, text, READ_MAX);
  parse(q, text, *len);
  return fd;
}

int mailbox_quota_room(mailbox *box, int64_t octets, int64_t mails)
{
  char text[READ_MAX];
  quota q;
  size_t len;
  int fd = open_quota(box, &q, text, &len);
  if (fd < 0) return errno == ENOENT;
  close(fd);
  if (!over(&q, octets, mails)) return 1;
  /* What the file says may be old: only a fresh count refuses, and one a call is fresh enough. */
  if (!box->quota_fresh && !count_anew(box, &q, text)) return 0;
  box->quota_fresh = 1;
  return over(&q, octets, mails) ? (errno = EDQUOT, 0) : 1;
}

int mailbox_quota_add(mailbox *box, int64_t octets, int64_t mails)
{
  char text[READ_MAX], line[2 * UINT64_FMT + 4];
  quota q;
  size_t len, n;
  int fd = open_quota(box, &q, text, &len);
  if (fd < 0) return errno == ENOENT;
  n = signed_fmt(line, octets);
  line[n++] = ' ';
  n += signed_fmt(line + n, mails);
  line[n++] = '\n';
  if (!close_keeping(fd, write(fd, line, n) == (ssize_t)n)) return 0;
  return len + n <= SIZE_MAX_KEPT || count_anew(box, &q, text);
}

int mailbox_quota(mailbox *box, quota *q)
{
  char text[READ_MAX];
  size_t len;
  int fd = open_quota(box, q, text, &len);
  if (fd < 0) return 0;
  close(fd);
  return 1;
}
