/* A client's output buffer. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/control_output.h>

#define OUTPUT_KEEP 65536 /* a buffer that grew beyond is given back when it is empty */

void output_add(control_output *o, char const *s, size_t len)
{
  if (!stralloc_catb(&o->bytes, s, len)) o->failed = 1;
}

void output_string(control_output *o, char const *s) { output_add(o, s, strlen(s)); }

size_t output_number_fmt(char *s, uint64_t n)
{
  char digits[UINT64_FMT];
  size_t i = sizeof digits;
  do digits[--i] = (char)('0' + n % 10);
  while (n /= 10);
  memcpy(s, digits + i, sizeof digits - i);
  return sizeof digits - i;
}

void output_number(control_output *o, uint64_t n)
{
  char fmt[UINT64_FMT];
  output_add(o, fmt, output_number_fmt(fmt, n));
}

void output_line(control_output *o, char const *s)
{
  output_string(o, s);
  output_add(o, "\r\n", 2);
}

void output_about(control_output *o, char const *before, slice s, char const *after)
{
  output_string(o, before);
  output_add(o, s.s, s.len);
  output_line(o, after);
}

void output_quoted(control_output *o, slice s)
{
  output_add(o, "\"", 1);
  for (size_t i = 0; i < s.len; i++) {
    unsigned char c = (unsigned char)s.s[i];
    char escaped[4] = { '\\', (char)c };
    size_t n = 2;
    switch (c) {
    case '\\':
    case '"':
    case '\'': break;
    case '\n': escaped[1] = 'n'; break;
    case '\t': escaped[1] = 't'; break;
    case '\r': escaped[1] = 'r'; break;
    default:
      if (c < 32 || c > 126) {
        escaped[1] = (char)('0' + (c >> 6));
        escaped[2] = (char)('0' + (c >> 3 & 7));
        escaped[3] = (char)('0' + (c & 7));
        n = 4;
      } else {
        escaped[0] = (char)c;
        n = 1;
      }
    }
    output_add(o, escaped, n);
  }
  output_add(o, "\"", 1);
}

size_t output_pending(control_output const *o) { return o->bytes.len - o->done; }

/* A reader may take what is there and never all of it: what he has must not stay. Only where no more is moved than was written, so that
 * all of it costs no more than writing did. */
static void drop_written(control_output *o)
{
  size_t left = output_pending(o);
  if (o->done < left) return;
  memcpy(o->bytes.s, o->bytes.s + o->done, left);
  o->bytes.len = left;
  o->done = 0;
}

int output_flush(control_output *o, int fd)
{
  int good = 1;
  while (o->done < o->bytes.len) {
    ssize_t n = write(fd, o->bytes.s + o->done, o->bytes.len - o->done);
    if (n >= 0) {
      o->done += (size_t)n;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return drop_written(o), 1;
    good = 0;
    break;
  }
  o->bytes.len = o->done = 0;
  if (o->bytes.a > OUTPUT_KEEP) {
    int e = errno;
    stralloc_free(&o->bytes);
    errno = e;
  }
  return good;
}
