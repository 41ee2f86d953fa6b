/* The octets of a mail that is stored: pieces, each from the request, from an upload or from a mail that is there, then the
 * request's large octets. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>

#include <porter/exit.h>
#include <porter/method.h>
#include "storing.h"

#define LINE 57 /* octets of a line of base64: 76 characters */

/* The mail that pieces are taken from. It stays open for the next piece, as parts of a mail mostly come one behind the other. */
typedef struct source_s source;
struct source_s {
  Porter__MailName const *name; /* null: none yet */
  mail_file m;
  arena a;
  mime_tree tree;
  int parsed;
};

/* Collects what is written to a file, as it comes or as base64. */
typedef struct writer_s writer;
struct writer_s {
  storing *to;
  source from;
  int base64;
  char const *line_end;
  size_t line_end_len;
  unsigned char line[LINE];
  size_t kept;
  size_t len;
  char s[16384];
};

static int flush(writer *w)
{
  size_t len = w->len;
  w->len = 0;
  return allwrite(w->to->d.fd, w->s, len) == len;
}

static int put(writer *w, char const *s, size_t len)
{
  if (len > OCTETS_MAX - w->to->size) return errno = EMSGSIZE, 0;
  w->to->size += len;
  if (len > sizeof w->s - w->len && !flush(w)) return 0;
  if (len > sizeof w->s) return allwrite(w->to->d.fd, s, len) == len;
  memcpy(w->s + w->len, s, len);
  w->len += len;
  return 1;
}

static int put_line(writer *w)
{
  static char const alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char s[80];
  size_t len = 0;
  for (size_t i = 0; i < w->kept; i += 3) {
    size_t left = w->kept - i;
    uint32_t bits = (uint32_t)w->line[i] << 16 | (left > 1 ? (uint32_t)w->line[i + 1] << 8 : 0) | (left > 2 ? w->line[i + 2] : 0);
    s[len++] = alphabet[bits >> 18];
    s[len++] = alphabet[bits >> 12 & 63];
    s[len++] = left > 1 ? alphabet[bits >> 6 & 63] : '=';
    s[len++] = left > 2 ? alphabet[bits & 63] : '=';
  }
  memcpy(s + len, w->line_end, w->line_end_len);
  w->kept = 0;
  return put(w, s, len + w->line_end_len);
}

static int take(void *context, char const *s, size_t len)
{
  writer *w = context;
  if (!w->base64) return put(w, s, len);
  while (len) {
    size_t piece = len < LINE - w->kept ? len : LINE - w->kept;
    memcpy(w->line + w->kept, s, piece);
    w->kept += piece;
    s += piece;
    len -= piece;
    if (w->kept == LINE && !put_line(w)) return 0;
  }
  return 1;
}

/* --- where octets come from --- */

static int take_file(method_call *call, writer *w, int fd)
{
  char s[16384];
  for (;;) {
    ssize_t r = read(fd, s, sizeof s);
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return method_temporary(call, "read upload");
    if (!r) return EXIT_DONE;
    if (!take(w, s, (size_t)r)) return storing_fail(call, w->to);
  }
}

static int take_upload(method_call *call, writer *w, slice name)
{
  int code, fd = upload_open(call->box, name);
  if (fd < 0) return method_fail_upload(call, name);
  code = take_file(call, w, fd);
  close(fd);
  return code;
}

static int take_part(method_call *call, writer *w, slice path)
{
  source *const from = &w->from;
  int good, code = EXIT_DONE;
  size_t i;
  if (!path.len) return take(w, from->m.s, from->m.len) ? EXIT_DONE : storing_fail(call, w->to);
  if (!from->parsed) code = method_tree(call, &from->a, &from->m, &from->tree);
  from->parsed = code == EXIT_DONE;
  if (code == EXIT_DONE) code = method_part(call, &from->tree, path, &i);
  if (code != EXIT_DONE) return code;
  if (from->tree.part[i].kind == MIME_MULTIPART) good = take(w, from->tree.part[i].body.s, from->tree.part[i].body.len);
  else good = mime_decode(from->tree.part + i, take, w);
  return good ? EXIT_DONE : storing_fail(call, w->to);
}

static int open_source(method_call *call, source *from, Porter__MailName const *name)
{
  folder *f;
  int code = method_folder(call, &f, name->folder);
  from->name = NULL;
  from->parsed = 0;
  arena_reset(&from->a);
  if (code == EXIT_DONE) code = method_read(call, f, slice_of(name->mid), &from->m, NULL);
  if (code == EXIT_DONE) from->name = name;
  folder_close(f);
  return code;
}

static int take_mail(method_call *call, writer *w, Porter__MailName const *name, slice path)
{
  Porter__MailName const *const last = w->from.name;
  int code = EXIT_DONE;
  if (!last || strcmp(last->mid, name->mid) || strcmp(last->folder, name->folder)) code = open_source(call, &w->from, name);
  return code == EXIT_DONE ? take_part(call, w, path) : code;
}

static int take_piece(method_call *call, writer *w, Porter__Piece const *piece)
{
  slice path = slice_of(piece->path);
  int code = EXIT_DONE;
  if (piece->encoding > PORTER__PIECE__ENCODING__BASE64)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such encoding of a piece", (slice)SLICE_ZERO, 0);
  if (path.len && piece->from_case != PORTER__PIECE__FROM_MAIL)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "a path belongs to a mail:", path, 0);
  w->base64 = piece->encoding == PORTER__PIECE__ENCODING__BASE64;
  w->line_end = piece->crlf ? "\r\n" : "\n";
  w->line_end_len = piece->crlf ? 2 : 1;
  switch (piece->from_case) {
  case PORTER__PIECE__FROM_OCTETS:
    if (!take(w, (char const *)piece->octets.data, piece->octets.len)) code = storing_fail(call, w->to);
    break;
  case PORTER__PIECE__FROM_UPLOAD: code = take_upload(call, w, slice_of(piece->upload)); break;
  case PORTER__PIECE__FROM_MAIL: code = take_mail(call, w, piece->mail, path); break;
  default: return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "a piece from nowhere", (slice)SLICE_ZERO, 0);
  }
  if (code == EXIT_DONE && w->kept && !put_line(w)) code = storing_fail(call, w->to);
  return code;
}

int storing_fail(method_call *call, storing const *to)
{
  if (errno == EMSGSIZE) return method_fail(call, PORTER__ERROR__CODE__TOO_LARGE, "more octets than a mail may have", (slice)SLICE_ZERO, 0);
  return method_fail_store(call, to->what, to->where);
}

int storing_pieces(method_call *call, storing *to, Porter__Piece *const *pieces, size_t count)
{
  writer *w;
  int code = EXIT_DONE;
  if (!count) return EXIT_DONE;
  if (count > PIECES_MAX) return method_fail(call, PORTER__ERROR__CODE__TOO_LARGE, "too many pieces", (slice)SLICE_ZERO, 0);
  w = arena_take(call->a, sizeof *w);
  if (!w) return method_temporary(call, "take memory");
  w->to = to;
  w->from = (source){ .m = MAIL_FILE_ZERO, .a = ARENA_ZERO };
  w->kept = w->len = 0;
  for (size_t i = 0; code == EXIT_DONE && i < count; i++) code = take_piece(call, w, pieces[i]);
  mail_file_close(&w->from.m);
  arena_free(&w->from.a);
  return code == EXIT_DONE && !flush(w) ? storing_fail(call, to) : code;
}

int storing_octets(method_call *call, storing *to)
{
  method_octets const *o = &call->octets;
  int good;
  if (!o->there) return EXIT_DONE;
  if (o->len > OCTETS_MAX - to->size) return errno = EMSGSIZE, storing_fail(call, to);
  good = o->s ? allwrite(to->d.fd, o->s, (size_t)o->len) == o->len : mailbox_deliver_copy(&to->d, o->fd, o->at, o->len);
  if (!good) return storing_fail(call, to);
  to->size += o->len;
  return EXIT_DONE;
}
