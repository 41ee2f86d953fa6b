/* Replies, sent in pieces as they are made. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <porter/varlink.h>

/* What the program took for the next piece was not the reader's time. */
static void forgive(varlink_output *out)
{
  int64_t away = frame_clock() - out->back;
  out->start += away;
  out->deadline += away;
}

/* Whether the reader still reads, and not too slowly, having taken len octets more. */
static int keeps_up(varlink_output *out, size_t len)
{
  int64_t now = out->back = frame_clock();
  out->sent += len;
  if (frame_slow(out->sent, now - out->start, out->patience)) return 0;
  if (out->sent < out->mark) return now < out->deadline;
  out->mark = out->sent + FRAME_PIECE;
  out->deadline = now + (int64_t)out->patience * 1000;
  return 1;
}

/* A blocking write is interrupted once a second (frame_tick), to look whether the reader still reads. */
static int send_piece(void *context, char const *s, size_t len)
{
  varlink_output *out = context;
  if (out->fd < 0) return 1;
  forgive(out);
  while (len) {
    ssize_t w = write(out->fd, s, len);
    if (w < 0 && errno == EAGAIN) poll(&(struct pollfd){ .fd = out->fd, .events = POLLOUT }, 1, 1000); /* whoever gave it made it so */
    else if (w < 0 && errno != EINTR) return 0;
    if (w < 0) w = 0;
    if (!keeps_up(out, (size_t)w)) return errno = ETIMEDOUT, 0;
    s += w;
    len -= (size_t)w;
  }
  return 1;
}

void varlink_start(varlink_output *out, int fd, unsigned int patience)
{
  out->fd = fd;
  out->patience = patience;
  out->sent = 0;
  out->mark = FRAME_PIECE;
  out->start = out->back = frame_clock();
  out->deadline = out->start + (int64_t)patience * 1000;
  json_put_start(&out->json, send_piece, out, 0);
  if (!frame_tick(1)) out->json.failure = errno;
}

int varlink_end(varlink_output *out)
{
  int good, e;
  json_put(&out->json, "", 1);
  good = json_put_end(&out->json);
  e = errno;
  frame_tick(0);
  return errno = e, good;
}

int varlink_error(int fd, unsigned int patience, char const *interface, char const *error, char const *name, slice value)
{
  varlink_output out;
  varlink_start(&out, fd, patience);
  json_put_text(&out.json, "{\"error\":\"");
  json_put_text(&out.json, interface);
  json_put_text(&out.json, ".");
  json_put_text(&out.json, error);
  json_put_text(&out.json, "\",\"parameters\":{");
  if (name) {
    json_put_string(&out.json, name, strlen(name));
    json_put_text(&out.json, ":");
    json_put_string(&out.json, value.s, value.len);
  }
  json_put_text(&out.json, "}}");
  return varlink_end(&out);
}
