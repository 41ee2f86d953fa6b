/* A mail's octets: its head in one read, or all of it, into memory that serves for the next mail too. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <porter/maildir.h>

#define READ_MAX 262144  /* up to this, reading into a buffer that is there is cheaper than mapping */

static void unmap(mail_file *m)
{
  if (m->map) munmap(m->map, m->map_len);
  m->map = NULL;
  m->s = m->buffer;
  m->len = 0;
}

/* Keeps errno. */
static int close_mail(int fd, int result)
{
  int e = errno;
  close(fd);
  errno = e;
  return result;
}

/* A FIFO would hang without O_NONBLOCK, a link lead out without O_NOFOLLOW. */
static int open_mail(mail_file *m, folder *f, mail_entry *e)
{
  int fd;
  do {
    fd = openat(f->place[e->where], e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  } while (fd < 0 && errno == ENOENT && folder_find_again(f, e));
  if (fd < 0) return -1;
  if (fstat(fd, &m->st) < 0) return close_mail(fd, -1);
  if (!S_ISREG(m->st.st_mode)) return errno = EINVAL, close_mail(fd, -1);
  return fd;
}

static int read_up_to(mail_file *m, int fd, size_t want)
{
  if (m->room < want) {
    char *more = realloc(m->buffer, want);
    if (!more) return 0;
    m->buffer = more;
    m->room = want;
  }
  m->s = m->buffer;
  while (m->len < want) {
    ssize_t r = pread(fd, m->buffer + m->len, want - m->len, (off_t)m->len);
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return 0;
    if (!r) break;
    m->len += (size_t)r;
  }
  return 1;
}

static int read_all(mail_file *m, int fd)
{
  size_t size = (size_t)m->st.st_size;
  if (size <= READ_MAX) return read_up_to(m, fd, size ? size : 1);
  m->map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (m->map == MAP_FAILED) {
    m->map = NULL;
    return 0;
  }
  m->map_len = size;
  m->s = m->map;
  m->len = size;
  return 1;
}

int mail_file_head(mail_file *m, folder *f, mail_entry *e, mail_head *head)
{
  int fd, good;
  unmap(m);
  fd = open_mail(m, f, e);
  if (fd < 0) return 0;
  good = read_up_to(m, fd, MAIL_HEAD_READ);
  if (good) mail_head_scan(head, m->s, m->len);
  if (good && !head->complete && m->len == MAIL_HEAD_READ) {
    m->len = 0;
    good = read_all(m, fd);
    if (good) mail_head_scan(head, m->s, m->len);
  }
  return close_mail(fd, good);
}

int mail_file_all(mail_file *m, folder *f, mail_entry *e)
{
  int fd;
  unmap(m);
  fd = open_mail(m, f, e);
  return fd < 0 ? 0 : close_mail(fd, read_all(m, fd));
}

void mail_file_close(mail_file *m)
{
  unmap(m);
  free(m->buffer);
  *m = (mail_file)MAIL_FILE_ZERO;
}
