/* Octets as what a program reads from a descriptor. */
#ifndef PORTER_OCTETS_H
#define PORTER_OCTETS_H

#include <stddef.h>

/* A descriptor, closed on exec, from which the len octets of s can be read to end of file: a pipe where it holds them, a memfd of
 * that name beyond. -1 with errno. Nobody has to write meanwhile. */
extern int octets_fd (char const *name, char const *s, size_t len);

#endif
