/* What changes are made of: one name of a mail is renamed or taken away (change_name.c). */
#ifndef PORTER_MAILDIR_CHANGE_INTERNAL_H
#define PORTER_MAILDIR_CHANGE_INTERNAL_H

#include "private.h"

/* Which name of the mail is meant: its own, or another hard link. */
typedef struct change_source_s change_source;
struct change_source_s {
  folder *f;
  mail_entry *e;
  int dir; /* that the name is in */
  char const *name;
};

/* Gives n a fresh base of the same arrival and size as e's, in unique (MAILDIR_NAME_MAX and 1). ,U= stays only where the name stays in its folder.
 * 0 with errno. */
extern int change_freshen(folder *f, mail_entry *e, maildir_name *n, char *unique);
/* ENOENT unless the name leads to that inode. */
extern int change_has_inode(folder const *f, int dir, char const *name, uint64_t inode);
/* Of a name that was just made: that no other mail is at it. Where nothing is, ours was, and somebody has renamed it since. */
extern int change_made(folder const *f, int dir, char const *name, uint64_t inode);

/* Gives the source that name in the directory to; name becomes the one it has got. 0 with errno, nothing changed: ENOENT where
 * the source is not that mail (any more), EEXIST where another mail has the name. */
extern int change_put(change_source const *s, int to, char *name);
/* The same where the mail may be there already, by that name: then it is there once. */
extern int change_put_beside(change_source const *s, int to, char *name);
/* Takes the name away. 0 with errno, ENOENT as above. */
extern int change_unlink(change_source const *s);

#endif
