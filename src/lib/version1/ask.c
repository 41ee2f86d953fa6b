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

#define READ_MAX 262144  /* up to this, reading is cheaper than mapping */

static int read_response(int fd, size_t size, answer *response)
{
  char *s = arena_take(&response->a, size);
  size_t len = 0;
  if (!s) return 0;
  while (len < size) {
    ssize_t r = pread(fd, s + len, size - len, (off_t)len);
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return r < 0 ? 0 : (errno = EPROTO, 0);
    len += (size_t)r;
  }
  response->octets = (slice){ s, size };
  return 1;
}

static int map_response(int fd, size_t size, answer *response)
{
  response->map = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (response->map == MAP_FAILED) return response->map = NULL, 0;
  response->octets = (slice){ response->map, size };
  return 1;
}

static int take_response(int fd, answer *response)
{
  struct stat st;
  size_t size;
  if (fstat(fd, &st) < 0) return 0;
  size = (size_t)st.st_size;
  return !size || (size > READ_MAX ? map_response : read_response)(fd, size, response);
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
      return take_response(out, response) ? EXIT_DONE : fail_system(v, "read the response");
    case EXIT_ERROR: case EXIT_REQUEST:
      if (!take_response(out, response)) return fail_system(v, "read the response");
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
  if (response->map) munmap(response->map, response->octets.len);
  arena_free(&response->a);
  *response = (answer)ANSWER_ZERO;
}
