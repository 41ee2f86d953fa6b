/* System calls: the filters that src/gen/call_filters.c made of calls.c's tables, and what a call that is not allowed ends with. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <call_filters.h>
#include <syscall_names.h>
#include <porter/exit.h>

#include "calls.h"

#ifdef CALL_FILTER_MAX
static void number_to(char *s, int number) { s[uint_fmt(s, (unsigned int)number)] = 0; }

/* Which call it was; then the end. */
static void forbidden(int sig, siginfo_t *info, void *context)
{
  char number[UINT_FMT + 1], s[160] = "";
  char const *name = number;
  (void)sig;
  (void)context;
  number_to(number, info->si_syscall);
  for (size_t i = 0; i < sizeof syscall_names / sizeof *syscall_names; i++)
    if (syscall_names[i].number == info->si_syscall) name = syscall_names[i].name;
  strncat(s, PROG, 64);
  strcat(s, ": fatal: system call ");
  strcat(s, name);
  strcat(s, " is not allowed\n");
  if (write(2, s, strlen(s)) < 0) _exit(EXIT_TEMPORARY);
  _exit(EXIT_TEMPORARY);
}

int confine_calls(enum calls_of program)
{
  struct sock_filter s[CALL_FILTER_MAX];
  struct sock_fprog filter = { (unsigned short)(call_filter_at[program + 1] - call_filter_at[program]), s };
  struct sigaction action = { .sa_sigaction = forbidden, .sa_flags = SA_SIGINFO };
  sigset_t set;
  memcpy(s, call_filters + call_filter_at[program], filter.len * sizeof *s);
  for (unsigned short i = 0; i < filter.len; i++)
    if (s[i].k == CALLS_SELF) s[i].k = (uint32_t)getpid();
  sigemptyset(&set);
  sigaddset(&set, SIGSYS);
  if (sigaction(SIGSYS, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &set, NULL) < 0) return 0;
  /* Nothing secret is behind speculation here: without the flag, older kernels slow the whole process down. */
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) == 0) return 1;
  return errno == EINVAL && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}
#else
int confine_calls(enum calls_of program)
{
  (void)program;
  return errno = ENOSYS, 0;
}
#endif
