/* The fields of an encoded message (protobuf's wire format: protobuf.dev, Encoding), one after the other, without taking memory.
 * Whatever of porter reads that format reads it here, so that all are equally strict: numbers of fields from 1 to 2^29 - 1, tags
 * and lengths of at most 5 octets, numbers of at most 10 octets and 64 bits, no groups (which proto3 has not). */
#ifndef PORTER_MESSAGE_FIELD_H
#define PORTER_MESSAGE_FIELD_H

#include <stdint.h>

#include <porter/slice.h>

enum message_wire { WIRE_VARINT = 0, WIRE_64BIT = 1, WIRE_OCTETS = 2, WIRE_32BIT = 5 };

typedef struct message_field_s message_field;
struct message_field_s {
  uint32_t number;
  enum message_wire wire;
  uint64_t value; /* of all but WIRE_OCTETS */
  slice data;     /* of WIRE_OCTETS; points into the message */
};

/* What message_field_next finds; what is below 0 is no field. */
enum message_result {
  MESSAGE_FIELD = 1,
  MESSAGE_END = 0,
  MESSAGE_TAG = -1,    /* no tag, or one of no field */
  MESSAGE_NUMBER = -2, /* a number or length that is cut, or overlong */
  MESSAGE_CUT = -3,    /* a value that goes beyond the end */
  MESSAGE_TYPE = -4    /* a group, or a wire type that there is none */
};

/* Takes the next field off the front of rest. */
extern int message_field_next(slice *rest, message_field *field);
/* Takes a number off the front of rest: those of a packed field stand one behind the other. 1, or 0 where there is none. */
extern int message_varint_next(slice *rest, uint64_t *value);
/* What a person is told where the result is below 0; a static string. */
extern char const *message_field_reason(int result);

/* Writes n as a varint to s; 10 octets hold any. Returns the length. */
extern size_t message_varint(uint8_t *s, uint64_t n);

#endif
