/* The wire format (protobuf.dev, Encoding): a field is a varint (number << 3 | wire type) and its value. */
#include <porter/message_field.h>

static int take_varint(slice *rest, uint64_t *value)
{
  uint64_t bits = 0;
  for (unsigned int i = 0; i < 10 && i < rest->len; i++) {
    unsigned char c = (unsigned char)rest->s[i];
    if (i == 9 && c > 1) return 0;  /* more than 64 bits */
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

static int take_little_endian(slice *rest, unsigned int size, uint64_t *value)
{
  uint64_t bits = 0;
  if (rest->len < size) return 0;
  for (unsigned int i = 0; i < size; i++) bits |= (uint64_t)(unsigned char)rest->s[i] << (8 * i);
  rest->s += size;
  rest->len -= size;
  *value = bits;
  return 1;
}

int message_field_next(slice *rest, message_field *field)
{
  uint64_t tag, len;
  if (!rest->len) return 0;
  if (!take_varint(rest, &tag) || tag > UINT32_MAX || tag < 8) return -1;
  field->number = (uint32_t)tag >> 3;
  field->data = (slice)SLICE_ZERO;
  field->value = 0;
  switch (tag & 7) {
    case WIRE_VARINT:
      field->wire = WIRE_VARINT;
      return take_varint(rest, &field->value) ? 1 : -1;
    case WIRE_64BIT:
      field->wire = WIRE_64BIT;
      return take_little_endian(rest, 8, &field->value) ? 1 : -1;
    case WIRE_32BIT:
      field->wire = WIRE_32BIT;
      return take_little_endian(rest, 4, &field->value) ? 1 : -1;
    case WIRE_OCTETS:
      if (!take_varint(rest, &len) || len > rest->len) return -1;
      field->wire = WIRE_OCTETS;
      field->data = (slice){ .s = rest->s, .len = (size_t)len };
      rest->s += len;
      rest->len -= (size_t)len;
      return 1;
    default:
      return -1;
  }
}
