/* In front of a tor, the connection as a whole: whose turn it is to be answered, what goes to tor, when it is over. The client's commands are
 * front_command.c's, tor's replies front_reply.c's.
 *
 * input:  | done: written to tor | scan: tor's, to be written | len: not yet looked at |
 *
 * Every command has one reply, so a queue tells what the replies to come are for. Commands of ours wait in it until those before them
 * are answered; tor's go to tor at once. When the queue is full, nothing is read.
 *
 * What can go wrong, and the rule for it:
 *
 *   tor does not read, or reads slowly                 what is its waits in input; nothing of ours passes it
 *   tor takes no more, but still speaks                what is its is dropped; what it said last is still read
 *   the client half-closes with commands unanswered    tor is told when it has answered, or was silent for SILENT
 *   the client is gone                                 tor is told at once, and has GONE_WAIT to close
 *   tor closes with commands of ours in the queue      those that wait for no reply of tor's are answered
 *
 * tests/ctl-front.t, ctl-ends.t, ctl-unanswered.t; tests/ctl-random.t. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_internal.h"
#include "front_internal.h"

#define GONE_WAIT 2000000000 /* ns that tor has to close when the client is gone */
#define SILENT 2000000000    /* ns without an octet after which tor is taken to owe nothing */

/* --- the queue --- */

control_turn *front_turn(control *c) { return c->front.turns ? c->front.turn + c->front.turn_first : NULL; }

char const *front_turn_kept(control const *c) { return c->front.kept.s + c->front.kept_done; }

void front_turn_done(control *c)
{
  control_turn *t = front_turn(c);
  if (t->kind == TURN_TOR && --t->count) return;
  if (t->kind != TURN_TOR) c->front.kept_done += t->count;
  c->front.turn_first = (c->front.turn_first + 1) % CONTROL_TURNS;
  c->front.turns--;
  if (c->front.kept_done == c->front.kept.len) {
    c->front.kept_done = 0;
    stralloc_free(&c->front.kept);
  }
}

control_turn *front_last_turn(control *c)
{
  return c->front.turns ? c->front.turn + (c->front.turn_first + c->front.turns - 1) % CONTROL_TURNS : NULL;
}

int front_turn_fits(control const *c, size_t len)
{
  return c->front.turns < CONTROL_TURNS
    && (!len || c->front.kept.len == c->front.kept_done || c->front.kept.len - c->front.kept_done + len <= CONTROL_KEPT);
}

void front_turn_add(control *c, enum turn_kind kind, unsigned int on, char const *s, size_t len)
{
  control_turn *last = front_last_turn(c);
  if (kind == TURN_TOR && last && last->kind == TURN_TOR) {
    last->count++;
    return;
  }
  if (c->front.kept_done > CONTROL_KEPT) {
    c->front.kept.len -= c->front.kept_done;
    memmove(c->front.kept.s, c->front.kept.s + c->front.kept_done, c->front.kept.len);
    c->front.kept_done = 0;
  }
  if (len && !stralloc_catb(&c->front.kept, s, len)) c->client.output.failed = 1;
  c->front.turns++;
  last = front_last_turn(c);
  *last = (control_turn){ .kind = kind, .on = on, .count = kind == TURN_TOR ? 1 : len };
}

/* --- to tor --- */

int front_write_tor(control *c)
{
  while (c->client.input_done < c->client.input_scan && !c->front.deaf) {
    ssize_t n = write(c->front.out, c->client.input.s + c->client.input_done, c->client.input_scan - c->client.input_done);
    if (n >= 0) c->client.input_done += (size_t)n;
    else if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    else if (errno != EINTR) c->front.deaf = 1;
  }
  /* What he said last is still to be read. */
  if (c->front.deaf) c->client.input_done = c->client.input_scan;
  return 1;
}

static void tell_tor(control *c)
{
  if (c->front.told || c->front.deaf) return;
  c->front.told = 1;
  if (shutdown(c->front.out, SHUT_WR) == 0 || errno != ENOTSOCK || c->front.out == c->front.in) return;
  close(c->front.out);
  c->front.out = -1;
  c->front.deaf = 1;
}

/* tor has said nothing for so long, though it could. */
static int tor_silent(control *c)
{
  uint64_t now = bus_now();
  if (!c->front.heard || !front_wants_tor(c)) c->front.heard = now;
  if (now - c->front.heard >= SILENT) return 1;
  control_again(c, c->front.heard + SILENT - now);
  return 0;
}

/* All that the client sent is tor's by now. tor forgets what it still has to say when it is told, so a client who only half-closed gets
 * that first; one who is gone cannot, and TAKEOWNERSHIP waits for it. */
static void client_ended(control *c)
{
  if (!c->front.turns) c->front.over = 1; /* the name is free as soon as the client left, not when tor noticed */
  if (c->client.gone || !c->front.turns || tor_silent(c)) tell_tor(c);
}

/* --- the connection --- */

static int own_is_next(control *c)
{
  control_turn const *t = front_turn(c);
  return t && t->kind == TURN_OWN;
}

static void front_step(control *c)
{
  uint64_t before, after = 0;
  int looked;
  do {
    before = after;
    /* While the lock is waited for, tor's octets are to go on, if they can. */
    c->own.bus.watch = !c->front.end && c->front.scan == c->front.len && c->front.len - c->front.done < sizeof c->front.octets ? c->front.in : -1;
    looked = front_scan_client(c);
    front_write_tor(c);
    front_scan_tor(c);
    front_run_turns(c);
    front_pass(c);
    after = c->front.moved + c->client.input_scan + c->front.scan + c->front.turns + c->front.turn_first;
  } while (after != before);
  if (c->client.input_end && looked && c->client.input_done == c->client.input_scan) client_ended(c);
  if (c->front.end && c->front.scan == c->front.len && !own_is_next(c)) c->front.over = 1;
  if (c->client.gone && c->front.told) {
    uint64_t now = bus_now();
    if (!c->front.gone_deadline) c->front.gone_deadline = now + GONE_WAIT;
    if (now < c->front.gone_deadline) control_again(c, c->front.gone_deadline - now);
  }
}

static int front_over(control *c)
{
  int passed = c->front.scan == c->front.done && !output_pending(&c->client.output);
  if (c->client.gone && c->client.input_end && (c->front.told || c->front.deaf))
    return !c->front.turns || c->front.end || (c->front.gone_deadline && bus_now() >= c->front.gone_deadline);
  return passed && (c->closing || (c->front.end && c->front.over));
}

static int front_wants_client(control const *c)
{
  return !c->front.end && !c->front.deaf && c->client.input.len - c->client.input_done < CONTROL_READ;
}

static size_t front_room(control const *c) { return CONTROL_READ - c->client.input.len; }

static size_t front_pending(control const *c) { return c->front.scan - c->front.done; }

static int front_watch(control *c)
{
  control_front const *f = &c->front;
  if (f->out < 0) watch_closed(&c->watch, WATCH_TOR_OUT);
  return watch_set(&c->watch, WATCH_TOR_IN, front_wants_tor(c) ? f->in : -1, EPOLLIN)
    && watch_set(&c->watch, WATCH_TOR_OUT, !f->deaf && c->client.input_scan > c->client.input_done ? f->out : -1, EPOLLOUT);
}

static void front_take(control *c, uint32_t const *happened)
{
  if (happened[WATCH_TOR_IN]) front_read_tor(c);
}

/* tor may be waiting for the end of this connection (TAKEOWNERSHIP): nothing comes before that. */
static void front_close(control *c)
{
  close(c->front.in);
  if (c->front.out >= 0 && c->front.out != c->front.in) close(c->front.out);
  stralloc_free(&c->front.kept);
}

control_side const front_side = { front_step, front_over, front_wants_client, front_room, front_between, front_pending, front_watch, front_take,
  front_close };
