/* Runs of octets, eight at a time; private to src/lib/text. */
#ifndef PORTER_TEXT_BYTES_H
#define PORTER_TEXT_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EIGHT(octet) ((octet) * UINT64_C(0x0101010101010101))

static inline uint64_t eight(char const *s)
{
  uint64_t w;
  memcpy(&w, s, 8);
  return w;
}

/* How many octets of s from its start are ASCII. */
static inline size_t ascii_run(char const *s, size_t len)
{
  size_t i = 0;
  while (len - i >= 32 && !((eight(s + i) | eight(s + i + 8) | eight(s + i + 16) | eight(s + i + 24)) & EIGHT(0x80))) i += 32;
  while (len - i >= 8 && !(eight(s + i) & EIGHT(0x80))) i += 8;
  while (i < len && (unsigned char)s[i] < 0x80) i++;
  return i;
}

/* Whether one of the eight octets is above 127 or is NUL; without above, exact for NUL too. */
static inline int eight_plain(uint64_t w)
{
  return !((w | (w - EIGHT(1))) & EIGHT(0x80));
}

/* How many octets of s from its start are ASCII and not NUL. */
static inline size_t plain_run(char const *s, size_t len)
{
  size_t i = 0;
  while (len - i >= 8 && eight_plain(eight(s + i))) i += 8;
  while (i < len && (unsigned char)(s[i] - 1) < 0x7f) i++;
  return i;
}

#endif
