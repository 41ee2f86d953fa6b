/* Any octets as any message: no crash, bounded memory, and what is written as JSON is read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/stralloc.h>

#include <porter/message_json.h>

static char const *const types[] = { "Mail", "ListResp", "ListSearchReq", "ShowResp", "MoveReq", "RawResp", "Failure", "StatsResp" };

static int keep(void *context, char const *s, size_t len)
{
  return stralloc_catb(context, s, len);
}

extern int LLVMFuzzerTestOneInput (uint8_t const *, size_t);
int LLVMFuzzerTestOneInput(uint8_t const *data, size_t len)
{
  char fault[MESSAGE_FAULT_SIZE];
  stralloc json = STRALLOC_ZERO, again = STRALLOC_ZERO;
  arena a = ARENA_ZERO;
  slice message;
  ProtobufCMessageDescriptor const *type;
  if (!len) return 0;
  type = message_type(types[data[0] % (sizeof types / sizeof *types)]);
  if (message_to_json(type, (slice){ .s = (char const *)data + 1, .len = len - 1 }, 0, &keep, &json, fault)) {
    if (!json_to_message(type, (slice){ .s = json.s, .len = json.len }, &a, &message, fault)) abort();
    if (!message_to_json(type, message, 0, &keep, &again, fault)) abort();
    if (again.len != json.len || memcmp(again.s, json.s, json.len)) abort();
  }
  arena_free(&a);
  stralloc_free(&json);
  stralloc_free(&again);
  return 0;
}
