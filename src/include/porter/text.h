/* Bytes and characters: UTF-8, charsets, letter case, transfer encodings, modified UTF-7. No locale is asked. */
#ifndef PORTER_TEXT_H
#define PORTER_TEXT_H

#include <stdint.h>

#include <porter/arena.h>
#include <porter/slice.h>

/* --- UTF-8 (RFC 3629) --- */

/* How many octets of s from its start are valid UTF-8 (NUL is valid here); len where all are. */
extern size_t utf8_valid(char const *s, size_t len);
/* Writes code point c to s (4 octets hold any); returns the length. What is no scalar value is written as U+FFFD. */
extern size_t utf8_put(char *s, uint32_t c);
/* Reads a code point from s, len > 0; *c is U+FFFD where it is malformed. Returns the octets read, at least 1. */
extern size_t utf8_get(uint32_t *c, char const *s, size_t len);
/* A line for people made of bytes from outside: control characters and what is no UTF-8 as \xXX, backslash as \\,
 * cut at TEXT_ESCAPE_MAX octets (never inside an escape or a character), NUL-terminated. s has TEXT_ESCAPE_MAX + 1 octets. */
#define TEXT_ESCAPE_MAX 200
extern size_t text_escape(char *s, char const *from, size_t len);

/* Whether octets that come in pieces are valid UTF-8: 0 from the first octet that no UTF-8 has there. At the end utf8_whole. */
typedef struct utf8_state_s utf8_state;
struct utf8_state_s {
  unsigned char need, low, high;
};
#define UTF8_ZERO \
  { \
    0, 0, 0 \
  }
extern int utf8_check(utf8_state *st, char const *s, size_t len);
#define utf8_whole(st) (!(st)->need)

/* --- charsets (WHATWG Encoding; RFC 2152 UTF-7; RFC 1843 HZ; RFC 1468, 1554, 1557, 1922 ISO-2022) ---
 * All tables are made at build time: at run time nothing is opened, and no string from a mail reaches iconv_open. */

typedef struct charset_s charset;
/* What the label means, read as senders mean it (iso-8859-1 as windows-1252 ...) and as people write it (win-1251, 8859_2); letter
 * case, punctuation and an x- in front do not count. Null for an unknown one, none and us-ascii: the octets decide (charset_judge). */
extern charset const *charset_find(char const *label, size_t len);
/* Its name in the WHATWG standard, where it has one. */
extern char const *charset_name(charset const *c);
/* How ASCII is found again in the input. CHARSET_SAME: each ASCII letter and digit of the text is that same octet, neighbours are
 * neighbours, and octets below 128 alone are ASCII (UTF-8, windows-1252, GBK ...). CHARSET_SHIFTS: the same, but ESC, SO, SI and ~
 * may stand between neighbours, and octets below 128 may be anything (ISO-2022, HZ). CHARSET_OTHER: neither (UTF-7, UTF-16). */
enum charset_kind { CHARSET_OTHER, CHARSET_SAME, CHARSET_SHIFTS };
extern enum charset_kind charset_kind(charset const *c);
/* Converts all of s to valid UTF-8 without NUL (dropped); what cannot be decoded is U+FFFD, and never takes a following ASCII
 * character with it. *out lies in the arena, or is from itself where nothing had to be done. 0 where memory fails. */
extern int charset_decode(arena *a, charset const *c, slice from, slice *out);
/* The same in pieces of any size: for bodies. open, then feed any number of times, then finish. They return 0 where the
 * sink stopped. With c null all pieces are guessed as one: valid UTF-8 so far is given on at once, and from the first octet
 * that is none windows-1252 is read; utf8_check over everything first says for sure (then open with charset_utf8 or
 * charset_windows1252). Nothing is to be freed. */
typedef struct charset_stream_s charset_stream;
struct charset_stream_s {
  charset const *c;
  uint32_t state, bits;   /* the meaning is the decoder's */
  unsigned int count;     /* octets in keep */
  unsigned char keep[32]; /* the start of a character whose rest is to come */
};
extern charset const *const charset_utf8, *const charset_windows1252;
extern void charset_open(charset_stream *cs, charset const *c);
extern int charset_feed(charset_stream *cs, char const *s, size_t len, sink_func *sink, void *context);
extern int charset_finish(charset_stream *cs, sink_func *sink, void *context);

/* What octets with that label (null for none) are read as: it, unless they refute it (charset_judge.c has the rules). fallback is for
 * what has no label and is no UTF-8; null is windows-1252. Where memory fails, what was sure. */
extern charset const *charset_judge(arena *a, charset const *label, charset const *fallback, slice octets);
/* Whether all octets mean something in c. */
extern int charset_allows(arena *a, charset const *c, slice octets);
/* The same for octets that come in pieces. more: whether what is still to come may change what charset_judged says. unsure is set
 * where it is UTF-8 if the label forbids some octet. */
typedef struct charset_look_s charset_look;
struct charset_look_s {
  charset const *label;
  int reading, malformed, high, nul, escape, designates;
  utf8_state utf8;
  unsigned int length, begun; /* octets of the sequence behind its first; of first */
  unsigned char first[2], lead;
  size_t two, more;           /* whole sequences of two octets; of three and four */
  int foreign, latin, before; /* one of two is beyond Latin; the run that we are in has a Latin letter; a letter of ASCII is before it */
  size_t beside, inside;      /* runs with a Latin letter that a letter of ASCII is beside; that are between two */
  size_t octets, little, big; /* of UTF-16: units below 256 in either order */
};
extern void charset_look_open(charset_look *l, charset const *label);
extern void charset_look_feed(charset_look *l, char const *s, size_t len);
extern int charset_look_more(charset_look const *l);
extern charset const *charset_judged(charset_look const *l, charset const *fallback, int *unsure);
/* Whether it is one of two octets a character, or shifts to such. */
extern int charset_is_asian(charset const *c);
/* How many octets from the start of s on are read alike, by that label or as UTF-8 without one, whatever charset_judge says. With a label
 * of CHARSET_SAME, or none, they are ASCII without NUL. */
extern size_t charset_certain(charset const *label, char const *s, size_t len);

/* --- letter case --- */

/* Simple case folding (Unicode's C and S) of valid UTF-8 into the arena. */
extern int text_fold(arena *a, slice from, slice *out);

/* --- text that is compared ---
 * Valid UTF-8 made alike where people see no difference that matters when they look for it: letter case (with full foldings, as ss for
 * the sharp s), canonical decomposition, marks of Latin, Greek, Cyrillic, Hebrew and Arabic dropped, letters with strokes and ligatures
 * as the letters that people write for them (o l d h t i ae oe d th), full and half width as plain, what is not seen dropped, white
 * space one blank. At most three times as long. */
#define TEXT_COMPARED_MAX 16 /* octets that one code point becomes */
extern int text_compared(arena *a, slice from, slice *out);
/* The form of one code point; returns its length, 0 where it is dropped. Blanks are not made one. */
extern size_t text_compared_point(char *s, uint32_t c);

/* --- the same, where accents count ---
 * As above, but that marks stay, and letters with strokes and ligatures are themselves. A letter with marks is neither the letter without them
 * nor the start of one with more: octets that no UTF-8 has set it apart, so that texts are compared octet by octet here too. Where this form
 * of a pattern is in this form of a text, its form above is in the text's form above. Marks are in canonical order, as composed and decomposed
 * text has to be the same; of one letter TEXT_MARKS_MAX count. At most eight times as long, and TEXT_ACCENTED_MAX more. */
#define TEXT_MARKS_MAX 32
#define TEXT_ACCENTED_MAX 64 /* octets that one code point adds, with those that it changes before it */
extern int text_accented(arena *a, slice from, slice *out);
/* The same in pieces: adds c to the len octets at s, which has room for TEXT_ACCENTED_MAX more, and returns how many they are then. What lies
 * behind letter may still change; at the end text_accented_end says what it is. A buffer may lose its start: then letter and marks move with it. */
typedef struct text_letter_s text_letter;
struct text_letter_s {
  size_t letter, marks; /* where the last letter begins; where its marks do */
  unsigned int count;   /* of its marks */
};
#define TEXT_LETTER_ZERO \
  { \
    0, 0, 0 \
  }
extern size_t text_accented_add(text_letter *t, char *s, size_t len, uint32_t c);
extern size_t text_accented_end(text_letter *t, char *s, size_t len);

/* --- transfer encodings (RFC 2045 6.7, 6.8; POSIX uuencode) ---
 * Decoders take pieces of any size and keep what a piece leaves over. They return the octets written to out, which needs
 * room for len + TRANSFER_ROOM octets; finish writes what is left at the end, at most TRANSFER_ROOM. */
#define TRANSFER_ROOM 96

/* Garbage is skipped; the first padding ends it (RFC 2045 6.8); the last octets count without padding too. */
typedef struct base64_state_s base64_state;
struct base64_state_s {
  uint32_t bits;
  unsigned int count;
  int ended;
};
#define BASE64_ZERO \
  { \
    0, 0, 0 \
  }
extern size_t base64_decode(base64_state *st, char *out, char const *s, size_t len);
extern size_t base64_finish(base64_state *st, char *out);
/* What is no escape stays as it is. Blanks behind a soft line break go (RFC 2045 6.7's transport padding); at the end of
 * other lines they stay, as format=flowed and signatures need them and no transport adds any today. */
typedef struct qp_state_s qp_state;
struct qp_state_s {
  char keep[80];
  unsigned int count;
};
#define QP_ZERO \
  { \
    .count = 0 \
  }
extern size_t qp_decode(qp_state *st, char *out, char const *s, size_t len);
extern size_t qp_finish(qp_state *st, char *out);
/* What lies between the lines "begin MODE NAME" and "end" (where that is missing, the first empty line); 0 where there is no such thing. */
extern int uu_find(slice from, slice *lines);
/* Decodes what uu_find found, in pieces. 0 where the sink stopped. */
extern int uu_decode(slice lines, sink_func *sink, void *context);

/* --- modified UTF-7 (RFC 3501 5.1.3) --- */

/* Both: out is in the arena, or from itself where there is nothing to do. */
/* Decodes a folder's name on disk; 0 with errno EILSEQ where it is not valid (then it may be UTF-8). */
extern int mutf7_decode(arena *a, slice from, slice *out);
/* Encodes valid UTF-8. */
extern int mutf7_encode(arena *a, slice from, slice *out);

#endif
