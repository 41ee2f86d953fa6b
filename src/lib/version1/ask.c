/* Asking maildir-op: request and response each are a memfd, so that no size of either can block. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>

#include <porter/child.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include "internal.h"

/* protobuf-c's allocator over an arena. */
static void *take(void *a, size_t size)
{
  return arena_take(a, size);
}

static void give_back(void *a, void *p)
{
  (void)a;
  (void)p;
}

/* A memfd that holds the request, to be read from its start; -1 with errno. */
static int request_file(ProtobufCMessage const *request)
{
  arena a = ARENA_ZERO;
  size_t len = protobuf_c_message_get_packed_size(request);
  uint8_t *s = arena_take(&a, len);
  int fd = s ? memfd_create("request", MFD_CLOEXEC) : -1;
  if (fd >= 0) {
    protobuf_c_message_pack(request, s);
    if (allwrite(fd, (char const *)s, len) != len || lseek(fd, 0, SEEK_SET) < 0) {
      fd_close(fd);
      fd = -1;
    }
  }
  arena_free(&a);
  return fd;
}

static int map(int fd, answer *response)
{
  struct stat st;
  void *p;
  if (fstat(fd, &st) < 0) return 0;
  if (!st.st_size) return 1;
  p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (p == MAP_FAILED) return 0;
  response->octets = (slice){ .s = p, .len = (size_t)st.st_size };
  return 1;
}

static int run(version1 *v, char const *method, int in, int out, answer *response)
{
  char const *const argv[] = { v->prog, method, NULL };
  child_fd const fds[] = { { .from = in, .to = 0 }, { .from = out, .to = 1 } };
  pid_t pid = child_start(argv, v->envp, fds, 2, NULL);
  if (!pid) {
    int e = errno;
    fail_system(v, "run maildir-op");
    return child_unrun(e);
  }
  response->code = child_wait(pid);
  switch (response->code) {
    case EXIT_DONE:
      return map(out, response) ? EXIT_DONE : fail_system(v, "read the response");
    case EXIT_ERROR: case EXIT_REQUEST:
      if (!map(out, response)) return fail_system(v, "read the response");
      if (frame_failure_find(response->octets.s, response->octets.len, &response->error, &response->text) > 0) return response->code;
      errno = EPROTO;
      return fail_system(v, "read the response");
    default:
      return response->code;
  }
}

int ask(version1 *v, char const *method, ProtobufCMessage const *request, answer *response)
{
  int in = request_file(request), out = memfd_create("response", MFD_CLOEXEC);
  response->code = in < 0 || out < 0 ? fail_system(v, "make a file in memory") : run(v, method, in, out, response);
  if (in >= 0) fd_close(in);
  if (out >= 0) fd_close(out);
  return response->code;
}

int answer_unpack(version1 *v, answer *response, ProtobufCMessageDescriptor const *type)
{
  ProtobufCAllocator allocator = { .alloc = &take, .free = &give_back, .allocator_data = &response->a };
  response->message = protobuf_c_message_unpack(type, &allocator, response->octets.len, (uint8_t const *)response->octets.s);
  if (response->message) return EXIT_DONE;
  errno = EPROTO;
  return fail_system(v, "read the response");
}

void answer_free(answer *response)
{
  if (response->octets.s) munmap((void *)response->octets.s, response->octets.len);
  arena_free(&response->a);
  *response = (answer)ANSWER_ZERO;
}
