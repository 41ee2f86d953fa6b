/* In front of a tor, tor's side: its replies and events go to the client untouched, line by line, ours between them.
 *
 * tor:  | done: given to the client | scan: to be given | len: not yet looked at |
 *
 * What is ours goes through c->client.output. The order is kept by two rules: tor's octets pass only when output is empty, or are appended to
 * it; output gets something only when all of tor's that were scanned have passed. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <porter/control_words.h>

#include "control_internal.h"
#include "front_internal.h"

#define COPY_MAX 8192         /* so much of tor's is rather copied behind ours than written by itself */
#define CONNECT_WAIT 20000000 /* ns that a reply to AUTHENTICATE waits for the lock */

enum { REPLY_NONE, REPLY_EVENT, REPLY_PLAIN, REPLY_INFO };
enum { LINE_START, LINE_MIDDLE, LINE_LAST };

void front_read_tor(control *c)
{
  ssize_t n;
  if (c->front.done == c->front.len) c->front.done = c->front.scan = c->front.len = 0;
  else if (sizeof c->front.octets - c->front.len < COPY_MAX) {
    memmove(c->front.octets, c->front.octets + c->front.done, c->front.len - c->front.done);
    c->front.scan -= c->front.done;
    c->front.len -= c->front.done;
    c->front.done = 0;
  }
  n = read(c->front.in, c->front.octets + c->front.len, sizeof c->front.octets - c->front.len);
  c->front.heard = 0;
  if (n > 0) c->front.len += (size_t)n;
  else if (!n || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) c->front.end = 1;
}

int front_wants_tor(control const *c) { return !c->front.end && c->front.len - c->front.done < sizeof c->front.octets; }

void front_pass(control *c)
{
  size_t n = c->front.scan - c->front.done;
  if (c->client.gone) {
    c->front.done = c->front.scan;
    return;
  }
  if (output_pending(&c->client.output)) {
    if (n && n <= COPY_MAX && output_pending(&c->client.output) < OUTPUT_FULL) {
      output_add(&c->client.output, c->front.octets + c->front.done, n);
      c->front.done = c->front.scan;
    }
    if (!output_flush(&c->client.output, c->client.out)) c->client.gone = 1;
    if (output_pending(&c->client.output)) return;
  }
  while (c->front.done < c->front.scan && !c->client.gone) {
    ssize_t w = write(c->client.out, c->front.octets + c->front.done, c->front.scan - c->front.done);
    if (w >= 0) c->front.done += (size_t)w;
    else if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    else if (errno != EINTR) c->client.gone = 1;
  }
}

/* Whether something of ours may be put into output. */
static int may_put(control *c)
{
  size_t n = c->front.scan - c->front.done;
  if (n > COPY_MAX) front_pass(c);
  else if (n && control_room(c)) {
    output_add(&c->client.output, c->front.octets + c->front.done, n);
    c->front.done = c->front.scan;
  }
  return control_room(c) && c->front.done == c->front.scan;
}

int front_between(control *c) { return c->front.reply == REPLY_NONE && !c->front.over && may_put(c); }

/* The next n octets are the client's; or nobody's. */
static void take(control *c, size_t n)
{
  c->front.scan += n;
  if (c->front.swallow) c->front.done = c->front.scan;
}

/* The reply that begins is replaced by that failure. */
static int replace(control *c, int e)
{
  if (!may_put(c)) return 0;
  c->front.swallow = 1;
  c->front.failure = e;
  return 1;
}

/* Keys of ours that stand before tor's next one (or before the end). 0: wait. */
static int put_keys(control *c)
{
  control_turn const *t = front_turn(c);
  char const *plan = front_turn_kept(c);
  control_answer *a = &c->own.answer;
  while (a->at < t->count && plan[a->at]) {
    if (!may_put(c)) return 0;
    own_put(c, (enum control_key)(plan[a->at++] - 1));
  }
  return may_put(c);
}

static int info_begin(control *c, control_turn const *t)
{
  char const *plan = front_turn_kept(c);
  unsigned int keys = 0;
  for (size_t i = 0; i < t->count; i++)
    if (plan[i]) keys |= 1U << (plan[i] - 1);
  if (keys) {
    switch (own_prepare(c, keys)) {
    case 0: return 0;
    case -1: return replace(c, errno);
    }
  }
  c->front.reply = REPLY_INFO;
  return 1;
}

static int events_begin(control *c, unsigned int events)
{
  if (own_listen(c, events)) return 1;
  if (errno == EAGAIN) return control_again(c, 0), 0;
  return replace(c, errno);
}

/* A reply begins with the code at s. What has to be true before the client reads it is made true. 0: wait. */
static int reply_begin(control *c, char const *s, size_t len)
{
  control_turn const *t = front_turn(c);
  int good = len >= 4 && !memcmp(s, "250", 3);
  if (len >= 4 && !memcmp(s, "650", 3)) return c->front.reply = REPLY_EVENT, 1;
  if (c->front.over) return c->front.reply = REPLY_PLAIN, 1;
  if (t && (t->kind == TURN_OWN || t->kind == TURN_TOO_LONG)) return 0;
  if (t && good && t->kind == TURN_AUTH) {
    c->own.bus.lock_deadline = bus_now() + CONNECT_WAIT;
    control_connect(c);
    c->own.bus.lock_deadline = 0;
  } else if (t && t->kind == TURN_QUIT) {
    c->front.over = 1;
    bus_leave(&c->own.bus);
    control_hear_no_more(c);
  } else if (t && good && t->kind == TURN_EVENTS) {
    if (!events_begin(c, t->on)) return 0;
  } else if (t && good && t->kind == TURN_INFO) {
    if (!info_begin(c, t)) return 0;
  }
  if (c->front.reply == REPLY_NONE) c->front.reply = REPLY_PLAIN;
  return 1;
}

static void reply_end(control *c)
{
  int event = c->front.reply == REPLY_EVENT;
  control_turn const *t = front_turn(c);
  c->front.reply = REPLY_NONE;
  c->front.names = 0;
  if (event || !t) return;
  if (c->front.swallow) {
    c->front.swallow = 0;
    control_failure(c, c->front.failure);
  }
  if (t->kind == TURN_INFO) own_answered(c);
  if (t->kind == TURN_AUTH) {
    c->front.holding = 0;
    /* What tor was told is no longer needed here. */
    if (c->client.input_done) explicit_bzero(c->client.input.s, c->client.input_done);
  }
  front_turn_done(c);
  c->front.moved++;
}

/* A line of a GETINFO's reply begins. Ours are put before it, events/names is completed. 1: go on with the line; 0: wait; -1: taken. */
static int info_line(control *c, char const *s, size_t len)
{
  static char const events[] = "250-events/names=", names[] = "250+info/names=";
  char const *end = memchr(s, '\n', len);
  size_t n = end ? (size_t)(end - s) : len;
  if (len < 4) return 1;
  if (!end && len < COPY_MAX && !c->front.end) return 0;
  if (!put_keys(c)) return 0;
  if (s[3] == ' ') return 1;
  c->own.answer.at++;
  c->front.names = n >= sizeof names - 1 && !memcmp(s, names, sizeof names - 1);
  if (n < sizeof events || n > COPY_MAX || memcmp(s, events, sizeof events - 1)) return 1;
  if (s[n - 1] == '\r') n--;
  output_add(&c->client.output, s, n);
  c->front.done = c->front.scan += n;
  output_string(&c->client.output, " POSTMESSAGE CONTROLLERS");
  return -1;
}

/* Looks at what tor sent.
 *
 *   state               octets                      then
 *   LINE_START          650 and any of "-+ "        an event, to its end
 *                       any other code              the reply of the next turn; it waits while the turn is ours
 *                       code +                      a block follows the line
 *                       code and space              the line is the last
 *   LINE_START, block   a dot alone                 the block is over
 *   LINE_MIDDLE, _LAST  up to LF                    LINE_START; after the last line the reply is over */
void front_scan_tor(control *c)
{
  while (c->front.scan < c->front.len) {
    char const *s = c->front.octets + c->front.scan, *end;
    size_t len = c->front.len - c->front.scan;
    if (c->front.line != LINE_START) {
      end = memchr(s, '\n', len);
      take(c, end ? (size_t)(end - s) + 1 : len);
      if (!end) return;
      if (c->front.line == LINE_LAST) reply_end(c);
      c->front.line = LINE_START;
      continue;
    }
    if (c->front.data) {
      if (*s == '.' && !c->front.end && (len == 1 || (len == 2 && s[1] == '\r'))) return;
      if (*s == '.' && len > 1 && (s[1] == '\n' || (s[1] == '\r' && len > 2 && s[2] == '\n'))) {
        if (c->front.names) {
          if (!may_put(c)) return;
          output_string(&c->client.output, control_info_names);
          c->front.names = 0;
        }
        c->front.data = 0;
      }
      c->front.line = LINE_MIDDLE;
      continue;
    }
    if (len < 4 && !memchr(s, '\n', len) && !c->front.end) return;
    /* An answer of ours that is half out, as the client is slow, comes first. */
    if (c->front.reply == REPLY_NONE && (c->own.answer.ready || !reply_begin(c, s, len))) return;
    if (c->front.reply == REPLY_INFO && !c->front.swallow) {
      int go = info_line(c, s, len);
      if (!go) return;
      if (go < 0) {
        c->front.line = LINE_MIDDLE;
        continue;
      }
    }
    if (len >= 4 && s[3] == '+') c->front.data = 1;
    c->front.line = len >= 4 && s[3] == ' ' ? LINE_LAST : LINE_MIDDLE;
  }
}
