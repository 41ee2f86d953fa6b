/* For unit tests of what turns octets into others: a check, and a filter for tests/charset_peer.py. */
#ifndef PORTER_TESTS_HEXFILTER_H
#define PORTER_TESTS_HEXFILTER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include <porter/arena.h>
#include <porter/slice.h>
#include "tap.h"

typedef int conversion(arena *a, slice from, slice *out);

__attribute__((unused))
static void converts(conversion *convert, char const *from, char const *want)
{
  arena a = ARENA_ZERO;
  slice out = SLICE_ZERO;
  if (convert(&a, (slice){ from, strlen(from) }, &out)) is_bytes(out.s, out.len, want, strlen(want), from);
  else ok(0, "%s", from);
  arena_free(&a);
}

/* Lines of hexadecimal octets in, what they convert to out. */
static int hex_filter(conversion *convert)
{
  char *line = NULL;
  size_t size = 0;
  ssize_t len;
  while ((len = getline(&line, &size, stdin)) > 0) {
    arena a = ARENA_ZERO;
    slice from = { line, 0 }, out = SLICE_ZERO;
    for (ssize_t i = 0; i + 1 < len; i += 2) {
      char octet[3] = { line[i], line[i + 1], 0 };
      line[from.len++] = (char)strtoul(octet, NULL, 16);
    }
    if (!convert(&a, from, &out)) return 111;
    for (size_t i = 0; i < out.len; i++) printf("%02x", (unsigned char)out.s[i]);
    putchar('\n');
    arena_free(&a);
  }
  free(line);
  return 0;
}

#endif
