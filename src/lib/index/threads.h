/* porter.threads: which thread each key of a mail is in (a key: the hash of an id and a subject), for all folders of a mailbox. doc/index.md has
 * the layout, and why it is a cache: the records of the folders' indexes have the ids of their mails' threads, so the table can be made of them. */
#ifndef PORTER_INDEX_THREADS_H
#define PORTER_INDEX_THREADS_H

#include "format.h"

#define THREADS_NAME "porter.threads"
#define THREADS_MAGIC "portert1"
#define THREADS_BLOCK 4096 /* octets of a block; the last 16: its check, and 0 */
#define THREADS_SLOT 12    /* of a slot: key 8, number of a thread 4 (0: empty) */
#define THREADS_SLOTS 340  /* of a block */
#define THREADS_IDS 510    /* of a block: 8 octets each */
#define THREADS_BLOCKS_MAX (1u << 20)
#define THREADS_MAX (UINT32_C(1) << 28)

typedef struct thread_table_s thread_table;
struct thread_table_s {
  int dir;          /* where the file is: not owned */
  char const *name; /* of it there: not owned */
  int fd;           /* -1: the table is in memory alone */
  int writable;     /* we have the lock */
  int whole;        /* all of the file has to be written */
  int broken;       /* what was read of it is not what was written: it is of no use */
  uint64_t birth;   /* random; in every block's check */
  uint64_t version; /* of the keys, as an index has it */
  char key[INDEX_KEY];
  uint32_t slot_blocks, threads, keys;
  char **block;         /* those of slots, then those of ids; null: it was not read yet */
  unsigned char *dirty; /* for each: it has to be written */
  uint32_t room;
};

/* Opens the table of that name in dir, of keys of that version, and locks it; dir -1: in memory alone. 1; 0: it is empty, and what is known
 * elsewhere must be put into it first (the file is new, or is none that can be used, or is of another version); -1 with errno where memory fails.
 * What cannot be locked, or made, stays in memory. */
extern int thread_table_open(thread_table *t, int dir, char const *name, uint64_t version);
/* Empties it: what was read is broken. 0 with errno. */
extern int thread_table_empty(thread_table *t);
/* Room for so many keys at once. 0 with errno. */
extern int thread_table_expect(thread_table *t, uint64_t keys);
/* The thread of a mail with these keys, one at least: the oldest that has one of them, else a new one, whose id is the first key. Keys that had
 * none get it. 0 with errno: memory, or the table is broken. */
extern int thread_table_join(thread_table *t, uint64_t const *key, size_t keys, uint64_t *id);
/* The thread of that id: made where it is not there. */
extern int thread_table_know(thread_table *t, uint64_t id);
/* Gives the key to that thread, unless it has one. */
extern int thread_table_put(thread_table *t, uint64_t key, uint64_t id);
/* Leaves it in the file: 1; 0 where that cannot be. A file that could not be written whole is none. */
extern int thread_table_write(thread_table *t);
extern void thread_table_close(thread_table *t);

/* The key of an id's hash in a subject that has no white space: never 0. */
extern uint64_t thread_key(uint64_t id_hash, slice subject);

#endif
