/* What the files of src/lib/maildir share: how a folder is known. */
#ifndef PORTER_MAILDIR_PRIVATE_H
#define PORTER_MAILDIR_PRIVATE_H

#include <porter/folder.h>

enum { PLACE_NEW, PLACE_CUR, PLACES };

/* --- listing a place: what new or cur holds at one moment (place.c) --- */

typedef struct place_name_s place_name;
struct place_name_s {
  char const *name; /* NUL-terminated */
  uint64_t inode;   /* d_ino */
};

typedef struct place_list_s place_list;
struct place_list_s {
  place_name *name; /* of regular files whose names do not begin with '.', in the order the directory gave them */
  size_t count;
  unsigned int calls; /* getdents64 that gave something: up to 1, the list is what was there at one moment */
};
/* Lists the open directory into the arena. *room: how many octets one call may give, at least PLACE_ROOM_MIN; where that was not enough for
 * one call, it becomes what would have been. fd -1 is empty. */
extern int place_read(int fd, arena *a, size_t *room, place_list *list);
#define PLACE_ROOM_MIN 262144u
#define PLACE_ROOM_MAX (256u << 20)
/* How many octets to begin with: names cost up to 280 octets each, and st_size says little on tmpfs and XFS. */
extern size_t place_room(int fd);

/* Asks for large pages for what a listing fills: one fault for 2 MiB. */
extern void place_large(void *s, size_t len);
/* Memory for so many octets, at least one, in such pages where it is that large; to be freed. */
extern void *place_large_take(uint64_t len);

typedef struct place_stamp_s place_stamp;
struct place_stamp_s {
  uint64_t changed, modified, inode, device; /* ctime and mtime in nanoseconds */
};
extern int place_stamp_take(int fd, place_stamp *s);
extern place_stamp place_stamp_from(struct stat const *st);
/* That of the place of that path: zeros where there is none, or it may not be looked at. The last of path is not followed. */
extern int place_stamp_of(int dir, char const *path, place_stamp *s);
extern int place_stamp_same(place_stamp const *a, place_stamp const *b);
/* Whether the clock that makes stamps had left the stamp behind at the time clock (nanoseconds): else a change to come could bear the
 * same. remote: its file system is a remote one (place_remote). */
extern int place_stamp_settled(place_stamp const *s, uint64_t clock, int remote);
/* The clock that stamps are taken from, in nanoseconds. */
extern int place_clock(uint64_t *clock);
/* What the file system of fd is to who lists there: remote, or (btrfs) one where even a listing by one call may lack what is renamed meanwhile. */
enum place_kind { PLACE_LOCAL, PLACE_REMOTE, PLACE_LATE };
extern int place_kind(int fd);
extern int place_remote(int fd);

/* When the machine was started, in seconds since 1970, about, to be noted in a file on fd's file system: 0 where that says nothing. Whether that is
 * what was then noted (started.c). */
extern uint64_t machine_started(int fd);
extern int machine_same_start(int fd, uint64_t then);

/* --- knowing a folder (census.c, view.c) --- */

/* Another name of a mail, a hard link (or one that it had a moment ago). */
typedef struct mail_name_s mail_name;
struct mail_name_s {
  mail_name *next;
  char const *name;
  int where;
  unsigned int seen; /* the pass of the listing that put it there */
  uint64_t inode;
};

struct mail_entry_s {
  char const *name; /* of the file, in place[where]; NUL-terminated */
  slice base;
  uint64_t inode;
  mail_name *also;
  unsigned short seen;         /* the last pass that met it */
  unsigned char where;         /* PLACE_NEW or PLACE_CUR */
  unsigned char info;          /* where the info begins in name, or its length */
  unsigned int twin : 1;       /* another inode has its base */
  unsigned int later : 1;      /* not the first of its base in the table */
  unsigned int missed : 2;     /* how many scans of several calls did not meet it */
  unsigned int gone : 1;       /* it has been removed or moved, or could not be found again */
  unsigned int unreadable : 1; /* it is counted in unread_files */
  unsigned int linked : 1;     /* the index says that it has other names, and does not know them */
  uint32_t number;             /* in the folder's index, and 1; 0: it is not from there */
  uint64_t thread;             /* of a mail that is in no index; 0: not known (threads.c) */
};

/* Makes e->also what it is, where only an index was asked so far. */
extern int folder_names(folder *f, mail_entry *e);

typedef struct folder_indexed_s folder_indexed;
/* The mails of a folder as one look at it found them (census_table.c). */
typedef struct census_s census;
struct census_s {
  arena a;
  mail_entry *mail; /* in no order; a mail is there once */
  size_t count, room;
  uint32_t *table; /* of indices + 1 by hash of base, or of base and inode for all but the first of a base */
  size_t mask;
  uint64_t seed;
  census const *wanted; /* bases, and no others are kept; null: all */
  size_t met;           /* names that had not been met before */
  unsigned short pass;
  mail_name **other; /* the other names of all mails: an open table by name */
  size_t others, others_mask;
};

struct folder_s {
  mailbox *box;
  int fd;            /* the folder's directory */
  int place[PLACES]; /* its new and cur; new may be -1 */
  size_t space[PLACES];
  int64_t now;                      /* when it was opened: seconds since 1970 */
  int counts;                       /* for the quota */
  int linked;                       /* its directory lies elsewhere: no quota, no index */
  int kind;                         /* enum place_kind; -1: not known yet (folder_kind) */
  int blind;                        /* the inodes that listings give are not those of the files (some FUSE): they cannot be checked */
  int known;                        /* listed */
  int gone;                         /* it could not be listed, as it is no more (census.c) */
  int reading;                      /* mailbox.reading was told */
  char disk[MAILDIR_NAME_MAX + 1];  /* its name there, "." for the inbox */
  struct folder_indexed_s *indexed; /* indexed.c */
  arena a;                          /* for entries and names that come up during the call */
  census mails;
  mail_named const *expected;
  size_t expected_count;
  int some_known; /* wanted and some hold what was expected */
  int told;       /* so was the index */
  census wanted, some;
  census *later;        /* a later look, taken when a file had gone */
  mail_entry **arrived; /* what this call has moved here, for folder_settle */
  size_t arrived_count, arrived_room;
  mail_file file; /* for facts */
  size_t unread_files;
};

/* Makes the directory name in fd, with that mode whatever the umask is. 0 with errno. */
extern int folder_make_inner(int fd, char const *name, mode_t mode);
/* Before what senders wrote is read. */
extern void folder_reading(folder *f);
/* Lists the folder if that has not been done. */
extern int folder_know(folder *f);
/* Likewise, or for what was expected where base is of that: what is known of the base. Null with errno. */
extern census *folder_know_base(folder *f, slice base);
/* One look at new and cur. wanted: null, or the bases that are wanted, and no other. A folder that is no more has no mails. */
extern int census_take(folder *f, census *c, census const *wanted);
/* Makes a census of bases alone, to be wanted: census_begin, then census_want for each, which last as long as c. 0 with errno. */
extern int census_begin(census *c);
extern int census_want(census *c, slice base);
extern void census_free(census *c);
/* The mail of that base and inode; with inode 0 the only one of that base. Null where there is none. */
extern mail_entry *census_find(census const *c, slice base, uint64_t inode);
/* Whether an inode other than this has the base. */
extern int census_taken(census const *c, slice base, uint64_t inode);
/* A mail that is not in the census, such as one that was moved here: in f's memory; name is copied. */
extern mail_entry *folder_entry(folder *f, char const *name, int where, uint64_t inode);

/* By base, then inode. */
extern int mail_entry_compare(mail_entry const *a, mail_entry const *b);

/* The one place where a mail is looked up again: does work to it, and where that says ENOENT (its name has gone, or
 * is another inode's) finds out what name it has now and does work again, a bounded number of times. work gives 1, or 0 with errno. */
typedef int mail_work(folder *f, mail_entry *e, void *context);
extern int folder_try(folder *f, mail_entry *e, mail_work *work, void *context);
/* ENOENT unless st is that of e. */
extern int mail_entry_is(folder const *f, mail_entry const *e, struct stat const *st);

/* A mail_work: st is a struct stat, of the file. */
extern int mail_entry_stat(folder *f, mail_entry *e, void *st);
/* Opened for reading; st may be null. -1 with errno. */
extern int mail_open(folder *f, mail_entry *e, struct stat *st);
/* folder_facts without what the name says, and nobody hears of what cannot be read. */
extern int folder_facts_quietly(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts);
extern int folder_size(folder *f, mail_entry *e, uint64_t *size);
extern int folder_arrival(folder *f, mail_entry *e, int64_t *seconds);

/* --- folders on disk (folders.c) --- */

#define FOLDER_OPEN (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
/* What every folder has: PLACE_NEW, PLACE_CUR, and tmp behind them. */
extern char const *const folder_inner[3];
/* Opens the directory of the folder with that name on disk. *linked: it is a link, to below the directory that the mailbox allows. -1 with
 * errno: ENOENT where it is no directory, or a link that may not be followed. */
extern int folder_directory(mailbox *box, char const *disk, int *linked);
/* What the folder of that name is called on disk, unless it is called otherwise (mailbox_disk_name). 0 with errno where no folder can have the name, or
 * this says nothing of it. */
extern int folder_usual_name(slice name, char *disk);
/* Whether what has that name on disk is a folder: 1, 0 (ENOENT, ENOTDIR, ELOOP), -1 with any other errno. */
extern int folder_look(mailbox *box, char const *disk);
/* Of the folder whose directory is open. */
extern int folder_origin_of(int fd, folder_origin *origin);
extern int folder_kind(folder *f);
/* The stamp of the place p (zeros: there is none), looked at when it was clock, or later. stamp->settled is 1 before the first. */
extern void folder_stamp_add(folder_stamp *stamp, int p, place_stamp const *s, uint64_t clock, int remote);
/* A folder that was found by listing the mailbox. */
typedef struct found_folder_s found_folder;
struct found_folder_s {
  slice name;
  char *disk;        /* its name on disk, in the arena; null where that was not asked for */
  int linked;        /* it is a link, to below the directory that the mailbox allows */
  folder_seen *seen; /* null: not asked for */
};
/* The folder of that name, if it is there, and all below it: those of mailbox_folders, in its order, with their names on disk. */
extern int mailbox_folders_below(mailbox *box, arena *a, slice name, found_folder **folders, size_t *count);
/* Whether the folder called name is below the one called top. */
extern int folder_name_below(slice name, slice top);

#endif
