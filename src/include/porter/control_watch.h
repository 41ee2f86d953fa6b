/* What a connection waits for. Inside: epoll, which for the bus's bell is a must (control_bus.h) and for the rest is cheaper than poll. */
#ifndef PORTER_CONTROL_WATCH_H
#define PORTER_CONTROL_WATCH_H

#include <stdint.h>
#include <sys/epoll.h>

enum watch_what { WATCH_FIFO, WATCH_BELL, WATCH_CHANGES, WATCH_CLIENT_IN, WATCH_CLIENT_OUT, WATCH_TOR_IN, WATCH_TOR_OUT, WATCH_COUNT };

typedef struct control_watch_s control_watch;
struct control_watch_s {
  int epoll;
  struct watch_slot {
    int fd; /* -1: not waited for */
    uint32_t events;
    int file; /* of a kind that epoll does not take, as it is always ready */
  } on[WATCH_COUNT];
};

/* Functions return 1, or 0 with errno. */
extern int watch_open(control_watch *w);
extern void watch_close(control_watch *w);
/* fd -1: what is not waited for any more. Two that are waited for must differ in their number, not in what they lead to. */
extern int watch_set(control_watch *w, enum watch_what what, int fd, uint32_t events);
/* Its descriptor is closed, and with it everything that the kernel knew of it. */
extern void watch_closed(control_watch *w, enum watch_what what);
/* milliseconds -1: for ever. 1: something happened (or a signal came), 0: nothing in that time, -1: errno. */
extern int watch_wait(control_watch *w, int milliseconds, uint32_t happened[WATCH_COUNT]);

#endif
