/* What a part holds: transfer decoding (RFC 2045 6) and text. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

#define CHUNK 8192  /* decoded at a time, on the stack; fits the first-level cache with its result */

int mime_decode(mime_part const *part, sink_func *sink, void *context)
{
  char out[CHUNK + TRANSFER_ROOM];
  slice body = part->body, lines;
  size_t n;
  if (!body.len) return 1;
  if (part->encoding == ENCODING_BASE64) {
    base64_state st = BASE64_ZERO;
    for (; body.len && !st.ended; body.s += n, body.len -= n) {
      n = body.len < CHUNK ? body.len : CHUNK;
      size_t const got = base64_decode(&st, out, body.s, n);
      if (got && !sink(context, out, got)) return 0;
    }
    n = base64_finish(&st, out);
    return !n || sink(context, out, n);
  }
  if (part->encoding == ENCODING_QUOTED_PRINTABLE) {
    qp_state st = QP_ZERO;
    for (; body.len; body.s += n, body.len -= n) {
      n = body.len < CHUNK ? body.len : CHUNK;
      size_t const got = qp_decode(&st, out, body.s, n);
      if (got && !sink(context, out, got)) return 0;
    }
    n = qp_finish(&st, out);
    return !n || sink(context, out, n);
  }
  if (part->encoding == ENCODING_UUENCODE && uu_find(body, &lines)) return uu_decode(lines, sink, context);
  return sink(context, body.s, body.len);
}

static int size_put(void *context, char const *s, size_t len)
{
  (void)s;
  *(uint64_t *)context += len;
  return 1;
}

uint64_t mime_size(mime_part const *part)
{
  uint64_t size = 0;
  if (part->encoding == ENCODING_NONE) return part->body.len;
  mime_decode(part, &size_put, &size);
  return size;
}

/* --- text --- */

typedef struct text_out_s text_out;
struct text_out_s {
  charset_stream stream;
  utf8_state utf8;
  int begun, cr, filling;
  sink_func *sink;
  void *context;
};

/* CRLF and CR become LF; a byte-order mark goes. The charset stream gives whole characters. */
static int lines_put(void *context, char const *s, size_t len)
{
  text_out *const t = context;
  if (!t->begun && len) {
    t->begun = 1;
    if (len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3)) s += 3, len -= 3;
  }
  while (len) {
    if (t->cr) {
      t->cr = 0;
      if (*s == '\n') {
        s++, len--;
        continue;
      }
    }
    char const *const cr = memchr(s, '\r', len);
    size_t const n = cr ? (size_t)(cr - s) : len;
    if (n && !t->sink(t->context, s, n)) return 0;
    s += n, len -= n;
    if (cr) {
      if (!t->sink(t->context, "\n", 1)) return 0;
      s++, len--;
      t->cr = 1;
    }
  }
  return 1;
}

static int feed(void *context, char const *s, size_t len)
{
  text_out *const t = context;
  return charset_feed(&t->stream, s, len, &lines_put, t);
}

static int check(void *context, char const *s, size_t len)
{
  return utf8_check(&((text_out *)context)->utf8, s, len);
}

int mime_text(mime_part const *part, sink_func *sink, void *context)
{
  text_out t = { .utf8 = UTF8_ZERO, .sink = sink, .context = context };
  charset const *c = charset_find(part->charset.s, part->charset.len);
  /* No charset, or none that is known: all of the text decides, so it is decoded once to look and once to give it on. */
  if (!c) c = mime_decode(part, &check, &t) && utf8_whole(&t.utf8) ? charset_utf8 : charset_windows1252;
  charset_open(&t.stream, c);
  return mime_decode(part, &feed, &t) && charset_finish(&t.stream, &lines_put, &t);
}
