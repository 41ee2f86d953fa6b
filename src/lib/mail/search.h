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
  size_t work;              /* octets that may still be looked at a second time: what wants more is read, so that time is linear */
};
/* Takes n octets of that work; 0 where there is not so much. */
static inline int fields_spend(mail_fields *f, size_t n)
{
  return n <= f->work ? f->work -= n, 1 : 0;
}
/* Whether a charset of this name may hide ASCII. */
extern int label_hides (slice label);
/* Whether the line that begins at s is a field that says that something is hidden. */
extern int field_hides (mail_fields *f, char const *s, char const *end);

/* Makes what mail_refuse needs of a matcher whose needle is set. */
extern void mail_refuse_init (mail_matcher *m);
/* 1 where the mail, or the value of one of its fields, in octets does not match for certain, which they tell without being parsed. */
extern int mail_refuse (mail_matcher const *m, slice octets);
/* The same for the octets of a text part that is not base64 and whose charset hides no ASCII. */
extern int mail_refuse_text (mail_matcher const *m, slice octets);

#endif
