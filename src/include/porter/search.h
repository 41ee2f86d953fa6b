/* Whether a mail's subject, addresses, texts or file names contain a pattern, as text is compared (porter/text.h: letter case, marks,
 * width and white space make no difference). Searched are the Subject, From, Sender, Reply-To, To, Cc and Bcc ("name <address>"), all
 * text parts of the mail and of the messages in it, of HTML and enriched text what people read, and the names of all parts. */
#ifndef PORTER_SEARCH_H
#define PORTER_SEARCH_H

#include <stdint.h>

#include <porter/arena.h>
#include <porter/mail.h>
#include <porter/slice.h>
#include <porter/text.h>

/* Octets of one mail that are searched: as large as a mail can be that comes in by Append. What lies behind them is not found. */
#define MAIL_SEARCH_MAX (64u << 20)

/* Where a pattern is looked for: in all of that, or in some of it. Fields are the mail's own then, not those of messages inside. */
enum { SEARCH_FROM = 1, SEARCH_TO = 2, SEARCH_CC = 4, SEARCH_BCC = 8, SEARCH_SUBJECT = 16, SEARCH_BODY = 32, SEARCH_NAMES = 64 };

struct mail_refusal_s;
typedef struct mail_matcher_s mail_matcher;
struct mail_matcher_s {
  slice compared;                 /* the pattern, in the arena */
  slice accented;                 /* the same in the form where accents count; empty where they do not */
  struct mail_refusal_s *refusal; /* what tells quickly that a mail does not contain it */
  charset const *fallback;
  unsigned int where; /* SEARCH_...; 0 for all */
  int thorough;       /* never refuse quickly: set by tests, which compare */
};
/* pattern is valid UTF-8; fallback is what text without a charset is read in (null: windows-1252). 0 with errno ENOMEM. */
extern int mail_matcher_init(mail_matcher *m, arena *a, slice pattern, charset const *fallback);
/* From here on accents count (text_accented). 0 with errno ENOMEM. */
extern int mail_matcher_accents(mail_matcher *m, arena *a, slice pattern);
/* 1 where the mail in octets contains it, 0 where not, -1 with errno ENOMEM. *partly is set where it is larger than MAIL_SEARCH_MAX
 * and nothing was found in its beginning. What it takes of scratch can be reset afterwards. */
extern int mail_matches(mail_matcher const *m, arena *scratch, slice octets, int *partly);
/* Gives on every text that mail_matches looks at, in the compared form, in pieces; with s null, where the next begins. *partly as there.
 * 0 with errno ENOMEM. */
extern int mail_texts(arena *scratch, slice octets, charset const *fallback, sink_func *each, void *context, int *partly);

/* --- what is shown of it --- */

#define MAIL_EXCERPT_MAX 255   /* octets of a text */
#define MAIL_EXCERPT_MARKS 100 /* of one */

typedef struct mail_excerpt_s mail_excerpt;
struct mail_excerpt_s {
  slice subject, text;                  /* white space one blank; empty where there is no hit */
  uint32_t *subject_marks, *text_marks; /* of each hit where it begins and how many octets it has, ascending, none over another */
  size_t subject_count, text_count;     /* of numbers: two for each hit */
};
/* Where phrases are in a mail's subject, and in the text around the first that is in one of its texts; phrases that are looked for elsewhere do
 * not count. It lies in the arena. 0 with errno ENOMEM. */
extern int mail_excerpt_make(arena *a, mime_tree const *tree, mail_matcher *const *phrase, size_t count, mail_excerpt *out);

#endif
