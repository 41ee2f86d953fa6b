/* What the files of a walk through a folder share. Each calls only those before it: cursor_key.c, cursor_indexed.c, cursor.c, which opens with how a
 * walk goes. */
#ifndef PORTER_MAILDIR_CURSOR_INTERNAL_H
#define PORTER_MAILDIR_CURSOR_INTERNAL_H

#include "indexed.h"
#include "sieve.h"

typedef struct place_s place;
struct place_s {
  order_key key;
  int match; /* of enum mail_match_answer */
};

struct cursor_s {
  folder *f;
  enum order_by by;
  mail_match *match;
  void *context;
  arena a; /* the keys' texts */
  place *place;
  size_t count, within, left, next;
  int backwards, sorted;
  arena scratch;
  mail_file file;
  folder_index *index; /* null: the keys are made */
  index_cursor walk;
  order_key last; /* of the mail that was given last, or where the walk began; without a mail: an end */
  int with_place;
  size_t skipped; /* mails that were passed over behind that */
  sieve sieve;    /* what the text filter leaves of the walk */
};

/* --- cursor_key.c --- */

/* Whether the order's keys cost nothing: no mail is read for them. */
extern int cursor_is_free(enum order_by by);
/* Asks the match, with the mail's octets where answer, its word without them, is MATCH_UNKNOWN; then they are in c->file. Of enum mail_match_answer:
 * MATCH_FAILED with errno. What cannot be read matches nothing. */
extern int cursor_ask(cursor *c, mail_entry *e, int answer);
/* The keys of all mails that are, or may be, on the way: c->place and c->count, which are zero. 0 with errno. */
extern int cursor_make_places(cursor *c);

/* --- cursor_indexed.c --- */

/* The index that the walk goes along; the folder's. Null: there is none. */
extern folder_index *cursor_index(cursor *c);
/* cursor_seek along the index. 0: it broke. */
extern int cursor_seek_index(cursor *c, order_key const *from);
/* cursor_next along the index: 1, 0, -1 with errno; -2: it broke. */
extern int cursor_next_indexed(cursor *c, order_key *k);

#endif
