/* Show: the whole tree of a mail, with what its parts hold. Large octets are not held in memory: the message is packed with
 * their lengths, and when protobuf-c comes to write them they are decoded into the response. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>
#include <porter/text.h>
#include "conversations.h"
#include "fields.h"

#define KEPT_MAX 65536 /* text up to this is decoded once, into memory; a larger one twice: to count it, and to write it */

/* A part whose octets are yet to come. In the message later stands for them: what is packed asks for these in the order of the parts. */
typedef struct deferred_s deferred;
struct deferred_s {
  mime_part const *part;
  int text;
};
static uint8_t later[1];

typedef struct show_s show;
struct show_s {
  ProtobufCBuffer base;
  method_call *call;
  arena *a;
  mime_tree tree;
  field_asks const *asks; /* of every part; null: none */
  deferred *deferred;
  size_t deferred_count, written;
  int good;
};

/* Text as far as it is kept, and how long all of it is; more than a response can have is not counted. */
typedef struct text_buffer_s text_buffer;
struct text_buffer_s {
  char *s;
  uint64_t len;
};

static int keep_octets(void *context, char const *s, size_t len)
{
  text_buffer *b = context;
  if (b->len <= KEPT_MAX && len <= KEPT_MAX - b->len) memcpy(b->s + b->len, s, len);
  b->len += len;
  return b->len <= RESPONSE_MAX;
}

static int write_octets(show *sh, deferred const *d)
{
  return d->text ? mime_text(d->part, sh->call->write, sh->call->context) : mime_decode(d->part, sh->call->write, sh->call->context);
}

static void append(ProtobufCBuffer *buffer, size_t len, uint8_t const *data)
{
  show *sh = (show *)buffer;
  if (!sh->good || !len) return;
  if (data == later) sh->good = write_octets(sh, sh->deferred + sh->written++);
  else sh->good = sh->call->write(sh->call->context, (char const *)data, len);
}

/* What lies around the parts of a multipart, as text; null where memory fails. */
static char *build_surroundings(arena *a, slice raw)
{
  slice text;
  char *s;
  size_t n = 0;
  if (!charset_decode(a, NULL, raw, &text) || !(s = build_string(a, text))) return NULL;
  for (size_t i = 0; i < text.len; i++)
    if (s[i] != '\r' || s[i + 1] != '\n') s[n++] = s[i];
  s[n] = 0;
  return s;
}

/* Sets the body of a leaf. 0 where memory fails. */
static int build_leaf(show *sh, Porter__MailBody *body, mime_part const *part, Porter__ShowReq__Bodies bodies)
{
  int text = mime_is_text(part);
  text_buffer b = { NULL, 0 };
  if (bodies == PORTER__SHOW_REQ__BODIES__NONE || (bodies == PORTER__SHOW_REQ__BODIES__TEXT && !text)) return 1;
  body->body_case = PORTER__MAIL_BODY__BODY_DISCRETE;
  if (text) {
    if (!(b.s = arena_take(sh->a, KEPT_MAX))) return 0;
    mime_text(part, keep_octets, &b);
    arena_shrink(sh->a, b.s, KEPT_MAX, b.len <= KEPT_MAX ? (size_t)b.len : 0);
  } else b.len = mime_size(part);
  body->discrete.len = (size_t)b.len;
  body->discrete.data = text && b.len <= KEPT_MAX ? (uint8_t *)b.s : later;
  if (body->discrete.data == later) sh->deferred[sh->deferred_count++] = (deferred){ .part = part, .text = text };
  return 1;
}

static int add_fields(show *sh, size_t i, Porter__MIMEHeader *mime)
{
  return !sh->asks || fields_build(sh->a, sh->asks, &sh->tree, i, 1, &mime->fields, &mime->n_fields);
}

/* One pass over the parts in document order: each finds its parent's message already made. */
static Porter__Mail *build_mail(show *sh, Porter__ShowReq__Bodies bodies)
{
  arena *a = sh->a;
  mime_tree const *tree = &sh->tree;
  Porter__MailBody **body = arena_array(a, tree->count, sizeof *body); /* of each part */
  Porter__Mail *root = NULL;
  sh->deferred = arena_array(a, tree->count, sizeof *sh->deferred);
  if (!body || !sh->deferred) return NULL;
  for (size_t i = 0; i < tree->count; i++) {
    mime_part const *part = tree->part + i;
    Porter__MailBody *b = arena_take(a, sizeof *b);
    if (!b) return NULL;
    porter__mail_body__init(b);
    body[i] = b;
    if (part->kind == MIME_MULTIPART) {
      Porter__Multipart *m = arena_take(a, sizeof *m);
      if (!m) return NULL;
      *m = (Porter__Multipart)PORTER__MULTIPART__INIT;
      m->parts = arena_array(a, part->count, sizeof *m->parts);
      if (!m->parts) return NULL;
      if (bodies != PORTER__SHOW_REQ__BODIES__NONE) {
        m->preamble = build_surroundings(a, part->preamble);
        m->epilogue = build_surroundings(a, part->epilogue);
        if (!m->preamble || !m->epilogue) return NULL;
      }
      b->body_case = PORTER__MAIL_BODY__BODY_MULTIPART;
      b->multipart = m;
    } else if (part->kind == MIME_LEAF && !build_leaf(sh, b, part, bodies)) return NULL;
    if (!i || tree->part[part->parent].kind == MIME_MESSAGE) {
      Porter__Mail *mail = arena_take(a, sizeof *mail);
      if (!mail) return NULL;
      *mail = (Porter__Mail)PORTER__MAIL__INIT;
      mail->head = build_head(a, tree, i);
      if (!mail->head || !add_fields(sh, i, mail->head->mime)) return NULL;
      if (part->kind != MIME_MULTIPART) mail->head->mime->size = mime_size(part);
      mail->body = b;
      if (!i) root = mail;
      else {
        body[part->parent]->body_case = PORTER__MAIL_BODY__BODY_MAIL;
        body[part->parent]->mail = mail;
      }
    } else {
      Porter__Multipart *m = body[part->parent]->multipart;
      Porter__MIMEPart *p = arena_take(a, sizeof *p);
      if (!p) return NULL;
      *p = (Porter__MIMEPart)PORTER__MIMEPART__INIT;
      p->mime_header = build_mime(a, tree, i);
      if (!p->mime_header || !add_fields(sh, i, p->mime_header)) return NULL;
      if (part->kind != MIME_MULTIPART) p->mime_header->size = mime_size(part);
      p->body = b;
      m->parts[m->n_parts++] = p;
    }
  }
  return root;
}

Porter__Mail *build_tree(arena *a, mime_tree const *tree, field_asks const *asks)
{
  show sh = { .a = a, .tree = *tree, .asks = asks };
  return build_mail(&sh, PORTER__SHOW_REQ__BODIES__NONE);
}

/* What its head in a list has. */
static int tell_file(method_call *call, folder *f, mail_facts const *facts, Porter__ShowResp *response)
{
  keywords k;
  response->byte_size = facts->size;
  response->unread = facts->unread;
  return build_file(call->a, facts, &response->rec_date, &response->flags) && folder_keywords(f, &k, call->a)
    && keywords_names(call->a, &k, facts->name.flags, &response->keywords, &response->n_keywords);
}

/* For a response, or for what a call may have of memory. */
static int too_large(method_call *call, slice mid)
{
  return method_fail(call, PORTER__ERROR__CODE__TOO_LARGE, "too large to show whole (use Raw):", mid, 0);
}

int method_show(method_call *call)
{
  Porter__ShowReq const *request = call->request;
  Porter__ShowResp response = PORTER__SHOW_RESP__INIT;
  show sh = { .base = { append }, .call = call, .a = call->a, .tree = { 0 }, .good = 1 };
  mail_file m = MAIL_FILE_ZERO;
  slice mid = slice_of(request->mid);
  mail_entry *e;
  mail_facts facts;
  folder *f;
  int code;
  if (request->bodies > PORTER__SHOW_REQ__BODIES__NONE)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such choice of bodies", (slice)SLICE_ZERO, 0);
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE && request->thread) code = conversations_of(call, f);
  if (code == EXIT_DONE) code = method_read(call, f, mid, &m, &e);
  if (code == EXIT_DONE) {
    int known = folder_facts(f, e, FACT_SIZE | FACT_ARRIVAL, call->a, &facts);
    if (!known) code = method_fail_mail(call, mid);
    else if (!mime_parse(call->a, m.s, m.len, call->box->fallback, &sh.tree) || !tell_file(call, f, &facts, &response)
      || (request->thread && !(response.thread = conversations_build(call->a, folder_thread(f, e))))
      || !mail_has_attachment(call->a, &sh.tree, &response.has_attachment) || !(response.mail = build_mail(&sh, request->bodies)))
      code = errno == ENOMEM ? too_large(call, mid) : method_temporary(call, "read mail");
    else if (protobuf_c_message_get_packed_size(&response.base) > RESPONSE_MAX) code = too_large(call, mid);
    else {
      protobuf_c_message_pack_to_buffer(&response.base, &sh.base);
      if (!sh.good) code = method_temporary(call, "write response");
    }
  }
  mail_file_close(&m);
  folder_close(f);
  return code;
}
