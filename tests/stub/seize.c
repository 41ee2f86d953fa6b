/* seize UID PROGRAM [ARG...]: runs it as uid, and beside it, as the same uid, a thief who tries to seize it with ptrace as soon as it runs.
 * Exit code 1 where he got it, 0 where it ended untouched. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void become(char const *uid)
{
  uid_t u = (uid_t)atoi(uid);
  if (setresgid(u, u, u) < 0 || setresuid(u, u, u) < 0) _exit(111);
}

/* One that is seized while it ends, when its memory is gone, no longer stops: it is nothing to steal from. */
static int stops(pid_t victim)
{
  int status;
  return ptrace(PTRACE_INTERRUPT, victim, NULL, NULL) == 0 && waitpid(victim, &status, __WALL) == victim && WIFSTOPPED(status);
}

/* The victim is nobody's to seize before it has become the program: setresuid made it so. */
static int thief(pid_t victim)
{
  for (;;) {
    if (ptrace(PTRACE_SEIZE, victim, NULL, NULL) == 0) return stops(victim);
    if (errno == ESRCH) return 0;
  }
}

int main(int argc, char **argv)
{
  int go[2], status;
  char byte;
  if (argc < 3 || pipe(go) < 0) return 100;
  pid_t victim = fork();
  if (!victim) {
    become(argv[1]);
    close(go[1]);
    if (read(go[0], &byte, 1) < 0) _exit(111);
    execv(argv[2], argv + 2);
    _exit(127);
  }
  pid_t other = fork();
  if (!other) {
    become(argv[1]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(go[0]);
    close(go[1]);
    _exit(thief(victim));
  }
  close(go[0]);
  usleep(2000);
  close(go[1]);
  /* The victim is left a zombie until the thief is done: its number cannot become another's. */
  siginfo_t info;
  waitid(P_PID, (id_t)victim, &info, WEXITED | WNOWAIT);
  usleep(2000);
  waitpid(victim, NULL, 0);
  waitpid(other, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 111;
}
