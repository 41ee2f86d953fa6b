/* What a part holds: transfer decoding (RFC 2045 6) and text. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "html.h"
#include "private.h"

int mime_is_text(mime_part const *part) { return part->kind == MIME_LEAF && is_word(part->type, "text"); }

int mime_is_html(mime_part const *part)
{
  return is_word(part->subtype, "html") || is_word(part->subtype, "xhtml") || is_word(part->subtype, "xhtml+xml");
}

#define CHUNK 8192 /* decoded at a time, on the stack; fits the first-level cache with its result */

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
  mime_part const *part;
  charset const *label;
  int judged; /* the charset is certain */
  int same;   /* what is certain before that is ASCII, and passes as it is */
  int begun, cr;
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

/* The charset in which text is read as long as it reads alike in all: see charset_certain. */
static charset const *presumed(charset const *label) { return label ? label : charset_utf8; }

/* --- which charset it is: once octets come on which it depends, all of them are looked at, and decoded once more for that --- */

struct start {
  char s[HTML_PRESCAN];
  size_t len;
};

static int start_put(void *context, char const *s, size_t len)
{
  struct start *const t = context;
  size_t const n = len < sizeof t->s - t->len ? len : sizeof t->s - t->len;
  memcpy(t->s + t->len, s, n);
  t->len += n;
  return t->len < sizeof t->s;
}

static charset const *label_of(mime_part const *part)
{
  struct start start = { .len = 0 };
  charset const *const c = charset_find(part->charset.s, part->charset.len);
  if (c || !mime_is_html(part)) return c;
  mime_decode(part, &start_put, &start);
  return html_charset(start.s, start.len);
}

#define LOOK 64 /* octets that are looked at at once */

static int look_put(void *context, char const *s, size_t len)
{
  charset_look *const l = context;
  charset_look_feed(l, s, len);
  return charset_look_more(l);
}

static int allowed_put(void *context, char const *s, size_t len)
{
  (void)context;
  return !memmem(s, len, "\xef\xbf\xbd", 3);
}

static int try_put(void *context, char const *s, size_t len) { return charset_feed(context, s, len, &allowed_put, NULL); }

/* Whether all octets of the text mean something in c. */
static int allows(mime_part const *part, charset const *c)
{
  charset_stream stream;
  charset_open(&stream, c);
  return mime_decode(part, &try_put, &stream) && charset_finish(&stream, &allowed_put, NULL);
}

/* s is what comes from the first octet on that the charset depends on. */
static charset const *judge(mime_part const *part, char const *s, size_t len)
{
  charset const *const label = label_of(part);
  charset_look l;
  int unsure;
  charset_look_open(&l, label);
  /* Mostly the first such octets say it. */
  for (size_t i = 0; i < len && charset_look_more(&l); i += LOOK) charset_look_feed(&l, s + i, len - i < LOOK ? len - i : LOOK);
  if (charset_look_more(&l)) {
    charset_look_open(&l, label);
    mime_decode(part, &look_put, &l);
  }
  charset const *const c = charset_judged(&l, part->fallback, &unsure);
  return unsure && !allows(part, c) ? charset_utf8 : c;
}

/* --- all of it --- */

static int feed(void *context, char const *s, size_t len)
{
  text_out *const t = context;
  if (!t->judged) {
    size_t const n = charset_certain(t->label, s, len);
    if (n && !(t->same ? lines_put(t, s, n) : charset_feed(&t->stream, s, n, &lines_put, t))) return 0;
    if (n == len) return 1;
    s += n, len -= n;
    charset const *const c = judge(t->part, s, len);
    t->judged = 1;
    if (c != presumed(t->label)) {
      if (!charset_finish(&t->stream, &lines_put, t)) return 0;
      charset_open(&t->stream, c);
    }
  }
  return charset_feed(&t->stream, s, len, &lines_put, t);
}

int mime_text(mime_part const *part, sink_func *sink, void *context)
{
  text_out t = { .part = part, .label = charset_find(part->charset.s, part->charset.len), .sink = sink, .context = context };
  t.same = !t.label || charset_kind(t.label) == CHARSET_SAME;
  charset_open(&t.stream, presumed(t.label));
  return mime_decode(part, &feed, &t) && charset_finish(&t.stream, &lines_put, &t);
}
