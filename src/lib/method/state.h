/* States: whether anything has changed in folders since. Without an index a state is "0." and a hash of the names, ids and stamps of the folders
 * it was made of, in order; one that could hide a change to come has a '?' behind it, and is never equal to another. */
#ifndef PORTER_STATE_H
#define PORTER_STATE_H

#include "scope.h"

#define STATE_MAX 100 /* octets that a client may send as one */
#define STATE_FMT 24
/* Writes the state of the folders from to to - 1 of the scope, which it opens; those that have gone meanwhile are not in it. A change that
 * is younger than the clock's grain is waited out, but for remote file systems. EXIT_DONE or EXIT_TEMPORARY. */
extern int state_make(scope *s, size_t from, size_t to, char *state);

#endif
