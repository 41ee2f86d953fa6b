/* Messages in an arena. */
#ifndef PORTER_MESSAGE_H
#define PORTER_MESSAGE_H

#include <protobuf-c/protobuf-c.h>

#include <porter/arena.h>
#include <porter/slice.h>

/* Unpacks a message of type d into the arena, which owns all of it. Null where it is none, or memory fails. What others made is
 * looked at before (wire.h). */
extern void *message_unpack(ProtobufCMessageDescriptor const *d, slice message, arena *a);
/* The message packed, in the arena. 1, or 0 with errno ENOMEM. */
extern int message_pack(ProtobufCMessage const *message, arena *a, slice *packed);

#endif
