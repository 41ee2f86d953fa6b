/* A stream of request frames, and credentials: each read takes exactly its octets, whatever they are. */
#include <sys/mman.h>
#include <unistd.h>

#include <porter/credentials.h>
#include <porter/frame.h>

#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  int fd = memfd_create("fuzz", MFD_CLOEXEC);
  check(fd >= 0 && write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
  for (size_t at = 0;;) {
    frame_request request;
    int in;
    enum frame_status status = frame_request_read(fd, &request, 1 << 20, 1);
    size_t method = strnlen(request.method, sizeof request.method);
    if (status == FRAME_END) check(at == size);
    if (status != FRAME_OK) break;
    check(frame_method(request.method, method));
    at += 8 + method;
    check(lseek(fd, 0, SEEK_CUR) == (off_t)at);
    if (!strcmp(request.method, "KeepOpen")) {
      status = frame_keep_open_read(fd, request.len, 0, 1);
      check(status == (request.len ? FRAME_CONTENT : FRAME_OK));
      if (status != FRAME_OK) break;
      continue;
    }
    status = frame_message_read(fd, request.len, 1, NULL, &in);
    if (status != FRAME_OK) {
      check(status == FRAME_CUT && request.len > size - at);
      break;
    }
    close(in);
    at += request.len;
    check(lseek(fd, 0, SEEK_CUR) == (off_t)at);
  }
  close(fd);
  if (size <= CREDENTIALS_MAX) {
    static credentials c;
    memcpy(c.s, data, size);
    c.len = size;
    if (credentials_parse(&c)) check(strlen(c.user) + strlen(c.password) + 2 <= size);
    credentials_wipe(&c);
  }
  {
    int code;
    slice text;
    if (frame_failure_find((char const *)data, size, &code, &text) > 0)
      check(!text.len || (text.s >= (char const *)data && text.s + text.len <= (char const *)data + size));
  }
  return 0;
}
