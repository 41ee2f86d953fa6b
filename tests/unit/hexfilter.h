/* Turns a unit test into a filter for tests/charset_peer.py: lines of hexadecimal octets in, what they convert to out. */
#ifndef PORTER_TESTS_HEXFILTER_H
#define PORTER_TESTS_HEXFILTER_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include <porter/arena.h>
#include <porter/slice.h>

static int hex_filter(int (*convert)(arena *a, slice from, slice *out))
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
