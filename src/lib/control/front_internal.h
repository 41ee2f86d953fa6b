/* What the two sides of a connection in front of a tor share. */
#ifndef PORTER_FRONT_INTERNAL_H
#define PORTER_FRONT_INTERNAL_H

#include <porter/control.h>

#define INFO_OURS 1U
#define INFO_TORS 2U
#define INFO_NAMES 4U /* events/names or info/names, to which ours are added */
#define INFO_FAILED 8U

/* Whose reply comes next; null: nobody waits for one. */
extern control_turn *front_turn(control *c);
/* The octets that are kept for it. */
extern char const *front_turn_kept(control const *c);
/* It was answered. */
extern void front_turn_done(control *c);

/* Takes what tor sends, where there is room for it. */
extern void front_read_tor(control *c);
extern int front_wants_tor(control const *c);
/* As control_side_s has it; front.c asks too. */
extern int front_between(control *c);
/* Looks at what tor sent, as far as it may go to the client now. */
extern void front_scan_tor(control *c);
/* Gives the client what is his. */
extern void front_pass(control *c);

#endif
