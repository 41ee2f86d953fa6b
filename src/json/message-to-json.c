/* message-to-json [-d] [-n max] TYPE: a protobuf message on standard input, its JSON and a line end on standard output. */
#include <errno.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <porter/exit.h>
#include <porter/input.h>
#include <porter/limits.h>
#include <porter/message_json.h>

#define USAGE "message-to-json [-d] [-n max] TYPE"

static int to_stdout(void *context, char const *s, size_t len)
{
  (void)context;
  return allwrite(1, s, len) == len;
}

int main(int argc, char const *const *argv)
{
  unsigned int max = RESPONSE_MAX;
  int defaults = 0;
  subgetopt l = SUBGETOPT_ZERO;
  ProtobufCMessageDescriptor const *type;
  stralloc input = STRALLOC_ZERO;
  char fault[MESSAGE_FAULT_SIZE];
  PROG = "message-to-json";
  for (int opt; (opt = subgetopt_r(argc, argv, "dn:", &l)) != -1;) {
    if (opt == 'd') defaults = 1;
    else if (opt != 'n' || !uint0_scan(l.arg, &max)) strerr_dieusage(EXIT_USAGE, USAGE);
  }
  if (argc - l.ind != 1) strerr_dieusage(EXIT_USAGE, USAGE);
  type = message_type(argv[l.ind]);
  if (!type) strerr_dief2x(EXIT_USAGE, "no message type is named ", argv[l.ind]);
  if (!input_read(0, max, &input)) {
    if (errno == EMSGSIZE) strerr_dief1x(EXIT_REQUEST, "the message is too long");
    strerr_diefu1sys(EXIT_TEMPORARY, "read standard input");
  }
  if (!message_to_json(type, (slice){ .s = input.s, .len = input.len }, defaults, &to_stdout, NULL, fault)) {
    if (errno == EPROTO) strerr_dief1x(EXIT_REQUEST, fault);
    strerr_diefu1sys(EXIT_TEMPORARY, "write JSON");
  }
  stralloc_free(&input);
  if (allwrite(1, "\n", 1) != 1) strerr_diefu1sys(EXIT_TEMPORARY, "write JSON");
  return EXIT_DONE;
}
