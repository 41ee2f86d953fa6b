/* What Append and Upload share: octets on their way into a file. Functions give EXIT_DONE, or the code of the failure that was
 * answered. */
#ifndef PORTER_STORING_H
#define PORTER_STORING_H

#include <porter/method.h>
#include <porter/store.h>

typedef struct storing_s storing;
struct storing_s {
  delivery d;
  uint64_t size;    /* octets so far */
  char const *what; /* what a person is told where they cannot be stored, */
  slice where;      /* and of what */
};

/* Adds the pieces; adds the octets of the call's large field. At most OCTETS_MAX in all. */
extern int storing_pieces(method_call *call, storing *to, Porter__Piece *const *pieces, size_t count);
extern int storing_octets(method_call *call, storing *to);
/* The failure that errno says. */
extern int storing_fail(method_call *call, storing const *to);

#endif
