/* chain ROUNDS BARE REQUESTS prog...: what a connection costs. In turn, ROUNDS times: spawns BARE; spawns prog on one end of a socket
 * pair, sends it the file REQUESTS, and waits for the end of file and of the process. Prints the tenth percentiles, in microseconds,
 * of BARE, of prog, and of the CPU time of prog and its children; and how many octets came. */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void fail(char const *what)
{
  perror(what);
  exit(111);
}

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(void const *a, void const *b)
{
  double x = *(double const *)a, y = *(double const *)b;
  return (x > y) - (x < y);
}

static void finish(pid_t pid)
{
  int status;
  if (waitpid(pid, &status, 0) < 0) fail("waitpid");
}

static double bare(char **argv)
{
  pid_t pid;
  double begun = now();
  if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ)) fail(argv[0]);
  finish(pid);
  return now() - begun;
}

static double connection(char **argv, char const *requests, size_t len, size_t *came)
{
  posix_spawn_file_actions_t actions;
  static char s[65536];
  int p[2];
  pid_t pid;
  double begun = now();
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p) < 0) fail("socketpair");
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, p[1], 0);
  posix_spawn_file_actions_adddup2(&actions, p[1], 1);
  if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ)) fail(argv[0]);
  posix_spawn_file_actions_destroy(&actions);
  close(p[1]);
  if (len && send(p[0], requests, len, MSG_NOSIGNAL) != (ssize_t)len) fail("send");
  shutdown(p[0], SHUT_WR);
  *came = 0;
  for (ssize_t r; (r = read(p[0], s, sizeof s)) > 0; ) *came += (size_t)r;
  finish(pid);
  close(p[0]);
  return now() - begun;
}

int main(int argc, char **argv)
{
  static char requests[65536];
  size_t came = 0;
  if (argc < 5) return 100;
  int rounds = atoi(argv[1]), fd = open(argv[3], O_RDONLY | O_CLOEXEC);
  ssize_t len = fd < 0 ? -1 : read(fd, requests, sizeof requests);
  double *b = calloc((size_t)rounds, sizeof *b), *c = calloc((size_t)rounds, sizeof *c),
    *cpu = calloc((size_t)rounds, sizeof *cpu);
  if (len < 0) fail(argv[3]);
  for (int i = -3; i < rounds; i++) {
    struct rusage before, after;
    double x = bare((char *[]){ argv[2], NULL }), y;
    getrusage(RUSAGE_CHILDREN, &before);
    y = connection(argv + 4, requests, (size_t)len, &came);
    getrusage(RUSAGE_CHILDREN, &after);
    if (i < 0) continue;
    b[i] = x;
    c[i] = y;
    cpu[i] = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1e6
      + (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_stime.tv_usec);
  }
  qsort(b, (size_t)rounds, sizeof *b, compare);
  qsort(c, (size_t)rounds, sizeof *c, compare);
  qsort(cpu, (size_t)rounds, sizeof *cpu, compare);
  printf("%.1f %.1f %.1f %zu\n", b[rounds / 10], c[rounds / 10], cpu[rounds / 10], came);
  return 0;
}
