/* The state directory that all controllers' connections share: who is connected, under which name, who listens, and the
 * log of messages. There is no server: every connection is a process, and each does this by itself.
 *
 *   STATEDIR/        0700, ours. flock(LOCK_EX) on the directory itself is the lock
 *     head           4096 bytes, mapped by all: magic, format, boot id, sequence, two slots (bus_slot), a count of changes of names
 *     log/ID         a segment: records from the first id, ID, on. At most two are named by the head: the old and the current one
 *     conn/SERIAL.UID  a fifo: the connection. Its owner has it open for reading as long as it lives; a byte in it wakes the owner
 *     name/NAME      symbolic link to ../conn/SERIAL.UID: who holds NAME
 *     bell           a fifo that all have open: a byte into it wakes who wants events. It is never emptied, see below
 *
 * Alive: opening the fifo O_WRONLY|O_NONBLOCK succeeds. ENXIO: the owner is dead, however it died; nothing need be cleaned up
 * for its name to be free.
 * Commit: fill slot (sequence+1)&1, then store sequence+1 (release). Who reads copies slot sequence&1 and looks at sequence
 * again; it takes no lock. A process killed before the store has changed nothing.
 * Join (locked): commit next_serial+1; mkfifo conn/.new, open it,
 * rename it to conn/SERIAL.UID: nobody sees a fifo without its reader. The cursor is the log's end.
 * Then, if some fifo has no reader (no lock): sweep (locked) what is dead, names first, fifos last.
 * Claim (locked): name/NEW opens: taken, by one who is woken and may leave. Else rename name/OLD to name/NEW, or symlink name/.new and rename that: one
 * rename(2) either way, over a dead link if there is one.
 * List (no lock): conn/, then name/; again if the count of changes has changed, or is odd, which it is during one (claim, leave,
 * sweep); after four times under the lock.
 * Listen (no lock): cursor to the log's end, then wait for the bell too.
 * Post (locked): open name/DST (fails: no such destination); write the records at cur_end; commit; unlock.
 * Answer the client; then wake: a byte into the bell, for a message to all, or into the fifo of the one destination.
 * The bell is waited for by its edge (EPOLLET): one write wakes everybody who waits, and nobody reads. Linux reports an edge for
 * each write (5.14 and up), but not while the fifo is empty or full. So every BUS_BELL ids a poster takes out all but one byte,
 * under the lock.
 * Switch (locked): make log/.new, rename it to log/next_id, commit, unlink all segments that the head does not name.
 * Read (no lock): take the edge, drain the fifo, load the head, read to its end, and only then sleep. While the client takes
 * nothing, neither is looked at. A listener also looks at the head when it has slept 5 s: a poster may have died between commit and wake.
 * Wiped (the head's link count is 0): who finds it by a command rings the old bell, and joins a new one; a listener whom the bell
 * brought nothing looks whether he is wiped. All read the new log from its beginning.
 * Wiped in part (something is missing that must be there, ENOENT under the lock; our own entry or name is gone): made anew, head first away
 * and head last there, which wipes it for all. By whoever finds it: by a command, by what woke who watches, or as he listens. So a removal name by name may go on meanwhile. Made by who has its lock and finds that the
 * path leads to it still.
 * Leave (locked): unlink name, conn, in this order; close the fifo. Without the lock: close the fifo, that is enough.
 *
 * Functions return 1, or 0 with errno: EAGAIN is "come again soon" (the lock is taken and the watched descriptor has something
 * to read), the others are as bus_reason explains them. */
#ifndef PORTER_CONTROL_BUS_H
#define PORTER_CONTROL_BUS_H

#include <stddef.h>
#include <stdint.h>

#include <porter/control_message.h>
#include <porter/slice.h>

#define BUS_SEGMENT 262144       /* octets of a segment */
#define BUS_SCRATCH 32768        /* at least four records of the longest kind */
#define BUS_BATCH 256            /* posts under one lock */
#define BUS_NAMED 16             /* destinations by name in one batch */
#define BUS_BELL 1024            /* ids after which the bell is trimmed: the smallest fifo holds a page */
#define BUS_UID_NONE UINT32_MAX  /* a client that no uid is known of */
#define BUS_BOOT 48              /* octets of the name of a boot, with a NUL */
#define BUS_LOCK_WAIT 1000000000 /* ns */
#define BUS_LATE 5000            /* ms after which a listener looks at the head without a wake */

typedef struct bus_slot_s bus_slot;
struct bus_slot_s {
  uint64_t next_id;            /* of the next message; the first is 1 */
  uint64_t old_first, old_end; /* the older segment: its first id (0: there is none) and its octets */
  uint64_t cur_first, cur_end;
  uint64_t next_serial;
};

/* A place in the log: the record with id begins at offset of the segment. */
typedef struct bus_cursor_s bus_cursor;
struct bus_cursor_s {
  uint64_t id, segment, offset;
  uint64_t lost; /* ids that were gone before they were read */
};

/* A message; the slices point into the bus's scratch memory and are valid during the call that gives it. */
typedef struct bus_record_s bus_record;
struct bus_record_s {
  uint64_t id, to; /* to: the serial of the connection it is for; 0: all */
  uint32_t uid;    /* of that connection's client */
  slice source, destination, text;
  bus_cursor at;
};

typedef struct bus_s bus;
struct bus_s {
  char const *path; /* set by the caller, as are uid and watch */
  uint32_t uid;
  int watch;           /* while the lock is waited for: return EAGAIN when this is readable. -1: none */
  char boot[BUS_BOOT]; /* the machine's boot, as the kernel calls it; empty where it says nothing */
  int dir, head_fd;    /* -1: not open */
  int fifo, bell;      /* -1, or to be waited for while joined: fifo for reading, bell for its edge while listening */
  int again;           /* the state directory was wiped since we joined */
  uint64_t joined;     /* changes when fifo and bell do */
  struct bus_head_s *head;
  uint64_t serial;                 /* 0: not joined */
  char name[CONTROL_NAME_MAX + 1]; /* empty: unset */
  int listening;
  bus_cursor cursor;       /* what is unread begins here */
  uint64_t lock_deadline;  /* ns, monotonic; 0: none */
  uint64_t claim_began;    /* ns; 0: no claim waits */
  uint64_t claim_deadline; /* ns; 0: the holder has not looked */
  int claim_unread;        /* octets in the holder's fifo when they were counted last */
  int segment;             /* -1, or the segment that was used last */
  uint64_t segment_first;
  bus_slot slot;  /* during a batch: as it will be committed */
  size_t batched; /* octets of scratch */
  unsigned int named_count;
  int named[BUS_NAMED]; /* fifos to wake */
  int wake_all;
  uint64_t batch_first; /* its first id */
  char scratch[BUS_SCRATCH];
};

/* Before anything else. path is not copied. Nothing of it is opened yet. */
extern void bus_init(bus *b, char const *path, uint32_t uid, int watch);
/* Opens (makes, 0700) the state directory and connects, if that is not so already. */
extern int bus_join(bus *b);
/* Disconnects: name, listener and fifo go. The bus can be joined again. */
extern void bus_leave(bus *b);
/* Joins again if the state directory was wiped: with the same name, at the beginning of the new log; what was unread of the old one
 * counts as lost. ring: those who listen at the old one's bell are woken, as nobody else will; they see that it brought them nothing. */
extern void bus_check(bus *b, int ring);
/* What an errno means here, for people. */
extern char const *bus_reason(int e);

/* Takes name, giving up the one that is held. EEXIST: another has it. EINPROGRESS: another has it, but his client may be gone; drain
 * our own fifo and come again in a millisecond with the same name (never if patient is 0). */
extern int bus_claim(bus *b, slice name, int patient);
/* Whether events are wanted. On: the cursor goes to the end of the log. */
extern int bus_listen(bus *b, int on);
/* Calls each for every living connection, oldest first, with its name (empty: unset). */
extern int bus_list(bus *b, void (*each)(void *context, char const *name), void *context);

/* Who comes and goes, for who wants to be told. epoll is to be waited for (EPOLLIN) while open; then look. */
typedef struct bus_watcher_s bus_watcher;
struct bus_watcher_s {
  int open;
  int epoll, inotify;
  uint64_t joined;             /* bus.joined, as these have it */
  int due;                     /* something has happened since the last look */
  int missing;                 /* a part of the state directory */
  uint64_t rest;               /* ns: what was wiped is not joined anew, and what is missing not made anew, before then, unless somebody asks */
  struct bus_member_s *member; /* the last look's list */
  size_t count;
};
#define BUS_WATCHER_ZERO \
  { \
    .epoll = -1, .inotify = -1 \
  }
/* EMFILE: a uid has only so many of inotify's instances (128). */
extern int bus_watcher_open(bus *b, bus_watcher *w);
extern void bus_watcher_close(bus_watcher *w);
/* Tells what has changed since the last look, oldest connection first: was null has joined, is null has left; an empty name is unset.
 * EBUSY: names are changing, come again in a millisecond. ESTALE: the state directory is being wiped, come again in a tenth of a second. */
typedef void bus_change_func(void *context, char const *was, char const *is);
extern int bus_watcher_look(bus *b, bus_watcher *w, bus_change_func *each, void *context);

/* A batch: open (locks), post any number, close (commits what open began and unlocks), answer, wake. */
extern int bus_post_open(bus *b);
/* destination empty: all. *id is the message's. ENOENT: nobody has that name. ENOBUFS: the batch is full, close it first. */
extern int bus_post(bus *b, slice destination, slice text, uint64_t *id);
/* *next: messages with smaller ids are in the log, the others are not (also where 0 is returned). */
extern int bus_post_close(bus *b, uint64_t *next);
extern void bus_wake(bus *b);

/* Empties the fifo. Then look at the log, then sleep. */
extern void bus_drain(bus *b);
/* Calls each with the records from at on, and moves at behind those that it returned 1 for; 0 from it ends the scan (which still
 * returns 1). EBADMSG: the log is damaged there. */
typedef int bus_each_func(void *context, bus_record const *record);
extern int bus_scan(bus *b, bus_cursor *at, bus_each_func *each, void *context);
/* How many ids were gone before they were read, up to now. */
extern uint64_t bus_lost(bus const *b);
/* The oldest message that is kept. */
extern int bus_oldest(bus *b, bus_cursor *at);
/* After EBADMSG at that place: that segment is given up (ids go on), unless another connection did so already. Cursors within it
 * go to the next one, and count what they pass over as lost. */
extern int bus_heal(bus *b, bus_cursor const *at);

/* Closes the segment that was used last; it is opened again when it is needed. */
extern void bus_segment_release(bus *b);
/* Nanoseconds, monotonic. */
extern uint64_t bus_now(void);

#endif
