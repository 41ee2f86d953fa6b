/* The commands of proposal 197 that change something: names and posts. */
#include <errno.h>
#include <string.h>

#include <porter/control_words.h>

#include "control_internal.h"

char const *const control_key_name[KEY_COUNT] = { "recent-messages", "new-messages", "list-controllers", "messages-lost", "last-message-id" };

enum control_key control_key_find(slice word)
{
  enum control_key key = 0;
  while (key < KEY_COUNT && !control_equal(word, control_key_name[key])) key++;
  return key;
}

void control_warn(control *c, char const *what, int e)
{
  /* A client can make the same thing fail any number of times. */
  if (!c->warn || e == c->own.warned) return;
  c->own.warned = e;
  (*c->warn)(what, e);
}

int control_room(control *c)
{
  if (output_pending(&c->client.output) < OUTPUT_FULL) return 1;
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
  output_string(&c->client.output, full ? "451 Resource exhausted: " : "551 Messages are not available: ");
  output_line(&c->client.output, bus_reason(e));
  control_warn(c, "use the state directory", e);
}

void control_connect(control *c)
{
  c->authenticated = 1;
  if (!bus_join(&c->own.bus)) control_warn(c, "use the state directory", errno);
}

void control_wake(control *c)
{
  if (!c->own.bus.wake_all && !c->own.bus.named_count) return;
  if (!c->client.gone && !output_flush(&c->client.output, c->client.out)) c->client.gone = 1;
  bus_wake(&c->own.bus);
}

/* --- the rate --- */

#define NAME_COSTS 20 /* messages: a name takes the lock for itself, and all who look at names look again */

static uint64_t pace_step(control const *c) { return 1000000000 / c->own.rate; }

/* Takes so many messages off the allowance; else the nanoseconds to wait. */
static uint64_t pace(control *c, unsigned int messages)
{
  uint64_t most, now;
  if (!c->own.rate) return 0;
  most = (CONTROL_BURST - messages) * pace_step(c);
  now = bus_now();
  if (c->own.paced < now) c->own.paced = now;
  if (c->own.paced - now > most) return c->own.paced - now - most;
  c->own.paced += messages * pace_step(c);
  return 0;
}

/* They were not posted after all. */
static void unpace(control *c, unsigned int messages)
{
  if (c->own.rate) c->own.paced -= messages * pace_step(c);
}

/* --- CONTROLLERNAME --- */

#define CLAIM_AGAIN 1000000 /* ns */

/* Waits for its turn, once for each command. 0: come again. */
static int claim_paced(control *c)
{
  uint64_t const wait = c->own.bus.claim_began ? 0 : pace(c, NAME_COSTS);
  if (wait) control_again(c, wait);
  return !wait;
}

/* The lock is not free. */
static void claim_again(control *c)
{
  if (!c->own.bus.claim_began) unpace(c, NAME_COSTS);
  control_again(c, 0);
}

int own_controllername(control *c, slice arguments)
{
  slice name;
  unsigned int count = control_count(arguments, 2);
  control_next(&arguments, &name);
  if (!count) output_line(&c->client.output, "512 Bad arguments to CONTROLLERNAME: Need at least 1 argument(s)");
  else if (count > 1) output_line(&c->client.output, "512 Bad arguments to CONTROLLERNAME: Cannot accept more than 1 argument(s)");
  else if (!control_name_valid(name)) output_line(&c->client.output, "512 Bad arguments to CONTROLLERNAME: Invalid controller name");
  else if (control_name_reserved(name)) output_line(&c->client.output, "553 Controller name already in use");
  else if (!claim_paced(c)) return 0;
  else if (bus_claim(&c->own.bus, name, !c->client.gone)) output_line(&c->client.output, "250 OK");
  else if (errno == EAGAIN) return claim_again(c), 0;
  else if (errno == EINPROGRESS) return control_again(c, CLAIM_AGAIN), 0;
  else if (errno == EEXIST) output_line(&c->client.output, "553 Controller name already in use");
  else control_failure(c, errno);
  return 1;
}

/* --- POSTMESSAGE --- */

/* What stands behind the word, with what stands at its end. */
static slice post_arguments(slice line)
{
  size_t n = 0;
  while (n < line.len && !control_space(line.s[n])) n++;
  while (n < line.len && control_space(line.s[n])) n++;
  return (slice){ .s = line.s + n, .len = line.len - n };
}

/* Posts that are carried out under one lock. id: UINT64_MAX where it failed. */
typedef struct post_batch_s post_batch;
struct post_batch_s {
  control *c;
  int open, failed; /* failed: errno */
  uint64_t wait;    /* ns until the next can be added; 0: no need to wait */
  unsigned int count;
  struct {
    char const *reply;
    uint64_t id;
  } post[BUS_BATCH];
};
enum fate {
  FATE_ADDED,
  FATE_FAILED, /* it has a reply, and what the batch holds up to it; what follows tries again */
  FATE_LATER   /* it begins the next batch */
};

static enum fate post_failed(post_batch *b)
{
  b->failed = errno;
  b->post[b->count].id = UINT64_MAX;
  return FATE_FAILED;
}

static enum fate post_later(post_batch *b, uint64_t wait)
{
  unpace(b->c, 1);
  b->wait = wait;
  return FATE_LATER;
}

static enum fate post_add(post_batch *b, slice line)
{
  bus *bus = &b->c->own.bus;
  slice destination, text;
  b->post[b->count].id = 0;
  b->post[b->count].reply = control_post_parse(post_arguments(line), &destination, &text);
  if (b->post[b->count].reply) return FATE_ADDED;
  b->wait = pace(b->c, 1);
  if (b->wait) return FATE_LATER;
  if (!b->open && !bus_post_open(bus)) return errno == EAGAIN ? post_later(b, 1) : post_failed(b);
  b->open = 1;
  if (bus_post(bus, destination, text, &b->post[b->count].id)) return FATE_ADDED;
  if (errno == ENOBUFS) return post_later(b, 0);
  if (errno != ENOENT) return post_failed(b);
  b->post[b->count].reply = "552 Invalid destination controller name";
  return FATE_ADDED;
}

/* next: ids below it were posted. */
static void post_answer(post_batch const *b, uint64_t next)
{
  control *c = b->c;
  for (unsigned int i = 0; i < b->count; i++) {
    if (b->post[i].reply) output_line(&c->client.output, b->post[i].reply);
    else if (b->post[i].id < next) {
      c->own.posted = b->post[i].id;
      output_line(&c->client.output, "250 OK");
    } else control_failure(c, b->failed);
  }
}

int own_posts(control *c, char const *s, size_t len, size_t *used)
{
  post_batch b;
  enum fate fate = FATE_ADDED;
  uint64_t next = 0;
  b.c = c;
  b.open = b.failed = 0;
  b.wait = b.count = 0;
  *used = 0;
  while (fate == FATE_ADDED && b.count < BUS_BATCH && len > *used) {
    char const *line = s + *used, *end = memchr(line, '\n', len - *used);
    size_t n = end ? (size_t)(end - line) + 1 : len - *used;
    slice chopped = control_chop((slice){ .s = line, .len = n });
    if (b.count && (!end || !control_is(control_word(chopped), "POSTMESSAGE"))) break;
    fate = post_add(&b, chopped);
    if (fate == FATE_LATER) break;
    b.count++;
    *used += n;
  }
  if (b.open && !bus_post_close(&c->own.bus, &next)) b.failed = errno;
  post_answer(&b, next);
  if (b.wait) control_again(c, b.wait);
  return b.count > 0;
}
