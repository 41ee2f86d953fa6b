/* Who may use a control port (control-spec 3.5, 3.24): nobody is asked, a cookie, a safe cookie, a hashed password. */
#ifndef PORTER_CONTROL_AUTH_H
#define PORTER_CONTROL_AUTH_H

#include <porter/control_message.h>
#include <porter/control_output.h>
#include <porter/slice.h>

#define S2K_SALT 9 /* eight octets of salt and the indicator of the count (RFC 2440 3.6.1.3) */
#define S2K_KEY 20

typedef struct control_auth_s control_auth;
struct control_auth_s {
  char const *cookie_file; /* absolute; null: no cookie */
  char cookie[CONTROL_COOKIE_SIZE];
  int password; /* whether there is one */
  char salt[S2K_SALT], key[S2K_KEY];
  int challenged; /* AUTHCHALLENGE was answered: only expected will do */
  char expected[CONTROL_COOKIE_SIZE];
};
#define CONTROL_AUTH_ZERO \
  { \
    .cookie_file = 0, .password = 0, .challenged = 0 \
  }

/* Reads the cookie, first making the file (0600, in one step) where there is none. 0 errno; EINVAL: not CONTROL_COOKIE_SIZE octets. path is kept. */
extern int auth_cookie_read(control_auth *a, char const *path);
/* Reads the first line, "16:" and 58 hexadecimal digits as tor --hash-password prints it. 0 errno; EINVAL: it is none. */
extern int auth_password_read(control_auth *a, char const *path);
/* tor's secret_to_key: SHA-1 over the salt and the secret, again and again. key has S2K_KEY octets. */
extern void auth_s2k(char *key, slice secret, char const *salt);

/* Carry out a command: its arguments, as control_arguments gives them (they may be overwritten), the reply. */
enum auth_result { AUTH_CLOSE, AUTH_STAY, AUTH_GRANTED };
extern enum auth_result auth_authenticate(control_auth *a, char *arguments, size_t len, control_output *o);
extern enum auth_result auth_challenge(control_auth *a, char *arguments, size_t len, control_output *o);
/* The lines of PROTOCOLINFO's reply that tell the methods and the version. */
extern void auth_describe(control_auth const *a, char const *version, control_output *o);
/* Wipes what is secret. */
extern void auth_wipe(control_auth *a);

#endif
