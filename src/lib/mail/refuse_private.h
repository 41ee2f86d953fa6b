/* What the files behind refuse.h share. */
#ifndef PORTER_MAIL_REFUSE_PRIVATE_H
#define PORTER_MAIL_REFUSE_PRIVATE_H

#include "refuse.h"

#define NEEDLE_MAX 32
#define NEEDLE_PAIR(a, b) (((unsigned char)(a)*5 + (unsigned char)(b)) & 63)

struct mail_refusal_s {
  char needle[NEEDLE_MAX]; /* a run of ASCII letters and digits of the pattern */
  unsigned int needle_len;
  uint64_t letters, pairs;                       /* a bit for each of its octets, by their lower six bits, and for each two neighbours */
  unsigned char behind_low[16], behind_high[16]; /* what may follow on its first octet, for a look-up by four bits */
  int beyond_ascii;                              /* something in the pattern is no ASCII */
  int any_hides;                                 /* text without a label may be in a charset in which an octet above 127 hides ASCII */
  charset const *fallback;
};

/* What the fields of a mail said so far. */
typedef struct mail_fields_s mail_fields;
struct mail_fields_s {
  int printable, message;    /* a part is in quoted-printable; is a message */
  int unlabelled;            /* a part is HTML without a charset, and may name one itself */
  char const *type, *before; /* the last Content-Type, and the one before it */
  int opaque;                /* the last one is of what is no text */
  char const *joined;        /* up to there it is followed by fields Content-... only */
  int beyond;                /* an octet above 127 was met, raw or as an escape */
  size_t work;               /* octets that may still be looked at a second time: what wants more is read, so that time is linear */
};
/* Takes n octets of that work; 0 where there is not so much. */
static inline int fields_spend(mail_fields *f, size_t n) { return n <= f->work ? f->work -= n, 1 : 0; }
/* Whether text in it may hide ASCII. */
extern int charset_hides(charset const *c);

/* --- what hides the needle; in a text part, which has neither fields nor encoded words, f is null --- */

/* Whether the line that begins at s is a field that says that something is hidden. */
extern int field_hides(mail_fields *f, char const *s, char const *end);
/* The special octet at s[i]; begun: a beginning of the needle is before it, from where all that hides the rest is seen. */
extern int special_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i, int begun);
/* The encoded word whose "=?" is at s[i]. */
extern int word_hides(mail_refusal const *m, mail_fields *f, char const *s, size_t len, size_t i);
/* All of them: whether the needle is there, or hidden. m has gone through octets_prepare. */
extern int octets_hide(mail_refusal const *m, mail_fields *f, char const *s, size_t len);
/* Makes the look-up tables of m from its needle. */
extern void octets_prepare(mail_refusal *m);

/* Whether octet i of s stands behind a beginning of the needle, but not all of it; with next, whether that may go on there. */
extern int needle_behind(mail_refusal const *m, char const *s, size_t i, char const *next);
/* What makes a special octet's neighbours uncertain, as decoding may take it away. */
static inline int vanishes(char c) { return c == '"' || c == '\\' || c == '=' || c == '(' || c == '\r' || c == 0x1b || c == 0x0e || c == 0x0f; }

/* The first place in s that holds needle, which is ASCII in lower case, in any letter case; null where none does. needle_len > 0,
 * and small: the worst case is len times needle_len. */
extern char const *caseless_find(char const *s, size_t len, char const *needle, size_t needle_len);

#endif
