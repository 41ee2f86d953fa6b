/* One controller's connection: what ctlmsg does, alone and in front of a tor. doc/ctlmsg-protocol.7 has the commands. */
#ifndef PORTER_CONTROL_H
#define PORTER_CONTROL_H

#include <stdint.h>

#include <skalibs/stralloc.h>

#include <porter/control_auth.h>
#include <porter/control_bus.h>
#include <porter/control_output.h>
#include <porter/control_watch.h>
#include <porter/slice.h>

#define CONTROL_READ 65536 /* octets taken at once from the client or from tor */
#define CONTROL_RATE 2000  /* messages a second, where nothing else is asked for */
#define CONTROL_EARLY 60   /* seconds until a client must have authenticated, likewise */
#define CONTROL_BURST 500  /* messages before the rate counts */
#define CONTROL_TURNS 1024 /* replies in front of which something of ours has its place */
#define CONTROL_KEPT 65536 /* octets of commands that wait for their turn */

/* The keys of GETINFO that tor does not know. */
enum control_key { KEY_RECENT, KEY_NEW, KEY_LIST, KEY_LOST, KEY_LAST, KEY_COUNT };

/* The events that tor does not know, as bits. */
#define EVENT_MESSAGES 1U
#define EVENT_CONTROLLERS 2U

/* In front of tor: whose reply comes next. Replies to commands that are nothing to us are only counted. */
enum turn_kind { TURN_TOR, TURN_AUTH, TURN_QUIT, TURN_EVENTS, TURN_INFO, TURN_OWN, TURN_TOO_LONG };
typedef struct control_turn_s control_turn;
struct control_turn_s {
  enum turn_kind kind;
  unsigned int on; /* TURN_EVENTS: ours that were among them */
  size_t count;    /* TURN_TOR: replies; else: octets kept for it */
};

/* What a GETINFO of ours is to give, looked up before its first line is out. */
typedef struct control_answer_s control_answer;
struct control_answer_s {
  int ready;
  bus_cursor from[2]; /* KEY_RECENT, KEY_NEW: the first that is shown */
  uint64_t end[2];    /* and the id behind the last; 0: none */
  stralloc list;
  size_t at; /* octets of the arguments, or keys of a plan, that are done */
};

/* The client's two streams. */
typedef struct control_stream_s control_stream;
struct control_stream_s {
  int in, out;
  int tcp;       /* he comes over TCP */
  int is_socket; /* in and out are one: then a hang-up means that he is gone */
  stralloc input;
  size_t input_done; /* octets of input that are carried out (in front: or written to tor) */
  size_t input_scan; /* no line ends before that; in front: behind the octets that are tor's */
  control_output output;
  int input_end, gone; /* he sends, takes no more */
};

/* His session with the bus. */
typedef struct control_own_s control_own;
struct control_own_s {
  bus bus;
  bus_watcher watcher; /* open while EVENT_CONTROLLERS is on */
  control_answer answer;
  unsigned int rate; /* messages a second; 0: any */
  uint64_t paced;    /* ns: when a message is due at the rate */
  uint64_t posted;   /* the id of the last message of his that got 250; 0: none */
  uint64_t joined;   /* bus.joined, as what is waited for has it */
  int woken;         /* the fifo has something */
  int rang;          /* the bell did */
  int warned;        /* errno of the last warning */
};

/* What only a connection in front of a tor has. */
typedef struct control_front_s control_front;
struct control_front_s {
  int in, out; /* tor; -1: there is none */
  /* of the client's lines */
  int passing;  /* the rest of this line is tor's */
  int block;    /* within a command of several lines */
  int silent;   /* of which tor says nothing if it has any */
  int dropping; /* the rest of this line is nobody's: it is too long */
  size_t dropped;
  int holding; /* no further command is looked at: tor is about to judge AUTHENTICATE, or to close */
  /* whose turn it is to be answered */
  unsigned int turn_first, turns;
  stralloc kept;
  size_t kept_done;
  int events_asked; /* an event of ours was asked for, ever */
  /* of what tor says */
  int end, deaf, told;     /* it sends, takes no more; was told of the client's end */
  size_t done, scan, len;  /* of octets: written, for the client, there */
  int reply;               /* in a reply (or event) of tor's: REPLY_NONE ... */
  int line, data, swallow; /* within a line; within a block; the reply is replaced by failure */
  int failure;             /* errno */
  int names;               /* the value is one of the names that ours belong to */
  int over;                /* after QUIT, or tor is gone: nothing of ours any more */
  uint64_t moved;          /* replies that are over */
  uint64_t heard;          /* ns: after the client's end, when tor said something last; 0: just now */
  uint64_t gone_deadline;  /* ns: tor is not waited for any longer, as the client is gone */
  control_turn turn[CONTROL_TURNS];
  char octets[CONTROL_READ];
};

typedef struct control_s control;
struct control_s {
  /* the caller sets these, after control_init, and client.tcp, own.rate, front.in, front.out */
  char const *version;
  control_auth auth;
  unsigned int patience;                 /* alone: seconds in which the client must have authenticated; 0: any time */
  void (*warn)(char const *what, int e); /* told of what a person should know; may be null */
  /* the rest is the library's */
  struct control_side_s const *side; /* alone, or in front */
  control_watch watch;
  uint64_t retry;               /* ns: try again without input; UINT64_MAX: no need */
  uint64_t early_end;           /* ns: when patience is over; 0: never */
  int authenticated, described; /* described: PROTOCOLINFO was answered */
  int closing;                  /* no more commands, only what is pending goes out */
  int stalled;                  /* something waits for room in output */
  control_stream client;
  control_own own;
  control_front front; /* last: without a tor none of its pages are touched */
};

extern void control_init(control *c, char const *statedir, uint32_t uid);
/* Serves the client to the end. 1; 0: errno (no memory, poll failed). */
extern int control_run(control *c);

#endif
