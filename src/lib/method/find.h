/* What the files of Find share: the walk through folders, and the page that is taken of it. */
#ifndef PORTER_FIND_H
#define PORTER_FIND_H

#include "filter.h"
#include "scope.h"

/* A mail on the walk, or a place. */
typedef struct hit_s hit;
struct hit_s {
  size_t folder; /* of the scope */
  order_key key;
};

typedef struct find_lane_s find_lane;

typedef struct find_s find;
struct find_s {
  method_call *call;
  Porter__FindReq const *request;
  scope s; /* by name */
  filter *filter;
  enum order_by by;
  int descending;
  int before;            /* the page lies before the place */
  find_lane *lane;       /* one for each folder; find_walk.c's, as are these: */
  size_t *heap, waiting; /* the lanes that have a next mail */
  int backwards;
  /* the place of the request's bound */
  int bounded;   /* there is one, else it is an end */
  hit bound;     /* folder: the first that lies not before the bound's */
  int at_folder; /* it is the bound's own */
};

/* --- the walk --- */

/* Opens a cursor for each folder of the scope. EXIT_DONE, or the failure that was answered; find_close is due in any case. */
extern int find_open(find *fi);
extern void find_close(find *fi);
/* Gives mails their threads, where the request asks for any, before find_open: likewise. find_threads.c. */
extern int find_threads(find *fi);
/* Sets the place from the request's bound: EXIT_DONE, or the failure that was answered. */
extern int find_bound(find *fi);
/* Sends the walk to a place; null: to an end. backwards: against the order by keys. Of the mails with the very key and mid of the place, those
 * in folders beyond its own lie behind it; at_folder: its own is from->folder, else it lies before that. with_place: the walk begins with the
 * mail of the place. 1, or 0 with errno. */
extern int find_seek(find *fi, hit const *from, int at_folder, int backwards, int with_place);
/* The next mail of all: 1, 0 at the end, -1 with errno. */
extern int find_next(find *fi, hit *h);

/* --- the page --- */

typedef struct find_page_s find_page;
struct find_page_s {
  hit *hit; /* in the arena, in the order that was asked for */
  size_t count, room;
  int ahead, behind; /* there is more, the way it was taken and the other way */
  uint64_t position; /* of the first; 0 where it is not known */
  uint64_t total;    /* 0 where it was not asked for */
};
/* Takes the page of the request, of most mails at most. EXIT_DONE, or the failure that was answered. */
extern int find_page_take(find *fi, size_t most, find_page *p);

#endif
