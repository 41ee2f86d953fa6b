/* A mail's octets: its head in one read, or all of it, into memory that serves for the next mail too. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <porter/maildir.h>

#define READ_MAX 262144  /* up to this, reading into a buffer that is there is cheaper than mapping */
#define READ_ONCE 65536  /* holds nearly every mail that has no attachment */

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
static int open_mail(folder *f, mail_entry *e)
{
  int fd;
  do {
    fd = openat(f->place[e->where], e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  } while (fd < 0 && errno == ENOENT && folder_find_again(f, e));
  return fd;
}

/* Room for size octets and for a head. */
static int make_room(mail_file *m, size_t size)
{
  if (size < MAIL_HEAD_READ) size = MAIL_HEAD_READ;
  if (m->room < size) {
    char *more = realloc(m->buffer, size);
    if (!more) return 0;
    m->buffer = more;
    m->room = size;
  }
  m->s = m->buffer;
  return 1;
}

static int read_up_to(mail_file *m, int fd, size_t want)
{
  if (!make_room(m, want)) return 0;
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
  size_t size;
  if (fstat(fd, &m->st) < 0) return 0;
  if (!S_ISREG(m->st.st_mode)) return errno = EINVAL, 0;
  size = (size_t)m->st.st_size;
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

/* One read says it all of nearly every head and of most mails: no fstat, no second read to see the end, as a regular file's read
 * is short only there. What is no regular file cannot be read at an offset, or not at all. */
static int read_once(mail_file *m, int fd, size_t want)
{
  ssize_t r;
  if (!make_room(m, want)) return 0;
  do r = pread(fd, m->buffer, want, 0); while (r < 0 && errno == EINTR);
  if (r < 0) return errno = errno == ESPIPE || errno == EISDIR ? EINVAL : errno, 0;
  m->len = (size_t)r;
  return 1;
}

static int read_head(mail_file *m, int fd, mail_head *head)
{
  if (!read_once(m, fd, MAIL_HEAD_READ)) return 0;
  mail_head_scan(head, m->s, m->len);
  if (head->complete) return 1;
  if (!read_all(m, fd)) return 0;
  mail_head_scan(head, m->s, m->len);
  return 1;
}

static int read_octets(mail_file *m, int fd)
{
  return read_once(m, fd, READ_ONCE) && (m->len < READ_ONCE || read_all(m, fd));
}

int mail_file_head(mail_file *m, folder *f, mail_entry *e, mail_head *head)
{
  int fd;
  unmap(m);
  fd = open_mail(f, e);
  return fd < 0 ? 0 : close_mail(fd, read_head(m, fd, head));
}

int mail_file_all(mail_file *m, folder *f, mail_entry *e)
{
  int fd;
  unmap(m);
  fd = open_mail(f, e);
  return fd < 0 ? 0 : close_mail(fd, read_all(m, fd));
}

int mail_file_octets(mail_file *m, folder *f, mail_entry *e)
{
  int fd;
  unmap(m);
  fd = open_mail(f, e);
  return fd < 0 ? 0 : close_mail(fd, read_octets(m, fd));
}

void mail_file_close(mail_file *m)
{
  unmap(m);
  free(m->buffer);
  *m = (mail_file)MAIL_FILE_ZERO;
}
