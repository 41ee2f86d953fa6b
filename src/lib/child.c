/* Starting a program and waiting for it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <porter/child.h>
#include <porter/exit.h>
#include <porter/say.h>

static void handle(int sig, void (*handler)(int))
{
  struct sigaction action = { .sa_handler = handler };
  sigaction(sig, &action, NULL);
}

void child_signals(void)
{
  handle(SIGPIPE, SIG_IGN);
  handle(SIGXFSZ, SIG_IGN);
  handle(SIGCHLD, SIG_DFL);
}

static void give_back_signals(void)
{
  handle(SIGPIPE, SIG_DFL);
  handle(SIGXFSZ, SIG_DFL);
}

/* posix_spawn would do, but asks for the handler of each of 64 signals in the child: 130 system calls. Between vfork and
 * exec the child has the parent's memory, and touches nothing of it but e. */
pid_t child_start(char const *const *argv, char const *const *envp, child_fd const *fds, unsigned int n, sigset_t const *mask)
{
  int volatile e = 0;
  pid_t pid = vfork();
  if (pid < 0) return 0;
  if (!pid) {
    for (unsigned int i = 0; i < n && !e; i++)
      if (fds[i].from == fds[i].to ? fcntl(fds[i].to, F_SETFD, 0) < 0 : dup2(fds[i].from, fds[i].to) < 0) e = errno;
    if (!e) {
      give_back_signals();
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

int child_wait_end(pid_t pid, int *killed)
{
  int status;
  *killed = 0;
  while (waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return EXIT_TEMPORARY;
  *killed = !WIFEXITED(status);
  return *killed ? EXIT_TEMPORARY : WEXITSTATUS(status);
}

int child_wait(pid_t pid)
{
  int killed;
  return child_wait_end(pid, &killed);
}

int child_unrun(int e)
{
  switch (e) {
  case ENOENT:
  case ENOTDIR: return EXIT_NOTFOUND;
  case EAGAIN:
  case ENOMEM:
  case EMFILE:
  case ENFILE:
  case ETXTBSY: return EXIT_TEMPORARY;
  default: return EXIT_NOEXEC;
  }
}

int child_exec(char const *const *argv, char const *const *envp)
{
  give_back_signals();
  execvpe(argv[0], (char *const *)argv, (char *const *)envp);
  return say_fatal_unable(child_unrun(errno), "run ", argv[0], NULL);
}
