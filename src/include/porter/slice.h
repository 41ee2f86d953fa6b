/* A piece of memory that somebody else owns: not NUL-terminated, may be empty (s may then be null). */
#ifndef PORTER_SLICE_H
#define PORTER_SLICE_H

#include <stddef.h>
#include <string.h>

typedef struct slice_s slice;
struct slice_s {
  char const *s;
  size_t len;
};
#define SLICE_ZERO \
  { \
    .s = 0, .len = 0 \
  }

/* All of a NUL-terminated string. */
static inline slice slice_of(char const *s) { return (slice){ s, strlen(s) }; }

/* Whether both have the same octets. */
static inline int slice_same(slice a, slice b) { return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len)); }

/* Whether s has those of the NUL-terminated word, and no more. */
static inline int slice_is(slice s, char const *word) { return slice_same(s, slice_of(word)); }

static inline int slice_has(slice s, char octet) { return s.len && memchr(s.s, octet, s.len); }

/* In the order of their octets, a beginning before what it begins: less than 0, 0, more. */
static inline int slice_compare(slice a, slice b)
{
  size_t const n = a.len < b.len ? a.len : b.len;
  int const r = n ? memcmp(a.s, b.s, n) : 0;
  return r ? r : (a.len > b.len) - (a.len < b.len);
}

/* Which of count slices that are in that order is s; count where none is. */
static inline size_t slice_find(slice const *sorted, size_t count, slice s)
{
  size_t low = 0, high = count;
  while (low < high) {
    size_t const middle = low + (high - low) / 2;
    if (slice_compare(sorted[middle], s) < 0) low = middle + 1;
    else high = middle;
  }
  return low < count && slice_same(sorted[low], s) ? low : count;
}

/* Receives output in pieces. Returns 1 to go on, 0 to stop; the producer then returns 0 too, errno as the sink left it. */
typedef int sink_func(void *context, char const *s, size_t len);

#endif
