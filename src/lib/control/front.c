/* In front of a tor, the client's side: which lines are tor's, which are ours, and whose turn it is to be answered.
 *
 * input:  | done: written to tor | scan: tor's, to be written | len: not yet looked at |
 *
 * Every command has one reply, so a queue tells what the replies to come are for. Commands of ours wait in it until those before them
 * are answered; tor's go to tor at once. When the queue is full, nothing is read. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <porter/control_words.h>

#include "control_internal.h"
#include "front_internal.h"

#define WORD_MAX 16          /* no command that we look at is longer */
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

static control_turn *last_turn(control *c)
{
  return c->front.turns ? c->front.turn + (c->front.turn_first + c->front.turns - 1) % CONTROL_TURNS : NULL;
}

/* Room for one more that keeps len octets. */
static int turn_fits(control const *c, size_t len)
{
  return c->front.turns < CONTROL_TURNS
    && (!len || c->front.kept.len == c->front.kept_done || c->front.kept.len - c->front.kept_done + len <= CONTROL_KEPT);
}

static void turn_add(control *c, enum turn_kind kind, unsigned int on, char const *s, size_t len)
{
  control_turn *last = last_turn(c);
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
  last = last_turn(c);
  *last = (control_turn){ .kind = kind, .on = on, .count = kind == TURN_TOR ? 1 : len };
}

/* --- to tor --- */

/* 1: nothing is left that waits to be written. */
static int write_tor(control *c)
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

/* --- commands --- */

enum word { WORD_TOR, WORD_AUTHENTICATE, WORD_QUIT, WORD_HSPOST, WORD_POSTMESSAGE, WORD_CONTROLLERNAME, WORD_BLANK, WORD_GETINFO, WORD_SETEVENTS };

static enum word word_find(control const *c, slice line)
{
  static char const *const name[] = { "", "AUTHENTICATE", "QUIT", "+HSPOST", "POSTMESSAGE", "CONTROLLERNAME", "", "GETINFO", "SETEVENTS" };
  slice word = control_word(line);
  enum word w = c->authenticated ? WORD_QUIT : WORD_AUTHENTICATE, end = c->authenticated ? WORD_SETEVENTS : WORD_QUIT;
  if (c->authenticated && control_space(*line.s)) return WORD_BLANK;
  if (!word.len) return WORD_TOR;
  for (; w <= end; w++)
    if (control_is(word, name[w])) return w;
  return WORD_TOR;
}

/* Cuts the words for which ours is true out of the line, in place, towards its end. Returns how much shorter it is. */
static size_t cut_words(char *s, size_t len, int (*ours)(slice word))
{
  slice arguments = control_arguments((slice){ .s = s, .len = len }), word;
  size_t cut = 0;
  while (control_next(&arguments, &word)) {
    char *at = s + (word.s - s);
    if (!(*ours)(word)) continue;
    memmove(s + cut + word.len, s + cut, (size_t)(at - s) - cut);
    cut += word.len;
  }
  return cut;
}

static int is_own_key(slice word) { return control_key_find(word) < KEY_COUNT; }

static int is_own_event(slice word) { return own_event_find(word) != 0; }

static unsigned int own_events_among(slice arguments)
{
  slice word;
  unsigned int events = 0;
  while (control_next(&arguments, &word)) events |= own_event_find(word);
  return events;
}

/* An own command in its turn, nothing before it: 1 answered. */
static int own_command(control *c, slice line, size_t available, size_t *used)
{
  slice arguments = control_arguments(line);
  int good;
  *used = line.len;
  switch (word_find(c, line)) {
  case WORD_POSTMESSAGE: good = own_posts(c, line.s, available, used); break;
  case WORD_CONTROLLERNAME: good = own_controllername(c, arguments); break;
  case WORD_BLANK: output_line(&c->client.output, "510 Unrecognized command \"\""); return 1;
  default: good = own_getinfo(c, arguments);
  }
  control_wake(c);
  if (good) own_events(c);
  return good;
}

/* What a GETINFO asks for: an octet for each key, 0 for tor's, else 1 and ours. */
static unsigned int info_plan(slice arguments, stralloc *plan)
{
  slice word;
  unsigned int found = 0;
  while (control_next(&arguments, &word)) {
    enum control_key key = control_key_find(word);
    char octet = (char)(key < KEY_COUNT ? 1 + key : 0);
    found |= key < KEY_COUNT ? INFO_OURS : INFO_TORS;
    if (control_equal(word, "events/names") || control_equal(word, "info/names")) found |= INFO_NAMES;
    if (!stralloc_catb(plan, &octet, 1)) return INFO_FAILED;
  }
  return found;
}

enum step { STEP_ON, STEP_INPUT, STEP_WAIT };

/* A SETEVENTS. It is nothing to us if no event of ours was asked for, nor is now. */
static void events_add(control *c, unsigned int on)
{
  if (on) c->front.events_asked = 1;
  turn_add(c, c->front.events_asked ? TURN_EVENTS : TURN_TOR, on, NULL, 0);
}

/* A line that begins with white space. tor has one answer to all of them, but filters in front of it have none, so we give it. */
static enum step scan_blank(control *c, size_t len, int whole)
{
  if (!turn_fits(c, 1) || !write_tor(c)) return STEP_WAIT;
  turn_add(c, TURN_OWN, 0, "\n", 1);
  c->front.dropping = !whole;
  c->front.dropped = len;
  c->client.input_done = c->client.input_scan += len;
  return STEP_ON;
}

/* A whole line of GETINFO, SETEVENTS, POSTMESSAGE or CONTROLLERNAME. */
static enum step scan_command(control *c, enum word word, char *s, size_t len)
{
  slice line = { .s = s, .len = len };
  size_t cut, used;
  stralloc plan = STRALLOC_ZERO;
  if (word == WORD_SETEVENTS) {
    if (!turn_fits(c, 0) || !write_tor(c)) return STEP_WAIT;
    events_add(c, own_events_among(control_arguments(line)));
    cut = cut_words(s, len, &is_own_event);
    c->client.input_done += cut;
    c->client.input_scan += len;
    return STEP_ON;
  }
  if (word == WORD_GETINFO) {
    unsigned int found = info_plan(control_arguments(line), &plan);
    if (found == INFO_FAILED) c->client.output.failed = 1;
    if (!(found & (INFO_OURS | INFO_NAMES))) {
      stralloc_free(&plan);
      if (!turn_fits(c, 0)) return STEP_WAIT;
      turn_add(c, TURN_TOR, 0, NULL, 0);
      c->client.input_scan += len;
      return STEP_ON;
    }
    if (found & INFO_TORS) {
      size_t keep = found & INFO_OURS ? plan.len : 0;
      int fits = turn_fits(c, keep) && write_tor(c);
      if (fits) {
        turn_add(c, TURN_INFO, 0, plan.s, keep);
        c->client.input_done += cut_words(s, len, &is_own_key);
        c->client.input_scan += len;
      }
      stralloc_free(&plan);
      return fits ? STEP_ON : STEP_WAIT;
    }
    stralloc_free(&plan);
  }
  /* Ours alone: nothing of it goes to tor. */
  if (!write_tor(c)) return STEP_WAIT;
  if (!c->front.turns) {
    if (!front_between(c) || !own_command(c, line, c->client.input.len - c->client.input_scan, &used)) return STEP_WAIT;
  } else {
    if (!turn_fits(c, len)) return STEP_WAIT;
    turn_add(c, TURN_OWN, 0, s, len);
    used = len;
  }
  c->client.input_done = c->client.input_scan += used;
  return STEP_ON;
}

/* A command of ours that does not fit into the input: its beginning is enough to refuse it; the rest is dropped. */
static enum step scan_too_long(control *c, char const *s, size_t len)
{
  if (!turn_fits(c, 2 * CONTROL_TEXT_MAX) || !write_tor(c)) return STEP_WAIT;
  turn_add(c, TURN_OWN, 0, s, 2 * CONTROL_TEXT_MAX);
  c->front.dropping = 1;
  c->front.dropped = len;
  c->client.input_done = c->client.input_scan += len;
  return STEP_ON;
}

/* The beginning of a command. */
static enum step scan_start(control *c, char *s, size_t len, char const *end)
{
  size_t n = 0, whole = end ? (size_t)(end - s) + 1 : 0;
  enum word word;
  if (c->front.holding) return STEP_WAIT;
  while (n < len && n <= WORD_MAX && s[n] && !control_space(s[n])) n++;
  if (n == len && n <= WORD_MAX) return STEP_INPUT;
  word = n > WORD_MAX ? WORD_TOR : word_find(c, (slice){ .s = s, .len = whole ? whole : len });
  if (word == WORD_BLANK) return scan_blank(c, whole ? whole : len, end != NULL);
  if (word >= WORD_HSPOST) {
    if (whole && word != WORD_HSPOST) return scan_command(c, word, s, whole);
    if (!whole && c->client.input.len - c->client.input_done < CONTROL_READ) return STEP_INPUT;
    if (!whole && len < CONTROL_READ) return STEP_WAIT;
    if (word == WORD_POSTMESSAGE || word == WORD_CONTROLLERNAME) return scan_too_long(c, s, len);
    /* Keys and events of ours are not looked for in a line that long; then tor refuses them. */
  }
  if (!turn_fits(c, 0)) return STEP_WAIT;
  c->front.silent = word == WORD_HSPOST && whole && !control_arguments((slice){ .s = s, .len = whole }).len;
  if (word == WORD_SETEVENTS) events_add(c, 0);
  else if (!c->front.silent) turn_add(c, word == WORD_AUTHENTICATE ? TURN_AUTH : word == WORD_QUIT ? TURN_QUIT : TURN_TOR, 0, NULL, 0);
  /* Whether what follows is ours depends on the reply; after QUIT nothing follows. */
  if (word == WORD_AUTHENTICATE || word == WORD_QUIT) c->front.holding = 1;
  if (*s == '+') c->front.block = 1;
  c->front.passing = 1;
  return STEP_ON;
}

/* Looks at what the client sent, line by line.
 *
 *   state     what it is in                              until
 *   start     nothing: a command begins                  its kind is known
 *   passing   a line of tor's                            LF: start, or block
 *   block     a command that began with +, at a line     a line with a dot only: start; any other: passing
 *   silent    block, the first line of one to which tor  a line with a dot only: tor does reply; any other: nothing
 *             has no reply: +HSPOST without arguments
 *   dropping  a line of ours that is too long            LF: start */
static enum step scan_client(control *c)
{
  while (c->client.input_scan < c->client.input.len) {
    char *s = c->client.input.s + c->client.input_scan, *end;
    size_t len = c->client.input.len - c->client.input_scan, n;
    enum step step;
    end = memchr(s, '\n', len);
    n = end ? (size_t)(end - s) + 1 : len;
    if (c->front.passing) {
      c->client.input_scan += n;
      if (end) c->front.passing = 0;
    } else if (c->front.dropping) {
      c->front.dropped += n;
      c->client.input_done = c->client.input_scan += n;
      if (c->front.dropped >= CONTROL_COMMAND_MAX) {
        last_turn(c)->kind = TURN_TOO_LONG;
        c->front.holding = 1;
      }
      if (end) c->front.dropping = 0;
    } else if (c->front.block) {
      if (!end && (len == 1 ? *s == '.' : len == 2 && *s == '.' && s[1] == '\r')) return STEP_INPUT;
      if (end && *s == '.' && (n == 2 || (n == 3 && s[1] == '\r'))) c->front.block = 0;
      if (c->front.silent && !c->front.block) turn_add(c, TURN_TOR, 0, NULL, 0);
      c->front.silent = 0;
      c->front.passing = 1;
    } else if ((step = scan_start(c, s, len, end)) != STEP_ON) return step;
  }
  return STEP_INPUT;
}

/* Commands of ours that wait no longer. */
static void run_turns(control *c)
{
  control_turn const *t;
  while ((t = front_turn(c)) && (t->kind == TURN_OWN || t->kind == TURN_TOO_LONG) && !c->closing && front_between(c)) {
    size_t used;
    if (c->front.dropping && t == last_turn(c)) return;
    if (t->kind == TURN_TOO_LONG) {
      output_line(&c->client.output, "500 Line too long.");
      c->closing = 1;
      return;
    }
    if (!own_command(c, (slice){ .s = front_turn_kept(c), .len = t->count }, t->count, &used)) return;
    front_turn_done(c);
  }
}

static int own_is_next(control *c)
{
  control_turn const *t = front_turn(c);
  return t && t->kind == TURN_OWN;
}

static void front_step(control *c)
{
  uint64_t before, after = 0;
  enum step step;
  do {
    before = after;
    /* While the lock is waited for, tor's octets are to go on, if they can. */
    c->own.bus.watch = !c->front.end && c->front.scan == c->front.len && c->front.len - c->front.done < sizeof c->front.octets ? c->front.in : -1;
    step = scan_client(c);
    write_tor(c);
    front_scan_tor(c);
    run_turns(c);
    front_pass(c);
    after = c->front.moved + c->client.input_scan + c->front.scan + c->front.turns + c->front.turn_first;
  } while (after != before);
  if (c->client.input_end && step == STEP_INPUT && c->client.input_done == c->client.input_scan) client_ended(c);
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
