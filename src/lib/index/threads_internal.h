/* What threads.c and threads_file.c share: the blocks of a table of threads. */
#ifndef PORTER_INDEX_THREADS_INTERNAL_H
#define PORTER_INDEX_THREADS_INTERNAL_H

#include "threads.h"

#define THREADS_AT_CHECK (THREADS_BLOCK - 16) /* where the check of a block stands */

/* Marks it as of no use. 0 with errno EILSEQ. */
extern int thread_table_broken(thread_table *t);
/* How many blocks the ids of so many threads take. */
extern uint32_t thread_id_blocks(uint32_t threads);
/* The check of a block: UINT32_MAX is the header. */
extern uint64_t thread_block_check(thread_table const *t, uint32_t block, char const *s);
/* Reads THREADS_BLOCK octets at that place of the file. 0 with errno; EILSEQ: the file ends before. */
extern int thread_block_read(int fd, uint64_t at, char *s);
/* Frees all blocks. */
extern void thread_blocks_forget(thread_table *t);
/* So many empty blocks of slots. 0 with errno. */
extern int thread_slots_make(thread_table *t, uint32_t blocks);

#endif
