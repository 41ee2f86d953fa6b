/* Locks of files that the owner of a mailbox can lock himself. */
#ifndef PORTER_LOCKING_H
#define PORTER_LOCKING_H

/* Locks the file fd (flock), waiting for so many milliseconds at most. 0 with errno: EBUSY where somebody keeps it. */
extern int lock_within(int fd, unsigned int ms);

#endif
