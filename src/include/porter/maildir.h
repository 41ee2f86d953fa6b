/* Maildir++ (maildir(5); Courier's README.maildirquota; Dovecot's Maildir page): names, folders, what is in one, changes.
 * All work is done relative to open directories; no path leaves the mailbox and no link is followed.
 * Functions that return int give 1 on success and 0 with errno set on failure, unless they say otherwise. */
#ifndef PORTER_MAILDIR_H
#define PORTER_MAILDIR_H

#include <stdint.h>
#include <sys/stat.h>

#include <porter/arena.h>
#include <porter/slice.h>
#include <porter/text.h>

/* --- file names --- */

/* The parts of a file's name: BASE UID TAIL SEPARATOR "2," FLAGS REST. The last ':', ';' or '!' with "2," or "1," behind it
 * separates; else all is the base. REST begins at a second comma. separator is 0 where there is no info. UID is ",U=" and digits,
 * which mbsync writes into every name: it belongs to no base. The base is BASE and TAIL; what follows UID hardly ever is. */
typedef struct maildir_name_s maildir_name;
struct maildir_name_s {
  slice base;
  slice uid;
  slice tail;
  slice flags;
  slice rest;
  char separator;
};
extern void maildir_name_split(maildir_name *n, char const *s, size_t len);
/* The same, but UID and TAIL stay in the base. */
extern void maildir_name_info(maildir_name *n, char const *s, size_t len);

/* A file's name is at most NAME_MAX octets. */
#define MAILDIR_NAME_MAX 255
/* The standard flags, in the order they are written. */
#define MAILDIR_FLAGS "DFPRST"
/* The base: of the name, or in the arena where a tail is joined to it. */
extern int maildir_name_base(arena *a, maildir_name const *n, slice *base);
/* Writes to s the name with the flags of add set, then those of remove cleared (letters: MAILDIR_FLAGS and keywords a to z), all flags in
 * ASCII order; in another folder without UID and the keywords it had. Returns the length, 0 with errno ENAMETOOLONG if over MAILDIR_NAME_MAX. */
extern size_t maildir_name_flags(char *s, maildir_name const *n, char const *add, char const *remove, int elsewhere);
/* The flags of MAILDIR_FLAGS that the name has; s has 7 octets; NUL-terminated. */
extern void maildir_name_standard(char *s, maildir_name const *n);
/* The ",S=" of a base name; 0 where there is none or it is over MAILDIR_SIZE_MAX (*size is untouched). */
#define MAILDIR_SIZE_MAX ((uint64_t)1 << 62) /* no mail is larger */
extern int maildir_name_size(slice base, uint64_t *size);
/* The delivery time in front of a base name; 0 where it is no plausible time before now + one day. */
extern int maildir_name_time(slice base, int64_t now, int64_t *time);

/* --- mailbox and folders --- */

typedef struct mailbox_s mailbox;
struct mailbox_s {
  int fd;                  /* its directory */
  mode_t mode;             /* of that, for what is made below: with S_ISGID, by which a directory's group goes to what is made in it */
  unsigned int counter;    /* for unique names */
  charset const *fallback; /* what text in mails is read in that has no charset and is no UTF-8; null: windows-1252 */
  int quota_fresh;         /* maildirsize was counted anew by this call */
  int quota_none;          /* there was no maildirsize when this call first looked for it */
  int shared;              /* the directory below which folders that are links may lead; -1: none is followed */
  int links_told;          /* that a link was passed over */
  int no_index;            /* folders' indexes are neither read nor written */
  int index_dir;           /* the directory that has them all; -1: each lies in its folder */
  char const *path;        /* of the mailbox, where index_dir is used: what its indexes are called by */
  /* Says in one line what a call passed over: what, the name from outside (escaped by who prints it), errno's reason or 0.
   * Null: nobody listens. */
  void (*warn)(char const *what, slice outside, int error);
  /* Told of each folder, by its directory, before the first octet of its mails, or of what its index has of them, is read. Null: nobody listens. */
  void (*reading)(struct mailbox_s const *box, int folder);
};
#define MAILBOX_ZERO \
  { \
    .fd = -1, .shared = -1, .index_dir = -1 \
  }
extern void mailbox_warn(mailbox const *box, char const *what, slice outside, int error);
/* Opens the Maildir in the current directory. ENOTDIR or ENOENT where it has no cur. */
extern int mailbox_open(mailbox *box);
/* Has the indexes of the mailbox, which is the current directory, in the directory path: it belongs to root or to us, and nobody else may write
 * there, or it has the sticky bit. EPERM where that is not so. */
extern int mailbox_index_elsewhere(mailbox *box, char const *path);
/* Whether indexes are kept, and the open directory of a folder, or where they lie, may be written. */
extern int mailbox_may_index(mailbox const *box, int folder);
/* What the index and the text filter of a folder are called there; each has MAILDIR_NAME_MAX + 1 octets. */
extern int mailbox_index_name(mailbox const *box, char const *disk, char *index, char *search);
/* Where porter.states is, and its name there, likewise. */
extern int mailbox_states_place(mailbox const *box, char *name);
/* Where the table of threads is, and its name there (MAILDIR_NAME_MAX + 1 octets); -1: there is none. */
extern int mailbox_threads_place(mailbox const *box, char *name);
/* A base name that nobody else makes: seconds.MmicrosecondsPpid_counter.host and ",S=size" if with_size. s has MAILDIR_NAME_MAX + 1. */
extern size_t mailbox_unique(mailbox *box, char *s, int with_size, uint64_t size);
/* The same, with another time in front, that of a mail's arrival: then it has R and 8 hex digits too, as that second may be long gone. */
extern size_t mailbox_unique_at(mailbox *box, char *s, int64_t arrival, int with_size, uint64_t size);

/* A folder's name is UTF-8, as people read it: no empty level, leading or trailing '.', '/', control character, '~' in front,
 * not INBOX in any case, at most 254 octets encoded. The inbox is "". On disk it is modified UTF-7 (RFC 3501 5.1.3), or UTF-8 as
 * newer Courier writes it. Where both are there the second is called '~' and its octets on disk, as no folder else can be; and so is
 * one whose modified UTF-7 nobody would write. */

/* The names of all folders, without the inbox, sorted by octets. What cannot be looked into (EACCES, EPERM) is left out, and so are links
 * that may not be followed: mailbox.warn is told. */
extern int mailbox_folders(mailbox *box, arena *a, slice **names, size_t *count);
/* Makes a folder: 1 made, 0 it was there, -1 with errno: EINVAL (no such name can be), EEXIST (what has the name is no folder),
 * ENOSPC, EDQUOT ... */
extern int mailbox_add_folder(mailbox *box, slice name);

/* Whether anything can have happened in the mailbox since, told by stamps alone: two system calls a folder. */
typedef struct mailbox_glance_s mailbox_glance;
struct mailbox_glance_s {
  arena a;
  struct mailbox_glance_entry_s *entry;
  uint64_t changed, modified; /* stamps of the mailbox's own directory */
  int settled;                /* a change to come will show */
};
#define MAILBOX_GLANCE_ZERO \
  { \
    .a = ARENA_ZERO \
  }
extern void mailbox_glance_take(mailbox_glance *g, mailbox const *box);
/* 1: nothing has happened since g was taken. 0: something may have, or g cannot tell. */
extern int mailbox_glance_same(mailbox_glance const *g, mailbox const *box);
/* g is as MAILBOX_GLANCE_ZERO again. */
extern void mailbox_glance_end(mailbox_glance *g);

/* The name on disk of the folder that people call name, with its dot, NUL-terminated; disk has MAILDIR_NAME_MAX + 1 octets. 1; 0 with
 * errno: ENOENT where there is none (disk is what it would be called), EINVAL where none can have the name. */
extern int mailbox_disk_name(mailbox *box, slice name, char *disk);

/* Renames a folder and all below it: 1, and *count is how many; 0 with errno: ENOENT (neither it nor any below it is there), EINVAL
 * (no such name can be, or the new one is below the old one), EEXIST (a name is taken; then nothing was done), or what rename
 * said, and those that had been renamed were renamed back. Killed halfway, the same call again finishes. */
extern int mailbox_rename_folder(mailbox *box, slice name, slice new_name, size_t *count);

enum folder_removal { REMOVAL_FAILED, REMOVAL_DONE, REMOVAL_HAS_FOLDERS, REMOVAL_HAS_MAIL };
typedef struct removed_s removed;
struct removed_s {
  size_t folders;
  uint64_t mails, octets; /* octets of those that counted for the quota, */
  uint64_t counted;       /* and how many they were */
};
/* Removes a folder: with below, those below it too; with force, with the mail in it. REMOVAL_FAILED with errno: ENOENT, EINVAL, or what
 * a system call said. Without force, no mail that comes in meanwhile is lost. */
extern enum folder_removal mailbox_remove_folder(mailbox *box, slice name, int force, int below, removed *r);

/* --- quota --- */

/* Whether so much more fits into the quota of maildirsize; where there is none, it does. 0 with errno EDQUOT where not. */
extern int mailbox_quota_room(mailbox *box, int64_t octets, int64_t mails);
/* Adds them (each may be negative) to the mailbox's maildirsize, where there is one; counts anew
 * where that is over 5120 octets (README.maildirquota). */
extern int mailbox_quota_add(mailbox *box, int64_t octets, int64_t mails);
/* What maildirsize says: 1; 0 with errno, ENOENT where there is none. Limits are 0 where there is none. */
typedef struct quota_s quota;
struct quota_s {
  size_t limits_len;      /* of the first line, with its line end */
  uint64_t octets, mails; /* limits */
  int64_t used_octets, used_mails;
};
extern int mailbox_quota(mailbox *box, quota *q);
/* Whether mails in the folder of that name count for the quota. */
extern int folder_name_counts(slice name);

/* --- mids --- */

/* A mail of a folder: its base and its inode (folder.h). */
typedef struct mail_entry_s mail_entry;

/* The mid of that mail: in the arena or the folder's memory. */
extern int mail_mid(arena *a, mail_entry const *e, slice *mid);
/* The mid of base: %XX for '%' and octets outside 0x21..0x7e, %00 where it is empty; with a '/' and the inode behind where twin. */
extern int maildir_mid(arena *a, slice base, int twin, uint64_t inode, slice *mid);
/* What a mid names: base, without ",U=" and its digits, in the arena, and the inode, 0 where it names none. 0 with errno EINVAL
 * where no mail can have that mid. */
extern int maildir_mid_scan(arena *a, slice mid, slice *base, uint64_t *inode);

#endif
