/* A conversation with a control port: bytes, lines, replies. */
#include <errno.h>
#include <string.h>

#include <skalibs/djbunix.h>
#include <skalibs/types.h>
#include <skalibs/unix-timed.h>

#include <porter/control_client.h>
#include <porter/exit.h>
#include <porter/text.h>

static void append(control_client *c, char const *s, size_t len)
{
  size_t const have = strlen(c->why), room = sizeof c->why - 1 - have;
  if (len > room) len = room;
  memcpy(c->why + have, s, len);
  c->why[have + len] = 0;
}

int control_client_broken(control_client *c, char const *what)
{
  c->code = EXIT_TEMPORARY;
  c->why[0] = 0;
  append(c, what, strlen(what));
  return 0;
}

int control_client_broken_sys(control_client *c, char const *what)
{
  char const *reason = strerror(errno);
  control_client_broken(c, what);
  append(c, ": ", 2);
  append(c, reason, strlen(reason));
  return 0;
}

static int refused(control_client *c, char const *s, size_t len)
{
  char escaped[TEXT_ESCAPE_MAX + 1];
  size_t const n = text_escape(escaped, s, len);
  c->code = EXIT_ERROR;
  c->why[0] = 0;
  append(c, "the server says: ", 17);
  append(c, escaped, n);
  return 0;
}

/* --- lines --- */

/*  state    "DDD "  "DDD-"  "DDD+"        "."               ".x"        anything else
 *  outside  END     MID     BLOCK > in    error             error       error
 *  in       DATA    DATA    DATA          BLOCK_END > out   DATA "x"    DATA            */
int control_line_parse(control_line *line, unsigned int *block, char const *s, size_t len)
{
  if (*block) {
    line->status = *block;
    line->kind = CONTROL_DATA;
    line->text = (slice){ .s = s, .len = len };
    if (!len || s[0] != '.') return 1;
    line->text = (slice){ .s = s + 1, .len = len - 1 };
    if (len > 1) return 1;
    line->kind = CONTROL_BLOCK_END;
    *block = 0;
    return 1;
  }
  if (len < 4) return 0;
  unsigned int status = 0;
  for (unsigned int i = 0; i < 3; i++) {
    if (s[i] < '0' || s[i] > '9') return 0;
    status = status * 10 + (unsigned int)(s[i] - '0');
  }
  if (status < 200) return 0;
  switch (s[3]) {
  case ' ': line->kind = CONTROL_END; break;
  case '-': line->kind = CONTROL_MID; break;
  case '+':
    line->kind = CONTROL_BLOCK;
    *block = status;
    break;
  default: return 0;
  }
  line->status = status;
  line->text = (slice){ .s = s + 4, .len = len - 4 };
  return 1;
}

int control_client_line(control_client *c, control_line *line, tain const *deadline)
{
  tain stamp, patience;
  size_t len = 0;
  c->timed_out = 0;
  tain_now(&stamp);
  if (!deadline) {
    tain_uint(&patience, c->patience);
    tain_add(&patience, &stamp, &patience);
    deadline = &patience;
  }
  ssize_t const r = timed_getlnmax(&c->in, c->line, sizeof c->line, &len, '\n', deadline, &stamp);
  if (!r) return control_client_broken(c, len ? "the server closed the connection within a line" : "the server closed the connection");
  if (r < 0) {
    c->timed_out = errno == ETIMEDOUT;
    if (errno == ERANGE) return control_client_broken(c, "the server sent a line that is too long");
    return control_client_broken_sys(c, "unable to read from the server");
  }
  len--;
  if (len && c->line[len - 1] == '\r') len--;
  if (len > CONTROL_REPLY_LINE_MAX) return control_client_broken(c, "the server sent a line that is too long");
  if (memchr(c->line, 0, len) || !control_line_parse(line, &c->block, c->line, len))
    return control_client_broken(c, "the server sent a line that is none of this protocol");
  return 1;
}

int control_client_send(control_client *c, slice const *piece, size_t n)
{
  tain stamp, deadline;
  tain_now(&stamp);
  tain_uint(&deadline, c->patience);
  tain_add(&deadline, &stamp, &deadline);
  for (size_t i = 0; i < n; i++)
    if (buffer_timed_put(&c->out, piece[i].s, piece[i].len, &deadline, &stamp) < piece[i].len)
      return control_client_broken_sys(c, "unable to write to the server");
  if (buffer_timed_put(&c->out, "\r\n", 2, &deadline, &stamp) < 2 || !buffer_timed_flush(&c->out, &deadline, &stamp))
    return control_client_broken_sys(c, "unable to write to the server");
  return 1;
}

int control_client_ask(control_client *c, slice const *piece, size_t n, control_line_func *each, void *context)
{
  control_line line;
  int good = 1;
  if (!control_client_send(c, piece, n)) return 0;
  do {
    if (!control_client_line(c, &line, 0)) return 0;
    if (line.status != 650) {
      /* The first line that says no is the one to show: "552-Unrecognized key ..." names the first key. */
      if (good && line.status / 100 != 2) good = refused(c, line.text.s - 4, line.text.len + 4);
      if (line.kind == CONTROL_END) c->status = line.status;
    }
    if (each && (line.status == 650 || good) && !(*each)(context, &line)) return 0;
  } while (line.status == 650 || line.kind != CONTROL_END);
  return good;
}

void control_client_quit(control_client *c)
{
  if (c->patience > CONTROL_PATIENCE_QUIT) c->patience = CONTROL_PATIENCE_QUIT;
  control_client_ask(c, &(slice){ .s = "QUIT", .len = 4 }, 1, 0, 0);
}
