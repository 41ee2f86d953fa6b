/* Storing: a mail that has been written (deliver.h) becomes one of a folder; uploads, which are kept for a day. */
#ifndef PORTER_STORE_H
#define PORTER_STORE_H

#include <porter/deliver.h>
#include <porter/folder.h>

/* Begins a mail in the tmp of the folder. */
extern int folder_deliver(folder *f, mailbox *box, delivery *d);
/* What was written is whole, and becomes a mail with these flags (letters of keywords too) and size: in new where it has none, else
 * in cur. date, null for now, is when it was received: its mtime, and the start of its name unless it lies ahead of the clock.
 * name has MAILDIR_NAME_MAX + 1 octets. It lasts where that gives 1. */
extern int folder_store(folder *f, mailbox *box, delivery *d, char const *flags, int64_t const *date, uint64_t size, char *name);
/* Removes what folder_store has put there. Keeps errno. */
extern void folder_unstore(folder *f, char const *name);
/* Whether the folder's name leads to what is open as f. 1, 0 where it does not; -1 with errno. */
extern int folder_is_there(folder const *f, mailbox *box, slice folder_name);

/* --- uploads: porter.uploads beside cur --- */

#define UPLOAD_NAME_LEN 32 /* of random hex digits */
/* Begins one. Octets go to d->fd. Removes those that are older than a day. */
extern int upload_begin(delivery *d, mailbox *box);
/* Names it (name has UPLOAD_NAME_LEN + 1 octets), unsynced. EDQUOT where there are too many that are younger than an hour. */
extern int upload_keep(delivery *d, mailbox *box, char *name);
/* Opens one for reading; -1 with errno, ENOENT where there is none of that name. */
extern int upload_open(mailbox const *box, slice name);

#endif
