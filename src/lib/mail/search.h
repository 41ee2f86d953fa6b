/* Looking for ASCII in octets; private to src/lib/mail. */
#ifndef PORTER_MAIL_SEARCH_H
#define PORTER_MAIL_SEARCH_H

#include <porter/search.h>

/* The first place in s that holds needle, which is ASCII in lower case, in any letter case; null where none does. needle_len > 0,
 * and small: the worst case is len times needle_len. */
extern char const *caseless_find (char const *s, size_t len, char const *needle, size_t needle_len);

/* What the fields of a mail said so far. */
typedef struct mail_fields_s mail_fields;
struct mail_fields_s {
  int printable, message;   /* a part is in quoted-printable; is a message */
  char const *type, *before;  /* the last Content-Type, and the one before it */
  int opaque;               /* the last one is of what is no text */
  char const *joined;       /* up to there it is followed by fields Content-... only */
};
/* Whether the line that begins at s is a field that says that something is hidden. */
extern int field_hides (mail_fields *f, char const *s, char const *end);

/* 1 where the mail in octets does not match for certain, which its octets tell without reading it as mail. */
extern int mail_refuse (mail_matcher const *m, slice octets);

#endif
