/* In front of a tor, the client's commands: each is tor's, and goes to it untouched; or ours, and is carried out when it is its turn; or
 * of both, and tor gets it without our words.
 *
 *   command                                        what becomes of it
 *   AUTHENTICATE, QUIT                             tor's; nothing behind it is looked at before the reply, which decides what that is
 *   once that was good:
 *     POSTMESSAGE, CONTROLLERNAME,                 ours: at once where nobody waits for a reply, else kept in the queue
 *     GETINFO with keys of ours alone
 *     GETINFO with keys of both                    of both: what is asked of us is kept as a plan
 *     GETINFO with events/names or info/names      tor's, but its reply is completed
 *     SETEVENTS                                    of both, as soon as an event of ours was asked for
 *     a line that begins with white space          ours: 510
 *   any other                                      tor's
 *
 * What can go wrong, and the rule for it:
 *
 *   a line comes in pieces                         a command is looked at when its word is whole, one that may be ours when its line is
 *   a line of ours does not fit into the input     its beginning is refused in its turn, the rest dropped; beyond CONTROL_COMMAND_MAX
 *                                                  the connection ends
 *   what tor should not see waits behind what it   nothing of ours is cut before all that is tor's was written
 *   has not read
 *   a block has lines that look like commands      they are passed on up to the dot
 *   +HSPOST without arguments                      tor says nothing to it, unless it has no lines
 *   the queue is full                              the client waits
 *
 * tests/ctl-front.t, ctl-unanswered.t; tests/ctl-random.t. */
#include <string.h>

#include <porter/control_words.h>

#include "control_internal.h"
#include "front_internal.h"

#define WORD_MAX 16 /* no command that we look at is longer */

/* --- words --- */

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

/* --- what is ours --- */

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

/* --- whose it is --- */

#define INFO_OURS 1U
#define INFO_TORS 2U
#define INFO_NAMES 4U /* events/names or info/names, to which ours are added */
#define INFO_FAILED 8U

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
  front_turn_add(c, c->front.events_asked ? TURN_EVENTS : TURN_TOR, on, NULL, 0);
}

/* A line that begins with white space. tor has one answer to all of them, but filters in front of it have none, so we give it. */
static enum step scan_blank(control *c, size_t len, int whole)
{
  if (!front_turn_fits(c, 1) || !front_write_tor(c)) return STEP_WAIT;
  front_turn_add(c, TURN_OWN, 0, "\n", 1);
  c->front.dropping = !whole;
  c->front.dropped = len;
  c->client.input_done = c->client.input_scan += len;
  return STEP_ON;
}

/* A whole line that is ours alone: nothing of it goes to tor. */
static enum step scan_own(control *c, char const *s, size_t len)
{
  size_t used = len;
  if (!front_write_tor(c)) return STEP_WAIT;
  if (!c->front.turns) {
    slice const line = { .s = s, .len = len };
    if (!front_between(c) || !own_command(c, line, c->client.input.len - c->client.input_scan, &used)) return STEP_WAIT;
  } else {
    if (!front_turn_fits(c, len)) return STEP_WAIT;
    front_turn_add(c, TURN_OWN, 0, s, len);
  }
  c->client.input_done = c->client.input_scan += used;
  return STEP_ON;
}

/* A whole SETEVENTS. */
static enum step scan_events(control *c, char *s, size_t len)
{
  if (!front_turn_fits(c, 0) || !front_write_tor(c)) return STEP_WAIT;
  events_add(c, own_events_among(control_arguments((slice){ .s = s, .len = len })));
  c->client.input_done += cut_words(s, len, &is_own_event);
  c->client.input_scan += len;
  return STEP_ON;
}

/* A whole GETINFO. */
static enum step scan_info(control *c, char *s, size_t len)
{
  stralloc plan = STRALLOC_ZERO;
  unsigned int const found = info_plan(control_arguments((slice){ .s = s, .len = len }), &plan);
  int const matters = (found & (INFO_OURS | INFO_NAMES)) != 0;
  size_t const keep = found & INFO_OURS ? plan.len : 0;
  int fits = 0;
  if (found == INFO_FAILED) c->client.output.failed = 1;
  if (!matters || found & INFO_TORS) fits = front_turn_fits(c, keep) && (!matters || front_write_tor(c));
  if (fits) {
    front_turn_add(c, matters ? TURN_INFO : TURN_TOR, 0, plan.s, keep);
    if (keep) c->client.input_done += cut_words(s, len, &is_own_key);
    c->client.input_scan += len;
  }
  stralloc_free(&plan);
  if (matters && !(found & INFO_TORS)) return scan_own(c, s, len);
  return fits ? STEP_ON : STEP_WAIT;
}

/* A whole line of GETINFO, SETEVENTS, POSTMESSAGE or CONTROLLERNAME. */
static enum step scan_command(control *c, enum word word, char *s, size_t len)
{
  if (word == WORD_SETEVENTS) return scan_events(c, s, len);
  return word == WORD_GETINFO ? scan_info(c, s, len) : scan_own(c, s, len);
}

/* A command of ours that does not fit into the input: its beginning is enough to refuse it; the rest is dropped. */
static enum step scan_too_long(control *c, char const *s, size_t len)
{
  if (!front_turn_fits(c, 2 * CONTROL_TEXT_MAX) || !front_write_tor(c)) return STEP_WAIT;
  front_turn_add(c, TURN_OWN, 0, s, 2 * CONTROL_TEXT_MAX);
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
  if (!front_turn_fits(c, 0)) return STEP_WAIT;
  c->front.silent = word == WORD_HSPOST && whole && !control_arguments((slice){ .s = s, .len = whole }).len;
  if (word == WORD_SETEVENTS) events_add(c, 0);
  else if (!c->front.silent) front_turn_add(c, word == WORD_AUTHENTICATE ? TURN_AUTH : word == WORD_QUIT ? TURN_QUIT : TURN_TOR, 0, NULL, 0);
  /* Whether what follows is ours depends on the reply; after QUIT nothing follows. */
  if (word == WORD_AUTHENTICATE || word == WORD_QUIT) c->front.holding = 1;
  if (*s == '+') c->front.block = 1;
  c->front.passing = 1;
  return STEP_ON;
}

/* --- all that came --- */

/* Line by line:
 *
 *   state     what it is in                              until
 *   start     nothing: a command begins                  its kind is known
 *   passing   a line of tor's                            LF: start, or block
 *   block     a command that began with +, at a line     a line with a dot only: start; any other: passing
 *   silent    block, the first line of one to which tor  a line with a dot only: tor does reply; any other: nothing
 *             has no reply: +HSPOST without arguments
 *   dropping  a line of ours that is too long            LF: start */
int front_scan_client(control *c)
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
        front_last_turn(c)->kind = TURN_TOO_LONG;
        c->front.holding = 1;
      }
      if (end) c->front.dropping = 0;
    } else if (c->front.block) {
      if (!end && (len == 1 ? *s == '.' : len == 2 && *s == '.' && s[1] == '\r')) return 1;
      if (end && *s == '.' && (n == 2 || (n == 3 && s[1] == '\r'))) c->front.block = 0;
      if (c->front.silent && !c->front.block) front_turn_add(c, TURN_TOR, 0, NULL, 0);
      c->front.silent = 0;
      c->front.passing = 1;
    } else if ((step = scan_start(c, s, len, end)) != STEP_ON) return step == STEP_INPUT;
  }
  return 1;
}

/* --- ours, when it is their turn --- */

void front_run_turns(control *c)
{
  control_turn const *t;
  while ((t = front_turn(c)) && (t->kind == TURN_OWN || t->kind == TURN_TOO_LONG) && !c->closing && front_between(c)) {
    size_t used;
    if (c->front.dropping && t == front_last_turn(c)) return;
    if (t->kind == TURN_TOO_LONG) {
      output_line(&c->client.output, "500 Line too long.");
      c->closing = 1;
      return;
    }
    if (!own_command(c, (slice){ .s = front_turn_kept(c), .len = t->count }, t->count, &used)) return;
    front_turn_done(c);
  }
}
