/* Lines to standard error that hold nobody up: who reads them may have stopped, and the pipe be full. */
#ifndef PORTER_SAY_H
#define PORTER_SAY_H

#define SAY_MAX 1024   /* octets of a line; what is longer is cut */
#define SAY_PATIENCE 1 /* seconds that a line may wait to be taken; then it is dropped */

/* Each writes one line: PROG (skalibs), ": ", what the name says, the pieces, of which a null pointer is behind the last, and where
 * something was not able, what errno says. errno stays. They use SIGALRM and the real timer, which are off afterwards.
 * say: the pieces alone. say_unable: "warning: unable to ", the reason. say_fatal: "fatal: "; say_fatal_unable: "fatal: unable to ", the
 * reason; these two return code. */
extern void say(char const *piece, ...) __attribute__((sentinel));
extern void say_unable(char const *piece, ...) __attribute__((sentinel));
extern int say_fatal(int code, char const *piece, ...) __attribute__((sentinel));
extern int say_fatal_unable(int code, char const *piece, ...) __attribute__((sentinel));

/* The last words of a program, for main and its helpers; the library ends no process. */
#define die(code, ...) _exit(say_fatal(code, __VA_ARGS__, (char const *)0))
#define die_unable(code, ...) _exit(say_fatal_unable(code, __VA_ARGS__, (char const *)0))

#endif
