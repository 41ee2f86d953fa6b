/* Checking a password against what is stored of it, at the same cost whether anything usable is stored or not. */
#ifndef PORTER_PASSWORD_H
#define PORTER_PASSWORD_H

#include <porter/credentials.h>
#include <porter/slice.h>

enum secret_kind {
  SECRET_NONE, /* locked, empty, or of a scheme that is not supported: no password fits */
  SECRET_PLAIN,
  SECRET_CRYPT, /* any setting that crypt(5) knows */
  SECRET_MD5,
  SECRET_SHA1,
  SECRET_SHA256 /* unsalted, in hex, as s/qmail has them */
};
typedef struct secret_s secret;
struct secret_s {
  enum secret_kind kind;
  slice s;
};

/* A hash as crypt(3) makes them; SECRET_NONE for what it cannot have made ("!", "*", "x", a hash behind a "!"). */
extern secret secret_crypt(slice s);
/* A password field of a Dovecot passwd-file: {SCHEME}text, or a crypt(3) hash. */
extern secret secret_dovecot(slice s);
/* A password token of s/qmail's users/authuser: clear text, or % and the hash in hex; tokens of one octet, which call other checkers, are SECRET_NONE. */
extern secret secret_authuser(slice s);

/* 1 where the password of c is the one stored, else 0; -1 with errno where crypt(3) failed. Where stored is SECRET_NONE the work is
 * done on like, and the answer is 0. With cram and a challenge, c's password is a response to it (RFC 2195), which only
 * SECRET_PLAIN can check. An empty password never fits. */
extern int secret_check(secret const *stored, secret const *like, credentials const *c, int cram);

#endif
