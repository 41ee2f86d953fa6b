/* Bytes and characters: UTF-8, charsets, letter case, transfer encodings, modified UTF-7. No locale is asked. */
#ifndef PORTER_TEXT_H
#define PORTER_TEXT_H

#include <stdint.h>

#include <porter/arena.h>
#include <porter/slice.h>

/* --- UTF-8 (RFC 3629) --- */

/* How many octets of s from its start are valid UTF-8 (NUL is valid here); len where all are. */
extern size_t utf8_valid (char const *s, size_t len);
/* Writes code point c to s (4 octets hold any); returns the length. What is no scalar value is written as U+FFFD. */
extern size_t utf8_put (char *s, uint32_t c);
/* Reads a code point from s, len > 0; *c is U+FFFD where it is malformed. Returns the octets read, at least 1. */
extern size_t utf8_get (uint32_t *c, char const *s, size_t len);
/* A line for people made of bytes from outside: control characters and what is no UTF-8 as \xXX, backslash as \\,
 * cut at TEXT_ESCAPE_MAX octets (never inside an escape or a character), NUL-terminated. s has TEXT_ESCAPE_MAX + 1 octets. */
#define TEXT_ESCAPE_MAX 200
extern size_t text_escape (char *s, char const *from, size_t len);

/* --- charsets (WHATWG Encoding; RFC 2152 UTF-7; RFC 1843 HZ) --- */

typedef struct charset_s charset;
/* What the label means, read as senders mean it (iso-8859-1 as windows-1252 ...); null for an unknown one, none and us-ascii,
 * which charset_decode reads as UTF-8 if valid, else windows-1252. The result is static. */
extern charset const *charset_find (char const *label, size_t len);
/* Converts all of s to valid UTF-8 without NUL (dropped) into the arena; what cannot be decoded is U+FFFD. */
extern int charset_decode (arena *a, charset const *c, slice from, slice *out);
/* The same in pieces of any size: for bodies. open, then feed with any number of pieces, then feed with s null to flush.
 * With c null all pieces are guessed as one: valid UTF-8 so far is given on at once, and from the first octet that is none
 * windows-1252 is read; where the whole is in memory charset_decode is exact. */
typedef struct charset_stream_s charset_stream;
struct charset_stream_s {
  charset const *c;
  uint32_t state, bits, count, shift;  /* the meaning is the decoder's */
  unsigned char keep[8];               /* the start of a character whose rest is to come */
  void *handle;
};
extern int charset_open (charset_stream *cs, charset const *c);
extern int charset_feed (charset_stream *cs, char const *s, size_t len, sink_func *sink, void *context);
extern void charset_close (charset_stream *cs);

/* --- letter case --- */

/* Simple case folding (Unicode's C and S) of valid UTF-8 into the arena. */
extern int text_fold (arena *a, slice from, slice *out);

/* --- transfer encodings (RFC 2045 6.7, 6.8; POSIX uuencode), in pieces of any size --- */

/* Decoders keep what a piece leaves over; out needs room for len + 4 octets. They return the octets written.
 * finish gives what is left at the end. */
typedef struct base64_state_s base64_state;
struct base64_state_s { uint32_t bits; unsigned int count; int ended; };
#define BASE64_ZERO { 0, 0, 0 }
/* Garbage is skipped; the first padding ends it (RFC 2045 6.8); the last octets count without padding too. */
extern size_t base64_decode (base64_state *st, char *out, char const *s, size_t len);
extern size_t base64_finish (base64_state *st, char *out);
typedef struct qp_state_s qp_state;
struct qp_state_s { unsigned char keep[128]; unsigned int count; };
#define QP_ZERO { .count = 0 }

/* --- modified UTF-7 (RFC 3501 5.1.3) --- */

/* Decodes a folder's name on disk; 0 with errno EILSEQ where it is not valid (then it may be UTF-8). */
extern int mutf7_decode (arena *a, slice from, slice *out);
/* Encodes valid UTF-8. */
extern int mutf7_encode (arena *a, slice from, slice *out);

#endif
