/* What the files of a comparison share: compare.c finds what does not stand where it stood, compare_resolve.c makes operations of it,
 * compare_marks.c looks after whose base another has, or who has several names. */
#ifndef PORTER_INDEX_COMPARE_INTERNAL_H
#define PORTER_INDEX_COMPARE_INTERNAL_H

#include "compare.h"

/* A listed name that did not stand where one was expected. */
typedef struct loose_s loose;
struct loose_s {
  slice name, base;
  uint64_t inode;
  unsigned char where;
  uint32_t *number; /* where its mail's number is kept */
};

/* A known mail that was not met. */
typedef struct missing_s missing;
struct missing_s {
  index_mail mail;
  loose *found;
};

typedef struct working_s working;
struct working_s {
  comparison *c;
  folder_index *ix;
  loose *loose;
  size_t loose_count, loose_room;
  missing *missing;
  size_t missing_count, missing_room;
  slice *touched; /* bases of which a mail came or went beside another */
  size_t touched_count, touched_room;
  uint32_t *linked; /* mails with several names */
  size_t linked_count, linked_room;
  arena a; /* bases that were put together */
};

/* Room for one more in one of the lists. 0 with errno. */
extern int compare_room(void **list, size_t count, size_t *room, size_t size);
#define COMPARE_ROOM(w, what) compare_room((void **)&(w)->what, (w)->what##_count, &(w)->what##_room, sizeof *(w)->what)

/* Makes operations of what is loose and what is missing; they are in the index when this comes back, and what has to be marked is noted.
 * 0 with errno, or the index is broken. */
extern int compare_resolve(working *w);
/* An operation of which the index does not hear yet; before: what it said of the mail, null where that came. */
extern int compare_emit(working *w, index_operation const *o, index_mail const *before);

/* Marks what was noted. */
extern int compare_marks(working *w);

#endif
