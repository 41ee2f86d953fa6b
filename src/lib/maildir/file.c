/* A mail's octets: one field of its head in one read, or all of it, into memory that serves for the next mail too. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <porter/closing.h>
#include "private.h"

#define READ_MAX 262144 /* up to this, reading into a buffer that is there is cheaper than mapping */
#define READ_ONCE 65536 /* holds nearly every mail that has no attachment */
#define FIELD_READ 4096 /* one page */
#define FIELD_READ_MAX 16384
#define HOLES_FROM (1 << 20) /* octets from which on it matters whether they are there, */
#define HOLES_PART 16        /* where fewer than one of so many is */

static void unmap(mail_file *m)
{
  if (m->map) munmap(m->map, m->map_len);
  m->map = NULL;
  m->s = m->buffer;
  m->len = 0;
}

typedef struct opening_s opening;
struct opening_s {
  int fd;
  struct stat *st; /* is filled in, and the inode looked at even where no other mail has the base; may be null */
};

/* A FIFO would hang without O_NONBLOCK, a link lead out without O_NOFOLLOW: what has become one is no mail. */
static int open_it(folder *f, mail_entry *e, void *context)
{
  opening *o = context;
  struct stat st, *s = o->st ? o->st : &st;
  o->fd = openat(f->place[e->where], e->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (o->fd < 0) return errno = errno == ELOOP || errno == ENXIO ? ENOENT : errno, 0;
  if (!o->st && !e->twin) return 1;
  if (fstat(o->fd, s) < 0) return close_keeping(o->fd, 0);
  if (S_ISREG(s->st_mode) && mail_entry_is(f, e, s)) return 1;
  close(o->fd);
  return errno = ENOENT, 0;
}

int mail_open(folder *f, mail_entry *e, struct stat *st)
{
  opening o = { -1, st };
  folder_reading(f);
  return folder_try(f, e, open_it, &o) ? o.fd : -1;
}

/* Forgets the last mail. looked: st is wanted. */
static int open_mail(mail_file *m, folder *f, mail_entry *e, int looked)
{
  unmap(m);
  return mail_open(f, e, looked ? &m->st : NULL);
}

/* Room for size octets. */
static int make_room(mail_file *m, size_t size)
{
  if (m->room < size) {
    char *more = realloc(m->buffer, size);
    if (!more) return 0;
    m->buffer = more;
    m->room = size;
  }
  m->s = m->buffer;
  return 1;
}

/* Goes on behind what is read already, as all of these do. */
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

static int look(mail_file *m, int fd)
{
  if (fstat(fd, &m->st) < 0) return 0;
  return S_ISREG(m->st.st_mode) ? 1 : (errno = ENOENT, 0);
}

static int read_start(mail_file *m, int fd, size_t most)
{
  size_t size = (size_t)m->st.st_size;
  return read_up_to(m, fd, !size ? 1 : size < most ? size : most);
}

/* How many octets are read. Gigabytes that are not there cost who made them nothing, and each call their reading: of a file that is nearly all hole they end
 * where that begins. What a file system keeps in fewer octets (compressed) has none. */
static size_t size_of(mail_file const *m, int fd)
{
  struct stat const *const st = &m->st;
  off_t hole;
  if (st->st_size < HOLES_FROM || st->st_blocks >= st->st_size / (512 * HOLES_PART)) return (size_t)st->st_size;
  hole = lseek(fd, 0, SEEK_HOLE);
  return (size_t)(hole >= 0 && hole < st->st_size ? hole : st->st_size);
}

static int read_to(mail_file *m, int fd, size_t size)
{
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

static int read_all(mail_file *m, int fd) { return read_to(m, fd, size_of(m, fd)); }

static int read_whole(mail_file *m, int fd) { return read_to(m, fd, (size_t)m->st.st_size); }

/* Reads on, up to want octets in all: one read, no fstat, and none to see the end, as a regular file's read is short only there.
 * What is no regular file cannot be read at an offset, or not at all. */
static int read_on(mail_file *m, int fd, size_t want)
{
  ssize_t r;
  if (!make_room(m, want)) return 0;
  do r = pread(fd, m->buffer + m->len, want - m->len, (off_t)m->len);
  while (r < 0 && errno == EINTR);
  if (r < 0) return errno = errno == ESPIPE || errno == EISDIR ? ENOENT : errno, 0;
  m->len += (size_t)r;
  return 1;
}

/* The page in which nearly every head has what lists are sorted by, then more of it, then all. */
static int read_field(mail_file *m, int fd, enum mail_field which, slice *value)
{
  for (size_t want = FIELD_READ; want <= FIELD_READ_MAX; want *= 4) {
    if (!read_on(m, fd, want)) return 0;
    if (mail_head_find(value, which, m->s, m->len, m->len < want) >= 0) return 1;
  }
  return look(m, fd) && read_all(m, fd) && mail_head_find(value, which, m->s, m->len, 1) >= 0;
}

int mail_file_descriptor(mail_file *m, int fd)
{
  unmap(m);
  return look(m, fd) && read_whole(m, fd);
}

static int read_octets(mail_file *m, int fd) { return read_on(m, fd, READ_ONCE) && (m->len < READ_ONCE || (look(m, fd) && read_all(m, fd))); }

int mail_file_field(mail_file *m, folder *f, mail_entry *e, enum mail_field which, slice *value)
{
  int const fd = open_mail(m, f, e, 0);
  return fd < 0 ? 0 : close_keeping(fd, read_field(m, fd, which, value));
}

int mail_file_start(mail_file *m, folder *f, mail_entry *e, size_t most)
{
  int const fd = open_mail(m, f, e, 1);
  return fd < 0 ? 0 : close_keeping(fd, read_start(m, fd, most));
}

int mail_file_begin(mail_file *m, folder *f, mail_entry *e, size_t most)
{
  int const fd = open_mail(m, f, e, 0);
  return fd < 0 ? 0 : close_keeping(fd, read_on(m, fd, most));
}

int mail_file_all(mail_file *m, folder *f, mail_entry *e)
{
  int const fd = open_mail(m, f, e, 1);
  return fd < 0 ? 0 : close_keeping(fd, read_all(m, fd));
}

int mail_file_whole(mail_file *m, folder *f, mail_entry *e)
{
  int const fd = open_mail(m, f, e, 1);
  return fd < 0 ? 0 : close_keeping(fd, read_whole(m, fd));
}

int mail_file_octets(mail_file *m, folder *f, mail_entry *e)
{
  int const fd = open_mail(m, f, e, 0);
  return fd < 0 ? 0 : close_keeping(fd, read_octets(m, fd));
}

void mail_file_close(mail_file *m)
{
  unmap(m);
  free(m->buffer);
  *m = (mail_file)MAIL_FILE_ZERO;
}
