/* The control protocol's own part, where there is no tor: replies are tor's, word for word. */
#include <errno.h>
#include <string.h>

#include <porter/control_words.h>

#include "control_internal.h"

/* What GETINFO knows beside control_key_name; the lines of info/names are tor's where it has the key. */
static struct info {
  char const *name, *about;
} const info[] = {
  { "events/names", "Events that the controller can ask for with SETEVENTS." },
  { "info/names", "List of GETINFO options, types, and documentation." },
  { "signal/names", "Signal names recognized by the SIGNAL command." },
  { "version", "The current version of Tor." },
};
#define INFO_COUNT (sizeof info / sizeof *info)

char const control_info_names[] = "last-message-id -- The id of the last message that this connection has posted.\r\n"
                                  "list-controllers -- Names of the connected controllers, oldest first.\r\n"
                                  "messages-lost -- How many messages this connection was too late to read.\r\n"
                                  "new-messages -- The last unread messages to this controller.\r\n"
                                  "recent-messages -- The newest messages to this controller.\r\n";

static void info_put(control *c, slice key)
{
  control_output *o = &c->client.output;
  if (control_equal(key, "info/names")) {
    output_line(o, "250+info/names=");
    for (size_t i = 0; i < INFO_COUNT; i++) {
      output_string(o, info[i].name);
      output_string(o, " -- ");
      output_line(o, info[i].about);
    }
    output_string(o, control_info_names);
    output_line(o, ".");
    return;
  }
  output_about(o, "250-", key, "=");
  o->bytes.len -= 2;
  if (control_equal(key, "version")) output_string(o, c->version);
  else if (control_equal(key, "events/names")) output_string(o, "POSTMESSAGE CONTROLLERS");
  output_line(o, "");
}

static int info_known(slice key)
{
  for (size_t i = 0; i < INFO_COUNT; i++)
    if (control_equal(key, info[i].name)) return 1;
  return control_key_find(key) < KEY_COUNT;
}

/* Where a key is unknown, those that are: piece by piece, since a line can name half a million. */
static int getinfo_unknown(control *c, slice arguments)
{
  slice rest = { .s = arguments.s + c->own.answer.at, .len = arguments.len - c->own.answer.at }, word, last = SLICE_ZERO;
  while (control_next(&rest, &word)) {
    if (info_known(word)) continue;
    if (last.s) {
      output_about(&c->client.output, "552-Unrecognized key \"", last, "\"");
      if (!control_room(c)) {
        c->own.answer.at = (size_t)(word.s - arguments.s);
        return 0;
      }
    }
    last = word;
  }
  output_about(&c->client.output, "552 Unrecognized key \"", last, "\"");
  return own_answered(c), 1;
}

static int getinfo(control *c, slice arguments)
{
  slice rest = arguments, word;
  unsigned int keys = 0, known = 1;
  if (!c->own.answer.ready) {
    /* Its beginning went out before, when those that are known were passed over. */
    if (c->own.answer.at) return getinfo_unknown(c, arguments);
    while (known && control_next(&rest, &word))
      if (!info_known(word)) known = 0;
      else keys |= 1U << control_key_find(word);
    if (!known) return getinfo_unknown(c, arguments);
    /* Without keys of ours no state directory is asked. */
    if (keys & ((1U << KEY_COUNT) - 1)) {
      switch (own_prepare(c, keys)) {
      case 0: return 0;
      case -1: control_failure(c, errno); return own_answered(c), 1;
      }
    }
    c->own.answer.ready = 1;
  }
  rest = (slice){ .s = arguments.s + c->own.answer.at, .len = arguments.len - c->own.answer.at };
  while (control_next(&rest, &word)) {
    enum control_key key = control_key_find(word);
    if (!control_room(c)) return 0;
    if (key < KEY_COUNT) own_put(c, key);
    else info_put(c, word);
    c->own.answer.at = (size_t)(rest.s - arguments.s);
  }
  output_line(&c->client.output, "250 OK");
  return own_answered(c), 1;
}

static int setevents(control *c, slice arguments)
{
  slice word;
  unsigned int events = 0;
  while (control_next(&arguments, &word)) {
    events |= own_event_find(word);
    if (!own_event_find(word) && !control_is(word, "EXTENDED")) return output_about(&c->client.output, "552 Unrecognized event \"", word, "\""), 1;
  }
  if (own_listen(c, events)) output_line(&c->client.output, "250 OK");
  else if (errno == EAGAIN) return control_again(c, 0), 0;
  else control_failure(c, errno);
  return 1;
}

static void usefeature(control *c, slice arguments)
{
  slice word;
  while (control_next(&arguments, &word))
    if (!control_is(word, "VERBOSE_NAMES") && !control_is(word, "EXTENDED_EVENTS")) {
      output_about(&c->client.output, "552 Unrecognized feature \"", word, "\"");
      return;
    }
  output_line(&c->client.output, "250 OK");
}

static int version_known(slice word)
{
  if (word.len && (*word.s == '+' || *word.s == '-')) word.s++, word.len--;
  for (size_t i = 0; i < word.len; i++)
    if (word.s[i] < '0' || word.s[i] > '9') return 0;
  return word.len > 0;
}

static void protocolinfo(control *c, slice arguments)
{
  slice word;
  c->described = 1;
  while (control_next(&arguments, &word))
    if (!version_known(word)) {
      output_string(&c->client.output, "513 No such version ");
      output_quoted(&c->client.output, word);
      output_line(&c->client.output, "");
      if (!c->authenticated) c->closing = 1;
      return;
    }
  output_line(&c->client.output, "250-PROTOCOLINFO 1");
  auth_describe(&c->auth, c->version, &c->client.output);
  output_line(&c->client.output, "250 OK");
}

static void authenticate(control *c, slice word, slice arguments)
{
  /* Input is ours to overwrite. */
  char *s = c->client.input.s + (arguments.s - c->client.input.s);
  enum auth_result result = (control_is(word, "AUTHENTICATE") ? auth_authenticate : auth_challenge)(&c->auth, s, arguments.len, &c->client.output);
  explicit_bzero(s, arguments.len);
  if (result == AUTH_CLOSE) c->closing = 1;
  if (result != AUTH_GRANTED) return;
  c->auth.challenged = 0;
  /* Connected before the client reads that he is. */
  if (!c->authenticated) control_connect(c);
}

/* One command; len: of all its lines. 1: carried out, *used octets; 0: come again. */
static int command(control *c, char const *s, size_t len, size_t *used)
{
  slice line = control_chop((slice){ .s = s, .len = len }), word = control_word(line), arguments = control_arguments(line);
  *used = len;
  if (control_is(word, "QUIT")) {
    bus_leave(&c->own.bus);
    output_line(&c->client.output, "250 closing connection");
    c->closing = 1;
  } else if (control_is(word, "AUTHENTICATE") || (control_is(word, "AUTHCHALLENGE") && (c->authenticated || !c->auth.challenged)))
    authenticate(c, word, arguments);
  else if (control_is(word, "PROTOCOLINFO") && (c->authenticated || (!c->described && !c->auth.challenged))) protocolinfo(c, arguments);
  else if (!c->authenticated) {
    output_line(&c->client.output, "514 Authentication required.");
    c->closing = 1;
  } else if (control_is(word, "POSTMESSAGE")) return own_posts(c, s, c->client.input.len - c->client.input_done, used);
  else if (control_is(word, "GETINFO")) return getinfo(c, arguments);
  else if (control_is(word, "SETEVENTS")) return setevents(c, arguments);
  else if (control_is(word, "CONTROLLERNAME")) return own_controllername(c, arguments);
  else if (control_is(word, "USEFEATURE")) usefeature(c, arguments);
  else output_about(&c->client.output, "510 Unrecognized command \"", word, "\"");
  return 1;
}

/* Finds the end of the next command: a line, or with a + before it all lines up to a dot. 0: it is not there yet. */
static size_t command_end(control *c)
{
  char const *s = c->client.input.s + c->client.input_done;
  size_t len = c->client.input.len - c->client.input_done;
  while (len) {
    char const *end = memchr(c->client.input.s + c->client.input_scan, '\n', c->client.input.len - c->client.input_scan);
    char const *start;
    if (!end) {
      /* Up to here there is none; a line's start must be seen again when its end comes. */
      if (*s != '+') c->client.input_scan = c->client.input.len;
      break;
    }
    start = c->client.input.s + c->client.input_scan;
    c->client.input_scan = (size_t)(end - c->client.input.s) + 1;
    if (*s != '+') return c->client.input_scan - c->client.input_done;
    if (start > s && *start == '.' && (end == start + 1 || (end == start + 2 && start[1] == '\r')))
      return c->client.input_scan - c->client.input_done;
  }
  return 0;
}

static size_t command_max(control const *c) { return c->authenticated ? CONTROL_COMMAND_MAX : CONTROL_COMMAND_EARLY_MAX; }

static void step(control *c)
{
  while (!c->closing && control_room(c)) {
    size_t len = command_end(c), used;
    if ((len ? len : c->client.input.len - c->client.input_done) >= command_max(c)) {
      output_line(&c->client.output, "500 Line too long.");
      c->closing = 1;
      return;
    }
    if (!len) {
      if (c->client.input_end) c->closing = 1;
      return;
    }
    if (!command(c, c->client.input.s + c->client.input_done, len, &used)) {
      c->client.input_scan = c->client.input_done;
      return;
    }
    c->client.input_done += used;
    c->client.input_scan = c->client.input_done;
    control_wake(c);
    own_events(c);
  }
}

static int over(control *c) { return c->closing && !output_pending(&c->client.output); }

/* What is there waits for its turn, or its end is still to come. */
static int wants_client(control const *c)
{
  return output_pending(&c->client.output) < OUTPUT_FULL && c->retry == UINT64_MAX && c->client.input.len - c->client.input_done < command_max(c);
}

static size_t room(control const *c) { return c->authenticated ? CONTROL_READ : CONTROL_COMMAND_EARLY_MAX - c->client.input.len; }

static int between(control *c)
{
  (void)c;
  return 1;
}

static size_t pending(control const *c)
{
  (void)c;
  return 0;
}

static int watch(control *c)
{
  (void)c;
  return 1;
}

static void take(control *c, uint32_t const *happened)
{
  (void)c;
  (void)happened;
}

static void close_side(control *c) { (void)c; }

control_side const alone_side = { step, over, wants_client, room, between, pending, watch, take, close_side };
