/* A look at protobuf's wire format before anything is unpacked (protobuf.dev, Encoding): linear, without recursion or memory. */
#ifndef PORTER_WIRE_H
#define PORTER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

/* protobuf-c takes 48 octets and more for each field, and recurses at each level. */
#define WIRE_FIELDS_MAX 10000
#define WIRE_LEVELS_MAX 16
/* 1 if s is a message of type d: whole fields of the right wire types, at most WIRE_FIELDS_MAX of them and WIRE_LEVELS_MAX deep,
 * strings of valid UTF-8 without NUL, no groups. Unknown fields are passed over. 0 with *why, a static text, where not. */
extern int wire_check (ProtobufCMessageDescriptor const *d, uint8_t const *s, size_t len, char const **why);

/* Writes n as a varint to s; 10 octets hold any. Returns the length. */
extern size_t wire_varint (uint8_t *s, uint64_t n);

#endif
