/* hold [-r] CALL WHEN prog...: runs prog and holds it where it is about to make its WHEN-th system call of that name: then it
 * writes an octet to descriptor 3, reads one from 4, and lets prog go on. With -r the file system has no renameat2 with flags
 * (EINVAL, as NFS says). Exits as prog does. A test plays another client meanwhile. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the C library calls them: newer processors have only those with "at". */
#ifndef SYS_rename
#define SYS_rename SYS_renameat
#define SYS_unlink SYS_unlinkat
#endif

static struct { char const *name; long number; } const calls[] = {
  { "renameat2", SYS_renameat2 }, { "renameat", SYS_renameat }, { "unlinkat", SYS_unlinkat }, { "linkat", SYS_linkat },
  { "getdents64", SYS_getdents64 }, { "newfstatat", SYS_newfstatat }, { "statx", SYS_statx }, { "openat", SYS_openat }, { "fsync", SYS_fsync },
  { "rename", SYS_rename }, { "unlink", SYS_unlink },
};

static void die(char const *what)
{
  perror(what);
  exit(111);
}

static long number_of(char const *name)
{
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) if (!strcmp(calls[i].name, name)) return calls[i].number;
  fprintf(stderr, "hold: no call %s\n", name);
  exit(100);
}

/* The kernel's own answer to flags that a file system does not know. */
static void refuse_flags(void)
{
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_renameat2, 0, 3),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[4])),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) die("hold: seccomp");
}

static void run(char *const *argv, int without)
{
  close(3);
  close(4);
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0) die("hold: ptrace");
  raise(SIGSTOP);
  if (without) refuse_flags();
  execvp(*argv, argv);
  die(*argv);
}

static int is_entry(pid_t child, long number)
{
  struct __ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) < 0) die("hold: ptrace");
  return info.op == PTRACE_SYSCALL_INFO_ENTRY && (long)info.entry.nr == number;
}

/* Until the call, or the end of the child, whose status it gives. */
static int follow(pid_t child, long number, int when)
{
  int status, signal_number = 0;
  char c = 0;
  for (;;) {
    if (ptrace(PTRACE_SYSCALL, child, NULL, (void *)(long)signal_number) < 0) die("hold: ptrace");
    if (waitpid(child, &status, 0) < 0) die("hold: waitpid");
    if (!WIFSTOPPED(status)) return status;
    signal_number = WSTOPSIG(status);
    if (signal_number == SIGTRAP) signal_number = 0;  /* after exec */
    if (WSTOPSIG(status) != (SIGTRAP | 0x80)) continue;
    signal_number = 0;
    if (!is_entry(child, number) || --when) continue;
    if (write(3, &c, 1) != 1 || read(4, &c, 1) < 0) die("hold: descriptors 3 and 4");
    if (ptrace(PTRACE_DETACH, child, NULL, NULL) < 0) die("hold: ptrace");
    if (waitpid(child, &status, 0) < 0) die("hold: waitpid");
    return status;
  }
}

int main(int argc, char **argv)
{
  int status, without = argc > 1 && !strcmp(argv[1], "-r");
  pid_t child;
  argv += without;
  if (argc - without < 4) return 100;
  child = fork();
  if (child < 0) die("hold: fork");
  if (!child) run(argv + 3, without);
  if (waitpid(child, &status, 0) < 0 || ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL) < 0) die("hold: ptrace");
  status = follow(child, number_of(argv[1]), atoi(argv[2]));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 111;
}
