/* Raw: a RawResp becomes a reply while it comes, however large its body is. Its fields come in the order of their numbers.
 *
 *   state    input                       does                                   goes to
 *   fields   tag and length of header    keeps it                               fields
 *   fields   tag and length of body      begins the reply, with the header      body
 *   fields   another field (the error)   keeps it                               fields
 *   fields   end of file                 code 0: an empty body; else an error   done
 *   body     octets of it                sends them in base64                   body; behind the last: end
 *   end      end of file                 code 0: ends the reply; else: broke    done
 *   end      anything, or an end in body broke off
 *
 * Until the body begins nothing has been sent, and what has come is kept: a header is a few names, but a name may be as long as a mail. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include <porter/child.h>
#include <porter/exit.h>
#include <porter/message.h>
#include <porter/message_field.h>
#include "internal.h"

#define HEADER 1
#define BODY 2

typedef struct raw_s raw;
struct raw_s {
  varlink_job *job;
  varlink_output out;
  size_t len;    /* octets in s */
  uint64_t left; /* of the body */
  int begun;
  size_t room; /* octets of s, which is freed at the end */
  char *s;
};

/* Where the body's octets begin in what was kept, and how many it has: 1; 0 where more has to come to tell; -1 where this is no RawResp. */
static int find_body(raw *r, slice *header, size_t *at)
{
  slice rest = { r->s, r->len };
  for (;;) {
    slice before = rest;
    message_field field;
    int result = message_field_next(&rest, &field);
    uint64_t tag;
    if (result == MESSAGE_FIELD) {
      if (field.number == BODY) rest = before; /* it is there whole */
      else if (field.number == HEADER) *header = field.data;
      if (field.number != BODY) continue;
    } else if (result == MESSAGE_END) return 0;
    else if (result == MESSAGE_TAG || result == MESSAGE_TYPE) return -1;
    rest = before;
    if (!message_varint_next(&rest, &tag) || tag != (BODY << 3 | WIRE_OCTETS) || !message_varint_next(&rest, &r->left)) return 0;
    *at = r->len - rest.len;
    return 1;
  }
}

/* All but the last piece must be whole groups of three octets: what is left over is moved to the front. */
static void send_body(raw *r, size_t from)
{
  size_t len = r->len - from, whole;
  if (len > r->left) len = (size_t)r->left;
  whole = len == r->left ? len : len / 3 * 3;
  json_put_base64_octets(&r->out.json, r->s + from, whole);
  r->left -= whole;
  r->len -= from + whole;
  memmove(r->s, r->s + from + whole, r->len);
}

static int begin(raw *r, slice header)
{
  arena a = ARENA_ZERO;
  Porter__MIMEHeader const *mime = message_unpack(&porter__mimeheader__descriptor, header, &a);
  if (!mime) return arena_free(&a), errno = EPROTO, 0;
  varlink_start(&r->out, r->job->fd, r->job->patience);
  json_put_text(&r->out.json, "{\"parameters\":{\"header\":");
  varlink_put_mime(&r->out.json, mime);
  json_put_text(&r->out.json, ",\"body\":\"");
  arena_free(&a);
  return r->begun = 1;
}

static int grow(raw *r)
{
  size_t room = r->room ? 2 * r->room : FRAME_PIECE;
  char *s;
  if (r->len < r->room) return 1;
  if (room > FRAME_RESPONSE_MAX) return errno = EMSGSIZE, 0;
  s = realloc(r->s, room);
  if (!s) return 0;
  r->s = s;
  r->room = room;
  return 1;
}

/* Reads until the end of file, or until there is no use. 1, or 0 with errno. */
static int pass(raw *r, int from, slice *header)
{
  for (;;) {
    size_t at = 0;
    ssize_t got = grow(r) ? fd_read(from, r->s + r->len, r->room - r->len) : -1;
    if (got < 0) return 0;
    if (!got) return 1;
    r->len += (size_t)got;
    if (!r->begun) {
      int found = find_body(r, header, &at);
      if (found < 0 || (found && !begin(r, *header))) return errno = EPROTO, 0;
      if (!found) continue;
    }
    send_body(r, at);
    if (r->out.json.failure) return errno = r->out.json.failure, 0;
    if (!r->left && r->len) return errno = EPROTO, 0;
  }
}

static int end(raw *r)
{
  json_put_text(&r->out.json, "\"}}");
  return varlink_sent(r->job, varlink_end(&r->out), EXIT_DONE);
}

/* All has been read, or it was given up; the program has ended with that code. */
static int finish(raw *r, slice header, int good, int code)
{
  if (good && code == EXIT_DONE && !r->begun && !begin(r, header)) good = 0;
  if (good && code == EXIT_DONE && !r->left) return end(r);
  if (good) errno = EPROTO;
  if (r->begun) return varlink_sent(r->job, 0, EXIT_DONE);
  if (!good) return varlink_trouble(r->job, "read the response");
  return varlink_failed(r->job, (slice){ r->s, r->len }, code);
}

int varlink_raw(varlink_job *job, int from, pid_t pid)
{
  raw r = { .job = job };
  slice header = SLICE_ZERO;
  int good = pass(&r, from, &header), e = errno, code;
  close(from); /* whoever still writes is told */
  code = child_wait(pid);
  errno = e;
  code = finish(&r, header, good, code);
  e = errno;
  free(r.s);
  return errno = e, code;
}
