/* Charsets: the first octet chooses one, the second the pieces. */
#include "check.h"

static char const *const labels[] = { "utf-8", "windows-1252", "viscii", "tcvn", "gb18030", "big5", "big5-hkscs", "shift_jis", "euc-jp",
  "euc-kr", "euc-tw", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn", "hz-gb-2312", "utf-7", "utf-16", "utf-16be", "utf-32", "utf-32be" };

struct collected { char *s; size_t len, room; };

static int collect(void *context, char const *s, size_t len)
{
  struct collected *c = context;
  check(len <= c->room - c->len);
  memcpy(c->s + c->len, s, len);
  c->len += len;
  return 1;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  charset_stream cs;
  slice out, from;
  struct collected pieces = { .room = 3 * size + 64 };
  unsigned int seed;
  if (size < 2) return 0;
  charset const *const c = charset_find(labels[data[0] % 20], strlen(labels[data[0] % 20]));
  seed = data[1];
  from = (slice){ (char const *)data + 2, size - 2 };
  check(charset_decode(&a, c, from, &out));
  check_text(out);
  pieces.s = malloc(pieces.room);
  charset_open(&cs, c);
  for (size_t i = 0, n; i < from.len; i += n) {
    seed = seed * 1103515245 + 12345;
    n = 1 + (seed >> 16) % (1 + data[1] % 40);
    if (n > from.len - i) n = from.len - i;
    check(charset_feed(&cs, from.s + i, n, collect, &pieces));
  }
  check(charset_finish(&cs, collect, &pieces));
  check(pieces.len == out.len && !memcmp(pieces.s, out.s, out.len));
  check(charset_decode(&a, NULL, from, &out));
  check_text(out);
  /* Guessing in pieces. */
  pieces.len = 0;
  charset_open(&cs, NULL);
  for (size_t i = 0; i < from.len; i++) charset_feed(&cs, from.s + i, 1, collect, &pieces);
  charset_finish(&cs, collect, &pieces);
  check_text((slice){ pieces.s, pieces.len });
  charset_find(from.s, from.len);
  free(pieces.s);
  arena_free(&a);
  return 0;
}
