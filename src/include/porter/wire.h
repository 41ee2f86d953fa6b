/* A look at a message before anything of it is unpacked: linear, without recursion or memory. */
#ifndef PORTER_WIRE_H
#define PORTER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include <porter/limits.h>

/* 1 if s is a message of type d: whole fields (message_field.h) of the right wire types, at most WIRE_FIELDS_MAX of them and
 * WIRE_LEVELS_MAX deep, strings of valid UTF-8 without NUL. Unknown fields are passed over. 0 with *why, a static text, where not. */
extern int wire_check(ProtobufCMessageDescriptor const *d, uint8_t const *s, size_t len, char const **why);

#endif
