/* Looking for ASCII in octets; private to src/lib/mail. */
#ifndef PORTER_MAIL_SEARCH_H
#define PORTER_MAIL_SEARCH_H

#include <stddef.h>

/* Whether the octets of s hold needle, which is ASCII in lower case, in any letter case. needle_len > 0, and small: the worst
 * case is len times needle_len. */
extern int caseless_find (char const *s, size_t len, char const *needle, size_t needle_len);

#endif
