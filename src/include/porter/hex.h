/* Hexadecimal digits. */
#ifndef PORTER_HEX_H
#define PORTER_HEX_H

#include <stddef.h>

#define HEX_LOWER "0123456789abcdef"
#define HEX_UPPER "0123456789ABCDEF"

/* What a digit of either case is worth; -1: it is none. */
extern signed char const hex_worth[256]; /* and one more */
static inline int hex_value(char c) { return hex_worth[(unsigned char)c] - 1; }

/* Reads len digits; out has len / 2 octets, and may be s. 0: an odd number, or one that is no digit. */
extern int hex_scan(char *out, char const *s, size_t len);
/* Writes len octets as 2 * len of those digits (HEX_LOWER or HEX_UPPER); returns how many. */
extern size_t hex_fmt(char *out, void const *octets, size_t len, char const *digits);

#endif
