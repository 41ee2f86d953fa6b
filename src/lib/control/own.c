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

int own_controllername(control *c, slice arguments)
{
  slice name;
  unsigned int count = control_count(arguments, 2);
  control_next(&arguments, &name);
  if (!count) output_line(&c->output, "512 Bad arguments to CONTROLLERNAME: Need at least 1 argument(s)");
  else if (count > 1) output_line(&c->output, "512 Bad arguments to CONTROLLERNAME: Cannot accept more than 1 argument(s)");
  else if (!control_name_valid(name)) output_line(&c->output, "512 Bad arguments to CONTROLLERNAME: Invalid controller name");
  else if (control_name_reserved(name)) output_line(&c->output, "553 Controller name already in use");
  else if (bus_claim(&c->bus, name, !c->gone)) output_line(&c->output, "250 OK");
  else if (errno == EAGAIN) return control_again(c, 0), 0;
  else if (errno == EINPROGRESS) return control_again(c, CLAIM_AGAIN), 0;
  else if (errno == EEXIST) output_line(&c->output, "553 Controller name already in use");
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
    post[count].reply = control_post_parse(post_arguments(chopped), &destination, &text);
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
    else if (post[i].id < next) {
      c->posted = post[i].id;
      output_line(&c->output, "250 OK");
    }
    else control_failure(c, failed);
  }
  if (wait) control_again(c, wait);
  return count > 0;
}
