/* Checking a password against what is stored of it. */
#include <crypt.h>
#include <errno.h>
#include <md5.h>
#include <string.h>
#include <strings.h>

#include <skalibs/sha1.h>
#include <skalibs/sha256.h>

#include <porter/hex.h>
#include <porter/password.h>

#define DIGEST_MAX 32
#define MD5_BLOCK 64

/* Compares in a time that depends on len alone. */
static int secret_equal(char const *s, size_t len, char const *stored, size_t stored_len)
{
  unsigned int volatile differ = len != stored_len;
  for (size_t i = 0; i < len; i++) differ |= (unsigned char)(s[i] ^ (stored_len ? stored[i < stored_len ? i : 0] : 0));
  return !differ;
}

static int is_one_of(char c, char const *set) { return c && strchr(set, c); }

secret secret_crypt(slice s)
{
  static char const salt[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  secret none = { SECRET_NONE, SLICE_ZERO }, good = { SECRET_CRYPT, s };
  char setting[CRYPT_OUTPUT_SIZE];
  if (!s.len || s.len >= sizeof setting) return none;
  memcpy(setting, s.s, s.len);
  setting[s.len] = 0;
  /* Two letters are a setting of DES, so that "nologin" looks like one: its hashes have 13 octets, or 13 and some times 11. */
  if (is_one_of(*setting, salt)) {
    if (s.len < 13 || (s.len - 13) % 11) return none;
    for (size_t i = 0; i < s.len; i++)
      if (!is_one_of(setting[i], salt)) return none;
  }
  int r = strlen(setting) == s.len ? crypt_checksalt(setting) : CRYPT_SALT_INVALID;
  explicit_bzero(setting, sizeof setting);
  return r == CRYPT_SALT_INVALID || r == CRYPT_SALT_METHOD_DISABLED ? none : good;
}

secret secret_dovecot(slice s)
{
  static char const *const crypts[] = { "CRYPT", "DES-CRYPT", "MD5-CRYPT", "MD5", "BLF-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT" };
  static char const *const plains[] = { "PLAIN", "CLEAR", "CLEARTEXT" };
  secret none = { SECRET_NONE, SLICE_ZERO };
  char const *close = s.len && *s.s == '{' ? memchr(s.s, '}', s.len) : NULL;
  if (!close) return secret_crypt(s);
  size_t len = (size_t)(close - s.s - 1);
  slice rest = { close + 1, s.len - len - 2 };
  for (size_t i = 0; i < sizeof crypts / sizeof *crypts; i++)
    if (strlen(crypts[i]) == len && !strncasecmp(crypts[i], s.s + 1, len)) return secret_crypt(rest);
  for (size_t i = 0; i < sizeof plains / sizeof *plains; i++)
    if (strlen(plains[i]) == len && !strncasecmp(plains[i], s.s + 1, len) && rest.len) return (secret){ SECRET_PLAIN, rest };
  return none;
}

secret secret_authuser(slice s)
{
  secret none = { SECRET_NONE, SLICE_ZERO };
  if (s.len < 2) return none; /* the name of another checker, or nothing */
  if (*s.s != '%') return (secret){ SECRET_PLAIN, s };
  slice hex = { s.s + 1, s.len - 1 };
  for (size_t i = 0; i < hex.len; i++)
    if (hex_value(hex.s[i]) < 0) return none;
  switch (hex.len) {
  case 32: return (secret){ SECRET_MD5, hex };
  case 40: return (secret){ SECRET_SHA1, hex };
  case 64: return (secret){ SECRET_SHA256, hex };
  default: return none;
  }
}

/* s with its hex digits in lower case. */
static void lower(char *to, slice s)
{
  for (size_t i = 0; i < s.len; i++) to[i] = (char)(s.s[i] >= 'A' && s.s[i] <= 'F' ? s.s[i] | 0x20 : s.s[i]);
}

static int check_crypt(secret const *stored, char const *password)
{
  struct crypt_data data = { .initialized = 0 };
  char setting[CRYPT_OUTPUT_SIZE];
  memcpy(setting, stored->s.s, stored->s.len);
  setting[stored->s.len] = 0;
  char const *hash = crypt_rn(password, setting, &data, sizeof data);
  /* A setting that crypt refuses fits nothing; only want of memory is a failure. */
  int e = errno, r = hash ? secret_equal(hash, strlen(hash), stored->s.s, stored->s.len) : e == ENOMEM ? -1 : 0;
  explicit_bzero(&data, sizeof data);
  explicit_bzero(setting, sizeof setting);
  return errno = e, r;
}

static int check_digest(secret const *stored, char const *password, size_t len)
{
  unsigned char digest[DIGEST_MAX];
  char hex[2 * DIGEST_MAX], want[2 * DIGEST_MAX];
  union {
    MD5_CTX md5;
    SHA1Schedule sha1;
    SHA256Schedule sha256;
  } state;
  size_t n;
  switch (stored->kind) {
  case SECRET_MD5:
    MD5Init(&state.md5);
    MD5Update(&state.md5, (unsigned char const *)password, len);
    MD5Final(digest, &state.md5);
    n = hex_fmt(hex, digest, 16, HEX_LOWER);
    break;
  case SECRET_SHA1:
    sha1_init(&state.sha1);
    sha1_update(&state.sha1, password, len);
    sha1_final(&state.sha1, (char *)digest);
    n = hex_fmt(hex, digest, 20, HEX_LOWER);
    break;
  default:
    sha256_init(&state.sha256);
    sha256_update(&state.sha256, password, len);
    sha256_final(&state.sha256, (char *)digest);
    n = hex_fmt(hex, digest, 32, HEX_LOWER);
  }
  lower(want, stored->s);
  int r = secret_equal(hex, n, want, stored->s.len);
  explicit_bzero(&state, sizeof state);
  explicit_bzero(digest, sizeof digest);
  explicit_bzero(hex, sizeof hex);
  return r;
}

/* HMAC-MD5 (RFC 2104) of the challenge with the password as key, in hex (RFC 2195). */
static int check_cram(slice key, char const *challenge, char const *response)
{
  unsigned char block[MD5_BLOCK] = { 0 }, pad[MD5_BLOCK], digest[16];
  char hex[32], given[CREDENTIALS_MAX];
  MD5_CTX md5;
  if (key.len > sizeof block) {
    MD5Init(&md5);
    MD5Update(&md5, (unsigned char const *)key.s, key.len);
    MD5Final(block, &md5);
  } else memcpy(block, key.s, key.len);
  for (unsigned int outer = 0; outer < 2; outer++) {
    for (size_t i = 0; i < sizeof pad; i++) pad[i] = block[i] ^ (outer ? 0x5c : 0x36);
    MD5Init(&md5);
    MD5Update(&md5, pad, sizeof pad);
    if (outer) MD5Update(&md5, digest, sizeof digest);
    else MD5Update(&md5, (unsigned char const *)challenge, strlen(challenge));
    MD5Final(digest, &md5);
  }
  slice r = slice_of(response);
  lower(given, r);
  int good = secret_equal(given, r.len, hex, hex_fmt(hex, digest, sizeof digest, HEX_LOWER));
  explicit_bzero(block, sizeof block);
  explicit_bzero(pad, sizeof pad);
  explicit_bzero(&md5, sizeof md5);
  explicit_bzero(hex, sizeof hex);
  return good;
}

int secret_check(secret const *stored, secret const *like, credentials const *c, int cram)
{
  secret const *used = stored->kind == SECRET_NONE ? like : stored;
  size_t len = strlen(c->password);
  int r = 0;
  if (cram && *c->challenge) {
    slice key = used->kind == SECRET_PLAIN ? used->s : (slice){ "", 0 };
    r = check_cram(key, c->challenge, c->password) && used->kind == SECRET_PLAIN;
  } else switch (used->kind) {
    case SECRET_NONE: break;
    case SECRET_PLAIN: r = secret_equal(c->password, len, used->s.s, used->s.len); break;
    case SECRET_CRYPT: r = check_crypt(used, c->password); break;
    default: r = check_digest(used, c->password, len); break;
    }
  if (r < 0) return r;
  return r && used == stored && len;
}
