/* Waiting for the client, for tor, and for other connections' wakes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>

#include <porter/control_watch.h>
#include <porter/control_words.h>

#include "control_internal.h"

#define LINGER 2000000000 /* ns that a TCP client has to read the rest */

void control_init(control *c, char const *statedir, uint32_t uid)
{
  /* All but what is large, whose pages are not ours before they are used. */
  memset(c, 0, offsetof(control, own));
  bus_init(&c->own.bus, statedir, uid, -1);
  memset((char *)&c->own + offsetof(control_own, watcher), 0, sizeof c->own - offsetof(control_own, watcher));
  memset(&c->front, 0, offsetof(control_front, turn));
  c->own.watcher = (bus_watcher)BUS_WATCHER_ZERO;
  c->own.rate = CONTROL_RATE;
  c->client.out = 1;
  c->front.in = c->front.out = -1;
}

/* The client's octets, as much as is there and as there is room for. */
static int read_client(control *c)
{
  size_t room;
  ssize_t n;
  if (c->client.input_done) {
    c->client.input.len -= c->client.input_done;
    memmove(c->client.input.s, c->client.input.s + c->client.input_done, c->client.input.len);
    /* Part of a password may have moved. */
    if (!c->authenticated) explicit_bzero(c->client.input.s + c->client.input.len, c->client.input_done);
    c->client.input_scan -= c->client.input_done;
    c->client.input_done = 0;
  }
  room = c->side->room(c);
  /* A command that was long does not keep its memory. What is empty is not enlarged: that would copy all of it. */
  if (!c->client.input.len && (c->client.input.a > 2 * CONTROL_READ || c->client.input.a < room)) stralloc_free(&c->client.input);
  if (!stralloc_readyplus(&c->client.input, room)) return 0;
  n = read(c->client.in, c->client.input.s + c->client.input.len, room);
  if (n > 0) c->client.input.len += (size_t)n;
  else if (!n || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) c->client.input_end = 1;
  return 1;
}

/* The events that wait. A wake that brought none may have been of a bus that is no more. */
static void deliver(control *c)
{
  uint64_t id = c->own.bus.cursor.id, joined = c->own.bus.joined;
  own_events(c);
  if (c->own.rang && c->own.bus.listening && c->own.bus.cursor.id == id) bus_check(&c->own.bus, 0);
  c->own.rang = 0;
  if (c->own.bus.joined != joined) own_events(c);
  own_changes(c);
}

/* Who has read the last word cannot send any more, as with tor. TCP has no way to say so. */
void control_hear_no_more(control *c)
{
  if (c->client.is_socket && !c->client.tcp && !c->client.input_end && shutdown(c->client.in, SHUT_RD) == 0) c->client.input_end = 1;
}

static void step(control *c)
{
  do {
    c->retry = UINT64_MAX;
    c->stalled = 0;
    c->side->step(c);
    /* Only now, when the client was heard: who finds the fifo empty knows that we did not leave. */
    if (c->own.woken && c->own.bus.serial) bus_drain(&c->own.bus);
    c->own.woken = 0;
    if (!c->closing && !c->own.answer.ready && !c->own.answer.at && c->side->between(c)) deliver(c);
    if (c->closing) control_hear_no_more(c);
    if (c->client.gone) c->client.output.bytes.len = c->client.output.done = 0;
    else if (output_pending(&c->client.output) && !output_flush(&c->client.output, c->client.out)) c->client.gone = 1;
  } while (c->stalled && output_pending(&c->client.output) < OUTPUT_FULL);
  /* Names are free before a slow client has read the rest. */
  if ((c->closing || c->front.over) && c->own.bus.serial) bus_leave(&c->own.bus);
}

/* What is not read would make TCP throw away what is not delivered (RFC 1122 4.2.2.13), and a Unix socket report a reset. */
static void finish(control *c)
{
  uint64_t end = bus_now() + (c->client.tcp ? LINGER : 0);
  if (c->client.tcp && shutdown(c->client.out, SHUT_WR) < 0) return;
  for (;;) {
    uint64_t now = bus_now();
    struct timespec left = { .tv_sec = 0 };
    char dropped[8192];
    struct pollfd p = { .fd = c->client.in, .events = POLLIN };
    ssize_t n;
    if (now < end) left = (struct timespec){ .tv_sec = (time_t)((end - now) / 1000000000), .tv_nsec = (long)((end - now) % 1000000000) };
    n = ppoll(&p, 1, &left, NULL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    n = read(c->client.in, dropped, sizeof dropped);
    if (!n || (n < 0 && errno != EINTR)) return;
    if (!c->client.tcp) end = 0;
  }
}

/* Tells the kernel what is waited for now. hung_up: a pipe whose writer left says so for ever; while nothing is read it need be told once. */
static int watch_all(control *c, int want, int hung_up)
{
  control_watch *w = &c->watch;
  int pending = output_pending(&c->client.output) || c->side->pending(c), awake = c->own.bus.serial && !pending;
  if (c->own.joined != c->own.bus.joined) {
    watch_closed(w, WATCH_FIFO);
    watch_closed(w, WATCH_BELL);
    c->own.joined = c->own.bus.joined;
  }
  return watch_set(w, WATCH_FIFO, awake ? c->own.bus.fifo : -1, EPOLLIN)
    && watch_set(w, WATCH_BELL, awake && c->own.bus.listening ? c->own.bus.bell : -1, EPOLLIN | EPOLLET)
    && watch_set(w, WATCH_CHANGES, awake && c->own.watcher.open ? c->own.watcher.epoll : -1, EPOLLIN)
    && watch_set(w, WATCH_CLIENT_IN, c->client.input_end || (hung_up && !want) ? -1 : c->client.in, want ? EPOLLIN : 0)
    && watch_set(w, WATCH_CLIENT_OUT, pending ? c->client.out : -1, EPOLLOUT) && c->side->watch(c);
}

/* Who has not authenticated in time is gone, as far as we are concerned. Milliseconds to wait for what comes first; -1: for ever. */
static int waits(control *c)
{
  uint64_t ns = c->retry;
  if (c->early_end && !c->authenticated && !c->closing) {
    uint64_t now = bus_now();
    if (now >= c->early_end) return c->closing = c->client.gone = 1, 0;
    if (c->early_end - now < ns) ns = c->early_end - now;
  }
  if (ns != UINT64_MAX) return (int)((ns + 999999) / 1000000);
  return c->own.bus.listening ? BUS_LATE : -1;
}

static int serve(control *c)
{
  int hung_up = 0;
  if (c->patience && c->side == &alone_side) c->early_end = bus_now() + (uint64_t)c->patience * 1000000000;
  for (;;) {
    uint32_t happened[WATCH_COUNT];
    int want, n;
    step(c);
    if (c->client.output.failed) return errno = ENOMEM, 0;
    if (c->side->over(c)) return 1;
    want = !c->client.input_end && !c->closing && c->side->wants_client(c);
    if (!watch_all(c, want, hung_up)) return 0;
    n = watch_wait(&c->watch, waits(c), happened);
    if (n > 0 && happened[WATCH_FIFO]) {
      c->own.woken = 1;
      /* Whoever woke us may have seen the client leave before; so must we, before we drain the fifo. */
      n = watch_wait(&c->watch, 0, happened) < 0 ? -1 : 1;
    }
    if (n < 0) return 0;
    if (!n && c->retry == UINT64_MAX) bus_check(&c->own.bus, 0);
    if (happened[WATCH_BELL]) c->own.rang = 1;
    if (happened[WATCH_CLIENT_IN] & (EPOLLHUP | EPOLLERR)) {
      hung_up = 1;
      if (c->client.is_socket) c->client.gone = 1;
    }
    if (happened[WATCH_CLIENT_IN] && want && !read_client(c)) return 0;
    c->side->take(c, happened);
  }
}

int control_run(control *c)
{
  struct stat in, out;
  int good, e, fds[] = { c->client.in, c->client.out, c->front.in, c->front.out };
  c->side = c->front.in >= 0 ? &front_side : &alone_side;
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0 && ndelay_on(fds[i]) < 0) return 0;
  c->client.is_socket =
    fstat(c->client.in, &in) == 0 && fstat(c->client.out, &out) == 0 && S_ISSOCK(in.st_mode) && in.st_ino == out.st_ino && in.st_dev == out.st_dev;
  if (!watch_open(&c->watch)) return 0;
  good = serve(c);
  e = errno;
  watch_close(&c->watch);
  c->side->close(c);
  bus_leave(&c->own.bus);
  auth_wipe(&c->auth);
  if (good && !c->client.gone) finish(c);
  for (size_t i = 0; i < 2; i++) ndelay_off(fds[i]);
  bus_watcher_close(&c->own.watcher);
  stralloc_free(&c->client.input);
  stralloc_free(&c->client.output.bytes);
  stralloc_free(&c->own.answer.list);
  return errno = e, good;
}
