/* What the files of threads share: rows of threads, and the mails that hang on them. */
#ifndef PORTER_THREADS_INTERNAL_H
#define PORTER_THREADS_INTERNAL_H

#include "conversations.h"
#include "heads.h"

#define MEMBER_NONE UINT32_MAX

/* A mail, as a line told it; those of a thread hang together. */
typedef struct member_s member;
struct member_s {
  int64_t arrival;
  uint32_t number, next; /* of the line; the next member of the thread, MEMBER_NONE at its end */
  uint32_t folder;       /* of the scope */
};

/* What of a thread orders it, and where its mails are. */
typedef struct row_s row;
struct row_s {
  uint64_t id;
  int64_t newest;        /* of those in the folders asked */
  uint32_t first, count; /* members */
  int there;             /* it has one in the folders asked */
};

typedef struct view_s view;
struct view_s {
  method_call *call;
  Porter__ThreadsReq const *request;
  scope s;
  size_t asked, folder; /* folders of the scope before those that only add mails; the one that is told */
  row bound;
  int bounded;
  thread_numbers numbers; /* of the rows */
  row *row;
  size_t rows, row_room;
  member *member;
  size_t members, member_room;
  row *page; /* those of the answer, in order */
  size_t count;
  heads h;
};

/* --- threads_rows.c --- */

/* The row of a thread, which gets one; null where memory fails. */
extern row *threads_row(view *v, uint64_t id);
/* Takes all rows and members away. A forget_func of the view. */
extern void threads_forget(void *context);
/* Reads the members of all threads that have a row. EXIT_DONE, or the failure that was answered. */
extern int threads_take_members(view *v);
/* Gives each thread there is a row, without members: likewise. */
extern int threads_all_rows(view *v);

/* --- threads_page.c --- */

/* Sets the bound from the request: EXIT_DONE, or the failure that was answered. */
extern int threads_read_bound(view *v);
/* Whether the row is one of those that come after the bound. */
extern int threads_is_behind(view const *v, row const *r);
/* Takes the page, of limit rows at most, to v->page, which has room for them, and tells how many threads lie behind the bound, as far as that is known.
 * EXIT_DONE, or the failure that was answered. */
extern int threads_choose(view *v, size_t limit, size_t *behind);
/* Reads the members of the page's threads, where none were read: likewise. */
extern int threads_fill_page(view *v);

/* --- threads_walk.c --- */

/* Whether nothing asks for all threads, and all folders have an index to walk in. */
extern int threads_can_walk(view const *v);
/* Gives threads rows and members, from the newest mail or the bound on. *done: there are rows enough for a page of limit, and one to know that there are
 * more; or all there are. EXIT_DONE, or the failure that was answered. */
extern int threads_walk(view *v, size_t limit, int *done);

/* --- threads_thread.c --- */

/* Writes the thread of a row of the page, whose members were read: likewise. */
extern int threads_write(view *v, row const *chosen);

#endif
