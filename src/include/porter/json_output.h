/* JSON text, written piece by piece to a sink. Failure is kept and shown by json_put_end, so that callers need not look
 * after each piece. */
#ifndef PORTER_JSON_OUTPUT_H
#define PORTER_JSON_OUTPUT_H

#include <stdint.h>

#include <porter/slice.h>

typedef struct json_output_s json_output;
struct json_output_s {
  sink_func *sink;
  void *context;
  int ascii;   /* write what is not ASCII by \u escapes */
  int failure; /* errno of the sink that stopped, or 0 */
  size_t len;
  char buffer[8192];
};

extern void json_put_start(json_output *out, sink_func *sink, void *context, int ascii);
/* Text as it is. */
extern void json_put(json_output *out, char const *s, size_t len);
extern void json_put_text(json_output *out, char const *text);
/* A string in quotes. What is no UTF-8 becomes U+FFFD where ascii is set, and must not be there otherwise. */
extern void json_put_string(json_output *out, char const *s, size_t len);
extern void json_put_number(json_output *out, uint64_t number);
/* A string in quotes of base64 (RFC 4648 4). */
extern void json_put_base64(json_output *out, char const *s, size_t len);
/* The same without the quotes, of octets that come in pieces: all but the last are whole groups of three. */
extern void json_put_base64_octets(json_output *out, char const *s, size_t len);
/* Gives the sink what is left. 1, or 0 with the sink's errno if it ever stopped. */
extern int json_put_end(json_output *out);

#endif
