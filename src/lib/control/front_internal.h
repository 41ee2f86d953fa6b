/* What the files of a connection in front of a tor share. */
#ifndef PORTER_FRONT_INTERNAL_H
#define PORTER_FRONT_INTERNAL_H

#include <porter/control.h>

/* Whose reply comes next; null: nobody waits for one. */
extern control_turn *front_turn(control *c);
/* The octets that are kept for it. */
extern char const *front_turn_kept(control const *c);
/* It was answered. */
extern void front_turn_done(control *c);
/* The newest in the queue; null: it is empty. */
extern control_turn *front_last_turn(control *c);
/* Whether there is room for one more that keeps len octets. */
extern int front_turn_fits(control const *c, size_t len);
/* Adds one that fits, with a copy of the octets; on: see control_turn_s. Where memory fails, the client's output does. */
extern void front_turn_add(control *c, enum turn_kind kind, unsigned int on, char const *s, size_t len);

/* Writes what is tor's. 1: nothing is left that waits to be written. */
extern int front_write_tor(control *c);

/* Looks at what the client sent, as far as it can: takes what is ours, leaves what is tor's to be written. 1: for more, more must come. */
extern int front_scan_client(control *c);
/* Carries out the commands of ours that wait no longer. */
extern void front_run_turns(control *c);

/* Takes what tor sends, where there is room for it. */
extern void front_read_tor(control *c);
extern int front_wants_tor(control const *c);
/* As control_side_s has it; front_command.c asks too. */
extern int front_between(control *c);
/* Looks at what tor sent, as far as it may go to the client now. */
extern void front_scan_tor(control *c);
/* Gives the client what is his. */
extern void front_pass(control *c);

#endif
