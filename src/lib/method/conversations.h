/* Threads, as methods ask for them: which mails belong together is maildir/threads.c's to say. */
#ifndef PORTER_CONVERSATIONS_H
#define PORTER_CONVERSATIONS_H

#include "scope.h"

#define THREAD_ID_LEN 16
/* The id as hex digits and NUL; "" for 0, which is none. */
extern void conversations_id(uint64_t id, char *s);
/* The same as a string in the arena; null where memory fails. */
extern char *conversations_build(arena *a, uint64_t id);
/* What it reads as, 0 where it is no id. */
extern uint64_t conversations_scan(char const *s);

/* Opens the folders of the scope and gives their mails threads. EXIT_DONE, or the failure that was answered; named: folders that are not there are
 * failures. */
extern int conversations_make(scope *s, int named);
/* The same for one that is open, whatever the call gave up for it. */
extern int conversations_of(method_call *call, folder *f);
/* Calls each with a line for every mail of the scope (of threads in only, where that is not null: folder_lines). An index may break under way: then forget is called, and all is told once more. EXIT_DONE, or
 * the failure that was answered. */
typedef void forget_func(void *context);
extern int conversations_lines(scope *s, int names, thread_set const *only, folder_line *each, forget_func *forget, void *context);

/* Numbers for ids, from 0 on, in the order in which they were met. Who sends mail knows its thread's id beforehand, and can look for mails whose ids a
 * table places alike: so where an id stands goes by a secret, another for each table. */
typedef struct thread_numbers_s thread_numbers;
struct thread_numbers_s {
  uint64_t *id; /* by number */
  uint32_t count, room;
  uint32_t *slot; /* of numbers and 1: an open table */
  size_t mask;
  uint64_t secret[2];
};
/* The number of an id, which gets one; UINT32_MAX where memory fails. */
extern uint32_t thread_number(thread_numbers *t, uint64_t id);
/* UINT32_MAX where it has none. */
extern uint32_t thread_number_find(thread_numbers const *t, uint64_t id);
extern void thread_numbers_free(thread_numbers *t);

#endif
