/* Asking maildir-op. */
#include <errno.h>

#include <porter/exit.h>
#include <porter/limits.h>
#include <porter/message.h>
#include "internal.h"

int ask_method(version1 *v, char const *method, ProtobufCMessage const *request, answer *response)
{
  char const *const plain[] = { v->prog, method, NULL }, *const with_charset[] = { v->prog, "-c", v->charset, method, NULL };
  char const *const *argv = v->charset ? with_charset : plain;
  slice octets;
  if (!message_pack(request, &response->a, &octets)) return response->code = fail_system(v, "take memory");
  ask_run(argv, v->envp, octets, RESPONSE_MAX, response);
  if (response->too_large) {
    errno = EFBIG;
    response->code = fail_system(v, "keep the response");
  } else if (response->failed) fail_system(v, response->failed);
  else if (response->code == EXIT_ERROR || response->code == EXIT_REQUEST) {
    errno = EPROTO;
    if (response->failure <= 0) response->code = fail_system(v, "read the response");
  }
  return response->code;
}

int answer_unpack(version1 *v, answer *response, ProtobufCMessageDescriptor const *type)
{
  response->message = message_unpack(type, response->octets, &response->a);
  if (response->message) return EXIT_DONE;
  errno = EPROTO;
  return fail_system(v, "read the response");
}
