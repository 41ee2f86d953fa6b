/* Runs of octets, eight at a time; private to the library. */
#ifndef PORTER_TEXT_BYTES_H
#define PORTER_TEXT_BYTES_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EIGHT(octet) ((octet)*UINT64_C(0x0101010101010101))

/* Eight octets, the first one lowest. */
static inline uint64_t eight(char const *s)
{
  uint64_t w;
  memcpy(&w, s, 8);
  return le64toh(w);
}

static inline void put_eight(char *s, uint64_t w)
{
  w = htole64(w);
  memcpy(s, &w, 8);
}

/* Marks octets of w that equal octet with 0x80; the lowest mark is right, those above it may not be. */
static inline uint64_t eight_equal(uint64_t w, unsigned char octet)
{
  w ^= EIGHT((uint64_t)octet);
  return (w - EIGHT(1)) & ~w & EIGHT(0x80);
}

/* The number of the first octet that is marked. */
static inline size_t eight_first(uint64_t marks) { return (size_t)__builtin_ctzll(marks) >> 3; }

/* How many octets of s from its start are ASCII. */
static inline size_t ascii_run(char const *s, size_t len)
{
  size_t i = 0;
  while (len - i >= 32 && !((eight(s + i) | eight(s + i + 8) | eight(s + i + 16) | eight(s + i + 24)) & EIGHT(0x80))) i += 32;
  while (len - i >= 8 && !(eight(s + i) & EIGHT(0x80))) i += 8;
  while (i < len && (unsigned char)s[i] < 0x80) i++;
  return i;
}

/* Marks octets of w that are not 33 to 126 with 0x80: blanks, controls, DEL, what is no ASCII. Exact. */
static inline uint64_t eight_unseen(uint64_t w)
{
  uint64_t const low = w & ~EIGHT(0x80);
  return (~(low + EIGHT(0x80 - 0x21)) | (low + EIGHT(1)) | w) & EIGHT(0x80);
}

/* How many octets of s from its start are 33 to 126. */
static inline size_t seen_run(char const *s, size_t len)
{
  size_t i = 0;
  for (; len - i >= 8; i += 8) {
    uint64_t const marks = eight_unseen(eight(s + i));
    if (marks) return i + eight_first(marks);
  }
  while (i < len && s[i] > 32 && s[i] < 127) i++;
  return i;
}

/* How many octets of s from its start are NUL: a mail that was preallocated, or sparse, is full of them. */
static inline size_t nul_run(char const *s, size_t len)
{
  size_t i = 0;
  while (len - i >= 32 && !(eight(s + i) | eight(s + i + 8) | eight(s + i + 16) | eight(s + i + 24))) i += 32;
  while (i < len && !s[i]) i++;
  return i;
}

/* Whether one of the eight octets is above 127 or is NUL; without above, exact for NUL too. */
static inline int eight_plain(uint64_t w) { return !((w | (w - EIGHT(1))) & EIGHT(0x80)); }

/* How many octets of s from its start are ASCII and not NUL. */
static inline size_t plain_run(char const *s, size_t len)
{
  size_t i = 0;
  while (len - i >= 8 && eight_plain(eight(s + i))) i += 8;
  while (i < len && (unsigned char)(s[i] - 1) < 0x7f) i++;
  return i;
}

#endif
