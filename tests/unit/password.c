/* Passwords, credentials, users files. */
#include <crypt.h>
#include <errno.h>
#include <stdlib.h>

#include <porter/credentials.h>
#include <porter/passwd_file.h>

#include "tap.h"

#define SLICE(s) ((slice){ s, strlen(s) })
#define SHA512 "$6$rounds=1000$saltsalt$"

static void fields(char const *name, char const *s, size_t len, int want)
{
  credentials c = { .len = len };
  memcpy(c.s, s, len);
  errno = 0;
  is_int(credentials_parse(&c), want, name);
  if (!want) is_int(errno, EPROTO, "errno");
}
#define FIELDS(name, s, want) fields(name, s, sizeof s - 1, want)

static void parse(void)
{
  char most[CREDENTIALS_MAX + 1];
  credentials c = { .s = "joe\0secret\0<1@x>", .len = 17 };
  ok(credentials_parse(&c), "three fields");
  is_str(c.user, "joe", "user");
  is_str(c.password, "secret", "password");
  is_str(c.challenge, "<1@x>", "challenge");
  FIELDS("two fields", "joe\0secret\0", 1);
  FIELDS("empty fields", "\0\0", 1);
  FIELDS("nothing", "", 0);
  FIELDS("no NUL", "joe", 0);
  FIELDS("one NUL", "joe\0", 0);
  FIELDS("a NUL too few", "joe\0secret", 0);
  FIELDS("a challenge without its NUL", "joe\0secret\0x", 0);
  FIELDS("more data behind the challenge", "joe\0secret\0x\0y\0", 1);
  memset(most, 'x', sizeof most);
  most[3] = most[CREDENTIALS_MAX - 1] = 0;
  fields("512 octets", most, CREDENTIALS_MAX, 1);
  most[CREDENTIALS_MAX] = 0;
  fields("513 octets", most, CREDENTIALS_MAX + 1, 0);
}

static int check3(secret stored, secret like, char const *password, char const *challenge, int cram)
{
  credentials c = { .user = "", .password = password, .challenge = challenge };
  return secret_check(&stored, &like, &c, cram);
}
static secret const none = { SECRET_NONE, SLICE_ZERO };

static int check(secret stored, char const *password)
{
  return check3(stored, secret_dovecot(SLICE(SHA512)), password, "", 0);
}

/* A hash that crypt makes of "secret" is one, and only "secret" fits. */
static void scheme(char const *setting, char const *prefix)
{
  char field[300];
  static struct crypt_data data;
  char const *hash = crypt_rn("secret", setting, &data, sizeof data);
  snprintf(field, sizeof field, "%s%s", prefix, hash);
  secret s = secret_dovecot(SLICE(field));
  is_int(s.kind, SECRET_CRYPT, field);
  is_int(check(s, "secret"), 1, "the password");
  is_int(check(s, "Secret"), 0, "another");
  is_int(check(s, ""), 0, "none");
  is_int(check(s, hash), 0, "the hash itself");
  is_int(check(s, field), 0, "the field itself");
}

static void schemes(void)
{
  static char const *const refused[] = { "", "!", "*", "x", "!!", "*LK*", "nologin", "NP", "!$6$rounds=1000$saltsalt$abc", "{CRYPT}", "{PLAIN}",
    "{CRYPT", "{}", "{}x", "{SSHA}abcdefgh", "{PLAIN.b64}c2VjcmV0", "{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$x$y", "secret", "abcdefghijkl", "$", "$6", "$99$abc$def" };
  scheme(SHA512, "");
  scheme(SHA512, "{SHA512-CRYPT}");
  scheme("$5$rounds=1000$saltsalt$", "{sha256-crypt}");
  scheme("$1$saltsalt$", "{MD5-CRYPT}");
  scheme("$y$j1T$saltsalt$", "{CRYPT}");
  scheme("$2y$04$abcdefghijklmnopqrstuu", "{BLF-CRYPT}");
  scheme("ab", "{DES-CRYPT}");
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    secret s = secret_dovecot(SLICE(refused[i]));
    is_int(s.kind, SECRET_NONE, *refused[i] ? refused[i] : "an empty field");
    is_int(check(s, refused[i]), 0, "its text is no password");
  }
  is_int(check(secret_dovecot(SLICE("{PLAIN}secret")), "secret"), 1, "clear text");
  is_int(check(secret_dovecot(SLICE("{plain}a:b}c")), "a:b}c"), 1, "with odd octets");
  is_int(check(secret_dovecot(SLICE("{CLEARTEXT}secret")), "secre"), 0, "a part of it");
  is_int(check(secret_dovecot(SLICE("{CLEAR}secret")), "secretsecret"), 0, "twice the password");
  secret like = secret_dovecot(SLICE("{PLAIN}secret"));
  is_int(check3(none, like, "secret", "", 0), 0, "who is unknown is refused also with the password his work is done on");
  is_int(check3(none, none, "", "", 0), 0, "and where the file has none");
  secret truncated = secret_dovecot(SLICE(SHA512));
  is_int(check(truncated, "secret"), 0, "a setting without a hash");
}

static void authuser(void)
{
  static char const *const refused[] = { "", "?", "+", "-", "x", "!", "%", "%5f4dcc3b5aa765d61d8327deb882cf9", "%zf4dcc3b5aa765d61d8327deb882cf99" };
  /* Hashes of "password". */
  static char const *const hashed[] = { "%5f4dcc3b5aa765d61d8327deb882cf99", "%5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8",
    "%5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8" };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    is_int(secret_authuser(SLICE(refused[i])).kind, SECRET_NONE, *refused[i] ? refused[i] : "an empty token");
    is_int(check(secret_authuser(SLICE(refused[i])), refused[i]), 0, "it is no password");
  }
  for (size_t i = 0; i < sizeof hashed / sizeof *hashed; i++) {
    is_int(check(secret_authuser(SLICE(hashed[i])), "password"), 1, hashed[i]);
    is_int(check(secret_authuser(SLICE(hashed[i])), "passwore"), 0, "another password");
    is_int(check(secret_authuser(SLICE(hashed[i])), hashed[i]), 0, "the token is not the password");
    is_int(check(secret_authuser(SLICE(hashed[i])), hashed[i] + 1), 0, "nor is the hash");
  }
  is_int(check(secret_authuser(SLICE("clear text")), "clear text"), 1, "clear text");
  is_int(check(secret_authuser(SLICE("ab")), "ab"), 1, "of two octets");
}

static void cram(void)
{
  /* The example of RFC 2195; and a key longer than a block, computed with Python's hmac. */
  static char const challenge[] = "<1896.697170952@postoffice.reston.mci.net>", response[] = "b913a602c7eda7a495b4e6e7334d3890";
  static char const long_key[] = "{PLAIN}kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
  secret s = secret_dovecot(SLICE("{PLAIN}tanstaaftanstaaf"));
  is_int(check3(s, s, response, challenge, 1), 1, "the response of RFC 2195");
  is_int(check3(s, s, "B913A602C7EDA7A495B4E6E7334D3890", challenge, 1), 1, "in capitals");
  is_int(check3(s, s, response, challenge, 0), 0, "not unless it was asked for");
  is_int(check3(s, s, response, "", 1), 0, "nor without a challenge");
  is_int(check3(s, s, "tanstaaftanstaaf", "", 1), 1, "without a challenge it is the password");
  is_int(check3(s, s, "tanstaaftanstaaf", challenge, 1), 0, "with one it is not");
  is_int(check3(s, s, "b913a602c7eda7a495b4e6e7334d3891", challenge, 1), 0, "a wrong response");
  is_int(check3(s, s, "", challenge, 1), 0, "an empty one");
  is_int(check3(none, s, response, challenge, 1), 0, "an unknown user");
  secret hash = secret_dovecot(SLICE(SHA512 "x"));
  is_int(check3(hash, hash, "5a470ef74cd7af75c375be99c6ef771f", "", 1), 0, "a hash cannot check a response");
  is_int(check3(hash, hash, "5a470ef74cd7af75c375be99c6ef771f", "x", 1), 0, "not even that of an empty key");
  secret key = secret_dovecot(SLICE(long_key));
  is_int(check3(key, key, "df3cbc2f9a869488d3f46910f45b8b92", "<1@x>", 1), 1, "a long key");
}

static char const users[] =
  "# a comment:{PLAIN}x\n"
  "\n"
  "first:" SHA512 "x:1:2\n"
  "Joe@x:{PLAIN}big:10:11:gecos:/home/Joe:/bin/sh:userdb_mail=maildir:~/Maildir nodelay\r\n"
  "joe@x:{PLAIN}small:12:13::/home/joe\n"
  "joe@x:{PLAIN}second:14:15\n"
  "short:{PLAIN}s\n"
  "bare\n"
  "a:{PLAIN}a::::::nologin\n"
  "b:{PLAIN}b::::::x=y NoLogin=n z\n"
  "c:{PLAIN}c::::::userdb_x=nologin allow_nets=1.2.3.0/24\n"
  "d:{PLAIN}d::::::nologinx userdb_nologin\n"
  "last:{PLAIN}l:1:2:3:4:5:6:7";

static void user(char const *name, char const *password, char const *found)
{
  identity id;
  credentials c = { .user = name, .password = password, .challenge = "" };
  passwd_file_find(SLICE(users), name, &id);
  is_int(id.like.kind, SECRET_CRYPT, *name ? name : "no name");
  int r = secret_check(&id.stored, &id.like, &c, 0);
  is_int(r, found != NULL, "the password");
  if (found) is_bytes(id.name.s, id.name.len, found, strlen(found), "the name as the file has it");
}

static void files(void)
{
  identity id;
  user("Joe@x", "big", "Joe@x");
  user("joe@x", "small", "joe@x");
  user("JOE@X", "big", "Joe@x");
  user("joe@x", "second", NULL);
  user("SHORT", "s", "short");
  user("bare", "", NULL);
  user("", "", NULL);
  user("# a comment", "x", NULL);
  user("a", "a", NULL);
  user("b", "b", NULL);
  user("c", "c", NULL);
  user("d", "d", "d");
  user("last", "l", "last");
  user("las", "l", NULL);
  user("last:", "l", NULL);
  passwd_file_find(SLICE(users), "Joe@x", &id);
  is_bytes(id.uid.s, id.uid.len, "10", 2, "uid");
  is_bytes(id.gid.s, id.gid.len, "11", 2, "gid");
  is_bytes(id.home.s, id.home.len, "/home/Joe", 9, "home");
  is_bytes(id.shell.s, id.shell.len, "/bin/sh", 7, "shell");
  passwd_file_find(SLICE(users), "short", &id);
  ok(!id.uid.s && !id.gid.s && !id.home.s && !id.shell.s && !id.groups.s, "fields that are not there");
  passwd_file_find((slice){ "", 0 }, "x", &id);
  ok(id.stored.kind == SECRET_NONE && id.like.kind == SECRET_NONE, "an empty file");
}

static char const authusers[] =
  "# x\n"
  "*:everybody\n"
  "@:anydomain\n"
  "@Example.org:domain  \t\n"
  "joe@example.org:first\n"
  "joe@example.org:his own\n"
  "with space@y:has: colons\n"
  "gone@example.org:never\n"
  "!gone@example.org:x\n"
  ":nobody\n"
  "nothing\n";

static void entry(char const *name, char const *password, int want)
{
  identity id;
  credentials c = { .user = name, .password = password, .challenge = "" };
  authuser_file_find(SLICE(authusers), name, &id);
  int r = secret_check(&id.stored, &id.like, &c, 0);
  ok(r == want, "%s with %s", name, password);
  if (r) is_bytes(id.name.s, id.name.len, name, strlen(name), "his name");
}

static void authuser_files(void)
{
  entry("joe@example.org", "his own", 1);
  entry("joe@example.org", "first", 0);
  entry("joe@example.org", "domain", 0);
  entry("ann@EXAMPLE.org", "domain", 1);
  entry("ann@example.org", "anydomain", 0);
  entry("ann@other.org", "anydomain", 1);
  entry("ann", "everybody", 0);
  entry("ann", "anydomain", 1);
  entry("with space@y", "has: colons", 1);
  entry("gone@example.org", "never", 0);
  entry("gone@example.org", "domain", 0);
  entry("!gone@example.org", "x", 0);
  entry("@example.org", "domain", 0);
  entry("*", "everybody", 0);
  entry("", "nobody", 0);
  entry("nothing", "", 0);
}

int main(void)
{
  parse();
  schemes();
  authuser();
  cram();
  files();
  authuser_files();
  return done();
}
