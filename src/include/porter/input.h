/* All that a descriptor gives until its end, with a bound. */
#ifndef PORTER_INPUT_H
#define PORTER_INPUT_H

#include <skalibs/stralloc.h>

/* Adds what fd gives until its end of file to input, at most max octets. 1, or 0 with errno: EMSGSIZE where there is more,
 * ENOMEM, or read's. */
extern int input_read(int fd, size_t max, stralloc *input);

#endif
