/* What looking at a folder (census.c) asks of the table of its mails (census_table.c). */
#ifndef PORTER_MAILDIR_CENSUS_INTERNAL_H
#define PORTER_MAILDIR_CENSUS_INTERNAL_H

#include "private.h"

/* A pass over a place: what it lists is met, by rules 1 and 2. first: the first pass of this scan. 0 with errno. */
extern int census_add(census *c, place_list const *list, int where, unsigned int first);
/* Drops what has been marked as gone, and makes the table anew. 0 with errno. */
extern int census_drop_gone(census *c);

/* Whether any of a few is marked so: most of the many need no further look. */
#define CENSUS_BITS 65536
static inline int census_has_bit(unsigned char const *bits, uint64_t n) { return bits[n % CENSUS_BITS / 8] & 1 << n % 8; }
static inline void census_set_bit(unsigned char *bits, uint64_t n) { bits[n % CENSUS_BITS / 8] |= (unsigned char)(1 << n % 8); }

#endif
