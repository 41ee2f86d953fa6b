/* Which mails of a walk the text filter leaves: see sieve.c. */
#ifndef PORTER_MAILDIR_SIEVE_H
#define PORTER_MAILDIR_SIEVE_H

#include "../index/filter.h"
#include "private.h"

typedef struct sieve_s sieve;
struct sieve_s {
  folder *f;
  slice pattern[CURSOR_NARROW_MAX];
  size_t patterns;   /* none: whatever is asked is not of texts, and nothing is left out or learned */
  unsigned int read; /* mails that were read for this walk */
  int loaded;        /* 1; -1: it cannot be */
  folder_filter filter;
  unsigned int asked;     /* mails of the image that the filter was asked for, one by one */
  unsigned char *without; /* a bit for each mail of the image; null until there were so many that all are asked for */
  int64_t begun, making;  /* nanoseconds: when the walk began to read, and what making filters took of it */
  arena scratch;
};
extern int sieve_without(sieve *s, uint32_t number);
/* A mail was read for the walk: once there were some, the filter is loaded; a mail that it does not know gets its bits, as long as that takes a
 * small part of the search. */
extern void sieve_learn(sieve *s, mail_entry *e, slice octets);
/* Leaves behind what was learned. */
extern void sieve_close(sieve *s);

#endif
