/* What changed in folders since a moment that is kept. */
#ifndef PORTER_METHOD_SINCE_H
#define PORTER_METHOD_SINCE_H

#include "state.h"

/* What became of one mid. */
typedef struct since_change_s since_change;
struct since_change_s {
  slice base;
  uint64_t inode; /* of a twin, else 0 */
  Porter__Change__Kind kind;
  uint64_t thread;  /* 0: not known */
  int thread_turns; /* NEW: no mail of it was there; GONE: none is left */
  size_t *folders;  /* of the state's, where it is now */
  size_t folder_count;
};

typedef struct since_s since;
struct since_s {
  since_change *change;
  size_t count;
  int threads; /* what is known of threads is told */
  int cut;     /* there is more, beyond hash */
  uint64_t hash;
};

/* What the moments of a page say of a folder: of n and m the moment where anything was there, else null. */
typedef struct since_lane_s since_lane;
struct since_lane_s {
  size_t folder; /* of the state's */
  folder_moment const *n, *m, *now;
};
/* Whether a mail was there at a moment. */
static inline int since_there(folder_moment const *at, mail_trace const *t)
{
  return at && t->serial < at->serial && (!t->gone || t->sequence > at->sequence);
}

enum since_answer { SINCE_FAILED = -1, SINCE_UNKNOWN, SINCE_TOLD };
/* The page of changes in these folders from n to m, of which the bases lie beyond *from (null: from the beginning), of most bases. In the call's arena.
 * SINCE_UNKNOWN: it cannot be told. SINCE_FAILED with errno. */
extern enum since_answer since_take(method_call *call, state *s, since_lane *lane, size_t lanes, uint64_t const *from, size_t most, since *out);

/* --- since_threads.c, for since_take --- */

/* Mails that came into these folders join their threads, in order of arrival as far as folders are open at once. */
extern enum since_answer since_join(method_call *call, state *s, since_lane const *lane, size_t lanes);
/* Says of the changes whose mails came or went whether their threads did. */
extern enum since_answer since_threads(method_call *call, state *s, since_lane const *lane, size_t lanes, since *out);

#endif
