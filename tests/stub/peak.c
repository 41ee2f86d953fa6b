/* peak FILE PROG [ARG...]: runs PROG and ends as it does; "PROG KB" is appended to FILE, its peak of resident memory. This program's own, which
 * the kernel counts in, is below that of all that are measured. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
  struct rusage used;
  int status, fd;
  char line[256];
  if (argc < 3) return 100;
  pid_t const pid = vfork();
  if (!pid) {
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  if (pid < 0 || wait4(pid, &status, 0, &used) < 0) return 111;
  fd = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  char const *const slash = strrchr(argv[2], '/');
  int const len = snprintf(line, sizeof line, "%s %ld\n", slash ? slash + 1 : argv[2], used.ru_maxrss);
  if (fd < 0 || write(fd, line, (size_t)len) != len) return 111;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 111;
}
