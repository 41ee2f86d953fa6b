/* Turns: what takes much memory is done by a few processes at a time, who came first first. */
#ifndef PORTER_SLOT_H
#define PORTER_SLOT_H

/* Waits at most patience seconds for one of n slots. They are files in dir, which is made where it is missing; it must belong to this uid and
 * be closed to everybody else. Each who comes draws a number in `queue`, and waits for the file that it leads to: a lock of the
 * kernel's, which dies with its holder. Returns a descriptor, closed on exec, that holds the slot until it is closed; or -1 with errno:
 * ETIMEDOUT, or EPERM for a directory that is not as it must be, or what the system says. Uses SIGALRM and the real timer, and SIGXFSZ must
 * be ignored. */
extern int slot_take(char const *dir, unsigned int n, unsigned int patience);

#endif
