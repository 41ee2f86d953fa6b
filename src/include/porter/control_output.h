/* What goes to a client: gathered, and written as far as he takes it. */
#ifndef PORTER_CONTROL_OUTPUT_H
#define PORTER_CONTROL_OUTPUT_H

#include <stdint.h>

#include <skalibs/stralloc.h>

#include <porter/slice.h>

#define OUTPUT_FULL 32768 /* who can wait adds nothing beyond that */

typedef struct control_output_s control_output;
struct control_output_s {
  stralloc bytes;
  size_t done; /* octets of it that are written */
  int failed;  /* no memory: what was added since is missing */
};
#define CONTROL_OUTPUT_ZERO \
  { \
    .bytes = STRALLOC_ZERO \
  }

extern void output_add(control_output *o, char const *s, size_t len);
extern void output_string(control_output *o, char const *s);
/* A number in decimal at s (UINT64_FMT octets hold any); returns its length. skalibs' divides by a base that it is given, which took
 * an eighth of a listener's time. */
extern size_t output_number_fmt(char *s, uint64_t n);
extern void output_number(control_output *o, uint64_t n);
/* The string and CR LF. */
extern void output_line(control_output *o, char const *s);
/* before, the slice, after, CR LF. */
extern void output_about(control_output *o, char const *before, slice s, char const *after);
/* Quoted, with what is not printable ASCII escaped, as tor quotes in its replies (esc_for_log). */
extern void output_quoted(control_output *o, slice s);
extern size_t output_pending(control_output const *o);
/* Writes what fd takes at once. 0: an error, errno; what is pending is then dropped. */
extern int output_flush(control_output *o, int fd);

#endif
