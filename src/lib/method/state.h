/* States: names of moments of the mailbox, from which a client asks what has changed.
 *
 *   1.BIRTH.N           a moment that porter.states keeps
 *   1.BIRTH.N.M.HASH    between two: as of M for bases whose hash is at most HASH, as of N for those beyond
 *   0.HASH              stamps of the folders it was made of, in order: where there can be no indexes. One that could hide a change to come has a '?'
 *                       behind it, and is never equal to another: Wait tells of a change at the latest when a state hides none */
#ifndef PORTER_STATE_H
#define PORTER_STATE_H

#include <porter/since.h>

#include "scope.h"

#define STATE_MAX 100 /* octets that a client may send as one */
#define STATE_FMT 80

/* The folders that are there in a record, by id. */
typedef struct state_ids_s state_ids;
struct state_ids_s {
  states_folder const **f; /* null: not made yet */
  size_t count;
};
/* 1, or 0 with errno ENOMEM. */
extern int state_ids_make(state_ids *ids, arena *a, states_folder const *slot, size_t slots);

/* The state of the mailbox. */
typedef struct state_s state;
struct state_s {
  int kept;   /* it is one of porter.states */
  int stable; /* no folder changed while others were looked at: a mail that is in none has gone */
  uint64_t birth, number;
  states st; /* as it is, with this record */
  size_t record;
  scope *all;         /* its folders: the caller's; the first STATE_OPEN are open */
  state_ids last;     /* of its record, once asked for */
  states_folder *now; /* of each: there is 0 where it had gone */
};
#define STATE_OPEN 64
/* The state now; where none can be kept, kept is 0. all: every folder, from scope_named. EXIT_DONE or EXIT_TEMPORARY. */
extern int state_take(method_call *call, scope *all, state *s);
/* Opens that folder of all as it was then: 1; 0 where it is no more; -1 with errno. To be shut by state_shut. */
extern int state_open(state *s, size_t i);
extern void state_shut(state *s, size_t i);

/* Writes a state as text. */
extern void state_text(state const *s, char *text);
/* That of one folder of all: another only where that has changed, or a long time has passed. */
extern void state_folder_text(state *s, slice name, char *text);

/* An id, as clients have it. */
extern void state_folder_id(uint64_t id, char *text);
/* Whether the folder of that name, one of all, is as it was in a record. */
extern int state_same_since(state const *s, slice name, state_ids const *ids);

/* What a client sent as a state. */
typedef struct state_asked_s state_asked;
struct state_asked_s {
  uint64_t birth, n, m, hash;
  int page; /* there are m and hash */
};
/* 0: it is none that porter.states has. */
extern int state_scan(state_asked *asked, char const *text);
extern void state_asked_text(state_asked const *asked, char *text);

/* Without indexes: writes the state of the folders from to to - 1 of a scope, which it opens; those that have gone meanwhile are not in it. A change that
 * is younger than the clock's grain is waited out, but for remote file systems. EXIT_DONE or EXIT_TEMPORARY. */
extern int state_bare(scope *s, size_t from, size_t to, char *text);
/* The same, as it stands: *settled: it could hide no change to come. */
extern int state_stamps(scope *s, size_t from, size_t to, char *text, int *settled);

/* Takes the state, and writes it, whatever kind it is. all: the scope is of all folders; else every becomes one that is, for the caller to end. */
extern int state_write(scope *s, int all, scope *every, state *now, char *text);

/* Folders that are named must be there: the failure that was answered. */
extern int state_named(scope *s);
extern int state_check(method_call *call, char const *text);

#endif
