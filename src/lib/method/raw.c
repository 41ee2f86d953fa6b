/* Raw: a mail as it lies in its file, or the decoded octets of one part, from an offset on. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/exit.h>
#include <porter/method.h>
#include <porter/store.h>

/* Gives on what lies between two offsets of all that comes. */
typedef struct window_s window;
struct window_s {
  method_call *call;
  uint64_t skip, left;
  int failed;
};

static int pass(void *context, char const *s, size_t len)
{
  window *w = context;
  size_t skipped = w->skip < len ? (size_t)w->skip : len;
  w->skip -= skipped;
  s += skipped;
  len -= skipped;
  if (len > w->left) len = (size_t)w->left;
  w->left -= len;
  if (len && !w->call->write(w->call->context, s, len)) return w->failed = 1, 0;
  return w->left != 0;
}

/* So many from the request's offset on. */
static int write_body(method_call *call, uint64_t left, slice octets, mime_part const *part)
{
  Porter__RawReq const *request = call->request;
  window w = { .call = call, .skip = request->offset, .left = left };
  if (method_write_head(call, 2, left) != EXIT_DONE) return EXIT_TEMPORARY;
  if (part) mime_decode(part, pass, &w);
  else pass(&w, octets.s, octets.len);
  return w.failed || w.left ? method_temporary(call, "write response") : EXIT_DONE;
}

static int answer(method_call *call, mail_file const *m)
{
  Porter__RawReq const *request = call->request;
  Porter__RawResp response = PORTER__RAW_RESP__INIT;
  slice path = slice_of(request->path), octets = { m->s, m->len };
  mime_part const *part = NULL;
  mime_tree tree;
  size_t i;
  uint64_t size, left;
  int code = method_tree(call, call->a, m, &tree);
  if (code == EXIT_DONE) code = method_part(call, &tree, path, &i);
  if (code != EXIT_DONE) return code;
  if (path.len && tree.part[i].kind == MIME_MULTIPART) octets = tree.part[i].body;
  else if (path.len) part = tree.part + i;
  size = part ? mime_size(part) : octets.len;
  response.header = build_mime(call->a, &tree, i);
  if (!response.header) return method_temporary(call, "take memory");
  /* The size and path are those of what is asked for: a client that pages by offset needs the whole. */
  response.header->size = size;
  if (!path.len) response.header->path = (char *)"";
  left = request->offset < size ? size - request->offset : 0;
  if (request->length && request->length < left) left = request->length;
  if (left > RESPONSE_MAX - protobuf_c_message_get_packed_size(&response.base) - 20)
    return method_fail(call, PORTER__ERROR__CODE__TOO_LARGE, "too large for one response (use offset and length)", (slice)SLICE_ZERO, 0);
  if (method_write(call, &response.base) != EXIT_DONE) return EXIT_TEMPORARY;
  return left ? write_body(call, left, octets, part) : EXIT_DONE;
}

static int open_upload(method_call *call, mail_file *m, slice name)
{
  int fd = upload_open(call->box, name);
  if (close_keeping(fd, fd >= 0 && mail_file_descriptor(m, fd))) return EXIT_DONE;
  return method_fail_upload(call, name);
}

static int raw_upload(method_call *call, slice name)
{
  Porter__RawReq const *request = call->request;
  mail_file m = MAIL_FILE_ZERO;
  int code;
  if (*request->folder || *request->mid)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "either a mail or an upload", (slice)SLICE_ZERO, 0);
  code = open_upload(call, &m, name);
  if (code == EXIT_DONE) code = answer(call, &m);
  mail_file_close(&m);
  return code;
}

int method_raw(method_call *call)
{
  Porter__RawReq const *request = call->request;
  mail_file m = MAIL_FILE_ZERO;
  folder *f;
  int code;
  if (*request->upload) return raw_upload(call, slice_of(request->upload));
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = method_read(call, f, slice_of(request->mid), &m, NULL);
  if (code == EXIT_DONE) code = answer(call, &m);
  mail_file_close(&m);
  folder_close(f);
  return code;
}
