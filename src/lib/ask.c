/* Asking a program: request and response each are a descriptor that nobody has to serve meanwhile. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <porter/ask.h>
#include <porter/child.h>
#include <porter/closing.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/octets.h>
#include <porter/outcome.h>

#define READ_MAX 262144 /* up to this, reading is cheaper than mapping */

static int failed(ask_answer *answer, int code, char const *what)
{
  answer->failed = what;
  return answer->code = code;
}

static int read_response(int fd, size_t size, ask_answer *answer)
{
  char *s = arena_take(&answer->a, size);
  size_t len = 0;
  if (!s) return 0;
  while (len < size) {
    ssize_t r = pread(fd, s + len, size - len, (off_t)len);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return r < 0 ? 0 : (errno = EPROTO, 0);
    len += (size_t)r;
  }
  answer->octets = (slice){ s, size };
  return 1;
}

static int map_response(int fd, size_t size, ask_answer *answer)
{
  answer->map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (answer->map == MAP_FAILED) return answer->map = NULL, 0;
  answer->octets = (slice){ answer->map, size };
  return 1;
}

static int take_response(int fd, size_t size, ask_answer *answer)
{
  return !size || (size > READ_MAX ? map_response : read_response)(fd, size, answer);
}

static int run(char const *const *argv, char const *const *envp, int in, int out, uint64_t max, ask_answer *answer)
{
  child_fd const fds[] = { { .from = in, .to = 0 }, { .from = out, .to = 1 } };
  pid_t pid = child_start(argv, envp, fds, 2, NULL);
  off_t len;
  if (!pid) return failed(answer, child_unrun(errno), "run the program that answers");
  if (answer->started) answer->started();
  answer->code = child_wait(pid);
  len = lseek(out, 0, SEEK_CUR);
  if (len > 0 && (uint64_t)len > max) return answer->too_large = 1, answer->code;
  if (!outcome_of_call(answer->code).answered) return answer->code;
  if (len < 0 || !take_response(out, (size_t)len, answer)) return failed(answer, EXIT_TEMPORARY, "read the response");
  if (answer->code != EXIT_DONE) answer->failure = frame_failure_find(answer->octets.s, answer->octets.len, &answer->error, &answer->text);
  return answer->code;
}

int ask_run(char const *const *argv, char const *const *envp, slice request, uint64_t max, ask_answer *answer)
{
  int in = octets_fd("request", request.s, request.len), out = octets_catcher("response", 0, max);
  if (in < 0 || out < 0) failed(answer, EXIT_TEMPORARY, "make a file in memory");
  else run(argv, envp, in, out, max, answer);
  close_keeping(in, 0);
  return close_keeping(out, answer->code);
}

void ask_free(ask_answer *answer)
{
  if (answer->map) munmap(answer->map, answer->octets.len);
  arena_free(&answer->a);
  *answer = (ask_answer)ASK_ANSWER_ZERO;
}
