/* Whether a mail's subject, addresses or text contain a pattern, in any letter case (simple case folding). */
#ifndef PORTER_SEARCH_H
#define PORTER_SEARCH_H

#include <porter/arena.h>
#include <porter/slice.h>

typedef struct mail_matcher_s mail_matcher;
struct mail_matcher_s {
  slice folded;  /* the pattern, in the arena; what else a quick refusal needs */
};
/* pattern is valid UTF-8, not empty. 0 with errno ENOMEM. */
extern int mail_matcher_init (mail_matcher *m, arena *a, slice pattern);
/* 1 where the mail in octets contains it, 0 where not, -1 with errno ENOMEM. What it takes of scratch can be reset afterwards. */
extern int mail_matches (mail_matcher const *m, arena *scratch, slice octets);

#endif
