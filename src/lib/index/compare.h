/* A listing compared with an index: see compare.c. */
#ifndef PORTER_INDEX_COMPARE_H
#define PORTER_INDEX_COMPARE_H

#include "index.h"

/* What a directory held at one moment, in its order; list is null where it was not listed, as cur may be. */
typedef struct index_listing_s index_listing;
struct index_listing_s {
  place_name *list;
  size_t count;
  uint32_t *number; /* the mail of each name, UINT32_MAX for none: written by index_compare. Two names may have one mail: it has one of them */
};

/* Makes the record and text of an ADD from the mail's head: o has its place, name and inode. 1; 0 where the mail has gone; -1 with errno. */
typedef int index_head_func(void *context, index_operation *o, arena *a);

typedef struct comparison_s comparison;
struct comparison_s {
  folder_index *ix;
  index_listing listing[PLACES];
  index_head_func *head;
  void *context;
  /* What came of it, for which the listing is no longer needed; another listing that is compared goes on behind the first. */
  index_operation *operation;
  size_t count, room;
  size_t octets;       /* that they take in a segment */
  index_segment total; /* mails, unread, octets */
  int started;
  int vanished; /* a mail that is listed could not be opened: it has been renamed meanwhile, or it has gone */
  arena a;      /* what operations point to */
};
/* The index has the changes in memory when this comes back: what comes of a listing must not be dropped as long as the index is used, as a segment
 * of what came later would not be true. 0 with errno: memory, or the index is broken. */
extern int index_compare(comparison *c);
/* Makes what came of it, and the stamps from before the listing, the index's last segment, and appends that to the file where it is what was
 * read (write.c). 0 with errno: EFBIG where segments would take too much, so that a new image is due; EAGAIN where another is writing or has
 * written. In memory the index is up to date in any case. */
extern int index_segment_write(folder_index *ix, comparison const *c, index_stamp const stamp[PLACES]);
extern void index_comparison_free(comparison *c);

#endif
