/* Messages of maildir.proto to JSON and back, in proto3's JSON mapping (protobuf.dev, ProtoJSON format). What a message
 * has is read from protobuf-c's descriptors. Nothing recurses deeper than MESSAGE_LEVELS_MAX. */
#ifndef PORTER_MESSAGE_JSON_H
#define PORTER_MESSAGE_JSON_H

#include <protobuf-c/protobuf-c.h>

#include <porter/arena.h>
#include <porter/limits.h>
#include <porter/slice.h>

#define MESSAGE_FAULT_SIZE 512 /* room for a fault: one line, NUL-terminated, safe to print */

/* The type of that name, such as "ListReq" or "porter.ListReq"; null where there is none. The result is static. */
extern ProtobufCMessageDescriptor const *message_type(char const *name);

/* Writes the message in the JSON mapping, on one line without a line end, to sink, in pieces: lowerCamelCase names, 64-bit
 * numbers as strings, octets in base64, enums by name; what has its default value is left out, unless defaults
 * is set: then only messages and members of a oneof that are not there are. Takes memory only to join
 * the pieces of a message that was sent in several, at most eight times what the message has.
 * 1 is success. 0 is failure: errno is EPROTO where the message is not one of that type (fault says why; some output may
 * have been written), ENOMEM, or what the sink left. */
extern int message_to_json(ProtobufCMessageDescriptor const *type, slice message, int defaults, sink_func *sink, void *context, char *fault);

/* The message that the JSON text says, into the arena; fields are in the order of their numbers. Names are taken in both
 * spellings, 64-bit numbers also as numbers, octets in both alphabets of base64; null is the default value. Refused are
 * unknown and double names, NUL in strings, numbers out of range, wrong types.
 * 1 is success. 0 is failure: errno is EPROTO (fault says where and why) or ENOMEM. */
extern int json_to_message(ProtobufCMessageDescriptor const *type, slice json, arena *a, slice *message, char *fault);

/* The same for a response in JSON as frame_failure_find: 1, *error is its code and text (TEXT_ESCAPE_MAX + 1 octets) its text, safe to
 * print; 0 where it is none; -1 where this is no JSON. */
extern int json_failure_find(slice json, int *error, char *text);

/* How many values the JSON text has, names included; no fewer, whatever it is. jansson takes up to 250 octets of memory for three
 * of text, so a text from outside is counted before it is read (JSON_VALUES_MAX). */
extern size_t json_values(slice json);

#endif
