/* Replies, sent in pieces as they are made. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <porter/varlink.h>

/* A blocking write is interrupted once a second (frame_tick), to look whether the reader still reads. */
static int send_piece(void *context, char const *s, size_t len)
{
  varlink_output *out = context;
  if (out->fd < 0) return 1;
  frame_pace_forgive(&out->pace);
  while (len) {
    ssize_t w = write(out->fd, s, len);
    if (w < 0 && errno == EAGAIN) poll(&(struct pollfd){ .fd = out->fd, .events = POLLOUT }, 1, 1000); /* whoever gave it made it so */
    else if (w < 0 && errno != EINTR) return 0;
    if (w < 0) w = 0;
    s += w;
    len -= (size_t)w;
    /* Who has taken all there is for him is not too slow yet. */
    if (!frame_pace_kept(&out->pace, (size_t)w) && len) return errno = ETIMEDOUT, 0;
  }
  return 1;
}

void varlink_start(varlink_output *out, int fd, unsigned int patience)
{
  out->fd = fd;
  frame_pace_start(&out->pace, patience);
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
