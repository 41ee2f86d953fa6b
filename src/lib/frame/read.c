/* Reading a request frame, octet for octet. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/uint32.h>

#include <porter/closing.h>
#include <porter/frame.h>
#include <porter/octets.h>

char const *frame_reason(enum frame_status status)
{
  static char const *const reason[] = {
    [FRAME_OK] = "frame read",
    [FRAME_END] = "end of file",
    [FRAME_IDLE] = "no request came in time",
    [FRAME_CUT] = "end of file inside a frame",
    [FRAME_LATE] = "the rest of a frame did not come in time",
    [FRAME_METHOD] = "this is no method's name",
    [FRAME_LENGTH] = "message too long",
    [FRAME_CREDENTIALS] = "these are no credentials",
    [FRAME_CONTENT] = "KeepOpen has no content",
    [FRAME_FULL] = "no space for the request",
    [FRAME_SYSTEM] = "unable to read a frame",
  };
  return reason[status];
}

int64_t frame_clock(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t after(unsigned int patience) { return frame_clock() + (int64_t)patience * 1000; }

/* Blocking descriptors are polled before each read: they belong to other programs too, and may not be made non-blocking. */
ssize_t frame_some(int fd, char *s, size_t len, int64_t deadline)
{
  for (;;) {
    struct pollfd p = { .fd = fd, .events = POLLIN };
    int64_t left = deadline - frame_clock();
    int ready = poll(&p, 1, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
    ssize_t r;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return -1;
    if (!ready) return errno = ETIMEDOUT, -1;
    r = read(fd, s, len);
    if (r >= 0 || (errno != EINTR && errno != EAGAIN)) return r;
  }
}

size_t frame_fill(int fd, char *s, size_t len, int64_t deadline)
{
  size_t got = 0;
  while (got < len) {
    ssize_t r = frame_some(fd, s + got, len - got, deadline);
    if (!r) errno = 0;
    if (r <= 0) break;
    got += (size_t)r;
  }
  return got;
}

int frame_method(char const *s, size_t len)
{
  if (len > FRAME_METHOD_MAX) return 0;
  for (size_t i = 0; i < len; i++) {
    char c = s[i];
    int letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (!letter && (!i || !((c >= '0' && c <= '9') || c == '_' || c == '-'))) return 0;
  }
  return len > 0;
}

/* Why frame_fill fell short. A frame has begun once an octet of it has come. */
static enum frame_status shortfall(int begun)
{
  if (errno == ETIMEDOUT) return begun ? FRAME_LATE : FRAME_IDLE;
  if (!errno) return begun ? FRAME_CUT : FRAME_END;
  return FRAME_SYSTEM;
}

enum frame_status frame_request_read(int fd, frame_request *request, uint32_t max, unsigned int patience)
{
  char s[FRAME_METHOD_MAX + 4];
  uint32_t len;
  size_t got = frame_fill(fd, s, 4, after(patience));
  if (got < 4) return shortfall(got > 0);
  uint32_unpack_big(s, &len);
  if (!len || len > FRAME_METHOD_MAX) return FRAME_METHOD;
  if (frame_fill(fd, s, len + 4, after(patience)) < len + 4) return shortfall(1);
  if (!frame_method(s, len)) return FRAME_METHOD;
  uint32_unpack_big(s + len, &request->len);
  for (uint32_t i = 0; i < len; i++) request->method[i] = s[i];
  request->method[len] = 0;
  return request->len > max ? FRAME_LENGTH : FRAME_OK;
}

/* A file for a message of that length: in the directory dir where it is long, so that many of them do not fill the memory. */
static int message_file(char const *dir, uint32_t len)
{
  int fd = dir && len > FRAME_MEMORY_MAX ? frame_file(dir) : -1;
  return fd >= 0 ? fd : memfd_create("request", MFD_CLOEXEC);
}

/* Reads len octets for nothing. */
static enum frame_status drop(int fd, uint32_t len, unsigned int patience)
{
  char s[FRAME_PIECE];
  for (uint32_t piece; len; len -= piece) {
    piece = len < FRAME_PIECE ? len : FRAME_PIECE;
    if (frame_fill(fd, s, piece, after(patience)) < piece) return shortfall(1);
  }
  return FRAME_FULL;
}

enum frame_status frame_message_read(int fd, uint32_t len, unsigned int patience, char const *dir, int *in)
{
  char s[FRAME_PIECE];
  int file = -1;
  for (uint32_t done = 0;;) {
    uint32_t piece = len - done < FRAME_PIECE ? len - done : FRAME_PIECE;
    if (frame_fill(fd, s, piece, after(patience)) < piece) {
      enum frame_status status = shortfall(1);
      if (file >= 0) close(file);
      return status;
    }
    if (len <= FRAME_PIECE) {
      *in = octets_fd("request", s, len);
      return *in < 0 ? FRAME_SYSTEM : FRAME_OK;
    }
    if (file < 0) file = message_file(dir, len);
    if (file < 0) return FRAME_SYSTEM;
    done += piece;
    if (allwrite(file, s, piece) < piece) {
      if (errno != ENOSPC && errno != EDQUOT) break;
      close(file);
      return drop(fd, len - done, patience);
    }
    if (done == len) {
      if (lseek(file, 0, SEEK_SET) < 0) break;
      *in = file;
      return FRAME_OK;
    }
  }
  return close_keeping(file, FRAME_SYSTEM);
}

static size_t blanks(char const *s, size_t len)
{
  size_t n = 0;
  while (n < len && strchr(" \t\n\r", s[n]) && s[n]) n++;
  return n;
}

/* Whether that is {} in JSON. */
static int is_empty_object(char const *s, size_t len)
{
  size_t at = blanks(s, len);
  if (at == len || s[at++] != '{') return 0;
  at += blanks(s + at, len - at);
  if (at == len || s[at++] != '}') return 0;
  return at + blanks(s + at, len - at) == len;
}

enum frame_status frame_keep_open_read(int fd, uint32_t len, int json, unsigned int patience)
{
  char s[64];
  if (!len) return FRAME_OK;
  if (!json || len > sizeof s) return FRAME_CONTENT;
  if (frame_fill(fd, s, len, after(patience)) < len) return shortfall(1);
  return is_empty_object(s, len) ? FRAME_OK : FRAME_CONTENT;
}
