/* Reading the frame that comes first. */
#include <errno.h>
#include <string.h>

#include <skalibs/uint32.h>

#include <porter/frame.h>

enum frame_status frame_auth_read(int fd, credentials *c, unsigned int patience)
{
  static char const head[8] = "\0\0\0\4Auth";
  char s[12];
  uint32_t len;
  int64_t deadline = frame_clock() + (int64_t)patience * 1000;
  size_t got = frame_fill(fd, s, 4, deadline);
  /* A length that is not that of Auth is refused before the rest has come. */
  if (got == 4 && memcmp(s, head, 4)) return FRAME_METHOD;
  if (got == 4) got += frame_fill(fd, s + 4, 8, deadline);
  if (got >= 8 && memcmp(s, head, 8)) return FRAME_METHOD;
  if (got == sizeof s) {
    uint32_unpack_big(s + 8, &len);
    if (len > CREDENTIALS_MAX) return FRAME_CREDENTIALS;
    c->len = frame_fill(fd, c->s, len, deadline);
    if (c->len == len) return credentials_parse(c) ? FRAME_OK : FRAME_CREDENTIALS;
  }
  if (errno == ETIMEDOUT) return got ? FRAME_LATE : FRAME_IDLE;
  return errno ? FRAME_SYSTEM : got ? FRAME_CUT : FRAME_END;
}
