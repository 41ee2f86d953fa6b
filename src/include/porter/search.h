/* Whether a mail's subject, addresses or text contain a pattern, in any letter case (simple case folding). Searched are the
 * Subject, From, Sender, Reply-To, To, Cc and Bcc ("name <address>") and all text parts of the mail and of the messages in it; of
 * HTML its text. White space of any kind and length, line ends too, is one blank, in the pattern as well. */
#ifndef PORTER_SEARCH_H
#define PORTER_SEARCH_H

#include <stdint.h>

#include <porter/arena.h>
#include <porter/slice.h>

#define MAIL_NEEDLE_MAX 32
#define MAIL_PAIR(a, b) (((unsigned char)(a) * 5 + (unsigned char)(b)) & 63)

typedef struct mail_matcher_s mail_matcher;
struct mail_matcher_s {
  slice folded;                   /* the pattern, in the arena */
  /* For quick refusals: a part of the pattern that shows in the octets, and whether something in it is not ASCII. */
  char needle[MAIL_NEEDLE_MAX];
  unsigned int needle_len;
  uint64_t letters, pairs;        /* a bit for each of its octets, by their lower six bits, and for each two neighbours */
  unsigned char behind_low[16], behind_high[16];  /* what may follow on its first octet, for a look-up by four bits: see refuse.c */
  int beyond_ascii;
  int thorough;                   /* never refuse quickly: set by tests, which compare */
};
/* pattern is valid UTF-8, not empty. 0 with errno ENOMEM. */
extern int mail_matcher_init (mail_matcher *m, arena *a, slice pattern);
/* 1 where the mail in octets contains it, 0 where not, -1 with errno ENOMEM. What it takes of scratch can be reset afterwards. */
extern int mail_matches (mail_matcher const *m, arena *scratch, slice octets);

#endif
