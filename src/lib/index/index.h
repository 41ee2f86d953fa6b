/* What the parts of the index share. An index is read through index_get, which gives a mail as the image and the changes behind it have it.
 *
 * Invariants, which the code cites by number:
 * 1. Nothing from the file is used as an offset, a length or a number before it is held to its bounds; octets are copied by pread
 *    first, so that the owner, who may write and cut the file at any time, can neither move them between check and use nor end the call.
 * 2. The stamps of a segment are those from before the listing that its operations come from: a change while listing is seen twice, never missed.
 * 3. A stamp counts only where it is settled (maildir/settled.c): no change to come can bear it.
 * 4. Who writes does so behind what readers have (a segment) or elsewhere (an image that is renamed into place): a reader never waits, and half
 *    of anything has a wrong check.
 * 5. What was read wrong once (broken) is not used further in this call: the caller lists, as if there were no index. */
#ifndef PORTER_INDEX_INTERNAL_H
#define PORTER_INDEX_INTERNAL_H

#include <sys/stat.h>

#include <porter/arena.h>
#include <porter/maildir.h>
#include <porter/order.h>
#include <porter/since.h>

#include "../maildir/private.h"
#include "format.h"

/* A mail as the index knows it. The slices point into the index's memory or into an index_room. */
typedef struct index_mail_s index_mail;
struct index_mail_s {
  uint32_t number;
  unsigned char where;
  uint64_t inode;
  slice name, base, text;
  index_record r;
};
#define INDEX_MAIL_TEXT_MAX (2 * INDEX_TEXT_MAX + 1 + 8 * INDEX_REFERENCES_MAX)
typedef struct index_room_s index_room;
struct index_room_s {
  char packed[INDEX_RECORD];
  char name[INDEX_NAME_MAX];
  char base[INDEX_NAME_MAX];
  char text[INDEX_MAIL_TEXT_MAX];
};
/* The base of a file's name: a part of it, or put together in room (INDEX_NAME_MAX octets). */
extern slice index_base(slice name, char *room);
/* Whether the name has no S. */
extern int index_unread(slice name);

/* A mail of the image as its octets lie there. */
typedef struct index_raw_s index_raw;
struct index_raw_s {
  slice packed, name, text; /* the record, the file's name, the text */
  uint64_t inode;
  unsigned char where;
};

/* What segments, and this call's look at the directories, changed of a mail of the image, or a mail that they added. */
typedef struct index_change_s index_change;
struct index_change_s {
  index_mail mail; /* name and where: if added or renamed; r and text: if added or keyed */
  unsigned char added, gone, renamed, keyed, threaded;
  uint32_t sequence; /* of the last of them that says so in the record; 0: none does */
  uint64_t thread;   /* if threaded: the record's */
};

#define INDEX_CACHE 512    /* pieces that are kept of what is read here and there, */
#define INDEX_CACHE_FEW 64 /* and before the first bisection by base: the next one begins with the same steps, a page hardly reads anything twice */
#define INDEX_PIECE 512    /* octets of one; of an order INDEX_BLOCK, as SUMS has a check for that */
#define INDEX_ORDER_CACHE 64
typedef struct index_cached_s index_cached;
struct index_cached_s {
  uint64_t block;
  unsigned short section, len, room; /* room: which of those in pieces, and 1; 0: none yet */
};

/* A mail number beside what it is sorted by. */
typedef struct index_item_s index_item;
struct index_item_s {
  uint64_t key;
  uint32_t number;
};

/* Bases that are looked up together. */
typedef struct index_bases_s index_bases;
struct index_bases_s {
  slice const *base; /* not owned */
  size_t count;
  uint32_t *slot; /* of bases + 1: an open table */
  size_t mask;
  uint64_t seed;
};

typedef struct folder_index_s folder_index;
struct folder_index_s {
  int dir;          /* the directory that the file is in: not owned */
  char const *name; /* of the file there: not owned */
  int fd;
  uint64_t inode, device, size; /* of the file, as it was opened */
  index_header h;
  char *memory[SECTIONS];              /* sections that are in memory, whole; null for those that are read */
  index_cached *cached;                /* INDEX_CACHE + INDEX_ORDER_CACHE; null as long as nothing was read */
  char *pieces;                        /* room for INDEX_CACHE of INDEX_PIECE octets, then for INDEX_ORDER_CACHE of INDEX_BLOCK */
  unsigned short small_used, big_used; /* how many of either are given away */
  char const *segments;                /* those that were read, and what this call appended */
  char *segments_read;                 /* the former alone: changes point into it */
  size_t segments_len;                 /* octets of those that are good, and of those that this call appended */
  index_segment last;
  arena a; /* names and texts of changes */
  index_change *change;
  size_t changes, changes_room;
  uint32_t *slot; /* of changes + 1 by mail number */
  size_t slot_mask;
  uint32_t added, gone;          /* how many of the changes are such */
  uint32_t *extra[INDEX_ORDERS]; /* changes that stand in that order for themselves, sorted */
  size_t extras[INDEX_ORDERS];
  uint32_t near[INDEX_ORDERS]; /* where index_order_before was last */
  unsigned char *hidden;       /* a bit for each mail of the image that is gone or keyed */
  index_bases expected;        /* if hint is not null: which bases are, and the number of the mail of each, or UINT32_MAX */
  uint32_t *hint;
  int applied, broken, bisected;
  int applying; /* changes are made of the segments */
};
#define FOLDER_INDEX_ZERO \
  { \
    .dir = -1, .fd = -1 \
  }

/* --- open.c: a file, or an image that was made, as an index --- */

/* Opens the file of that name in dir, and reads its header and segments. 0 where there is no index that can be used; errno says why, EILSEQ
 * that its contents are wrong. */
extern int index_open(folder_index *ix, int dir, char const *name, uint64_t keys_version);
extern void index_close(folder_index *ix);
/* Whether the file is still the one that was opened. */
extern int index_current(folder_index const *ix);
/* Takes in the operations of the segments. 0 where they break a bound (broken), or memory fails. */
extern int index_apply(folder_index *ix);

/* --- read.c: what is in it --- */

/* Copies len octets of a section, from at on. 0 where that is not inside it or cannot be read: broken. */
extern int index_bytes(folder_index *ix, enum index_section section, uint64_t at, size_t len, char *to);
/* The mail of that number in the image, as it is there; its check is right. Of a raw one nothing else is known. */
extern int index_image_raw(folder_index *ix, uint32_t number, index_raw *raw, index_room *room);
extern int index_image_mail(folder_index *ix, uint32_t number, index_mail *m, index_room *room);
/* Its base and its inode alone, whose check is not looked at: they may be anything. */
extern int index_image_base(folder_index *ix, uint32_t number, slice *base, index_room *room);
extern int index_image_inode(folder_index *ix, uint32_t number, uint64_t *inode);
/* The mail of that number with all changes; 0 too, but not broken, where it has gone (ENOENT). */
extern int index_get(folder_index *ix, uint32_t number, index_mail *m, index_room *room);
/* The number at place i of an order of the image. */
extern int index_order_at(folder_index *ix, unsigned int by, uint32_t i, uint32_t *number);
/* A section, whole, in memory. Refused with ENOMEM where it has more than most octets. */
extern int index_load(folder_index *ix, enum index_section section, uint64_t most);
/* Its first len octets: in memory already, or in *room, which is the caller's to free. Null with errno. */
extern char const *index_start(folder_index *ix, enum index_section section, uint64_t len, char **room);
/* Calls each with the number of every mail of the image, and with what its record has at RECORD_..., of 4 octets. 0 where each gave 0 or the index
 * is broken. */
typedef int index_column_func(void *context, uint32_t number, uint32_t value);
extern int index_column(folder_index *ix, unsigned int at, index_column_func *each, void *context);
/* Copies the records of so many mails of the image, from that number on, as they lie there: their checks are not looked at. */
extern int index_records(folder_index *ix, uint32_t number, uint32_t count, char *to);
/* Octets that are worth their memory, of an index of a folder where so many names are listed: one that is larger by so much is not. */
static inline uint64_t index_load_most(uint64_t listed) { return 1024 * listed + (UINT64_C(16) << 20); }
/* Has the image's mails in memory, for who looks at all of them. */
extern int index_mails_load(folder_index *ix);

/* --- change.c: what changed since the image --- */

extern index_change *index_changed(folder_index const *ix, uint32_t number);
/* Room for so many more, at most for those of the largest segment. 0 where memory fails. */
extern int index_changes_room(folder_index *ix, size_t count);
/* Takes in one operation; slices are copied but where they are the segments'. 0 where it breaks a bound (EILSEQ), or memory fails. */
extern int index_change_make(folder_index *ix, index_operation const *o, uint32_t sequence);
/* The changes that stand in that order for themselves, sorted. */
extern int index_extra(folder_index *ix, unsigned int by);
/* Whether the image's mail has gone, or stands elsewhere in that order. */
extern int index_hidden(folder_index const *ix, unsigned int by, uint32_t number);
/* As index_get, of a mail that may have gone: as it was then. */
extern int index_get_gone(folder_index *ix, index_change *c, index_mail *m, index_room *room);
/* Gives b what went since the image, but for the first skip. */
struct index_builder_s;
extern int index_changes_gone(folder_index *ix, struct index_builder_s *b, uint64_t skip);
/* Mails whose keys are provisional; numbers has room for INDEX_PROVISIONAL_MAX. 0 where there are more, or the index is broken. */
extern int index_provisional(folder_index *ix, uint32_t *numbers, size_t *count);
extern void index_changes_free(folder_index *ix);

/* --- order.c: places in an order --- */

typedef struct index_key_s index_key;
struct index_key_s {
  int64_t number;
  slice text;
  slice base; /* ties */
  uint64_t inode;
};
extern void index_mail_key(index_key *k, unsigned int by, index_mail const *m);
extern int index_key_compare(index_key const *a, index_key const *b);
/* How many mails of the image's order lie before k. */
extern int index_order_before(folder_index *ix, unsigned int by, index_key const *k, uint32_t *count);

/* A place between two mails of an order. */
typedef struct index_cursor_s index_cursor;
struct index_cursor_s {
  folder_index *ix;
  unsigned int by;
  uint32_t at;   /* mails of the image's order before it */
  size_t extra;  /* extras before it */
  uint32_t turn; /* the place in the image's order of the extra turn_of, where that is known */
  size_t turn_of;
  int turn_known;
};
extern int index_cursor_open(index_cursor *c, folder_index *ix, unsigned int by, int at_end);
/* Before all mails whose key is not less than k; with behind, after those whose key is not greater. */
extern int index_cursor_seek(index_cursor *c, index_key const *k, int behind);
/* Steps over the next mail, or the one before, and gives its number. 1; 0 where there is none; -1 where the index is broken. */
extern int index_cursor_next(index_cursor *c, uint32_t *number);
extern int index_cursor_previous(index_cursor *c, uint32_t *number);
/* Steps over so many mails, upwards or down, as far as there are. */
extern int index_cursor_skip(index_cursor *c, uint64_t count, int upwards);
/* The mails with that base and an inode of at least that, in order of their inodes: the first room of them. */
extern int index_base_find(folder_index *ix, slice base, uint64_t inode, uint32_t *numbers, size_t room, size_t *count);

/* --- bases.c: many bases at a time --- */

/* Whether so many are: one pass over all names costs less than to bisect for each. */
extern int index_bases_many(folder_index const *ix, size_t count);
/* base must stay as long as b; slot is the caller's to free. 0 where memory fails. */
extern int index_bases_make(index_bases *b, folder_index const *ix, slice const *base, size_t count);
/* Calls each with those mails, of the image and that were added since, whose name has one of the bases, and which that is (the first, where it is there
 * twice). Names are not checked, and the mail may have gone: index_get tells. 0 with errno where each gave 0, or the index is broken. */
typedef int index_base_func(void *context, size_t which, uint32_t number);
extern int index_bases_pass(folder_index *ix, index_bases const *b, index_base_func *each, void *context);
/* These bases, which must stay, will be looked up one by one: where they are many their mails are found now. 0 with errno, or broken. */
extern int index_expect(folder_index *ix, slice const *base, size_t count);
/* The one mail with that base, and that inode where it is not 0, if it was found so: as index_get has it. 0 says nothing. */
extern int index_hint(folder_index *ix, slice base, uint64_t inode, index_mail *m, index_room *room);

/* --- sort.c --- */

/* Stable, by key. spare has room for as many. */
extern void index_sort(index_item *list, size_t count, index_item *spare);
/* Stable, by the text that text gives for a number, octet by octet; texts have no NUL. */
typedef slice index_text_func(void const *context, uint32_t number);
extern void index_sort_text(index_item *list, size_t count, index_item *spare, index_text_func *text, void const *context);

/* --- build.c: an image in memory --- */

/* A mail that went: sequence 4, serial 4, thread 8, length 1, base. */
typedef struct index_gone_s index_gone;
struct index_gone_s {
  uint32_t sequence, serial;
  uint64_t thread;
  slice base;
};
/* The octets that it takes; 0 where it is not whole. */
extern size_t index_gone_unpack(index_gone *g, char const *s, size_t len);

typedef struct index_builder_s index_builder;
struct index_builder_s {
  index_header h;
  char *names, *inodes, *records, *text, *gone;
  size_t names_len, names_room, text_len, text_room, gone_len, gone_room, room;
  uint32_t provisional[INDEX_PROVISIONAL_MAX];
  size_t provisionals;
  uint64_t unread, octets;
  int merged; /* the orders are made already, by index_merge, and twins are marked */
};
#define INDEX_BUILDER_ZERO \
  { \
    .names = 0 \
  }
/* Room for about so many mails, and octets of names and texts: an empty builder's; what it holds need not be copied then. 0 with errno. */
extern int index_builder_room(index_builder *b, size_t mails, size_t names, size_t text);
/* Mails are added in the order of the listing, those of new first. 0 with errno: memory, or EOVERFLOW where a bound of the format is passed. */
extern int index_builder_add(index_builder *b, index_mail const *m);
/* The same of one of another image. */
extern int index_builder_copy(index_builder *b, index_raw const *raw);
extern int index_builder_gone(index_builder *b, index_gone const *g);
/* One that went then is left out: GONE says nothing of what went up to then. */
extern void index_gone_forget(index_builder *b, uint64_t sequence);
/* Makes the orders of ix, into which the n mails of a builder will go, from those of old, where map has the new number of every mail of old, or
 * UINT32_MAX: what old has in order need not be sorted. 0 where that does not come out even, or with errno. merge.c. */
extern int index_merge(folder_index *ix, folder_index *old, uint32_t const *map, uint32_t n);
/* Makes the orders and checks, and ix of it all: an index in memory, that index_image_write can leave behind. b is empty then. */
extern int index_builder_finish(index_builder *b, folder_index *ix);
extern void index_builder_free(index_builder *b);

/* --- since.c: what happened since a segment --- */

/* Calls each with every entry of GONE. 0 with errno where each gave 0, or the index is broken, or GONE is larger than we make it. */
typedef int index_gone_func(void *context, index_gone const *g);
extern int index_gone_each(folder_index *ix, index_gone_func *each, void *context);

/* A moment in an index's life: what its file said after one segment that has operations, or as its image was made. */
typedef struct index_moment_s index_moment;
struct index_moment_s {
  uint32_t sequence;
  uint64_t check; /* that of the segment; of an image its instance */
};
/* The moment that the file is at: of what has been read, and written by this call. 0 where it cannot be told. */
extern int index_moment_take(folder_index const *ix, index_moment *m);
/* Whether the index goes on from that moment, as far as the segments that are left tell; else it is another's, or an old one that was put back. */
extern int index_follows(folder_index const *ix, index_moment const *m);

/* folder_touched, folder_reaches, folder_kin, folder_look_up of an index (porter/since.h). */
extern int index_touched(folder_index *ix, int64_t sequence, mail_trace_func *each, void *context);
extern int index_reaches(folder_index const *ix, int64_t sequence);
extern int index_kin(folder_index *ix, uint64_t const *threads, size_t count, mail_trace_func *each, void *context);
extern int index_look_up(folder_index *ix, slice const *bases, size_t count, mail_hit_func *each, void *context);

/* --- write.c --- */

/* All len octets, at an offset. 0 with errno. */
extern int index_write_at(int fd, char const *s, size_t len, uint64_t at);

/* Writes the image that is in memory, and one segment that says last, to a file in tmp, and renames that over the index. 0 with errno; no
 * file is left then. */
extern int index_image_write(folder_index *ix, int tmp, char const *unique);
/* The same for an image that was read and of which all is in memory (index_mails_load, and the rest): with the segments that it has. */
extern int index_image_rewrite(folder_index *ix, int tmp, char const *unique);
#endif
