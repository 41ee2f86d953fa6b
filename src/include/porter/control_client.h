/* The client's side of a control port (control-spec 2 and 3, proposal 197): commands go out, replies and events come in,
 * over the descriptors of a UCSPI client. The server is not trusted: every line is bounded and checked, every wait ends.
 * Functions that return int give 1, or 0 with code and why set; after a refusal (code 3) one can go on, after 111 not. */
#ifndef PORTER_CONTROL_CLIENT_H
#define PORTER_CONTROL_CLIENT_H

#include <stdint.h>

#include <skalibs/buffer.h>
#include <skalibs/stralloc.h>
#include <skalibs/tai.h>

#include <porter/control_message.h>
#include <porter/control_words.h>
#include <porter/slice.h>

#define CONTROL_PATIENCE 60     /* seconds, see control_client_open */
#define CONTROL_PATIENCE_QUIT 5 /* no more of them for the answer to QUIT */
#define CONTROL_WHY_MAX 288

typedef struct control_client_s control_client;
struct control_client_s {
  buffer in, out;
  unsigned int block;        /* the status of the data block that is being read; 0 outside of one */
  unsigned int status;       /* of the last whole reply */
  unsigned int patience;     /* seconds */
  int timed_out;             /* why the last control_client_line failed: its deadline passed */
  int code;                  /* how a program should exit after a 0: 3 the server said no, 111 anything else */
  char why[CONTROL_WHY_MAX]; /* a NUL-terminated line to say then */
  char line[CONTROL_REPLY_LINE_MAX + 3];
  char in_space[8192], out_space[2048];
};

/* --- lines (control-spec 2.3) --- */

enum control_line_kind {
  CONTROL_END,      /* "250 OK": the last line of a reply or of an event */
  CONTROL_MID,      /* "250-version=...": more will come */
  CONTROL_BLOCK,    /* "250+config-text=": data lines follow */
  CONTROL_DATA,     /* one of these, its stuffed dot taken off */
  CONTROL_BLOCK_END /* "." */
};
typedef struct control_line_s control_line;
struct control_line_s {
  enum control_line_kind kind;
  unsigned int status; /* 650: an event's, else a reply's; a data line has that of its block */
  slice text;          /* what follows the status; in the client's memory, until the next line is read */
};
typedef int control_line_func(void *context, control_line const *line);

/* What the len octets of s (without their line end) are; *block is the state, 0 at the start. 0 where they are no line of this protocol. */
extern int control_line_parse(control_line *line, unsigned int *block, char const *s, size_t len);

/* --- a conversation --- */

/* Called when everything is open that will be: confine_client. */
typedef char const *control_ready_func(void);
/* Begins one: reads from descriptor in, writes to out (UCSPI: 6 and 7); both become non-blocking and are closed on exec.
 * The server has patience seconds to take a command, and for each line of a reply.
 * Authenticates with SAFECOOKIE and the 32 octets of cookie_file (the server proves that it knows them too), or with
 * nothing where it is null. ready, if not null, is called before the server is heard. */
extern int control_client_open(control_client *c, int in, int out, unsigned int patience, char const *cookie_file, control_ready_func *ready);
/* Sends the n pieces as one line. They must hold no CR, LF or NUL. */
extern int control_client_send(control_client *c, slice const *piece, size_t n);
/* Reads the next line. deadline null: as patience says. */
extern int control_client_line(control_client *c, control_line *line, tain const *deadline);
/* Sends a command and reads its reply; each (or null) gets every line of it, and of the events that come before it, up to
 * a refusal, which is a status other than 2xx in any line. each returns 0 to stop (and sets code and why). */
extern int control_client_ask(control_client *c, slice const *piece, size_t n, control_line_func *each, void *context);
/* Takes the controller's name (CONTROLLERNAME), each as for control_client_ask; control_listen does it for who listens. */
extern int control_client_name(control_client *c, char const *name, control_line_func *each, void *context);
/* Says QUIT and waits for its answer: then our name is free. Nothing depends on what comes of it. */
extern void control_client_quit(control_client *c);
/* Sets code 111 and why to these words (_sys: and errno's); returns 0: for an each that stops. */
extern int control_client_broken(control_client *c, char const *what);
extern int control_client_broken_sys(control_client *c, char const *what);

/* --- listening --- */

typedef struct control_listener_s control_listener;
struct control_listener_s {
  control_client *client;
  stralloc recent, early; /* lines that wait, each with a NUL behind it: the recent messages; events that came before them */
  stralloc queue;         /* events that came while we posted, likewise */
  size_t queue_at;
  size_t recent_at, early_at; /* how far they are done with; then, how far recent messages have come as events */
  uint64_t last;              /* the id of the last message given out */
  uint64_t event;             /* of the last that came as an event */
  uint64_t merged;            /* of the last that was in recent or early, recent is kept until events have gone beyond it */
  uint64_t untold;            /* lost, and not yet said */
  uint64_t lost;              /* how many messages the server has passed over, so far */
  unsigned int merging : 1;   /* recent and early are being given out */
  unsigned int asking : 1;    /* messages-lost is on its way */
  unsigned int jumped : 1;    /* the ids have jumped since it was asked */
  unsigned int unasked : 1;   /* the server does not know it */
  tain patience;              /* when its answer is due */
};

enum control_news {
  CONTROL_NEWS_FAILED, /* the client's code and why say how */
  CONTROL_NEWS_MESSAGE,
  CONTROL_NEWS_LOST, /* messages that we were too slow for */
  CONTROL_NEWS_NONE  /* the deadline has passed */
};

/* Turns the events on (SETEVENTS POSTMESSAGE), then takes name if it is not null: what is posted to a name that does not listen yet
 * comes as no event. With recent, fetches the recent messages, which then come first, none twice. */
extern int control_listen(control_listener *l, control_client *c, char const *name, int recent);
/* What comes next, by deadline: ids rise, none comes twice. Where they do not the server's bus has begun anew. A message is valid until the next call; *lost is how many more have been lost since it last said so. */
extern enum control_news control_listener_next(control_listener *l, control_message *m, uint64_t *lost, tain const *deadline);
/* Posts a message. Events that come meanwhile wait; messages that were given out before are no longer valid. */
extern int control_listener_post(control_listener *l, slice to, slice text);
/* Runs argv for the message, with MSGID, MSGFROM, MSGTO, MSGTEXT in its environment, and MSGREPLY: the number, below 10, of a pipe. Each
 * line that it writes there is posted to who posted the message, while it runs, and what it has written when it ends. Waits for it;
 * its exit code, EXIT_TEMPORARY where a signal killed it, or child_unrun()'s. What goes wrong with a reply is said, and is not its affair. */
extern int control_listener_run(control_listener *l, control_message const *m, char const *const *argv, char const *const *envp);
/* Turns the events off; what was lost up to now is in *lost, as in control_listener_next. Gives the memory back. */
extern int control_listener_end(control_listener *l, uint64_t *lost);

/* --- asking --- */

/* Takes name, posts text to the controller to, and waits for the first message from him to that name, at most seconds (0: for ever) from
 * when ours is posted. It is valid until the next call. What came before was no answer to it. */
extern int control_question(control_client *c, char const *name, slice to, slice text, unsigned int seconds, control_message *answer);

#endif
