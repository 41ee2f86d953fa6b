/* Which mails belong together. A mail's keys are the pairs of an id (its Message-ID, and those that it refers to) and its base subject
 * without white space. In order of arrival, each joins the oldest thread that has one of its keys, else begins one; its keys without a
 * thread get that one. A thread's id is the hash of the first key of the mail that began it: its first reference, else its
 * Message-ID, else its mid. Broken and cyclic references are keys like others. */
#ifndef PORTER_CONVERSATIONS_H
#define PORTER_CONVERSATIONS_H

#include "scope.h"

typedef struct threaded_s threaded;
struct threaded_s {
  mail_entry *e;
  size_t folder; /* of the scope */
  slice mid;
  int64_t arrival;
  uint64_t *key; /* the first one first */
  unsigned int keys;
  unsigned int thread;
  unsigned char unread, again; /* again: a mail that was met before, in another folder */
  char flags[sizeof MAILDIR_FLAGS];
};

typedef struct conversations_s conversations;
struct conversations_s {
  threaded *mail; /* in order of arrival, ties by mid, then folder */
  size_t count;
  uint64_t *id; /* of each thread */
  unsigned int threads;
  unsigned int *index; /* of mails by entry, and 1; once conversations_index was called */
  size_t mask;
};
/* Reads the heads of all mails of the scope's folders. EXIT_DONE, or the failure that was answered; named: folders that are not there are failures. */
extern int conversations_make(scope *s, int named, conversations *c);
/* Makes them be found by entry. 0 with errno ENOMEM. conversations_find gives null where there is none. */
extern int conversations_index(arena *a, conversations *c);
extern threaded const *conversations_find(conversations const *c, mail_entry const *e);
#define THREAD_ID_LEN 16
/* The id as hex digits and NUL. */
extern void conversations_id(uint64_t id, char *s);

#endif
