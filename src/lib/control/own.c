/* The commands of proposal 197 that change something: names and posts. */
#include <errno.h>
#include <string.h>

#include <porter/control_words.h>

#include "control_internal.h"

char const *const control_key_name[KEY_COUNT] = { "recent-messages", "new-messages", "list-controllers", "messages-lost" };

enum control_key control_key_find(slice word)
{
  enum control_key key = 0;
  while (key < KEY_COUNT && !control_equal(word, control_key_name[key])) key++;
  return key;
}

void control_warn(control *c, char const *what, int e)
{
  /* A client can make the same thing fail any number of times. */
  if (!c->warn || e == c->warned) return;
  c->warned = e;
  (*c->warn)(what, e);
}

int control_room(control *c)
{
  if (output_pending(&c->output) < OUTPUT_FULL) return 1;
  c->stalled = 1;
  return 0;
}

void control_again(control *c, uint64_t ns)
{
  if (ns < c->retry) c->retry = ns;
}

void control_failure(control *c, int e)
{
  int full = e == ENOSPC || e == EDQUOT || e == EMFILE || e == ENFILE || e == ENOMEM;
  output_string(&c->output, full ? "451 Resource exhausted: " : "551 Messages are not available: ");
  output_line(&c->output, bus_reason(e));
  control_warn(c, "use the state directory", e);
}

void control_connect(control *c)
{
  c->authenticated = 1;
  if (!bus_join(&c->bus)) control_warn(c, "use the state directory", errno);
}

void control_wake(control *c)
{
  if (!c->bus.wake_all && !c->bus.named_count) return;
  if (!c->gone && !output_flush(&c->output, c->out)) c->gone = 1;
  bus_wake(&c->bus);
}

/* --- CONTROLLERNAME --- */

#define CLAIM_AGAIN 1000000   /* ns */

static int reserved(slice name)
{
  return control_is(name, "all") || control_is(name, "unset");
}

int own_controllername(control *c, slice arguments)
{
  slice name;
  unsigned int count = control_count(arguments, 2);
  control_next(&arguments, &name);
  if (!count) output_line(&c->output, "512 Bad arguments to CONTROLLERNAME: Need at least 1 argument(s)");
  else if (count > 1) output_line(&c->output, "512 Bad arguments to CONTROLLERNAME: Cannot accept more than 1 argument(s)");
  else if (!bus_name_valid(name)) output_line(&c->output, "512 Bad arguments to CONTROLLERNAME: Invalid controller name");
  else if (reserved(name)) output_line(&c->output, "553 Controller name already in use");
  else if (bus_claim(&c->bus, name, !c->gone)) output_line(&c->output, "250 OK");
  else if (errno == EAGAIN) return control_again(c, 0), 0;
  else if (errno == EINPROGRESS) return control_again(c, CLAIM_AGAIN), 0;
  else if (errno == EEXIST) output_line(&c->output, "553 Controller name already in use");
  else control_failure(c, errno);
  return 1;
}

/* --- POSTMESSAGE --- */

/* Printable ASCII, blanks and tabs. Eight octets at once, as a long text costs more than all the rest of a post: an octet below a blank,
 * a DEL or one above it sets its high bit in one of the three. */
static int text_valid(slice text)
{
  uint64_t const ones = UINT64_C(0x0101010101010101), high = 0x80 * ones;
  size_t i = 0;
  while (i < text.len) {
    uint64_t word;
    size_t end = text.len;
    if (text.len - i >= sizeof word) {
      memcpy(&word, text.s + i, sizeof word);
      end = i + sizeof word;
      if (!((word | (word - 0x20 * ones) | (word + ones)) & high)) { i = end; continue; }
    }
    for (; i < end; i++) {
      unsigned char octet = (unsigned char)text.s[i];
      if (octet != '\t' && (octet < 32 || octet > 126)) return 0;
    }
  }
  return 1;
}

/* Reads "POSTMESSAGE @dest text". Null: well; else the reply. */
static char const *post_scan(slice line, slice *destination, slice *text)
{
  slice word = line;
  size_t n = 0;
  while (n < line.len && !control_space(line.s[n])) n++;
  while (n < line.len && control_space(line.s[n])) n++;
  word.s += n;
  word.len -= n;
  n = 0;
  while (n < word.len && word.s[n] != ' ') n++;
  *destination = (slice){ .s = word.s, .len = n };
  *text = n < word.len ? (slice){ .s = word.s + n + 1, .len = word.len - n - 1 } : (slice)SLICE_ZERO;
  if (!text->len) return "512 Bad arguments to POSTMESSAGE: Need at least 2 argument(s)";
  if (*destination->s != '@') return "512 Bad arguments to POSTMESSAGE: Destination must begin with @";
  destination->s++;
  destination->len--;
  if (destination->len > BUS_NAME_MAX) {
    /* A name that is too long is nobody's; anything else in its place is no name. */
    for (size_t i = 0; i < destination->len; i += BUS_NAME_MAX) {
      slice piece = { .s = destination->s + i, .len = destination->len - i < BUS_NAME_MAX ? destination->len - i : BUS_NAME_MAX };
      if (!bus_name_valid(piece)) return "512 Bad arguments to POSTMESSAGE: Invalid destination";
    }
  } else if (!bus_name_valid(*destination)) return "512 Bad arguments to POSTMESSAGE: Invalid destination";
  if (text->len > BUS_TEXT_MAX) return "512 Bad arguments to POSTMESSAGE: Message too long";
  if (!text_valid(*text)) return "512 Bad arguments to POSTMESSAGE: Invalid octet in message";
  if (destination->len > BUS_NAME_MAX || control_is(*destination, "unset")) return "552 Invalid destination controller name";
  if (control_is(*destination, "all")) destination->len = 0;
  return NULL;
}

/* Takes one message off the allowance; else the nanoseconds to wait. */
static uint64_t pace(control *c)
{
  uint64_t step, now;
  if (!c->rate) return 0;
  step = 1000000000 / c->rate;
  now = bus_now();
  if (c->paced < now) c->paced = now;
  if (c->paced - now > (CONTROL_BURST - 1) * step) return c->paced - now - (CONTROL_BURST - 1) * step;
  c->paced += step;
  return 0;
}

/* That message was not posted after all. */
static void unpace(control *c)
{
  if (c->rate) c->paced -= 1000000000 / c->rate;
}

int own_posts(control *c, char const *s, size_t len, size_t *used)
{
  struct { char const *reply; uint64_t id; } post[BUS_BATCH];
  unsigned int count = 0;
  int open = 0, failed = 0;
  uint64_t next = 0, wait = 0;
  *used = 0;
  while (count < BUS_BATCH && len > *used) {
    char const *line = s + *used, *end = memchr(line, '\n', len - *used);
    size_t n = end ? (size_t)(end - line) + 1 : len - *used;
    slice destination, text, chopped = control_chop((slice){ .s = line, .len = n });
    if (count && (!end || !control_is(control_word(chopped), "POSTMESSAGE"))) break;
    post[count].id = 0;
    post[count].reply = post_scan(chopped, &destination, &text);
    if (!post[count].reply) {
      wait = pace(c);
      if (wait) break;
      if (!open && !bus_post_open(&c->bus)) {
        if (errno == EAGAIN) { unpace(c); wait = 1; break; }
        failed = errno;
        goto refused;
      }
      open = 1;
      if (!bus_post(&c->bus, destination, text, &post[count].id)) {
        if (errno == ENOBUFS) { unpace(c); break; }
        if (errno == ENOENT) post[count].reply = "552 Invalid destination controller name";
        else { failed = errno; goto refused; }
      }
    }
    count++;
    *used += n;
    continue;
refused:
    /* This one, and what the batch holds up to here, have a reply; what follows tries again. */
    post[count++].id = UINT64_MAX;
    *used += n;
    break;
  }
  if (open && !bus_post_close(&c->bus, &next)) failed = errno;
  for (unsigned int i = 0; i < count; i++) {
    if (post[i].reply) output_line(&c->output, post[i].reply);
    else if (post[i].id < next) output_line(&c->output, "250 OK");
    else control_failure(c, failed);
  }
  if (wait) control_again(c, wait);
  return count > 0;
}
