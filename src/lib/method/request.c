/* Reading a request. The octets of Append and Upload, which may be many, are not held in memory: where standard input is a file
 * they are left there, else they go into an unnamed file in the mailbox's tmp. So the top level of the message is walked while
 * it is read, and what remains of it is unpacked as any other request.
 *
 *   at      input                       does                                              goes to
 *   tag     varint, another field       copies the tag                                    value
 *   tag     varint, the large field     reads its length                                  octets
 *   value   varint, 4, 8 or n octets    copies them, at most REQUEST_MAX in all           tag
 *   octets  n octets                    file: notes where they lie, and skips them;
 *                                       else: a few into memory, many into a file         tag
 *   octets  an end before that          leaves tag and length: wire_check refuses them    end
 *   else                                copies what is left: wire_check refuses it        end
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include <porter/closing.h>
#include <porter/deliver.h>
#include <porter/method.h>
#include <porter/message_field.h>

#define FEW 65536 /* octets that are kept in memory; what is read at once */

typedef struct source_s source;
struct source_s {
  int fd;
  uint64_t place; /* in the file, of what lies behind the buffer */
  uint64_t size;  /* of the file; 0 where it is none */
  size_t at, len; /* of the buffer */
  char *buffer;
  int end;
};

/* Whether there is an octet. At the end of the input, and where reading fails, there is none; the latter leaves errno. */
static int more(source *in)
{
  ssize_t r;
  if (in->at < in->len) return 1;
  if (in->end) return 0;
  do r = read(in->fd, in->buffer, FEW);
  while (r < 0 && errno == EINTR);
  if (r <= 0) return in->end = 1, errno = r ? errno : 0, 0;
  in->at = 0;
  in->len = (size_t)r;
  in->place += (uint64_t)r;
  return 1;
}

/* What is copied: there is room for REQUEST_MAX + 1, so that one too many shows. */
static int put(method_request *r, char c)
{
  if (r->len > REQUEST_MAX) return 0;
  r->s[r->len++] = c;
  return 1;
}

static int copy(method_request *r, source *in, uint64_t n)
{
  while (n && more(in)) {
    size_t piece = in->len - in->at;
    if (piece > n) piece = (size_t)n;
    if (piece > REQUEST_MAX + 1 - r->len) piece = REQUEST_MAX + 1 - r->len;
    if (!piece) return 0;
    memcpy(r->s + r->len, in->buffer + in->at, piece);
    in->at += piece;
    r->len += piece;
    n -= piece;
  }
  return !n;
}

/* Copies a varint. 0 where it does not end, or is longer than any. */
static int copy_varint(method_request *r, source *in, uint64_t *n)
{
  *n = 0;
  for (unsigned int shift = 0; shift < 70; shift += 7) {
    unsigned char c;
    if (!more(in)) return 0;
    c = (unsigned char)in->buffer[in->at++];
    if (!put(r, (char)c)) return 0;
    *n |= shift < 64 ? (uint64_t)(c & 127) << shift : 0;
    if (c < 128) return 1;
  }
  return 0;
}

static int unnamed_file(int box)
{
  int tmp = openat(box, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  return tmp < 0 ? -1 : close_keeping(tmp, openat(tmp, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
}

/* Some file systems have no unnamed files: then one that loses its name at once. */
static int octets_file(mailbox *box)
{
  int fd = unnamed_file(box->fd);
  delivery d;
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  if (mailbox_deliver(&d, box, box->fd, 0)) {
    fd = d.fd;
    d.fd = -1;
  }
  mailbox_deliver_end(&d);
  return fd;
}

/* n octets into a file: what the buffer has, then from descriptor to descriptor. 1; 0 with errno, which is 0 where they end before. */
static int store(source *in, int to, uint64_t n)
{
  int spliced = 1;
  while (n) {
    ssize_t r = 0;
    if (in->at < in->len || !spliced) {
      size_t piece;
      if (!more(in)) return 0;
      piece = in->len - in->at < n ? in->len - in->at : (size_t)n;
      if (allwrite(to, in->buffer + in->at, piece) < piece) return 0;
      in->at += piece;
      n -= piece;
      continue;
    }
    r = splice(in->fd, NULL, to, NULL, n < (1u << 20) ? (size_t)n : 1u << 20, 0);
    if (r > 0) n -= (uint64_t)r;
    else if (!r) return errno = 0, 0;
    else if (errno == EINVAL) spliced = 0; /* no pipe */
    else if (errno != EINTR) return 0;
  }
  return 1;
}

/* The octets of the large field. 1: they are noted, or r says what is wrong; 0: they are cut, or cannot be kept (r->error). */
static int octets(method_request *r, mailbox *box, source *in, uint64_t n, arena *a)
{
  uint64_t here = in->place - (in->len - in->at);
  r->octets = (method_octets){ .fd = -1, .len = n };
  if (n > OCTETS_MAX) return r->fault = "more octets than a call takes", r->too_large = 1, 1;
  if (in->size) {
    if (here > in->size || n > in->size - here) return 0;
    r->octets.fd = in->fd;
    r->octets.at = here;
    in->place = here + n;
    in->at = in->len = 0;
    if (lseek(in->fd, (off_t)in->place, SEEK_SET) < 0) return r->error = errno, 0;
    return 1;
  }
  if (n <= FEW) {
    char *s = arena_take(a, n ? (size_t)n : 1);
    size_t got = 0;
    if (!s) return r->error = errno, 0;
    for (; got < n && more(in); got++) s[got] = in->buffer[in->at++];
    r->octets.s = s;
    return got == n ? 1 : (r->error = errno, 0);
  }
  r->octets.fd = octets_file(box);
  if (r->octets.fd < 0 || !store(in, r->octets.fd, n)) return r->error = errno, 0;
  return 1;
}

/* One field. 0 where nothing more is to be read. */
static int field(method_request *r, unsigned int large, mailbox *box, source *in, arena *a)
{
  size_t before = r->len;
  uint64_t tag, n;
  if (!more(in) || !copy_varint(r, in, &tag)) return 0;
  switch (tag & 7) {
  case WIRE_VARINT: return copy_varint(r, in, &n);
  case WIRE_64BIT: return copy(r, in, 8);
  case WIRE_32BIT: return copy(r, in, 4);
  case WIRE_OCTETS: break;
  default: return 0;
  }
  if (!copy_varint(r, in, &n)) return 0;
  if (tag >> 3 != large) return copy(r, in, n);
  if (r->octets.there) return r->fault = "the octets come twice", 0;
  if (!octets(r, box, in, n, a) || r->fault) return 0;
  r->octets.there = 1;
  r->len = before;
  return 1;
}

int method_request_read(method_request *r, char const *name, mailbox *box, int fd, arena *a)
{
  struct stat st;
  method const *m = method_find(name);
  source in = { .fd = fd };
  r->octets.fd = -1;
  errno = 0;
  if (!m || !m->large) {
    r->len = allread(fd, r->s, REQUEST_MAX + 1);
    return r->len > REQUEST_MAX || !errno;
  }
  if (fstat(fd, &st) < 0 || !(in.buffer = arena_take(a, FEW))) return 0;
  if (S_ISREG(st.st_mode)) {
    off_t place = lseek(fd, 0, SEEK_CUR);
    if (place < 0) return 0;
    in.place = (uint64_t)place;
    in.size = (uint64_t)st.st_size;
  }
  while (field(r, m->large, box, &in, a)) errno = 0;
  if (r->fault || r->error) return 1;
  if (errno && in.end) return 0;
  copy(r, &in, UINT64_MAX);
  return 1;
}
