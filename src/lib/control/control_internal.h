/* What the files of a connection share. Where a function returns int, 1 is done and 0 is not yet: c->retry says when to come again, or
 * input or room for output is waited for. */
#ifndef PORTER_CONTROL_INTERNAL_H
#define PORTER_CONTROL_INTERNAL_H

#include <porter/control.h>

extern char const *const control_key_name[KEY_COUNT];
/* KEY_COUNT: it is none of ours. */
extern enum control_key control_key_find(slice word);

extern void control_warn(control *c, char const *what, int e);
/* Come again after that many nanoseconds at most. */
extern void control_again(control *c, uint64_t ns);
/* Whether there is room for output; else this connection goes on when there is. */
extern int control_room(control *c);
/* 451 or 551. */
extern void control_failure(control *c, int e);
/* Before the last reply goes out: the client's next send fails, on a Unix socket. */
extern void control_hear_no_more(control *c);
/* Joins the bus, as the client is authenticated now. */
extern void control_connect(control *c);
/* After own commands: the client's replies go out, then those who are posted to are woken. */
extern void control_wake(control *c);

/* --- commands of ours: the arguments as control_arguments gives them --- */

extern int own_controllername(control *c, slice arguments);
/* Lines of which the first is POSTMESSAGE: it and those of its kind that follow at once. *used: octets of the lines that are answered. */
extern int own_posts(control *c, char const *s, size_t len, size_t *used);
/* Looks up what the keys (bits) will give. 1 ready; 0 not yet, or -1 failed: errno. */
extern int own_prepare(control *c, unsigned int keys);
/* The lines of that key's value. */
extern void own_put(control *c, enum control_key key);
extern void own_answered(control *c);
/* A GETINFO with keys of ours only. */
extern int own_getinfo(control *c, slice arguments);
/* The event of that name, as its bit; 0: it is none of ours. */
extern unsigned int own_event_find(slice word);
/* Turns these on and the others off. 1, or 0 with errno (EAGAIN as for the bus). */
extern int own_listen(control *c, unsigned int events);
/* Sends the events that wait: messages; who has come and gone. */
extern void own_events(control *c);
extern void own_changes(control *c);

/* --- alone, in front --- */

/* What differs between a connection that has a tor and one that has none. */
typedef struct control_side_s control_side;
struct control_side_s {
  /* Carries out what the client sent, passes on what tor sent. */
  void (*step)(control *c);
  /* Nothing more will come for the client but what is pending, and that is out. */
  int (*over)(control *c);
  int (*wants_client)(control const *c);
  /* Octets that may be taken from the client now. */
  size_t (*room)(control const *c);
  /* Whether something of ours may go to the client now: between tor's replies and events. */
  int (*between)(control *c);
  /* Octets for the client that are not in his output. */
  size_t (*pending)(control const *c);
  /* Tells the kernel what else is waited for; 1, or 0 with errno. Takes what has come of it. */
  int (*watch)(control *c);
  void (*take)(control *c, uint32_t const *happened);
  /* Before the client is told that it is over. */
  void (*close)(control *c);
};
extern control_side const alone_side, front_side;
/* The lines of info/names for keys of ours. */
extern char const control_info_names[];

#endif
