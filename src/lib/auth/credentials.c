/* The fields of the checkpassword interface. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include <porter/credentials.h>

int credentials_parse(credentials *c)
{
  char const *end = c->s + c->len, *user_end, *password_end;
  errno = EPROTO;
  if (c->len > CREDENTIALS_MAX) return 0;
  user_end = memchr(c->s, 0, c->len);
  if (!user_end) return 0;
  password_end = memchr(user_end + 1, 0, (size_t)(end - user_end - 1));
  if (!password_end) return 0;
  c->user = c->s;
  c->password = user_end + 1;
  c->challenge = "";
  if (password_end + 1 < end) {
    if (end[-1]) return 0;
    c->challenge = password_end + 1;
  }
  return 1;
}

int credentials_read(int fd, credentials *c)
{
  errno = 0;
  c->len = allread(fd, c->s, sizeof c->s);
  if (c->len < sizeof c->s && errno) return 0;
  return credentials_parse(c);
}

void credentials_wipe(credentials *c) { explicit_bzero(c, sizeof *c); }
