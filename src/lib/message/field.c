/* protobuf's wire format (protobuf.dev, Encoding), a field at a time: the one reader of it.
 *
 *   at         input                                       does                           goes to
 *   tag        varint of at most 5 octets and 32 bits      number and wire type           value
 *   value  0   varint of at most 10 octets and 64 bits     the value                      done
 *   value  1   8 octets, little-endian                     the value                      done
 *   value  2   length as a tag, that many octets           where they lie                 done
 *   value  5   4 octets, little-endian                     the value                      done
 *   number 0, any other wire type (groups), an end inside of something: no field
 */
#include <porter/message_field.h>

#define TAG_OCTETS 5
#define VARINT_OCTETS 10

size_t message_varint(uint8_t *s, uint64_t n)
{
  size_t len = 0;
  for (; n > 127; n >>= 7) s[len++] = (uint8_t)(n | 128);
  s[len++] = (uint8_t)n;
  return len;
}

/* Most are of one octet. */
static int take_varint(slice *rest, unsigned int most, uint64_t *value)
{
  uint64_t bits = 0;
  if (rest->len && !(*rest->s & 128)) {
    *value = (unsigned char)*rest->s++;
    rest->len--;
    return 1;
  }
  for (unsigned int i = 0; i < most && i < rest->len; i++) {
    unsigned char c = (unsigned char)rest->s[i];
    if (i == VARINT_OCTETS - 1 && c > 1) return 0; /* more than 64 bits */
    bits |= (uint64_t)(c & 127) << (7 * i);
    if (c < 128) {
      rest->s += i + 1;
      rest->len -= i + 1;
      *value = bits;
      return 1;
    }
  }
  return 0;
}

int message_varint_next(slice *rest, uint64_t *value) { return take_varint(rest, VARINT_OCTETS, value); }

static int take_fixed(slice *rest, unsigned int size, uint64_t *value)
{
  uint64_t bits = 0;
  if (rest->len < size) return MESSAGE_CUT;
  for (unsigned int i = 0; i < size; i++) bits |= (uint64_t)(unsigned char)rest->s[i] << (8 * i);
  rest->s += size;
  rest->len -= size;
  *value = bits;
  return MESSAGE_FIELD;
}

static int take_octets(slice *rest, slice *data)
{
  uint64_t len;
  if (!take_varint(rest, TAG_OCTETS, &len)) return MESSAGE_NUMBER;
  if (len > rest->len) return MESSAGE_CUT;
  *data = (slice){ .s = rest->s, .len = (size_t)len };
  rest->s += len;
  rest->len -= (size_t)len;
  return MESSAGE_FIELD;
}

int message_field_next(slice *rest, message_field *field)
{
  uint64_t tag;
  if (!rest->len) return MESSAGE_END;
  if (!take_varint(rest, TAG_OCTETS, &tag) || tag > UINT32_MAX || tag < 8) return MESSAGE_TAG;
  field->number = (uint32_t)tag >> 3;
  field->data = (slice)SLICE_ZERO;
  field->value = 0;
  switch (tag & 7) {
  case WIRE_VARINT: field->wire = WIRE_VARINT; return take_varint(rest, VARINT_OCTETS, &field->value) ? MESSAGE_FIELD : MESSAGE_NUMBER;
  case WIRE_64BIT: field->wire = WIRE_64BIT; return take_fixed(rest, 8, &field->value);
  case WIRE_32BIT: field->wire = WIRE_32BIT; return take_fixed(rest, 4, &field->value);
  case WIRE_OCTETS: field->wire = WIRE_OCTETS; return take_octets(rest, &field->data);
  default: return MESSAGE_TYPE;
  }
}

char const *message_field_reason(int result)
{
  switch (result) {
  case MESSAGE_TAG: return "not a protobuf message: bad tag";
  case MESSAGE_NUMBER: return "not a protobuf message: cut or overlong number";
  case MESSAGE_CUT: return "not a protobuf message: a field goes beyond its end";
  default: return "not a protobuf message: unknown wire type";
  }
}
