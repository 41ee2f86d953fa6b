/* What the files of the bus share. Each calls only those above it:
 *
 *   bus_path      names of files with numbers in them; entries of a directory; fifos
 *   bus_dir       the state directory and its head, the lock (and bus_segment_make, for a new one)
 *   bus_segment   files of the log, and places in it
 *   bus_name      names, under the lock
 *   bus_join      joining, leaving; under the lock as one who has joined, again where the state directory was wiped
 *   bus_claim     a name that another may have
 *   bus_list      who is there, and who comes and goes
 *   bus_wake      listening, and waking who does
 *   bus_log       posting, reading */
#ifndef PORTER_BUS_INTERNAL_H
#define PORTER_BUS_INTERNAL_H

#include <porter/control_bus.h>

#define BUS_TRIES 32 /* while somebody wipes the state directory, name by name, what is made in it may go again */
#define BUS_PATH 64  /* holds conn/SERIAL.UID, log/ID; name/NAME needs CONTROL_NAME_MAX + 6 */

/* --- bus_path --- */

/* s: prefix, number, NUL. */
extern void bus_path_fmt(char *s, char const *prefix, uint64_t n);
/* Decimal digits at s up to the character end; 0 where it is none. */
extern int bus_number(char const *s, char end, uint64_t *n, char const **rest);
/* conn/SERIAL.UID, SERIAL.UID behind prefix. */
extern void bus_conn_fmt(char *s, char const *prefix, uint64_t serial, uint32_t uid);
extern int bus_conn_scan(char const *s, uint64_t *serial, uint32_t *uid);
/* For writing; ENXIO: no reader, ENOENT: none there. */
extern int bus_fifo_open(bus const *b, char const *path);
/* Whom a wake does not reach, since he just died or his fifo is full, needs none. */
extern void bus_fifo_wake(int fd);
/* Calls each with the names in a directory but . and .., until it returns 0. */
typedef int bus_entry_func(void *context, char const *name);
extern int bus_entries(int dir, char const *path, bus_entry_func *each, void *context);

/* --- bus_dir --- */

/* Opens the state directory, locks it, maps its head, making what is not there. Locked on success. */
extern int bus_dir_open(bus *b);
extern void bus_dir_close(bus *b);
/* Locked: makes all that is in it anew, for others to join; to those who have joined it is wiped. */
extern void bus_dir_anew(bus *b);
/* Waits for the lock as the head of control_bus.h says. */
extern int bus_lock(bus *b);
extern void bus_exit(bus *b); /* keeps errno */
extern int bus_load(bus const *b, bus_slot *slot);
extern void bus_commit(bus *b, bus_slot const *slot);
/* How often names have changed: odd while one changes, and who lists them without the lock looks again. Changed under the lock. */
extern uint64_t bus_names(bus const *b);
extern void bus_names_begin(bus *b);
extern void bus_names_end(bus *b);

/* --- bus_segment --- */

/* Under the lock: an empty segment with that first id; all segments away that slot does not name. */
extern int bus_segment_make(int dir, uint64_t first);
extern int bus_segment_purge(int dir, bus_slot const *slot);
/* That segment is b->segment. */
extern int bus_segment_open(bus *b, uint64_t first);
/* The first id that is kept. */
extern uint64_t bus_first(bus_slot const *slot);
/* The cursor goes to the end of the log; needs no lock. */
extern int bus_cursor_to_end(bus *b);
/* To its beginning, in a log that began while we were connected: what it no longer has is lost. */
extern int bus_cursor_to_start(bus *b);

/* --- bus_name: under the lock --- */

extern void bus_name_path(char *s, char const *name);
/* Whether somebody else who lives has it; *fd, if not null, is then his fifo. -1: cannot tell, errno. Needs no lock. */
extern int bus_name_taken(bus *b, char const *path, int *fd);
extern int bus_claim_locked(bus *b, slice name);
/* Takes away what the dead have left. Whether there is any: needs no lock, though it may say so of one who is joining. */
extern int bus_sweep(bus *b);
extern int bus_dead(bus *b);

/* --- bus_join --- */

/* Joined and locked; a state directory that was wiped is joined anew. */
extern int bus_enter(bus *b);
/* Joined and locked: what must be there is not (ENOENT), as when it is being wiped, or was in part. It is made anew; unlocked, and
 * not joined: enter again. */
extern void bus_broken(bus *b);
/* Whether the state directory that was joined has been wiped: then it is left. */
extern int bus_wiped(bus *b);
/* Whether our entry and our name are there. */
extern int bus_entered(bus const *b);

/* --- bus_wake --- */

/* Keeps the bell from filling up. */
extern void bus_bell_trim(bus *b);

#endif
