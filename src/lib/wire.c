/* protobuf's wire format, checked before it is unpacked.
 *
 *   at         input            does                              goes to
 *   tag        varint           splits it into number and type    value
 *   tag        end of level     leaves the level                  tag of the level above, or done
 *   value  0   varint           skips it                          tag
 *   value  1   8 octets         skips them                        tag
 *   value  2   length, octets   string: checks them; message: enters it; packed: checks; else skips    tag
 *   value  5   4 octets         skips them                        tag
 *   anything else, or an end inside of something: refused
 */
#include <string.h>

#include <porter/text.h>
#include <porter/wire.h>

enum { TYPE_VARINT = 0, TYPE_64 = 1, TYPE_LENGTH = 2, TYPE_32 = 5 };

size_t wire_varint(uint8_t *s, uint64_t n)
{
  size_t len = 0;
  for (; n > 127; n >>= 7) s[len++] = (uint8_t)(n | 128);
  s[len++] = (uint8_t)n;
  return len;
}

static int read_varint(uint8_t const *s, size_t len, size_t *at, uint64_t *n)
{
  *n = 0;
  for (unsigned int shift = 0; shift < 70 && *at < len; shift += 7) {
    uint8_t c = s[(*at)++];
    if (shift == 63 && c > 1) return 0;
    *n |= (uint64_t)(c & 127) << shift;
    if (c < 128) return 1;
  }
  return 0;
}

static unsigned int wire_type(ProtobufCType type)
{
  switch (type) {
    case PROTOBUF_C_TYPE_FIXED32: case PROTOBUF_C_TYPE_SFIXED32: case PROTOBUF_C_TYPE_FLOAT: return TYPE_32;
    case PROTOBUF_C_TYPE_FIXED64: case PROTOBUF_C_TYPE_SFIXED64: case PROTOBUF_C_TYPE_DOUBLE: return TYPE_64;
    case PROTOBUF_C_TYPE_STRING: case PROTOBUF_C_TYPE_BYTES: case PROTOBUF_C_TYPE_MESSAGE: return TYPE_LENGTH;
    default: return TYPE_VARINT;
  }
}

static int packed_ok(unsigned int type, uint8_t const *s, size_t len)
{
  uint64_t n;
  if (type != TYPE_VARINT) return !(len % (type == TYPE_64 ? 8 : 4));
  for (size_t at = 0; at < len;) if (!read_varint(s, len, &at, &n)) return 0;
  return 1;
}

static int refuse(char const **why, char const *text)
{
  *why = text;
  return 0;
}

int wire_check(ProtobufCMessageDescriptor const *d, uint8_t const *s, size_t len, char const **why)
{
  struct { ProtobufCMessageDescriptor const *type; size_t end; } stack[WIRE_LEVELS_MAX];
  size_t level = 0, fields = 0, at = 0;
  stack[0].type = d;
  stack[0].end = len;
  for (;;) {
    ProtobufCFieldDescriptor const *f;
    uint64_t tag, n;
    unsigned int type, want;
    size_t end = stack[level].end;
    if (at == end) {
      if (!level--) return 1;
      continue;
    }
    if (++fields > WIRE_FIELDS_MAX) return refuse(why, "too many fields");
    if (!read_varint(s, end, &at, &tag) || tag > UINT32_MAX || !(tag >> 3)) return refuse(why, "not a protobuf message: bad tag");
    type = tag & 7;
    f = protobuf_c_message_descriptor_get_field(stack[level].type, (unsigned int)(tag >> 3));
    want = f ? wire_type(f->type) : type;
    n = 0;
    switch (type) {
      case TYPE_VARINT:
        if (!read_varint(s, end, &at, &n)) return refuse(why, "not a protobuf message: cut or overlong number");
        n = 0;
        break;
      case TYPE_64: n = 8; break;
      case TYPE_32: n = 4; break;
      case TYPE_LENGTH:
        if (!read_varint(s, end, &at, &n)) return refuse(why, "not a protobuf message: cut or overlong length");
        break;
      default: return refuse(why, "not a protobuf message: unknown wire type");
    }
    if (n > end - at) return refuse(why, "not a protobuf message: a field goes beyond its end");
    if (type != want) {
      int packed = type == TYPE_LENGTH && f->label == PROTOBUF_C_LABEL_REPEATED && packed_ok(want, s + at, (size_t)n);
      if (!packed) return refuse(why, "a field has the wrong type");
    } else if (f && f->type == PROTOBUF_C_TYPE_STRING) {
      if (n && memchr(s + at, 0, (size_t)n)) return refuse(why, "a string holds a NUL");
      if (utf8_valid((char const *)s + at, (size_t)n) != n) return refuse(why, "a string is not valid UTF-8");
    } else if (f && f->type == PROTOBUF_C_TYPE_MESSAGE) {
      if (++level == WIRE_LEVELS_MAX) return refuse(why, "too many levels");
      stack[level].type = f->descriptor;
      stack[level].end = at + (size_t)n;
      continue;
    }
    at += (size_t)n;
  }
}
