/* HMAC-SHA256 (RFC 2104, RFC 4231), which the control port's safe cookies need and skalibs lacks. */
#ifndef PORTER_HMAC_H
#define PORTER_HMAC_H

#include <porter/slice.h>

#define HMAC_SHA256_SIZE 32

/* Writes to out (HMAC_SHA256_SIZE octets) the code of the n pieces, one behind the other, under key. Keeps nothing of the key in memory. */
extern void hmac_sha256(char *out, slice key, slice const *piece, size_t n);
/* 1 if the len octets are equal; takes the same time wherever they differ. */
extern int hmac_equal(char const *a, char const *b, size_t len);

#endif
