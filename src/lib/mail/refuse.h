/* Whether a mail, a field or a text does not contain a pattern for certain, told by its octets; private to src/lib/mail. This is all
 * that search.c knows of it. */
#ifndef PORTER_MAIL_REFUSE_H
#define PORTER_MAIL_REFUSE_H

#include "private.h"

typedef struct mail_refusal_s mail_refusal;

/* For a pattern in the form of text that is compared; fallback: see mime_part. Null where memory fails. */
extern mail_refusal *mail_refusal_make(arena *a, slice compared, charset const *fallback);
/* 1 where no text of the mail in octets contains it. 0 says nothing. */
extern int mail_refuse(mail_refusal const *r, slice octets);
/* The same for the text of one text part; what is decoded is given back to scratch at once. */
extern int mail_refuse_text(mail_refusal const *r, arena *scratch, mime_part const *part);

#endif
