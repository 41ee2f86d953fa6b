/* The view's door to the index: see indexed.c, which opens with the states. */
#ifndef PORTER_MAILDIR_INDEXED_H
#define PORTER_MAILDIR_INDEXED_H

#include "../index/index.h"
#include "private.h"

/* The folder's index; null where there is none, it cannot be used, or memory fails: then list. It stays the folder's.
 * fresh: it says what is there now, for which the directories are listed where that is needed. */
extern folder_index *folder_index_fresh(folder *f);
/* How many mails there are: of a fresh index, of which nothing else is read where it is that already. 0: as where there is none. */
extern int folder_index_count(folder *f, folder_count *count);
/* It may be behind: for a mail that is named. */
extern folder_index *folder_index_any(folder *f);
/* Fresh, and made where there is none and the folder is worth one; then f->mails is known, too. */
extern folder_index *folder_index_made(folder *f);
/* The same, however small the folder is. */
extern folder_index *folder_index_kept(folder *f);
/* What one of them gave already: null where none did. Nothing is looked at. */
extern folder_index *folder_index_looked(folder *f);

/* Whether all that a fresh index says is in its file, so that serials name the same mails for everybody. */
extern int folder_index_saved(folder const *f);

/* The entry of an index's mail: the same for the same mail. Null where memory fails. */
extern mail_entry *folder_index_entry(folder *f, index_mail const *m);
/* The mail of that base and inode; with inode 0 the only one of that base. Null with ENOENT, or the index is broken. */
extern mail_entry *folder_index_find(folder *f, folder_index *ix, slice base, uint64_t inode);
/* What a fresh index says of e; 0 where it does not. */
extern int folder_index_record(folder *f, mail_entry const *e, index_mail *m, index_room *room);
/* Makes provisional keys anew, before an order is walked; with count_unreadable those that still cannot be read are counted. 0: the index is
 * of no use. */
extern int folder_index_remake(folder *f, int count_unreadable);
extern void folder_index_close(folder *f);

/* The version of the keys of all its indexes, and of its threads: they hang on what text without a charset is read in. */
extern uint64_t mailbox_keys_version(mailbox const *box);

/* --- threads --- */

typedef struct index_threading_s index_threading;
struct index_threading_s {
  uint32_t number;
  uint64_t thread;
};
/* Tells the records of a fresh index the threads of those mails; lasting: in the file, too, where that can be. 0 with errno: the index is broken,
 * or memory fails. The list is used up. */
extern int folder_index_thread(folder *f, index_threading *list, size_t count, int lasting);

/* --- for the text filter --- */

/* The directory for new files, and a name there; -1. To be closed by folder_tmp_close. */
extern int folder_tmp(folder *f, char *unique);
extern void folder_tmp_close(folder *f, int tmp);
/* Where the filter is. */
extern int folder_filter_place(folder *f, char const **name);

#endif
