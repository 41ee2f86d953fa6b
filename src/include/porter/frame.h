/* Frames of JWebmail's protocol, version 3 (README_IPC): a request is a 32-bit big-endian length, a method's name, a
 * 32-bit big-endian length and a message; a response is a length and a message. Raw with path "" of mail 7, answered with an empty message:
 *
 *   00 00 00 03  52 61 77  00 00 00 03  12 01 37        00 00 00 00
 *
 * What can go wrong, and the rule for each:
 * 1. Octets that are read beyond a frame are lost to the next program, which reads the same descriptor: exactly a frame is read.
 * 2. A length that lies: it is held to its limit (limits.h) before anything is read or memory taken, and what comes is taken in pieces.
 * 3. Silence, or an octet now and then: each piece has its patience. Silence where a frame could begin (FRAME_IDLE) is no fault and
 *    gets no answer; inside one (FRAME_LATE) it is.
 * 4. A client that does not read: nothing but a signal gets a process out of a blocking write, so frame_tick; slow ones must keep FRAME_RATE.
 *    Descriptors are shared, so none is made non-blocking.
 * 5. A response that broke off: nobody sends another behind it.
 * 6. Closing with octets unread makes the kernel send a reset, and the response is lost: frame_end reads them first.
 * 7. No space for a message: the rest of it is read all the same, and the next frame can be.
 *
 * Tests: tests/unit/frame.c, tests/frame-read.t and tests/frame-write.t; of 6 tests/chain.t; tests/fuzz/frames.c has what a fuzzer finds.
 * SIGPIPE must be ignored. */
#ifndef PORTER_FRAME_H
#define PORTER_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <porter/credentials.h>
#include <porter/limits.h>
#include <porter/slice.h>

enum frame_status {
  FRAME_OK,
  FRAME_END,         /* end of file where a frame could have begun */
  FRAME_IDLE,        /* no frame has begun in time */
  FRAME_CUT,         /* end of file inside a frame */
  FRAME_LATE,        /* a frame has begun, and its rest does not come */
  FRAME_METHOD,      /* the method is not 1 to 64 of [A-Za-z0-9_-], starting with a letter */
  FRAME_LENGTH,      /* the message is longer than allowed */
  FRAME_CREDENTIALS, /* the message of Auth is no credentials */
  FRAME_CONTENT,     /* the message of KeepOpen is not empty */
  FRAME_FULL,        /* there is no space for the message */
  FRAME_SYSTEM       /* errno says what failed */
};

/* What a person is told of it; a static string. */
extern char const *frame_reason(enum frame_status status);

/* --- reading --- */

/* Milliseconds of a clock that nobody sets. */
extern int64_t frame_clock(void);
/* Waits until frame_clock says deadline for octets, and reads what there is, at most len. Their number, 0 at end of file, -1 with errno: ETIMEDOUT,
 * or what read says. */
extern ssize_t frame_some(int fd, char *s, size_t len, int64_t deadline);
/* Reads len octets into s until frame_clock says deadline. Returns how many came; where that is less than len, errno is
 * 0 at end of file, ETIMEDOUT, or what read says. */
extern size_t frame_fill(int fd, char *s, size_t len, int64_t deadline);

typedef struct frame_request_s frame_request;
struct frame_request_s {
  char method[FRAME_METHOD_MAX + 1]; /* NUL-terminated */
  uint32_t len;                      /* octets of the message, still to be read */
};
/* Whether that is a method's name: 1 to FRAME_METHOD_MAX of [A-Za-z0-9_-], starting with a letter. */
extern int frame_method(char const *s, size_t len);
/* Reads a request's head. Each of its pieces must come within patience seconds; max bounds the message. */
extern enum frame_status frame_request_read(int fd, frame_request *request, uint32_t max, unsigned int patience);
/* Reads the len octets of a message, a FRAME_PIECE at a time within patience seconds each, and makes *in a descriptor,
 * closed on exec, from which they can be read to end of file: a pipe up to FRAME_PIECE, a memfd beyond; beyond FRAME_MEMORY_MAX,
 * unless dir is null and where it has such, an unnamed file in the directory dir. The caller closes it. FRAME_FULL where
 * there is no space for that file: the message was read to its end all the same, so that the next frame can be read. */
extern enum frame_status frame_message_read(int fd, uint32_t len, unsigned int patience, char const *dir, int *in);

/* Reads the message of KeepOpen, which is empty: in JSON, no octets or {}. */
extern enum frame_status frame_keep_open_read(int fd, uint32_t len, int json, unsigned int patience);

/* Reads the frame of a method Auth, whole, within patience seconds. FRAME_OK, and c is parsed; FRAME_METHOD for another method;
 * FRAME_CREDENTIALS for what is no credentials, or too long. The caller wipes c in any case. */
extern enum frame_status frame_auth_read(int fd, credentials *c, unsigned int patience);

/* Tells whoever waits for it (frame-auth, by the descriptor that PORTER_STATUS names) that requests are read from now on, and hides that from programs that
 * are started. 1, also where nobody waits; 0 with errno. */
extern int frame_begun(void);

/* --- writing --- */

/* Writes a request's head to s, which has FRAME_METHOD_MAX + 8 octets; method is one (frame_method). Returns its length. */
extern size_t frame_request_head(char *s, char const *method, uint32_t len);
/* Writes len octets, at most 4096, once there is room for them, waiting at most patience seconds. 1, or 0 with errno. */
extern int frame_put(int fd, char const *s, size_t len, unsigned int patience);
/* How a reader keeps up: each FRAME_PIECE must go within patience seconds, and once these are over, FRAME_RATE must be kept (frame_slow). Who writes
 * looks once a second at least (frame_tick): what lies beyond that between two looks, it stood still itself. */
typedef struct frame_pace_s frame_pace;
struct frame_pace_s {
  unsigned int patience;
  uint64_t sent, mark; /* octets that have gone; that must have gone by the deadline */
  int64_t start, deadline;
  int64_t looked;
};
extern void frame_pace_start(frame_pace *p, unsigned int patience);
/* The time since the last look was not the reader's. */
extern void frame_pace_forgive(frame_pace *p);
/* Looks, as he has taken len octets more: whether he keeps up. To be asked only of who has more to take. */
extern int frame_pace_kept(frame_pace *p, uint64_t len);
/* Writes the first len octets of the file from to fd, to a reader who must keep up (frame_pace). With punch, what has gone is taken out of the file (a memfd, sealed or not): its memory is free
 * again. 1, or 0 with errno (ETIMEDOUT where the reader does not read). Needs frame_tick: nothing else gets a process out of a blocking write. */
extern int frame_put_file(int fd, int from, uint64_t len, unsigned int patience, int punch);
/* Whether a reader who has taken so many octets in so many milliseconds is too slow. */
extern int frame_slow(uint64_t octets, int64_t milliseconds, unsigned int patience);
/* An unnamed file in the directory dir, closed on exec, for reading and writing. -1 with errno: EOPNOTSUPP or EISDIR where the file system
 * or the kernel has none. */
extern int frame_file(char const *dir);
/* Copies the first len octets of the file from to the file to, at its offset. 1, or 0 with errno (ENOSPC, EDQUOT, EFBIG ...). */
extern int frame_copy(int to, int from, uint64_t len);
/* Has a signal without effect interrupt what blocks, once a second; frame_tick(0) ends it. 1, or 0 with errno. */
extern int frame_tick(int on);

/* --- failures (maildir.proto: Failure) --- */

#define FRAME_FAILURE_MAX 256
/* Makes a whole response frame of an Error with that code (PORTER__ERROR__CODE__...) and a text of at most 100 octets
 * (cut there), as a message or in its JSON; the text is ASCII. s has FRAME_FAILURE_MAX octets. Returns the length. */
extern size_t frame_failure(char *s, int json, int code, char const *text);
/* Looks for field 15 in a response of any type. 1: there is one, *code and *text (a piece of s) are its; 0: there is none;
 * -1: this is no protobuf message. */
extern int frame_failure_find(char const *s, size_t len, int *code, slice *text);

/* --- the end --- */

/* Ends the stream early: nothing more is sent on out, and what still comes on in is dropped until end of file, for at
 * most FRAME_DRAIN_MS and FRAME_DRAIN_MAX octets. Without it the kernel answers unread octets with a reset, and the client
 * loses the response. */
extern void frame_end(int in, int out);

#endif
