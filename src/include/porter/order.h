/* The order of a folder's mails, and places in it (maildir.proto, Sort and Bound). */
#ifndef PORTER_ORDER_H
#define PORTER_ORDER_H

#include <porter/mail.h>
#include <porter/maildir.h>

/* ORDER_BASE: by base and inode alone, which costs nothing. */
enum order_by { ORDER_DATE, ORDER_SIZE, ORDER_SENDER, ORDER_SUBJECT, ORDER_ARRIVAL, ORDER_BASE };

#define ORDER_TEXT_MAX 256 /* octets of a folded text that count; ties go by base, then inode */

typedef struct order_key_s order_key;
struct order_key_s {
  int64_t number; /* ORDER_DATE and ORDER_ARRIVAL: seconds; ORDER_SIZE: octets */
  slice text;     /* ORDER_SENDER and ORDER_SUBJECT: folded, at most ORDER_TEXT_MAX octets */
  mail_entry *mail;
};

/* The key of a place that a bound names whose mail is not there: text in the arena. param is what order_key_param wrote, or what a client saw of
 * the mail: seconds or RFC 3339, a size in decimal, a sender's name or address, a subject. 0 with errno EINVAL where it is no key of this order. */
extern int order_key_bound(order_key *k, enum order_by by, arena *a, slice param, slice mid);
/* The param that names the key; s has ORDER_TEXT_MAX + 1 octets; NUL-terminated. */
extern size_t order_key_param(char *s, enum order_by by, order_key const *k);
/* By number, then text, then base, then inode: a total order. The place of a plain mid lies before all mails that share its base. */
extern int order_compare(order_key const *a, order_key const *b);

/* The keys that values of fields give (s null: there is no such field): texts in the arena. */
extern int order_sender(arena *a, mail_charsets *charsets, slice from, slice *key);
extern int order_subject(arena *a, mail_charsets *charsets, slice subject, slice *key);

/* The base subject (RFC 5256 2.1, and marks of other languages) of a subject that is decoded and folded (text_fold), its white space blanks: a
 * part of subject, which is changed. */
extern slice subject_base(char *subject, size_t len);

#endif
