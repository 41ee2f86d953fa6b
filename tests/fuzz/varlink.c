/* A stream of varlink calls: each message is what lies before a NUL; what is taken as a call is within the limits, and each request that a method
 * makes of its parameters is one that maildir-op unpacks. A path of Init never leads out of its base. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <porter/message.h>
#include <porter/varlink.h>
#include <porter/wire.h>

#include "../../src/lib/varlink/internal.h"
#include "check.h"

static varlink_request_func *const requests[] = { varlink_request_list, varlink_request_list_search, varlink_request_stats, varlink_request_show,
  varlink_request_raw, varlink_request_search, varlink_request_folders, varlink_request_move, varlink_request_remove, varlink_request_add_folder };

static void make_requests(json_t const *parameters)
{
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    varlink_request r = { .parameters = parameters };
    arena a = ARENA_ZERO;
    slice packed;
    char const *why;
    if (requests[i](&r)) {
      check(!*r.invalid && message_pack(r.message, &a, &packed));
      check(wire_check(r.message->descriptor, (uint8_t const *)packed.s, packed.len, &why));
    } else check(*r.invalid);
    arena_free(&a);
  }
}

static void look_at(slice message)
{
  varlink_call call;
  char const *invalid;
  if (!varlink_call_read(&call, message)) {
    check(errno == EPROTO);
    return;
  }
  check(call.name.s + call.name.len == call.method.s + call.method.len);
  check(json_is_object(call.parameters));
  make_requests(call.parameters);
  check(!varlink_init(call.parameters, &(varlink_door){ .base = "/proc/self/fdinfo" }, &invalid) && (errno == EINVAL || errno == EACCES || errno == EIO));
  check(varlink_service(&call, -1, 1));
  varlink_call_free(&call);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static varlink_input in;
  int fd = memfd_create("fuzz", MFD_CLOEXEC);
  size_t at = 0;
  slice message;
  check(fd >= 0 && write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
  in.fd = fd;
  in.patience = 1;
  in.start = in.end = 0;
  for (;;) {
    enum frame_status status = varlink_next(&in, &message);
    if (status != FRAME_OK) {
      check(status == (at == size ? FRAME_END : size - at > VARLINK_MESSAGE_MAX ? FRAME_LENGTH : FRAME_CUT));
      break;
    }
    check(!memchr(message.s, 0, message.len) && !message.s[message.len]);
    check(at + message.len < size && !memcmp(message.s, data + at, message.len));
    at += message.len + 1;
    look_at(message);
  }
  close(fd);
  return 0;
}
