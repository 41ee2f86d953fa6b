/* A piece of memory that somebody else owns: not NUL-terminated, may be empty (s may then be null). */
#ifndef PORTER_SLICE_H
#define PORTER_SLICE_H

#include <stddef.h>

typedef struct slice_s slice;
struct slice_s {
  char const *s;
  size_t len;
};
#define SLICE_ZERO \
  { \
    .s = 0, .len = 0 \
  }

/* Receives output in pieces. Returns 1 to go on, 0 to stop; the producer then returns 0 too, errno as the sink left it. */
typedef int sink_func(void *context, char const *s, size_t len);

#endif
