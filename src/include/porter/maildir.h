/* Maildir++ (maildir(5); Courier's README.maildirquota; Dovecot's Maildir page): names, folders, what is in one, changes.
 * All work is done relative to open directories; no path leaves the mailbox and no link is followed.
 * Functions that return int give 1 on success and 0 with errno set on failure, unless they say otherwise. */
#ifndef PORTER_MAILDIR_H
#define PORTER_MAILDIR_H

#include <stdint.h>
#include <sys/stat.h>

#include <porter/arena.h>
#include <porter/mail.h>
#include <porter/slice.h>

/* --- file names --- */

/* The parts of a file's name: BASE SEPARATOR "2," FLAGS REST. The last ':', ';' or '!' with "2," or "1," behind it
 * separates; else all is the base. REST begins at a second comma. separator is 0 where there is no info. */
typedef struct maildir_name_s maildir_name;
struct maildir_name_s {
  slice base;
  slice flags;
  slice rest;
  char separator;
};
extern void maildir_name_split (maildir_name *n, char const *s, size_t len);

/* A file's name is at most NAME_MAX octets. */
#define MAILDIR_NAME_MAX 255
/* The standard flags, in the order they are written. */
#define MAILDIR_FLAGS "DFPRST"
/* Writes to s the name with the flags of add set, then those of remove cleared (both of MAILDIR_FLAGS), all flags in
 * ASCII order; without keywords (a to z) if drop_keywords. Returns the length, 0 with errno ENAMETOOLONG if over MAILDIR_NAME_MAX. */
extern size_t maildir_name_flags (char *s, maildir_name const *n, char const *add, char const *remove, int drop_keywords);
/* The flags of MAILDIR_FLAGS that the name has; s has 7 octets; NUL-terminated. */
extern void maildir_name_standard (char *s, maildir_name const *n);
/* The ",S=" of a base name; 0 where there is none (*size is untouched). */
extern int maildir_name_size (slice base, uint64_t *size);
/* The delivery time in front of a base name; 0 where it is no plausible time before now + one day. */
extern int maildir_name_time (slice base, int64_t now, int64_t *time);

/* --- mailbox and folders --- */

typedef struct mailbox_s mailbox;
struct mailbox_s {
  int fd;                /* its directory */
  mode_t mode;           /* of that, for what is made below */
  unsigned int counter;  /* for unique names */
};
#define MAILBOX_ZERO { .fd = -1 }
/* Opens the Maildir in the current directory. ENOTDIR or ENOENT where it has no cur. */
extern int mailbox_open (mailbox *box);
/* A base name that nobody else makes: seconds.MmicrosecondsPpid_counter.host and ",S=size" if with_size. s has MAILDIR_NAME_MAX + 1. */
extern size_t mailbox_unique (mailbox *box, char *s, int with_size, uint64_t size);

/* Whether name (UTF-8, as people read it) can be a folder's: no empty level, leading or trailing '.', '/', control
 * character, '~' in front, not INBOX in any case, at most 254 octets encoded. The inbox, "", is none. */
extern int folder_name_ok (slice name);
/* The names of all folders, without the inbox, sorted by octets. */
extern int mailbox_folders (mailbox const *box, arena *a, slice **names, size_t *count);
/* Makes a folder: 1 made, 0 it was there, -1 with errno: EINVAL (no such name can be), EEXIST (what has the name is no folder),
 * ENOSPC, EDQUOT ... */
extern int mailbox_add_folder (mailbox *box, slice name);

/* The name on disk of the folder that people call name, with its dot, NUL-terminated; disk has MAILDIR_NAME_MAX + 1 octets. 1; 0 with
 * errno: ENOENT where there is none (disk is what it would be called), EINVAL where none can have the name. */
extern int mailbox_disk_name (mailbox const *box, slice name, char *disk);

/* Renames a folder and all below it: 1, and *count is how many; 0 with errno: ENOENT (neither it nor any below it is there), EINVAL
 * (no such name can be, or the new one is below the old one), EEXIST (a name is taken; then nothing was done), or what rename
 * said, and those that had been renamed were renamed back. Killed halfway, the same call again finishes. */
extern int mailbox_rename_folder (mailbox *box, slice name, slice new_name, size_t *count);

enum folder_removal { REMOVAL_FAILED, REMOVAL_DONE, REMOVAL_HAS_FOLDERS, REMOVAL_HAS_MAIL };
typedef struct removed_s removed;
struct removed_s {
  size_t folders;
  uint64_t mails, octets;  /* octets of those that counted for the quota, */
  uint64_t counted;        /* and how many they were */
};
/* Removes a folder: with below, those below it too; with force, with the mail in it. REMOVAL_FAILED with errno: ENOENT, EINVAL, or what
 * a system call said. Without force, no mail that comes in meanwhile is lost. */
extern enum folder_removal mailbox_remove_folder (mailbox *box, slice name, int force, int below, removed *r);

enum { PLACE_NEW, PLACE_CUR, PLACES };

typedef struct mail_entry_s mail_entry;
struct mail_entry_s {
  char const *name;     /* of the file, in place[where]; NUL-terminated */
  slice base;           /* its start */
  slice mid;
  uint64_t inode;
  unsigned char where;  /* PLACE_NEW or PLACE_CUR */
};

/* A folder and, once scanned, what is in it. This is the one module that knows that: an index would go below it. */
typedef struct folder_s folder;
struct folder_s {
  int fd;             /* the folder's directory */
  int place[PLACES];  /* its new and cur */
  arena a;
  mail_entry *mail;   /* in no order; a mail is there once */
  size_t count, room;
  uint32_t *table;    /* of indices + 1 by hash of base, or of base and inode for a twin */
  size_t mask;
  uint64_t seed;
  struct folder_s *again;   /* a later scan, made when a file had gone */
  unsigned int again_left;  /* how many more are made */
};
#define FOLDER_ZERO { .fd = -1, .place = { -1, -1 } }
/* Opens the folder that people call name, "" for the inbox. ENOENT: no such folder; EINVAL: a name no folder can have. */
extern int folder_open (folder *f, mailbox const *box, slice name);
/* Reads the names of all mails: new before cur, again where a directory changed meanwhile. */
extern int folder_scan (folder *f);
/* The scanned mail with that mid; null where there is none. */
extern mail_entry *folder_find (folder const *f, slice mid);
/* Whether any scanned mail has that base name. */
extern int folder_has_base (folder const *f, slice base);
/* After ENOENT for e: another client renamed it. Looks its mid up again and corrects e; 0 with ENOENT where it has gone,
 * or where that happened more than ten times. */
extern int folder_find_again (folder *f, mail_entry *e);
extern void folder_close (folder *f);
/* Size and delivery time without opening the file: from its name where that has them, else fstatat. */
extern int folder_size (folder const *f, mail_entry const *e, uint64_t *size);
extern int folder_time (folder const *f, mail_entry const *e, int64_t now, int64_t *time);
/* Whether no reader has seen it: in new, or without S. */
extern int mail_entry_unread (mail_entry const *e);

/* --- a mail's octets --- */

/* Reads one mail after the other into memory that is used again. */
typedef struct mail_file_s mail_file;
struct mail_file_s {
  char const *s;      /* the octets that were asked for */
  size_t len;
  struct stat st;
  char *buffer;
  size_t room;
  void *map;
  size_t map_len;
};
#define MAIL_FILE_ZERO { .s = 0 }
/* The first field of that kind, its value as in mail_head (value.s is null where there is none), until the next call; st says
 * nothing then. ENOENT where the mail has gone (folder_find_again was tried), EINVAL where it is no regular file. */
extern int mail_file_field (mail_file *m, folder *f, mail_entry *e, enum mail_field which, slice *value);
/* Its first octets, at most so many. */
extern int mail_file_start (mail_file *m, folder *f, mail_entry *e, size_t most);
/* All of it: mapped if large. */
extern int mail_file_all (mail_file *m, folder *f, mail_entry *e);
/* The same, but st says nothing then. */
extern int mail_file_octets (mail_file *m, folder *f, mail_entry *e);
/* All of the file that is open as fd, which the caller closes. */
extern int mail_file_descriptor (mail_file *m, int fd);
extern void mail_file_close (mail_file *m);

/* --- changes --- */

/* Each makes one change by one rename or unlink; nothing else is touched. They look a mail that has gone up again
 * (folder_find_again). new_name, MAILDIR_NAME_MAX + 1 octets, becomes the file's name after the change; e is left as it was. */
extern int folder_set_flags (folder *f, mailbox *box, mail_entry *e, char const *add, char const *remove, char *new_name);
/* to must have been scanned. EXDEV is dealt with by copying through to's tmp. */
extern int folder_move (folder *f, folder *to, mailbox *box, mail_entry *e, char *new_name);
extern int folder_remove (folder *f, mail_entry *e);
/* Makes the changes last: fsync of new and cur. */
extern int folder_sync (folder const *f);
/* Whether so much more fits into the quota of maildirsize; where there is none, it does. 0 with errno EDQUOT where not. */
extern int mailbox_quota_room (mailbox *box, int64_t octets, int64_t mails);
/* Adds them (each may be negative) to the mailbox's maildirsize, where there is one; counts anew
 * where that is over 5120 octets (README.maildirquota). */
extern int mailbox_quota_add (mailbox *box, int64_t octets, int64_t mails);
/* What maildirsize says: 1; 0 with errno, ENOENT where there is none. Limits are 0 where there is none. */
typedef struct quota_s quota;
struct quota_s {
  size_t limits_len;       /* of the first line, with its line end */
  uint64_t octets, mails;  /* limits */
  int64_t used_octets, used_mails;
};
extern int mailbox_quota (mailbox const *box, quota *q);
/* Whether mails in the folder of that name count for the quota. */
extern int folder_name_counts (slice name);

/* --- mids --- */

/* The mid of base: %XX for '%' and octets outside 0x21..0x7e; with a '/' and the inode behind where twin. */
extern int maildir_mid (arena *a, slice base, int twin, uint64_t inode, slice *mid);

#endif
