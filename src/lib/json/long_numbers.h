/* jansson's integers end at 2^63 - 1, uint64's at 2^64 - 1. */
#ifndef PORTER_LONG_NUMBERS_H
#define PORTER_LONG_NUMBERS_H

#include <porter/slice.h>

/* The text with each whole number of 19 digits or more as a string that begins with NUL, which no other string of the
 * text does: where one is escaped in it, the answer is null with errno EPROTO. Null with errno ENOMEM as well.
 * To be freed. */
extern char *quote_long_numbers(slice json, size_t *len);

#endif
