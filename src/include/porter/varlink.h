/* Varlink (varlink.org) and JWebmail's interface in it, de.jmhoffmann.jwebmail.mail-storage: reading calls, writing replies, and what
 * lies between a call's parameters and maildir-op's messages. A call is a JSON object and a NUL; so is a reply. SIGPIPE must be ignored. */
#ifndef PORTER_VARLINK_H
#define PORTER_VARLINK_H

#include <jansson.h>

#include <porter/frame.h>
#include <porter/json_output.h>
#include <porter/limits.h>
#include <porter/slice.h>

#define VARLINK_SERVICE "org.varlink.service"
#define VARLINK_MAIL "de.jmhoffmann.jwebmail.mail-storage"

/* --- reading --- */

typedef struct varlink_input_s varlink_input;
struct varlink_input_s {
  int fd;
  unsigned int patience; /* seconds for a call to begin, and for each FRAME_PIECE of it */
  size_t start, end;     /* what has come and was not given out yet */
  char s[VARLINK_MESSAGE_MAX + 1];
};
/* The next message, its NUL behind it, until the next call. Reads ahead. FRAME_OK, or why there is none: FRAME_END, FRAME_IDLE, FRAME_CUT,
 * FRAME_LATE, FRAME_LENGTH or FRAME_SYSTEM. */
extern enum frame_status varlink_next(varlink_input *in, slice *message);

/* The JSON of text, which has a NUL behind it and may be changed; null with errno: EPROTO where it is no JSON text of valid UTF-8, has a name
 * twice in an object or a NUL in a name, or goes beyond the limits above; ENOMEM. A number that jansson cannot hold becomes a fraction: what asks
 * for a whole number refuses it, everything else passes it over. */
extern json_t *varlink_load(char *text, size_t len);

typedef struct varlink_call_s varlink_call;
struct varlink_call_s {
  json_t *message;
  slice method;          /* whole: INTERFACE.Method; may hold a NUL */
  slice interface, name; /* its parts; interface is empty where there is no dot */
  json_t *parameters;    /* an object */
  int oneway, upgrade;
  char const *invalid; /* the member that has the wrong type, or null */
};
/* Reads a call from a message. 1, and varlink_call_free gives its memory back; 0 with errno EPROTO (no call: the connection has to end) or ENOMEM. */
extern int varlink_call_read(varlink_call *call, slice message);
extern void varlink_call_free(varlink_call *call);

/* --- writing --- */

typedef struct varlink_output_s varlink_output;
struct varlink_output_s {
  json_output json;
  int fd;
  frame_pace pace; /* from when a piece had gone to the next one the reader is not waited for */
};
/* Begins a reply on fd, which may block; -1: one that nobody gets. What is written to out->json is sent in pieces. */
extern void varlink_start(varlink_output *out, int fd, unsigned int patience);
/* Ends it with a NUL. 1 once all has been given to the system, 0 with errno (ETIMEDOUT where the reader does not read). */
extern int varlink_end(varlink_output *out);
/* A whole reply that is an error, with one parameter, or none where name is null. As varlink_end. */
extern int varlink_error(int fd, unsigned int patience, char const *interface, char const *error, char const *name, slice value);

/* Answers a call of org.varlink.service. As varlink_end. */
extern int varlink_service(varlink_call const *call, int fd, unsigned int patience);

/* --- Init --- */

/* What the administrator says of who may enter what; each may be null. */
typedef struct varlink_door_s varlink_door;
struct varlink_door_s {
  char const *base; /* mailboxes are below it; without it, the mailbox is the current directory */
  char const *user; /* what unix_user has to be */
  char const *who;  /* who was authenticated: below base, only his mailbox is entered */
};
/* Whether Init's parameters let the client in: enters the mailbox below base, or sees that the path leads to the current directory.
 * 1; 0 with errno: EINVAL where a parameter is missing or has the wrong type (*invalid is its name), EACCES for every refusal, EIO for trouble of
 * the system. The current directory changes only with 1. */
extern int varlink_init(json_t const *parameters, varlink_door const *door, char const **invalid);

/* --- the other methods --- */

/* Answers the call of that name: runs prog (argv; room for two words behind its argc) with the request that the parameters mean, and sends the reply to fd.
 * The exit code: EXIT_DONE; EXIT_ERROR, EXIT_REQUEST and EXIT_UNSUPPORTED where the reply is an error; EXIT_PERMANENT where the reply broke off; any other
 * where nothing was sent. *fault is why, in that case and where the system failed: a static text, errno says more; else null.
 * started is null, or called once prog runs: no other program is run then, and the caller may confine himself. */
extern int varlink_answer(char const **argv, size_t argc, char const *name, json_t const *parameters, int fd, unsigned int patience,
  void (*started)(void), char const **fault);

#endif
