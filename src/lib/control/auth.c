/* Authentication, with tor's replies word for word. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/random.h>
#include <skalibs/sha1.h>
#include <skalibs/types.h>

#include <porter/closing.h>
#include <porter/control_auth.h>
#include <porter/control_words.h>
#include <porter/hex.h>
#include <porter/hmac.h>

static int read_exactly(int fd, char *s, size_t len)
{
  char more;
  size_t n = allread(fd, s, len);
  if (n < len || allread(fd, &more, 1)) return errno = EINVAL, 0;
  return 1;
}

/* Whole or not at all: a client or another of us may look at any time. */
static int cookie_make(char const *path)
{
  char cookie[CONTROL_COOKIE_SIZE], name[4096];
  size_t len = strlen(path);
  int fd, good, e;
  if (len + 2 + UINT64_FMT > sizeof name) return errno = ENAMETOOLONG, 0;
  memcpy(name, path, len);
  name[len++] = '.';
  name[len + uint64_fmt(name + len, (uint64_t)getpid())] = 0;
  unlink(name);
  fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return 0;
  random_buf(cookie, sizeof cookie);
  good = allwrite(fd, cookie, sizeof cookie) == sizeof cookie && fsync(fd) == 0;
  explicit_bzero(cookie, sizeof cookie);
  if (close(fd) < 0) good = 0;
  good = good && (link(name, path) == 0 || errno == EEXIST);
  e = errno;
  unlink(name);
  return errno = e, good;
}

int auth_cookie_read(control_auth *a, char const *path)
{
  int fd;
  while ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
    if (errno != ENOENT || !cookie_make(path)) return 0;
  a->cookie_file = path;
  return close_keeping(fd, read_exactly(fd, a->cookie, CONTROL_COOKIE_SIZE));
}

int auth_password_read(control_auth *a, char const *path)
{
  char line[128], octets[S2K_SALT + S2K_KEY], *end;
  int fd = open(path, O_RDONLY | O_CLOEXEC), good;
  size_t n;
  if (fd < 0) return 0;
  n = allread(fd, line, sizeof line);
  close_keeping(fd, 0);
  if (!n) return errno = errno ? errno : EINVAL, 0;
  end = memchr(line, '\n', n);
  n = control_chop((slice){ .s = line, .len = end ? (size_t)(end - line) + 1 : n }).len;
  good = n == 3 + 2 * sizeof octets && !memcmp(line, "16:", 3) && hex_scan(octets, line + 3, n - 3);
  if (good) {
    memcpy(a->salt, octets, S2K_SALT);
    memcpy(a->key, octets + S2K_SALT, S2K_KEY);
    a->password = 1;
  }
  explicit_bzero(line, sizeof line);
  explicit_bzero(octets, sizeof octets);
  return good ? 1 : (errno = EINVAL, 0);
}

void auth_s2k(char *key, slice secret, char const *salt)
{
  SHA1Schedule hash;
  unsigned int indicator = (unsigned char)salt[8];
  size_t left = (size_t)(16 + (indicator & 15)) << ((indicator >> 4) + 6);
  sha1_init(&hash);
  while (left) {
    size_t n = left < 8 ? left : 8;
    sha1_update(&hash, salt, n);
    left -= n;
    n = left < secret.len ? left : secret.len;
    sha1_update(&hash, secret.s, n);
    left -= n;
  }
  sha1_final(&hash, key);
  explicit_bzero(&hash, sizeof hash);
}

static int password_right(control_auth const *a, slice password)
{
  char key[S2K_KEY];
  int right;
  auth_s2k(key, password, a->salt);
  right = hmac_equal(key, a->key, S2K_KEY);
  explicit_bzero(key, sizeof key);
  return right;
}

/* Why it is refused; null: it is not. */
static char const *judge(control_auth const *a, slice password, int quoted)
{
  if (a->challenged) {
    if (password.len != CONTROL_COOKIE_SIZE) return "Wrong length for safe cookie response.";
    return hmac_equal(password.s, a->expected, CONTROL_COOKIE_SIZE) ? NULL : "Safe cookie response did not match expected value.";
  }
  if (!a->cookie_file && !a->password) return NULL;
  if (a->cookie_file && password.len == CONTROL_COOKIE_SIZE && hmac_equal(password.s, a->cookie, CONTROL_COOKIE_SIZE)) return NULL;
  if (a->password && password_right(a, password)) return NULL;
  if (a->cookie_file && a->password) return "Password did not match HashedControlPassword *or* authentication cookie.";
  if (a->password)
    return quoted ? "Password did not match HashedControlPassword value from configuration"
                  : "Password did not match HashedControlPassword value from configuration. Maybe you tried a plain text password? "
                    "If so, the standard requires that you put it in double quotes.";
  return password.len == CONTROL_COOKIE_SIZE ? "Authentication cookie did not match expected value." : "Wrong length on authentication cookie.";
}

enum auth_result auth_authenticate(control_auth *a, char *arguments, size_t len, control_output *o)
{
  int quoted = len && memchr(arguments, '"', len);
  slice value;
  char const *why;
  switch (control_value_scan(arguments, len, &value)) {
  case VALUE_MALFORMED: return output_line(o, "512 Bad arguments to AUTHENTICATE: Cannot parse keyword argument(s)"), AUTH_STAY;
  case VALUE_MANY: return output_line(o, "512 Too many arguments to AUTHENTICATE."), AUTH_CLOSE;
  case VALUE_KEYWORD: return output_line(o, "512 AUTHENTICATE does not accept keyword arguments."), AUTH_CLOSE;
  case VALUE_NONE: value.len = 0; break;
  case VALUE_ONE: break;
  }
  if (!quoted) {
    /* In place: half as long. */
    if (!hex_scan(arguments, value.s, value.len)) {
      output_line(o,
        "551 Invalid hexadecimal encoding.  Maybe you tried a plain text password?  "
        "If so, the standard requires that you put it in double quotes.");
      return AUTH_CLOSE;
    }
    value = (slice){ .s = arguments, .len = value.len / 2 };
  }
  why = judge(a, value, quoted);
  if (!why) return output_line(o, "250 OK"), AUTH_GRANTED;
  output_string(o, "515 Authentication failed: ");
  output_line(o, why);
  return AUTH_CLOSE;
}

enum auth_result auth_challenge(control_auth *a, char *arguments, size_t len, control_output *o)
{
  slice rest = { .s = arguments, .len = len }, method, value;
  char hash[CONTROL_CODE_SIZE], nonce[CONTROL_NONCE_SIZE], hex[2 * CONTROL_CODE_SIZE];
  int quoted = len && memchr(arguments, '"', len);
  enum control_value kind;
  if (!control_next(&rest, &method)) return output_line(o, "512 Bad arguments to AUTHCHALLENGE: Need at least 1 argument(s)"), AUTH_STAY;
  kind = control_value_scan(arguments + (rest.s - arguments), rest.len, &value);
  if (kind == VALUE_MALFORMED) return output_line(o, "512 Bad arguments to AUTHCHALLENGE: Cannot parse keyword argument(s)"), AUTH_STAY;
  if (!control_is(method, "SAFECOOKIE")) return output_line(o, "513 AUTHCHALLENGE only supports SAFECOOKIE authentication"), AUTH_CLOSE;
  if (!a->cookie_file) return output_line(o, "515 Cookie authentication is disabled"), AUTH_CLOSE;
  if (kind == VALUE_NONE || kind == VALUE_MANY) return output_line(o, "512 Wrong number of arguments for AUTHCHALLENGE"), AUTH_CLOSE;
  if (kind == VALUE_KEYWORD) return output_line(o, "512 AUTHCHALLENGE does not accept keyword arguments."), AUTH_CLOSE;
  if (!quoted) {
    if (!hex_scan(arguments, value.s, value.len)) return output_line(o, "513 Invalid base16 client nonce"), AUTH_CLOSE;
    value = (slice){ .s = arguments, .len = value.len / 2 };
  }
  random_buf(nonce, sizeof nonce);
  control_code_make(hash, CONTROL_CODE_OF_SERVER, a->cookie, value, (slice){ nonce, sizeof nonce });
  control_code_make(a->expected, CONTROL_CODE_OF_CLIENT, a->cookie, value, (slice){ nonce, sizeof nonce });
  a->challenged = 1;
  output_string(o, "250 AUTHCHALLENGE SERVERHASH=");
  hex_fmt(hex, hash, sizeof hash, HEX_UPPER);
  output_add(o, hex, sizeof hex);
  output_string(o, " SERVERNONCE=");
  hex_fmt(hex, nonce, sizeof nonce, HEX_UPPER);
  output_add(o, hex, sizeof hex);
  output_line(o, "");
  return AUTH_STAY;
}

void auth_describe(control_auth const *a, char const *version, control_output *o)
{
  output_string(o, "250-AUTH METHODS=");
  output_string(o, a->cookie_file ? a->password ? "COOKIE,SAFECOOKIE,HASHEDPASSWORD" : "COOKIE,SAFECOOKIE" : a->password ? "HASHEDPASSWORD" : "NULL");
  if (a->cookie_file) {
    output_string(o, " COOKIEFILE=");
    output_quoted(o, slice_of(a->cookie_file));
  }
  output_line(o, "");
  output_string(o, "250-VERSION Tor=\"");
  output_string(o, version);
  output_line(o, "\"");
}

void auth_wipe(control_auth *a) { explicit_bzero(a, sizeof *a); }
