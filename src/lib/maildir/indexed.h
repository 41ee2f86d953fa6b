/* The view's door to the index: see indexed.c. */
#ifndef PORTER_MAILDIR_INDEXED_H
#define PORTER_MAILDIR_INDEXED_H

#include "../index/filter.h"
#include "../index/index.h"
#include "private.h"

/* The folder's index; null where there is none, it cannot be used, or memory fails: then list. It stays the folder's.
 * fresh: it says what is there now, for which the directories are listed where that is needed. */
extern folder_index *folder_index_fresh(folder *f);
/* It may be behind: for a mail that is named. */
extern folder_index *folder_index_any(folder *f);
/* Fresh, and made where there is none and the folder is worth one; then f->mails is known, too. */
extern folder_index *folder_index_made(folder *f);

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

/* Which mails of a walk the text filter leaves (sieve.c). */
typedef struct sieve_s sieve;
struct sieve_s {
  folder *f;
  slice pattern[CURSOR_NARROW_MAX];
  size_t patterns;
  unsigned int read; /* mails that were read for this walk */
  int loaded;        /* 1; -1: it cannot be */
  folder_filter filter;
  unsigned char *without; /* a bit for each mail of the image */
  int64_t begun, making;  /* nanoseconds: when the walk began to read, and what making filters took of it */
  arena scratch;
};
extern int sieve_without(sieve const *s, uint32_t number);
/* A mail was read for the walk: once there were some, the filter is loaded; a mail that it does not know gets its bits, as long as that takes a
 * small part of the search. */
extern void sieve_learn(sieve *s, mail_entry *e, slice octets);
/* Leaves behind what was learned. */
extern void sieve_close(sieve *s);
/* The directory for new files, and a name there; -1. To be closed by folder_tmp_close. */
extern int folder_tmp(folder *f, char *unique);
extern void folder_tmp_close(folder *f, int tmp);
/* Where the filter is. */
extern int folder_filter_place(folder *f, char const **name);

#endif
