/* Starting a program and waiting for it. */
#ifndef PORTER_CHILD_H
#define PORTER_CHILD_H

#include <signal.h>
#include <sys/types.h>

/* What the child has as descriptor to is from of the parent. Descriptors of the parent that are to go nowhere are closed on exec. */
typedef struct child_fd_s child_fd;
struct child_fd_s {
  int from, to;
};

/* SIGPIPE and SIGXFSZ (a limit on the size of files) ignored: the calls say EPIPE and EFBIG instead. child_start and child_exec give them
 * back. SIGCHLD as it was at boot (inherited as ignored, it loses exit codes). */
extern void child_signals(void);
/* Starts argv[0], looked up in PATH, with this environment, and with that signal mask if mask is not null. 0 with errno where it could not be run. */
extern pid_t child_start(char const *const *argv, char const *const *envp, child_fd const *fds, unsigned int n, sigset_t const *mask);
/* Waits for pid: its exit code, or EXIT_TEMPORARY where a signal killed it. */
extern int child_wait(pid_t pid);
/* The same; *killed says whether a signal did: where pid writes to a client itself, nobody else may write there then. */
extern int child_wait_end(pid_t pid, int *killed);
/* The exit code for a program that could not be run for that errno: EXIT_NOTFOUND, EXIT_NOEXEC, or EXIT_TEMPORARY where another time it might
 * be (a limit on processes, no memory, no descriptors). */
extern int child_unrun(int e);
/* Becomes argv[0], looked up in PATH, with this environment. Comes back only where that could not be: says so, and returns the exit code. */
extern int child_exec(char const *const *argv, char const *const *envp);

#endif
