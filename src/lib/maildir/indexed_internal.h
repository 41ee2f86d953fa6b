/* What the files of a folder that is known by its index share. Each calls only those before it: indexed_mail.c, indexed_image.c, indexed_look.c,
 * indexed_thread.c, indexed.c, which opens with the states. */
#ifndef PORTER_MAILDIR_INDEXED_INTERNAL_H
#define PORTER_MAILDIR_INDEXED_INTERNAL_H

#include "../index/compare.h"
#include "indexed.h"

enum { NONE, STALE, FRESH };

struct folder_indexed_s {
  folder_index ix;
  int state;   /* set by indexed.c alone */
  int unsaved; /* what was found is not in the file: its serials name these mails for this process alone. errno says why */
  int dir;     /* where the file is; not owned */
  char name[INDEX_NAME_MAX + 1], search[INDEX_NAME_MAX + 1];
  index_stamp stamp[PLACES]; /* from before the look */
  mail_entry **entry;        /* those handed out, by number: an open table */
  size_t entries, mask;
  int remade; /* provisional keys were made anew */
};

/* --- indexed_mail.c --- */

/* The record and text of e from its head; the text is in a. 0 with errno: ENOENT where the mail has gone. */
extern int indexed_record(folder *f, mail_entry *e, arena *a, index_record *r, slice *text);
/* What a mail that is read anew keeps of its thread: 0 where that is of its base alone, as the mail could not be read before. */
extern uint64_t indexed_thread_kept(index_mail const *before);
/* The same for a comparison, of which the folder is the context. */
extern index_head_func indexed_head;
/* Entries that were handed out keep what they say; the numbers are others now. */
extern void indexed_forget_numbers(folder_indexed *x);

/* --- indexed_image.c --- */

/* Makes the index, from the listing that f->mails is, which was taken after the stamps. 0 with errno: it is of no use. */
extern int indexed_make(folder *f);
/* A new image of what the index and a listing of both places say. 0 with errno. */
extern int indexed_make_again(folder *f, comparison const *c);
/* The image of which records were changed in memory, and its segments, in the place of the file that was read. 0 with errno: it is as it was. */
extern int indexed_leave_again(folder *f);

/* --- indexed_look.c --- */

/* What new and cur have now. 0 with errno. */
extern int indexed_take_stamps(folder *f, index_stamp stamp[PLACES]);
/* Whether place p is as the index has it. */
extern int indexed_unchanged(folder_index const *ix, index_stamp const stamp[PLACES], int p);
/* folder_unmoved of it. */
extern int indexed_unmoved(folder *f);
/* Looks until the index says what is there, and leaves that behind. 0: it is of no use. */
extern int indexed_look(folder *f);

#endif
