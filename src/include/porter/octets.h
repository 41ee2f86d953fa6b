/* Octets as what a program reads from a descriptor, and what it writes to one. */
#ifndef PORTER_OCTETS_H
#define PORTER_OCTETS_H

#include <stddef.h>
#include <stdint.h>

/* A descriptor, closed on exec, from which the len octets of s can be read to end of file: a pipe where it holds them, a memfd of
 * that name beyond. -1 with errno. Nobody has to write meanwhile. */
extern int octets_fd(char const *name, char const *s, size_t len);

/* A memfd of that name, closed on exec, into which a program writes at most max octets behind its first `at`; what it has written ends where
 * its offset is. Nobody can make it longer than that and some: more than max is noticed, where a write beyond the end may do nothing at
 * all. A limit on the size of files (RLIMIT_FSIZE) is one here. -1 with errno. */
extern int octets_catcher(char const *name, uint64_t at, uint64_t max);

#endif
