/* Starting a program and waiting for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <porter/child.h>
#include <porter/exit.h>

static void handle(int sig, void (*handler)(int))
{
  struct sigaction action = { .sa_handler = handler };
  sigaction(sig, &action, NULL);
}

void child_signals(void)
{
  handle(SIGPIPE, SIG_IGN);
  handle(SIGCHLD, SIG_DFL);
}

/* posix_spawn would do, but asks for the handler of each of 64 signals in the child: 130 system calls. Between vfork and
 * exec the child has the parent's memory, and touches nothing of it but e. */
pid_t child_start(char const *const *argv, char const *const *envp, child_fd const *fds, unsigned int n,
  sigset_t const *mask)
{
  int volatile e = 0;
  pid_t pid = vfork();
  if (pid < 0) return 0;
  if (!pid) {
    for (unsigned int i = 0; i < n && !e; i++)
      if (fds[i].from == fds[i].to ? fcntl(fds[i].to, F_SETFD, 0) < 0 : dup2(fds[i].from, fds[i].to) < 0) e = errno;
    if (!e) {
      handle(SIGPIPE, SIG_DFL);
      if (mask) sigprocmask(SIG_SETMASK, mask, NULL);
      execvpe(argv[0], (char *const *)argv, (char *const *)envp);
      e = errno;
    }
    _exit(EXIT_NOTFOUND);
  }
  if (!e) return pid;
  waitpid(pid, NULL, 0);
  return errno = e, 0;
}

int child_wait(pid_t pid)
{
  int status;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return EXIT_TEMPORARY;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_TEMPORARY;
}

int child_unrun(int e)
{
  return e == ENOENT || e == ENOTDIR ? EXIT_NOTFOUND : EXIT_NOEXEC;
}
