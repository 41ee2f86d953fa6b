/* JWebmail's version 1: arguments in, JSON out. A door: what it knows of mail it asks maildir-op. */
#ifndef PORTER_VERSION1_H
#define PORTER_VERSION1_H

#include <porter/slice.h>

#define VERSION1_FAULT_SIZE 256

/* Answers the mode argv[0] with the arguments behind it (argv ends with null), by running `prog METHOD` (`prog -c charset METHOD`, unless charset is null) as often as needed,
 * in the current directory, with this environment. The answer, one line of ASCII JSON (and behind it raw's octets), goes to
 * sink in pieces. Needs child_signals.
 * Returns the exit code: EXIT_DONE and EXIT_ERROR with an answer; EXIT_REQUEST where the arguments make no sense; any other
 * of prog's; EXIT_TEMPORARY. fault is a line for standard error, or empty where prog has said it. */
extern int version1_answer(
  char const *prog, char const *charset, char const *const *argv, char const *const *envp, sink_func *sink, void *context, char *fault);

#endif
