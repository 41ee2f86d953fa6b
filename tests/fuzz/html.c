/* The text of HTML: in pieces as whole. The first octet makes the pieces. */
#include "../../src/lib/mail/html.h"
#include "check.h"

struct collected { char *s; size_t len, room; };

static int collect(void *context, char const *s, size_t len)
{
  struct collected *c = context;
  check(len <= c->room - c->len);
  memcpy(c->s + c->len, s, len);
  c->len += len;
  return 1;
}

static int whole_characters(void *context, char const *s, size_t len)
{
  check_text((slice){ s, len });
  return collect(context, s, len);
}

static void feed(struct collected *c, slice text, size_t step, sink_func *sink, int marks)
{
  html h;
  html_open(&h, sink, c);
  h.mark_quotes = marks;
  for (size_t i = 0; i < text.len; i += step) check(html_feed(&h, text.s + i, text.len - i < step ? text.len - i : step));
  check(html_finish(&h));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  slice text;
  if (!size) return 0;
  check(charset_decode(&a, charset_utf8, (slice){ (char const *)data + 1, size - 1 }, &text));
  struct collected whole = { .room = 3 * text.len + 16 }, pieces = { .room = 3 * text.len + 16 };
  whole.s = malloc(whole.room);
  pieces.s = malloc(pieces.room);
  feed(&whole, text, text.len + 1, whole_characters, data[0] & 1);
  feed(&pieces, text, 1 + data[0] / 2 % 30, collect, data[0] & 1);
  check(whole.len == pieces.len && !memcmp(whole.s, pieces.s, whole.len));
  free(whole.s);
  free(pieces.s);
  arena_free(&a);
  return 0;
}
