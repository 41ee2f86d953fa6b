/* json-to-message [-n max] TYPE: JSON on standard input, the protobuf message on standard output. */
#include <errno.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/exit.h>
#include <porter/input.h>
#include <porter/limits.h>
#include <porter/message_json.h>

#define USAGE "json-to-message [-n max] TYPE"

int main(int argc, char const *const *argv)
{
  unsigned int max = JSON_MAX;
  subgetopt l = SUBGETOPT_ZERO;
  ProtobufCMessageDescriptor const *type;
  arena a = ARENA_ZERO;
  stralloc input = STRALLOC_ZERO;
  slice message;
  char fault[MESSAGE_FAULT_SIZE];
  PROG = "json-to-message";
  for (int opt; (opt = subgetopt_r(argc, argv, "n:", &l)) != -1;) {
    if (opt != 'n' || !uint0_scan(l.arg, &max)) strerr_dieusage(EXIT_USAGE, USAGE);
  }
  if (argc - l.ind != 1) strerr_dieusage(EXIT_USAGE, USAGE);
  type = message_type(argv[l.ind]);
  if (!type) strerr_dief2x(EXIT_USAGE, "no message type is named ", argv[l.ind]);
  if (!input_read(0, max, &input)) {
    if (errno == EMSGSIZE) strerr_dief1x(EXIT_REQUEST, "the JSON text is too long");
    strerr_diefu1sys(EXIT_TEMPORARY, "read standard input");
  }
  if (!json_to_message(type, (slice){ .s = input.s, .len = input.len }, &a, &message, fault)) {
    if (errno == EPROTO) strerr_dief1x(EXIT_REQUEST, fault);
    strerr_diefu1sys(EXIT_TEMPORARY, "make the message");
  }
  stralloc_free(&input);
  if (allwrite(1, message.s, message.len) != message.len) strerr_diefu1sys(EXIT_TEMPORARY, "write the message");
  arena_free(&a);
  return EXIT_DONE;
}
