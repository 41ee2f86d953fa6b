/* without-vdso PROGRAM [ARG...]: runs it as a kernel without vDSO would (vdso=0, User Mode Linux), where asking for the time is a system call:
 * AT_SYSINFO_EHDR is taken from what the kernel tells a program that starts. Ends as it did; with 100 where that could not be done. */
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
#define STACK rsp
#else
#define STACK sp
#endif

static long word(pid_t pid, unsigned long at)
{
  errno = 0;
  return ptrace(PTRACE_PEEKDATA, pid, at, 0);
}

/* Where the words behind argc, argv and environ begin; each of both ends with a null. */
static unsigned long auxiliary(pid_t pid)
{
  struct user_regs_struct regs;
  struct iovec io = { &regs, sizeof regs };
  if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &io) < 0) return 0;
  unsigned long at = (unsigned long)regs.STACK + sizeof(long);
  for (int nulls = 0; nulls < 2 && !errno; at += sizeof(long)) nulls += !word(pid, at);
  return errno ? 0 : at;
}

static int hide(pid_t pid)
{
  unsigned long at = auxiliary(pid);
  if (!at) return 0;
  for (long type; (type = word(pid, at)) != AT_NULL; at += 2 * sizeof(long))
    if (type == AT_SYSINFO_EHDR) return !ptrace(PTRACE_POKEDATA, pid, at, AT_IGNORE);
  return 0;
}

int main(int argc, char **argv)
{
  pid_t pid = argc > 1 ? fork() : -1;
  int status;
  if (pid < 0) return 100;
  if (!pid) {
    if (!ptrace(PTRACE_TRACEME, 0, 0, 0)) execvp(argv[1], argv + 1);
    _exit(127);
  }
  if (waitpid(pid, &status, 0) < 0 || !WIFSTOPPED(status) || !hide(pid) || ptrace(PTRACE_DETACH, pid, 0, 0) < 0) {
    kill(pid, SIGKILL);
    return 100;
  }
  return waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) ? 100 : WEXITSTATUS(status);
}
