/* protobuf-c's allocator over an arena. */
#include <porter/message.h>

static void *take(void *a, size_t size) { return arena_take(a, size); }

static void give_back(void *a, void *p)
{
  (void)a;
  (void)p;
}

void *message_unpack(ProtobufCMessageDescriptor const *d, slice message, arena *a)
{
  ProtobufCAllocator allocator = { .alloc = &take, .free = &give_back, .allocator_data = a };
  return protobuf_c_message_unpack(d, &allocator, message.len, (uint8_t const *)message.s);
}

int message_pack(ProtobufCMessage const *message, arena *a, slice *packed)
{
  size_t len = protobuf_c_message_get_packed_size(message);
  uint8_t *s = arena_take(a, len);
  if (!s) return 0;
  protobuf_c_message_pack(message, s);
  *packed = (slice){ (char const *)s, len };
  return 1;
}
