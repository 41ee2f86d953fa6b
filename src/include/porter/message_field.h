/* The fields of an encoded message (protobuf's wire format), one after the other, without taking memory. */
#ifndef PORTER_MESSAGE_FIELD_H
#define PORTER_MESSAGE_FIELD_H

#include <stdint.h>

#include <porter/slice.h>

enum message_wire { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_OCTETS = 2, WIRE_32BIT = 5 };

typedef struct message_field_s message_field;
struct message_field_s {
  uint32_t number;
  enum message_wire wire;
  uint64_t value;  /* of all but WIRE_OCTETS */
  slice data;      /* of WIRE_OCTETS; points into the message */
};

/* Takes the next field off the front of rest. 1 for a field, 0 at the end of the message, -1 where what follows is no field
 * (groups, which proto3 has not, are none). */
extern int message_field_next (slice *rest, message_field *field);

#endif
