/* lacking landlock|seccomp PROGRAM [ARG...]: runs it under a kernel that does not know these calls: ENOSYS. */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  int landlock = argc > 2 && !strcmp(argv[1], "landlock");
  unsigned int first = landlock ? 444 : SYS_seccomp, last = landlock ? 446 : SYS_seccomp;
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
  };
  struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
  if (argc < 3 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) return 100;
  execvp(argv[2], argv + 2);
  return 127;
}
