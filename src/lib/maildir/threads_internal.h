/* What the files that join mails to their threads share. threads.c calls threads_gather.c, never the other way. */
#ifndef PORTER_MAILDIR_THREADS_INTERNAL_H
#define PORTER_MAILDIR_THREADS_INTERNAL_H

#include "../index/threads.h"
#include "indexed.h"

/* A mail that joins, or one whose thread is put into a new table. */
typedef struct newcomer_s newcomer;
struct newcomer_s {
  int64_t arrival;
  slice base;
  uint64_t *key; /* of what it refers to, then its own */
  uint64_t thread;
  size_t folder;
  mail_entry *e;   /* null: it is in the folder's index, */
  uint32_t number; /* with that number */
  unsigned int keys;
};

typedef struct joining_s joining;
struct joining_s {
  mailbox *box;
  folder **f;
  size_t folders, asked; /* the first are those that the call asks for */
  newcomer *list;
  size_t count, room;
  uint64_t keys;
  arena a, scratch;
  int known_too;                   /* mails that have a thread are wanted, too */
  char name[MAILDIR_NAME_MAX + 1]; /* of the table */
};

/* --- threads_gather.c: 0 with errno --- */

/* Whether a mail of the folder may have no thread. Its index is made, or it is listed. */
extern int joining_has_news(joining *j, size_t i);
/* Adds to the list, which is to be freed, the mails that are wanted of all folders. Their texts and keys are in j->a. */
extern int joining_gather(joining *j);
/* The list anew, of all mails, those that have a thread among them: rule 2 of threads.c; without a lock, which lasting says there is, rule 3. The
 * folders opened for it are j->f's last, to be forgotten. EMFILE: there are too many. */
extern int joining_gather_all(joining *j, int lasting);
/* Closes the folders that were opened for the list. */
extern void joining_forget_others(joining *j);

#endif
