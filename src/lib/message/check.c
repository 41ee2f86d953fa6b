/* A message of a type, checked before it is unpacked: levels are left and entered by a stack of what is still to be read. */
#include <string.h>

#include <porter/limits.h>
#include <porter/message_field.h>
#include <porter/text.h>
#include <porter/wire.h>

static enum message_wire wire_type(ProtobufCType type)
{
  switch (type) {
  case PROTOBUF_C_TYPE_FIXED32:
  case PROTOBUF_C_TYPE_SFIXED32:
  case PROTOBUF_C_TYPE_FLOAT: return WIRE_32BIT;
  case PROTOBUF_C_TYPE_FIXED64:
  case PROTOBUF_C_TYPE_SFIXED64:
  case PROTOBUF_C_TYPE_DOUBLE: return WIRE_64BIT;
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE: return WIRE_OCTETS;
  default: return WIRE_VARINT;
  }
}

static int packed_ok(enum message_wire wire, slice data)
{
  uint64_t n;
  if (wire != WIRE_VARINT) return !(data.len % (wire == WIRE_64BIT ? 8 : 4));
  while (data.len)
    if (!message_varint_next(&data, &n)) return 0;
  return 1;
}

static int refuse(char const **why, char const *text)
{
  *why = text;
  return 0;
}

/* A value that is no message: what is wrong with it, or null. */
static char const *value_fault(ProtobufCFieldDescriptor const *f, message_field const *field)
{
  enum message_wire want = wire_type(f->type);
  slice data = field->data;
  if (field->wire != want) {
    int packed = field->wire == WIRE_OCTETS && f->label == PROTOBUF_C_LABEL_REPEATED && packed_ok(want, data);
    return packed ? NULL : "a field has the wrong type";
  }
  if (f->type != PROTOBUF_C_TYPE_STRING || !data.len) return NULL;
  if (memchr(data.s, 0, data.len)) return "a string holds a NUL";
  return utf8_valid(data.s, data.len) == data.len ? NULL : "a string is not valid UTF-8";
}

int wire_check(ProtobufCMessageDescriptor const *d, uint8_t const *s, size_t len, char const **why)
{
  struct {
    ProtobufCMessageDescriptor const *type;
    slice rest;
  } stack[WIRE_LEVELS_MAX];
  size_t level = 0, fields = 0;
  stack[0].type = d;
  stack[0].rest = (slice){ (char const *)s, len };
  for (;;) {
    message_field field;
    int got = message_field_next(&stack[level].rest, &field);
    if (got == MESSAGE_END) {
      if (!level--) return 1;
      continue;
    }
    if (++fields > WIRE_FIELDS_MAX) return refuse(why, "too many fields");
    if (got < 0) return refuse(why, message_field_reason(got));
    ProtobufCFieldDescriptor const *f = protobuf_c_message_descriptor_get_field(stack[level].type, field.number);
    if (!f) continue;
    if (f->type == PROTOBUF_C_TYPE_MESSAGE && field.wire == WIRE_OCTETS) {
      if (++level == WIRE_LEVELS_MAX) return refuse(why, "too many levels");
      stack[level].type = f->descriptor;
      stack[level].rest = field.data;
    } else {
      char const *fault = value_fault(f, &field);
      if (fault) return refuse(why, fault);
    }
  }
}
