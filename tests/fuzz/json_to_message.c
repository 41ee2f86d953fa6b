/* Any octets as JSON of any message: no crash, and what is taken can be written as JSON again. */
#include <stdint.h>
#include <stdlib.h>

#include <porter/message_json.h>

static char const *const types[] = { "Mail", "ListResp", "ListSearchReq", "ShowResp", "MoveReq", "RawResp", "Failure", "StatsResp" };

static int drop(void *context, char const *s, size_t len)
{
  (void)context; (void)s; (void)len;
  return 1;
}

extern int LLVMFuzzerTestOneInput (uint8_t const *, size_t);
int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  char fault[MESSAGE_FAULT_SIZE];
  arena a = ARENA_ZERO;
  slice message;
  ProtobufCMessageDescriptor const *type;
  if (!len) return 0;
  type = message_type(types[data[0] % (sizeof types / sizeof *types)]);
  if (json_to_message(type, (slice){ .s = (char const *)data + 1, .len = len - 1 }, &a, &message, fault)
      && !message_to_json(type, message, 0, &drop, NULL, fault)) abort();
  arena_free(&a);
  return 0;
}
