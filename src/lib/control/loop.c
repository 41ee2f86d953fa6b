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

#define LINGER 2000000000   /* ns that a TCP client has to read the rest */

void control_init(control *c, char const *statedir, uint32_t uid)
{
  /* All but the buffer for tor's octets, whose pages are not ours before they are used. */
  memset(c, 0, offsetof(control, bus));
  bus_init(&c->bus, statedir, uid, -1);
  memset((char *)c + offsetof(control, output), 0, offsetof(control, tor) - offsetof(control, output));
  c->watcher = (bus_watcher)BUS_WATCHER_ZERO;
  c->out = 1;
  c->tor_in = c->tor_out = -1;
  c->rate = CONTROL_RATE;
}

/* The client's octets, as much as is there and as there is room for. */
static int read_client(control *c)
{
  size_t room = CONTROL_READ;
  ssize_t n;
  if (c->input_done) {
    c->input.len -= c->input_done;
    memmove(c->input.s, c->input.s + c->input_done, c->input.len);
    /* Part of a password may have moved. */
    if (!c->authenticated) explicit_bzero(c->input.s + c->input.len, c->input_done);
    c->input_scan -= c->input_done;
    c->input_done = 0;
  }
  if (c->tor_in >= 0) room -= c->input.len;
  else if (!c->authenticated) room = CONTROL_COMMAND_EARLY_MAX - c->input.len;
  /* A command that was long does not keep its memory. */
  if (!c->input.len && c->input.a > 2 * CONTROL_READ) stralloc_free(&c->input);
  if (!stralloc_readyplus(&c->input, room)) return 0;
  n = read(c->in, c->input.s + c->input.len, room);
  if (n > 0) c->input.len += (size_t)n;
  else if (!n || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) c->input_end = 1;
  return 1;
}

static int wants_client(control const *c)
{
  if (c->input_end || c->closing) return 0;
  if (c->tor_in >= 0) return front_wants_client(c);
  /* What is there waits for its turn, or its end is still to come. */
  return output_pending(&c->output) < OUTPUT_FULL && c->retry == UINT64_MAX && c->input.len - c->input_done < alone_command_max(c);
}

static int over(control const *c)
{
  if (c->tor_in >= 0) return front_over(c);
  return c->closing && !output_pending(&c->output);
}

/* The events that wait. A wake that brought none may have been of a bus that is no more. */
static void deliver(control *c)
{
  uint64_t id = c->bus.cursor.id, joined = c->bus.joined;
  own_events(c);
  if (c->rang && c->bus.listening && c->bus.cursor.id == id) bus_check(&c->bus, 0);
  c->rang = 0;
  if (c->bus.joined != joined) own_events(c);
  own_changes(c);
}

/* Who has read the last word cannot send any more, as with tor. TCP has no way to say so. */
void control_hear_no_more(control *c)
{
  if (c->is_socket && !c->tcp && !c->input_end && shutdown(c->in, SHUT_RD) == 0) c->input_end = 1;
}

static void step(control *c)
{
  do {
    c->retry = UINT64_MAX;
    c->stalled = 0;
    if (c->tor_in >= 0) front_step(c);
    else alone_step(c);
    /* Only now, when the client was heard: who finds the fifo empty knows that we did not leave. */
    if (c->woken && c->bus.serial) bus_drain(&c->bus);
    c->woken = 0;
    if (!c->closing && !c->answer.ready && !c->answer.at && (c->tor_in < 0 || front_between(c))) deliver(c);
    if (c->closing) control_hear_no_more(c);
    if (c->gone) c->output.bytes.len = c->output.done = 0;
    else if (output_pending(&c->output) && !output_flush(&c->output, c->out)) c->gone = 1;
  } while (c->stalled && output_pending(&c->output) < OUTPUT_FULL);
  /* Names are free before a slow client has read the rest. */
  if ((c->closing || c->over) && c->bus.serial) bus_leave(&c->bus);
}

/* What is not read would make TCP throw away what is not delivered (RFC 1122 4.2.2.13), and a Unix socket report a reset. */
static void finish(control *c)
{
  uint64_t end = bus_now() + (c->tcp ? LINGER : 0);
  if (c->tcp && shutdown(c->out, SHUT_WR) < 0) return;
  for (;;) {
    uint64_t now = bus_now();
    struct timespec left = { .tv_sec = 0 };
    struct pollfd p = { .fd = c->in, .events = POLLIN };
    ssize_t n;
    if (now < end) left = (struct timespec){ .tv_sec = (time_t)((end - now) / 1000000000), .tv_nsec = (long)((end - now) % 1000000000) };
    n = ppoll(&p, 1, &left, NULL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    n = read(c->in, c->tor, sizeof c->tor);
    if (!n || (n < 0 && errno != EINTR)) return;
    if (!c->tcp) end = 0;
  }
}

/* Tells the kernel what is waited for now. hung_up: a pipe whose writer left says so for ever; while nothing is read it need be told once. */
static int watch_all(control *c, int want, int hung_up)
{
  control_watch *w = &c->watch;
  int pending = output_pending(&c->output) || c->tor_scan > c->tor_done, awake = c->bus.serial && !pending, front = c->tor_in >= 0;
  if (c->joined != c->bus.joined) {
    watch_closed(w, WATCH_FIFO);
    watch_closed(w, WATCH_BELL);
    c->joined = c->bus.joined;
  }
  if (c->tor_out < 0) watch_closed(w, WATCH_TOR_OUT);
  return watch_set(w, WATCH_FIFO, awake ? c->bus.fifo : -1, EPOLLIN)
    && watch_set(w, WATCH_BELL, awake && c->bus.listening ? c->bus.bell : -1, EPOLLIN | EPOLLET)
    && watch_set(w, WATCH_CHANGES, awake && c->watcher.open ? c->watcher.epoll : -1, EPOLLIN)
    && watch_set(w, WATCH_CLIENT_IN, c->input_end || (hung_up && !want) ? -1 : c->in, want ? EPOLLIN : 0)
    && watch_set(w, WATCH_CLIENT_OUT, pending ? c->out : -1, EPOLLOUT)
    && watch_set(w, WATCH_TOR_IN, front && front_wants_tor(c) ? c->tor_in : -1, EPOLLIN)
    && watch_set(w, WATCH_TOR_OUT, front && !c->tor_deaf && c->input_scan > c->input_done ? c->tor_out : -1, EPOLLOUT);
}

/* Who has not authenticated in time is gone, as far as we are concerned. Milliseconds to wait for what comes first; -1: for ever. */
static int waits(control *c)
{
  uint64_t ns = c->retry;
  if (c->early_end && !c->authenticated && !c->closing) {
    uint64_t now = bus_now();
    if (now >= c->early_end) return c->closing = c->gone = 1, 0;
    if (c->early_end - now < ns) ns = c->early_end - now;
  }
  if (ns != UINT64_MAX) return (int)((ns + 999999) / 1000000);
  return c->bus.listening ? BUS_LATE : -1;
}

static int serve(control *c)
{
  int hung_up = 0;
  if (c->patience && c->tor_in < 0) c->early_end = bus_now() + (uint64_t)c->patience * 1000000000;
  for (;;) {
    uint32_t happened[WATCH_COUNT];
    int want, n;
    step(c);
    if (c->output.failed) return errno = ENOMEM, 0;
    if (over(c)) return 1;
    want = wants_client(c);
    if (!watch_all(c, want, hung_up)) return 0;
    n = watch_wait(&c->watch, waits(c), happened);
    if (n > 0 && happened[WATCH_FIFO]) {
      c->woken = 1;
      /* Whoever woke us may have seen the client leave before; so must we, before we drain the fifo. */
      n = watch_wait(&c->watch, 0, happened) < 0 ? -1 : 1;
    }
    if (n < 0) return 0;
    if (!n && c->retry == UINT64_MAX) bus_check(&c->bus, 0);
    if (happened[WATCH_BELL]) c->rang = 1;
    if (happened[WATCH_CLIENT_IN] & (EPOLLHUP | EPOLLERR)) {
      hung_up = 1;
      if (c->is_socket) c->gone = 1;
    }
    if (happened[WATCH_CLIENT_IN] && want && !read_client(c)) return 0;
    if (happened[WATCH_TOR_IN]) front_read_tor(c);
  }
}

int control_run(control *c)
{
  struct stat in, out;
  int good, e, fds[] = { c->in, c->out, c->tor_in, c->tor_out };
  for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
    if (fds[i] >= 0 && ndelay_on(fds[i]) < 0) return 0;
  c->is_socket = fstat(c->in, &in) == 0 && fstat(c->out, &out) == 0 && S_ISSOCK(in.st_mode) && in.st_ino == out.st_ino && in.st_dev == out.st_dev;
  if (!watch_open(&c->watch)) return 0;
  good = serve(c);
  e = errno;
  watch_close(&c->watch);
  if (c->tor_in >= 0) {
    /* tor may be waiting for the end of this connection (TAKEOWNERSHIP): nothing comes before that. */
    close(c->tor_in);
    if (c->tor_out >= 0 && c->tor_out != c->tor_in) close(c->tor_out);
  }
  bus_leave(&c->bus);
  auth_wipe(&c->auth);
  if (good && !c->gone) finish(c);
  for (size_t i = 0; i < 2; i++) ndelay_off(fds[i]);
  bus_watcher_close(&c->watcher);
  stralloc_free(&c->input);
  stralloc_free(&c->kept);
  stralloc_free(&c->output.bytes);
  stralloc_free(&c->answer.list);
  return errno = e, good;
}
