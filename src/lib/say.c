/* Lines to standard error that hold nobody up. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/strerr.h>

#include <porter/frame.h>
#include <porter/say.h>

typedef struct line_s line;
struct line_s {
  size_t len;
  char s[SAY_MAX];
};

static void add(line *l, char const *s)
{
  size_t len = strnlen(s, sizeof l->s - 1 - l->len);
  memcpy(l->s + l->len, s, len);
  l->len += len;
}

/* A pipe may be filled by others between poll and write, so a timer goes along. A line is shorter than PIPE_BUF: whole, or not at all. */
static void put(line *l)
{
  struct pollfd p = { .fd = 2, .events = POLLOUT };
  l->s[l->len++] = '\n';
  if (poll(&p, 1, SAY_PATIENCE * 1000) != 1 || !frame_tick(SAY_PATIENCE)) return;
  ssize_t w = write(2, l->s, l->len);
  (void)w;
  frame_tick(0);
}

static void speak(char const *before, char const *piece, va_list pieces, int reason)
{
  int e = errno;
  line l = { .len = 0 };
  add(&l, PROG);
  add(&l, before);
  /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): each caller has started it */
  for (; piece; piece = va_arg(pieces, char const *)) add(&l, piece);
  if (reason) {
    add(&l, ": ");
    add(&l, strerror(e));
  }
  put(&l);
  errno = e;
}

void say(char const *piece, ...)
{
  va_list pieces;
  va_start(pieces, piece);
  speak(": ", piece, pieces, 0);
  va_end(pieces);
}

void say_unable(char const *piece, ...)
{
  va_list pieces;
  va_start(pieces, piece);
  speak(": warning: unable to ", piece, pieces, 1);
  va_end(pieces);
}

int say_fatal(int code, char const *piece, ...)
{
  va_list pieces;
  va_start(pieces, piece);
  speak(": fatal: ", piece, pieces, 0);
  va_end(pieces);
  return code;
}

int say_fatal_unable(int code, char const *piece, ...)
{
  va_list pieces;
  va_start(pieces, piece);
  speak(": fatal: unable to ", piece, pieces, 1);
  va_end(pieces);
  return code;
}
