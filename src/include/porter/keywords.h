/* Keywords of mails: letters a to z in their flags, which the folder's dovecot-keywords names. Dovecot writes that file too, under
 * the lock of dovecot-uidlist; what is done here is what both need (doc/differences; maildir-keywords.c of Dovecot). */
#ifndef PORTER_KEYWORDS_H
#define PORTER_KEYWORDS_H

#include <porter/folder.h>

#define KEYWORDS_MAX 26
/* Room for flags and keywords as letters of a file's name, with a NUL. */
#define KEYWORDS_LETTERS (sizeof MAILDIR_FLAGS + KEYWORDS_MAX)
#define KEYWORD_LEN_MAX 100 /* octets of a name that is set */

typedef struct keywords_s keywords;
struct keywords_s {
  slice name[KEYWORDS_MAX]; /* of the letters a to z; without a name, empty */
  slice odd[KEYWORDS_MAX];  /* what Dovecot has for a name there, and we not: it stays */
  int whole;                /* all of the file was read */
  int kept;                 /* Dovecot keeps its files in the folder */
  int error;                /* why the file that is there cannot be read, and no letter has a name; else 0 */
};

/* Whether a name can be set: 1 to KEYWORD_LEN_MAX of printable ASCII without blank and ( ) { ] % * " \ */
extern int keyword_ok(slice name);
/* Reads the names of the folder. Lines that make no sense are passed over. A file that may not be read, or is no regular one, keeps no mail from being
 * shown: k->error is EACCES, EPERM or ENOTSUP then, and the mailbox's log is told. 0 with errno. */
extern int folder_keywords(folder const *f, keywords *k, arena *a);
/* The letter of that name, compared without case, or of "unknown-N" where that has none; 0 where there is none. */
extern char keywords_letter(keywords const *k, slice name);
/* The name of that letter: "unknown-N" where it has none (in the arena). Null s where memory fails. */
extern slice keywords_name(keywords const *k, arena *a, char letter);
/* Gives names to letters that have none, for those of the count that have no letter yet. k is read again. At most 5 s are spent waiting
 * for Dovecot. 0 with errno: EOVERFLOW where all letters have names, or there is no room for more, ENOTSUP where somebody keeps the names elsewhere, EAGAIN where the
 * lock was not to be had, k->error, or what a system call said. */
extern int folder_keywords_add(folder const *f, mailbox *box, keywords *k, arena *a, slice const *names, size_t count);

/* The standard flag that a name stands for ($seen, $flagged, $answered, $draft, $forwarded), 0 for others. */
extern char keyword_flag(slice name);

#endif
