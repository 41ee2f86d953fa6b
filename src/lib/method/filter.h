/* Filters: what a mail must have, as a tree. */
#ifndef PORTER_FILTER_H
#define PORTER_FILTER_H

#include "scope.h"

typedef struct filter_s filter;
/* Makes a filter of a client's (null: none, and every mail has it). EXIT_DONE, or the failure that was answered. */
extern int filter_make(method_call *call, Porter__Filter const *from, filter **f);
/* From here on mails of that folder are matched; k are its keywords, which is its number: what is made of them is kept. 1, or 0 with errno. */
extern int filter_enter(filter *fl, folder *f, keywords *k, slice name, size_t which);
/* Forgets it. */
extern void filter_leave(filter *fl);
/* Tells a cursor what every mail must contain: cursor_narrow. */
extern void filter_narrow(filter const *fl, cursor *c);
/* The phrases of a filter, but for those below NONE, in the arena of the call. 1, or 0 with errno ENOMEM. */
extern int filter_phrases(filter const *fl, mail_matcher ***phrase, size_t *count);
/* A mail_match: context is the filter, which was entered with that folder. */
extern int filter_match(void *context, folder *f, mail_entry *e, slice const *octets);
/* What must have been asked for before a mail is matched: nothing; the threads of the folders' mails (conversations_make); those of all folders, of which
 * filter_threads then notes which have what is asked. */
enum filter_wants { FILTER_NO_THREADS, FILTER_THREAD, FILTER_OF_THREADS };
extern enum filter_wants filter_wants(filter const *fl);
/* EXIT_DONE, or the failure that was answered. */
extern int filter_threads(filter *fl, scope *all);
extern void filter_end(filter *fl);

#endif
