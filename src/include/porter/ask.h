/* Asking a program that answers one request: maildir-op, or a chain that ends in it. What a door does. */
#ifndef PORTER_ASK_H
#define PORTER_ASK_H

#include <stdint.h>

#include <porter/arena.h>
#include <porter/slice.h>

typedef struct ask_answer_s ask_answer;
struct ask_answer_s {
  int code;           /* the program's exit code; EXIT_TEMPORARY where it could not be asked */
  char const *failed; /* null, or what could not be done: errno says why */
  int too_large;      /* it wrote more than it might: code and octets are worth nothing */
  slice octets;       /* the response, where outcome_of_call(code) says that there is one */
  int failure;        /* of it: what frame_failure_find says, and the error's code and text */
  int error;
  slice text;
  void *map;             /* of octets, where they are many */
  arena a;               /* of octets, and of whatever the caller makes of them */
  void *message;         /* the caller's: what he unpacked, in a */
  void (*started)(void); /* null, or called once the program runs: the caller, who runs no other, may confine himself */
};
#define ASK_ANSWER_ZERO \
  { \
    .code = 0, .failed = NULL, .too_large = 0, .octets = SLICE_ZERO, .failure = 0, .error = 0, .text = SLICE_ZERO, .map = NULL, .a = ARENA_ZERO, \
    .message = NULL, .started = NULL \
  }

/* Runs argv with the request on its standard input, its standard output caught in a memfd, at most max octets of it, so that no size of
 * either can block. Needs child_signals. Returns answer->code; what answer holds is given back by ask_free in any case. */
extern int ask_run(char const *const *argv, char const *const *envp, slice request, uint64_t max, ask_answer *answer);
extern void ask_free(ask_answer *answer);

#endif
