/* What both directions of the JSON mapping share. */
#ifndef PORTER_JSON_INTERNAL_H
#define PORTER_JSON_INTERNAL_H

#include <protobuf-c/protobuf-c.h>

#include <porter/slice.h>

/* Where in a message somebody is; a chain of these lies on the stack, for fault lines such as "mailHeads[2].header.cc: ...". */
typedef struct place_s place;
struct place_s {
  place const *up;
  char const *field; /* as the proto file spells it */
  size_t index;
  int repeated; /* index counts */
  unsigned int level;
};

/* Writes the line to fault (MESSAGE_FAULT_SIZE octets; what is too long is cut), sets errno to EPROTO, returns 0. */
extern int message_fault(char *fault, place const *at, char const *what, char const *detail, size_t detail_len);

/* The JSON spelling of a field's name: reads_email is readsEmail. Needs strlen(name) + 1 octets; NUL-terminated. */
extern void message_camel(char *camel, char const *name);
#define MESSAGE_NAME_MAX 64

#endif
