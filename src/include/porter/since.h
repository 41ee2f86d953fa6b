/* What happened in a folder, and in a mailbox, since a moment that is kept: doc/index.md, "porter.states".
 *
 * Functions that return int give 1 on success and 0 with errno on failure, unless they say otherwise. */
#ifndef PORTER_SINCE_H
#define PORTER_SINCE_H

#include <porter/folder.h>

/* --- one folder --- */

/* A moment of a folder, as its index has it. */
typedef struct folder_moment_s folder_moment;
struct folder_moment_s {
  uint64_t birth, check; /* of the index; of its last segment that has operations */
  uint32_t sequence;     /* of that segment */
  uint32_t serial;       /* mails with a lower one have been there then, others came later */
  uint32_t mails, unread;
  uint64_t octets;
};
/* The moment now, without serial. The folder is looked at if that has not been done, and gets an index if it has none. ENOTSUP: it can have none that
 * others see; EAGAIN: another call is writing to that, so the folder has to be opened again. */
extern int folder_moment_take(folder *f, folder_moment *m);
/* Its serial, which costs more. */
extern int folder_moment_serial(folder *f, folder_moment *m);
/* Whether the folder goes on from m, which has its birth; else its index is an old one that was put back. */
extern int folder_follows(folder *f, folder_moment const *m);
/* Whether the folder is as it was looked at, or else opened: 1; 0 where a stamp has moved since; -1 where that could have been without a trace, and in a moment (35 ms)
 * will no more. */
extern int folder_unmoved(folder *f);

/* A mail at the last thing that happened to it. */
typedef struct mail_trace_s mail_trace;
struct mail_trace_s {
  slice base;
  uint64_t inode; /* of one that has gone 0 */
  uint32_t serial, sequence;
  uint64_t thread;          /* 0: none was given yet */
  unsigned char gone, twin; /* twin: another inode has its base */
};
typedef int mail_trace_func(void *context, mail_trace const *t);
/* Calls each for every mail that came, went or was changed after that sequence number; with -1, for all that are there, and some that have gone. The base
 * stays until each comes back. 0 with errno where each gave 0, or the index cannot be read. */
extern int folder_touched(folder *f, int64_t sequence, mail_trace_func *each, void *context);
/* Whether all that went after that sequence number is known. */
extern int folder_reaches(folder *f, int64_t sequence);
/* Calls each for every mail of these threads (sorted) that is there, or has gone as far as that is known: likewise. */
extern int folder_kin(folder *f, uint64_t const *threads, size_t count, mail_trace_func *each, void *context);
/* Calls each, with which of them it is, for every mail that is there and has one of these bases, all different: likewise. */
typedef int mail_hit_func(void *context, size_t which, mail_trace const *t);
extern int folder_look_up(folder *f, slice const *bases, size_t count, mail_hit_func *each, void *context);

/* --- the mailbox: porter.states --- */

/* A folder in a moment of the mailbox. */
typedef struct states_folder_s states_folder;
struct states_folder_s {
  uint64_t id;
  folder_moment at;
  slice name;
  int there;      /* else it has gone */
  size_t changed; /* the last record that says something of it */
};

/* The file as it was read. Memory is the arena's. */
typedef struct states_s states;
struct states_s {
  uint64_t birth;         /* where there are records */
  char *s;                /* its octets, as far as they are good */
  size_t len, size;       /* of these; of the file */
  uint64_t inode, device; /* of the file; 0: there is none, or none of ours */
  size_t records;
  size_t *at; /* where each begins */
  states_folder *slot;
  size_t slots; /* as of the last record */
};
/* Where there is no file of use there are no records. */
extern int states_read(states *st, mailbox *box, arena *a);
/* The number of a record, by which it is found again: never given twice. */
extern uint64_t states_number(states const *st, size_t record);
/* The record with that number; 0 where it is not kept. */
extern int states_find(states const *st, uint64_t number, size_t *record);
/* The newest record, not after that one, that stays what it is for a while: a state of something that has not changed. */
extern size_t states_landmark(states const *st);
/* The folders at a record, by slot: a folder keeps its own. */
extern int states_at(states const *st, size_t record, arena *a, states_folder **slot, size_t *slots);
/* Whether both are the same folder at the same moment: serial, there and changed aside. */
extern int states_same(states_folder const *a, states_folder const *b);
/* Adds the moment of these folders, of which changed is not looked at, as a record, and gives birth and number. anew: with another birth, so that no record
 * from before is known. EAGAIN: another call has added one since st was read. Any other errno: it cannot be written. */
extern int states_add(states const *st, mailbox *box, arena *a, states_folder const *now, size_t count, int anew, uint64_t *birth, uint64_t *number);

#endif
