/* A filter, as filter_make.c makes it; filter.c matches mails with it, and filter_thread.c their threads. */
#ifndef PORTER_FILTER_INTERNAL_H
#define PORTER_FILTER_INTERNAL_H

#include "conversations.h"
#include "filter.h"

enum { IN_ALL, IN_SOME, IN_NONE, INS }; /* filters of a mail's thread */
enum { PHRASES = 8 };                   /* of one node: text, from, to, cc, bcc, subject, body, file name */

/* What a node asks of names of files in one folder. */
typedef struct asked_here_s asked_here;
struct asked_here_s {
  char yes[KEYWORDS_LETTERS], no[KEYWORDS_LETTERS]; /* letters */
  char either;                                      /* the letter that is as good as P, for $Forwarded */
  unsigned char missing;                            /* a keyword that is wanted has no letter there: no mail has it */
  unsigned char elsewhere;                          /* the folder is none of those that are wanted */
};

typedef struct node_s node;
struct node_s {
  size_t number; /* of all nodes of the filter */
  Porter__Filter const *from;
  node *child; /* the filters in it, one behind the other */
  size_t count;
  char flags[sizeof MAILDIR_FLAGS], no_flags[sizeof MAILDIR_FLAGS]; /* each once: every folder is asked */
  mail_matcher *phrase[PHRASES];
  slice header_value; /* as it is compared */
  int64_t since, before;
  slice *folders, *no_folders; /* those that are named, in order */
  uint64_t thread;             /* the one that is wanted */
  node *in[INS];               /* of the thread's mails; null: none */
  unsigned char *hit, *miss;   /* of one of these: a bit for each thread that has a mail with it, without it */
};

struct filter_s {
  method_call *call;
  node root;
  int all;       /* there is nothing to be matched */
  arena scratch; /* for one mail */
  arena texts;   /* for one field or phrase of it: filters can be hundreds */
  size_t nodes;
  asked_here **kept; /* of each folder, once entered: what each node asks there, as walks come back to a folder mail by mail */
  size_t folders;
  asked_here *here; /* of the folder that was entered */
  folder *entered;
  folder *f;
  mail_entry *e;
  slice const *octets;
  int parsed, partly;
  mime_tree tree; /* of the octets, once parsed */
  enum filter_wants wants;
  thread_numbers numbers; /* of threads, for the bits */
  scope *threads;         /* whose lines are told */
};

/* --- filter_make.c --- */

/* A text as the node's phrases are compared, in the arena. 1, or 0 with errno ENOMEM. */
extern int filter_form(node const *n, arena *a, slice text, slice *out);

/* --- filter.c --- */

/* Whether a mail with these flags, in the folder that was entered, has those that the node wants. */
extern int filter_flags(filter const *fl, node const *n, slice flags);

/* --- filter_thread.c --- */

/* Whether the thread of the mail that is matched is what the node wants. */
extern int filter_in_thread(filter const *fl, node const *n);

#endif
