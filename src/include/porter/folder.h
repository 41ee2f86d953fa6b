/* A folder as methods see it: a view. It says how many mails there are, finds one by its mid, tells what is known of one, reads
 * one, changes one, and walks through them in an order. Nothing but src/lib/maildir knows of new and cur, or whether what is
 * said comes from a listing or from an index.
 *
 * A mail is one base name and one inode in a folder. What a call does to a mail it does to that inode: a mail that another client
 * has renamed meanwhile is looked up again by both, and what has its name but is another inode is left alone.
 *
 * Functions that return int give 1 on success and 0 with errno on failure, unless they say otherwise. Of a mail: ENOENT where it
 * has gone (or what has its name is no mail), EACCES, EPERM and EIO where it alone cannot be read; all else is the system's. */
#ifndef PORTER_FOLDER_H
#define PORTER_FOLDER_H

#include <sys/stat.h>

#include <porter/mail.h>
#include <porter/maildir.h>
#include <porter/order.h>

typedef struct folder_s folder;

/* Opens the folder that people call name, "" for the inbox; box stays its caller's and must outlive it. Nothing is listed until
 * something asks what is there. ENOENT: no such folder; EINVAL: a name no folder can have. */
extern int folder_open(folder **f, mailbox *box, slice name);
/* Null is none. All mails that it handed out go with it. */
extern void folder_close(folder *f);
/* Whether both are the same directory. */
extern int folder_same(folder const *a, folder const *b);
/* Whether it was found to have been removed since it was opened: then it has no mails (any more), which is no failure. */
extern int folder_gone(folder const *f);
/* Whether its mails count for the mailbox's quota: not those of Trash and what is below it, nor those of a folder that is a link. */
extern int folder_counts(folder const *f);

/* --- what is there --- */

typedef struct folder_count_s folder_count;
struct folder_count_s {
  uint64_t mails, unread; /* unread: without S among the flags */
  uint64_t octets;        /* of all of them, as FACT_SIZE has it */
};
/* octets stays 0 unless with_octets: names that do not tell a size cost a look at the file. */
extern int folder_count_mails(folder *f, int with_octets, folder_count *count);

/* What a call can remember of a folder to learn whether anything happened since: equal stamps, both settled, mean that nothing did. */
typedef struct folder_stamp_s folder_stamp;
struct folder_stamp_s {
  uint64_t of[8]; /* for each place: when it changed and was modified (nanoseconds), inode, device */
  int settled;    /* the clock that makes stamps has left these behind: a change to come will show */
};
extern int folder_stamp_take(folder *f, folder_stamp *stamp);

/* 16 hex digits and NUL that stay as long as the folder's directory does, whatever it is called. 0 with errno. */
#define FOLDER_ID_LEN 16
extern int folder_id(folder const *f, char *id);

/* What the id is a hash of: the directory's inode, and when it was made, zeros where the file system does not say. 0 with errno. */
typedef struct folder_origin_s folder_origin;
struct folder_origin_s {
  uint64_t inode;
  int64_t seconds;
  uint64_t nanoseconds;
};
extern int folder_origin_take(folder const *f, folder_origin *origin);

/* mailbox_folders, and of each what folder_stamp_take and folder_origin_take would say: a call more than to see that it is a folder. */
typedef struct folder_seen_s folder_seen;
struct folder_seen_s {
  int known; /* 0: it has to be opened for that */
  folder_origin origin;
  folder_stamp stamp;
};
extern int mailbox_folders_seen(mailbox *box, arena *a, slice **names, folder_seen ***seen, size_t *count);

/* The mail with that mid: BASE where one inode has the base, BASE/INODE where both fit; ",U=" and its digits (mbsync's) are not
 * looked at. Null with ENOENT: there is none, or several have the base. Null with another errno: the folder cannot be read.
 * A mail stays where it is until folder_close. */
extern mail_entry *folder_find(folder *f, slice mid);
/* What a mid names: it is read once, whatever the number of folders that are looked into. possible: 0 where no mail can have it. */
typedef struct mail_named_s mail_named;
struct mail_named_s {
  slice base; /* in mid, or in the arena */
  uint64_t inode;
  int possible;
};
/* 0 with errno ENOMEM. */
extern int mail_named_scan(mail_named *n, arena *a, slice mid);
/* folder_find of that; it lasts as long as the folder is open. */
extern mail_entry *folder_find_named(folder *f, mail_named const *n);
/* These will be looked up, or are to be carried there: said once, before the first of them is. Without an index the folder is listed for their
 * bases alone, which costs two thirds of knowing all its mails; where they are a good part of those that an index has, what is read here and there
 * is read at once. They must last as long as the folder is open. */
extern void folder_expect(folder *f, mail_named const *list, size_t count);

/* --- what is known of a mail --- */

enum {
  FACT_SIZE = 1,    /* the name's ",S=", else the file's */
  FACT_ARRIVAL = 2, /* the number in front of the name if that is a time, else the file's mtime */
  FACT_DATE = 4,    /* the Date field, else arrival */
  FACT_SENDER = 8,  /* the sort keys of order.h */
  FACT_SUBJECT = 16,
  FACT_IDS = 32, /* Message-ID, and References, else In-Reply-To */
  FACT_ATTACHMENT = 64,
};
#define MAIL_REFERENCES_MAX 255 /* the last ones count */

typedef struct mail_facts_s mail_facts;
struct mail_facts_s {
  maildir_name name; /* always: the file's, with its flags */
  slice mid;         /* always */
  int unread;        /* always */
  int unreadable;    /* it could not be opened or read: what its head would say is missing or made of its name */
  uint64_t size;
  int64_t arrival, date; /* seconds since 1970 */
  slice sender, subject; /* folded, at most ORDER_TEXT_MAX octets */
  slice message_id;      /* without < > */
  slice *references;
  size_t reference_count;
  int has_attachment;
};
/* The letters of its name: flags and keywords. */
extern slice mail_flags(mail_entry const *e);
/* What is wanted (FACT_...) of a mail; texts are in the arena. A mail that alone cannot be read has what its name says, and is
 * counted by folder_unread_files. */
extern int folder_facts(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts);
/* How many mails could not be read so far, or not wholly be searched, each counted once. */
extern size_t folder_unread_files(folder const *f);
/* Counts e there; errno says why. The first is told on stderr (mailbox.warn). */
extern void folder_unread_file(folder *f, mail_entry *e);
/* Whether errno is that of one mail that cannot be read: EACCES, EPERM, EIO. Any other failure but ENOENT is the call's. */
extern int mail_unreadable(int error);

/* --- threads (maildir/threads.c has the rule) --- */

/* Gives every mail of these folders its thread; null ones are passed over. What an index has is used, and what is found is kept there; folders
 * without one have threads for this call. 1, or 0 with errno. */
extern int folders_thread(mailbox *box, folder *const *f, size_t count);
/* Whether threads have been asked for, so that they are kept. */
extern int mailbox_has_threads(mailbox *box);
/* The id of a mail's thread, after that; 0: it came too late. */
extern uint64_t folder_thread(folder *f, mail_entry const *e);

/* What is said of each mail of a folder, without opening it. */
typedef struct mail_line_s mail_line;
struct mail_line_s {
  uint64_t thread;
  int64_t arrival;
  slice name;      /* of the file, where names were asked for */
  uint32_t number; /* for folder_line_mail */
};
/* 0 with errno ends it. */
typedef int folder_line(void *context, folder *f, mail_line const *line);
/* Threads, and now and then one that is none of them: whose mails alone are wanted. */
typedef struct thread_set_s thread_set;
struct thread_set_s {
  uint64_t bits[256];
};
static inline void thread_set_add(thread_set *s, uint64_t thread) { s->bits[thread >> 6 & 255] |= UINT64_C(1) << (thread & 63); }
static inline int thread_set_has(thread_set const *s, uint64_t thread) { return (int)(s->bits[thread >> 6 & 255] >> (thread & 63) & 1); }
/* Calls each with every mail, in no order; with only, with those of its threads. */
extern int folder_lines(folder *f, int names, thread_set const *only, folder_line *each, void *context);
/* Whether it is known by its index, so that nothing has to be read or sorted to walk through it. */
extern int folder_by_index(folder *f);
/* The mail of a line; null with errno. */
extern mail_entry *folder_line_mail(folder *f, uint32_t number);

/* --- a mail's octets --- */

/* Reads one mail after the other into memory that is used again. */
typedef struct mail_file_s mail_file;
struct mail_file_s {
  char const *s; /* the octets that were asked for */
  size_t len;
  struct stat st;
  char *buffer;
  size_t room;
  void *map;
  size_t map_len;
};
#define MAIL_FILE_ZERO \
  { \
    .s = 0 \
  }
/* The first field of that kind, its value as in mail_head (value.s is null where there is none), until the next call; st says
 * nothing then. */
extern int mail_file_field(mail_file *m, folder *f, mail_entry *e, enum mail_field which, slice *value);
/* Its first octets, at most so many. */
extern int mail_file_start(mail_file *m, folder *f, mail_entry *e, size_t most);
/* The same, but st says nothing then. */
extern int mail_file_begin(mail_file *m, folder *f, mail_entry *e, size_t most);
/* All of it: mapped if large. Of a file of a MiB and more that is nearly all hole, what lies before the hole. */
extern int mail_file_all(mail_file *m, folder *f, mail_entry *e);
/* The same, but st says nothing then. */
extern int mail_file_octets(mail_file *m, folder *f, mail_entry *e);
/* All of it, holes too: for who asks for that very mail. */
extern int mail_file_whole(mail_file *m, folder *f, mail_entry *e);
/* All of the file that is open as fd, which the caller closes. */
extern int mail_file_descriptor(mail_file *m, int fd);
extern void mail_file_close(mail_file *m);

/* --- walking --- */

/* Whether a mail belongs to what is walked through: asked with octets null first, to be answered from what costs nothing
 * (folder_facts of the name); MATCH_UNKNOWN then gets it asked again with the mail's octets. MATCH_FAILED with errno ends the walk. */
enum mail_match_answer { MATCH_FAILED = -1, MATCH_NO, MATCH_YES, MATCH_UNKNOWN };
typedef int mail_match(void *context, folder *f, mail_entry *e, slice const *octets);

/* A cursor walks through one folder in one order. Where an order's keys cost nothing, a mail is matched when the walk reaches
 * it, so whoever stops early has read no more than he saw; else it is matched while it is open for its key. */
typedef struct cursor_s cursor;
/* match may be null: every mail. */
extern int cursor_open(cursor **c, folder *f, enum order_by by, mail_match *match, void *context);
extern void cursor_close(cursor *c);
/* Goes to a place: to that of a key (a mail's, or order_key_bound's), from where cursor_next goes on to what lies strictly
 * behind it, with_place also to the mail of the key itself; from null: to an end. backwards: from greater keys to smaller
 * ones. A cursor may be sent to one place after another. */
extern void cursor_seek(cursor *c, order_key const *from, int backwards, int with_place);
/* The next mail and its key, which name the place: 1, 0 at the end, -1 with errno. The key's text stays until cursor_close. */
extern int cursor_next(cursor *c, order_key *k);
/* Only mails of which a text contains the octets of compared (text_compared's form; it stays its caller's) are wanted: the walk may leave out such as are known not to have it. What is left
 * is matched as ever. At most CURSOR_NARROW_MAX times, before cursor_next. */
#define CURSOR_NARROW_MAX 16
extern void cursor_narrow(cursor *c, slice compared);
/* Passes over so many, or to the end: 1, or -1 with errno. */
extern int cursor_skip(cursor *c, size_t count);

/* --- changes --- */

/* Each mail is changed by renaming or unlinking its file alone, never over another, and nothing else is touched. A mail that has
 * gone is looked up again a bounded number of times; ENOENT where it is not there any more. EDQUOT, ENOSPC: nothing was changed.
 * What a change to a mail in a folder that counts does to maildirsize is done with it. */

/* Sets the flags of add, then clears those of remove (MAILDIR_FLAGS and letters of keywords). *now is the mail afterwards: e, or another where it had
 * to get a fresh base, as its own is taken under those flags or leaves no room for them. */
extern int folder_set_flags(folder *f, mail_entry *e, char const *add, char const *remove, mail_entry **now);
/* What a mail that is carried to another folder has there: add gives the letters for the flags that it has now, which may be others than
 * were seen when it was found (0 with errno), and remove is taken away. */
typedef struct mail_carried_s mail_carried;
struct mail_carried_s {
  int (*add)(void *context, slice flags, char *letters); /* letters: room for KEYWORDS_LETTERS, and NUL-terminated */
  void *context;
  char const *remove;
  int same; /* the other folder is the mail's own */
};
/* Moves all names of a mail to another folder's cur, with its flags changed so, without keywords and ",U=". A base that is taken there
 * by another inode gives a fresh one that keeps the arrival. *now is the mail in to. EXDEV is dealt with by copying. */
extern int folder_move(folder *f, folder *to, mail_entry *e, mail_carried const *with, mail_entry **now);
/* The same by a hard link, which leaves the mail where it is: where it is in to already, that is it. Into its own folder, and where there can
 * be no link, it is copied. */
extern int folder_copy(folder *f, folder *to, mail_entry *e, mail_carried const *with, mail_entry **now);
/* After the moves and copies of a call: looks into to once more, and where another call has moved a mail of the same base there meanwhile,
 * gives ours a fresh one. */
extern int folder_settle(folder *to);
/* Removes all names of a mail. */
extern int folder_remove(folder *f, mail_entry *e);
/* Makes the changes last. A file system that cannot sync a directory has nothing to make last. */
extern int folder_sync(folder const *f);

#endif
