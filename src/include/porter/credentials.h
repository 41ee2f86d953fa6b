/* What the checkpassword interface gives on descriptor 3: user NUL password-or-response NUL [ challenge NUL ], at most 512
 * octets (cr.yp.to/checkpwd/interface.html; the challenge is qmail-authuser's). */
#ifndef PORTER_CREDENTIALS_H
#define PORTER_CREDENTIALS_H

#include <stddef.h>

#include <porter/limits.h>

typedef struct credentials_s credentials;
struct credentials_s {
  char s[CREDENTIALS_MAX + 1];
  size_t len;
  /* NUL-terminated, in s; challenge is empty where there is none. */
  char const *user, *password, *challenge;
};

/* Finds the fields in the len octets of c->s. 1, or 0 with errno EPROTO where a NUL is missing or there are too many octets. */
extern int credentials_parse(credentials *c);
/* Reads fd to its end, and parses. 1, or 0 with errno: EPROTO, or read's. */
extern int credentials_read(int fd, credentials *c);
extern void credentials_wipe(credentials *c);

#endif
