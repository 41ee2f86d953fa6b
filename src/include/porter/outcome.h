/* What became of a call, as errors (Error.Code of maildir.proto), exit codes and responses say it. The one table of it. */
#ifndef PORTER_OUTCOME_H
#define PORTER_OUTCOME_H

/* The exit code that goes with an Error's code: EXIT_PERMANENT for UNKNOWN and for what is new. */
extern int outcome_exit(int error);

/* The name of an Error's code, as JSON spells it; null where it is new. */
extern char const *outcome_name(int error);
/* The code of that name; that of UNKNOWN where it is new. */
extern int outcome_error(char const *name);

/* What follows when a program has ended. */
typedef struct outcome_s outcome;
struct outcome_s {
  int answered; /* its response is on standard output, and is sent. Otherwise that is worth nothing */
  int again;    /* the connection may go on, where the client has asked for that */
  int error;    /* what is sent in place of a response: an Error with that code and text */
  char const *text;
};

/* A program that answers a request (maildir-op) has ended with that code. */
extern outcome outcome_of_call(int code);
/* A chain has ended with that code before it took requests: what a client who has just sent his credentials is told. A checker
 * may end as it likes: a code that is none of ours is a refusal. */
extern outcome outcome_of_login(int code);

#endif
