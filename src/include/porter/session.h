/* How the programs of a session begin: those between a client and his mailbox. */
#ifndef PORTER_SESSION_H
#define PORTER_SESSION_H

/* Before anything is read: descriptors 0 to 2 are there, signals are as child_signals has them, and no other process of this uid sees what is
 * in memory, as many mailboxes may share the uid. 1, or 0 with errno where a descriptor could not be opened. */
extern int session_begin(void);
/* For who reads the requests, in front of the first: no response waits for the client to acknowledge the one before it (on anything but
 * TCP this does nothing), and frame_begun; where that could not be it is said. */
extern void session_serve(void);

#endif
