/* The modes that are about one mail: read-mail, raw, move. They find it in any folder. */
#include <string.h>

#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#include <porter/exit.h>
#include <porter/message_field.h>
#include <porter/text.h>
#include "internal.h"

static int no_such_mail(version1 *v)
{
  static char const text[] = "no such mail";
  return answer_error(v, text, sizeof text - 1);
}

int each_folder(version1 *v, attempt_func *attempt, void *context)
{
  Porter__FoldersReq const request = PORTER__FOLDERS_REQ__INIT;
  answer response = ANSWER_ZERO;
  size_t const len = strlen(v->argv[1]);
  int code;
  if (utf8_valid(v->argv[1], len) != len) return no_such_mail(v);  /* a mid is a string of protobuf's */
  code = attempt(v, "", context);
  if (code != NOT_HERE) return code;
  code = ask(v, "Folders", &request.base, &response);
  if (code != EXIT_DONE) {
    code = answer_failed(v, &response);
  } else if ((code = answer_unpack(v, &response, &porter__folders_resp__descriptor)) == EXIT_DONE) {
    Porter__FoldersResp const *list = response.message;
    code = NOT_HERE;
    for (size_t i = 0; i < list->n_folders && code == NOT_HERE; i++) code = attempt(v, list->folders[i], context);
    if (code == NOT_HERE) code = no_such_mail(v);
  }
  answer_free(&response);
  return code;
}

/* What becomes of a failed attempt: a folder or mail that another client has just taken away is not here. */
static int attempt_failed(version1 *v, answer const *response, char const *folder)
{
  if (response->code == EXIT_ERROR && (response->error == PORTER__ERROR__CODE__NO_SUCH_MAIL
      || (*folder && response->error == PORTER__ERROR__CODE__INVALID_FOLDER))) return NOT_HERE;
  return answer_failed(v, response);
}

/* --- raw --- */

/* The two fields of a RawResp, where they lie: a large body is not copied. */
typedef struct raw_parts_s raw_parts;
struct raw_parts_s { slice header, body; };

static void raw_find(slice response, raw_parts *parts)
{
  message_field field;
  while (message_field_next(&response, &field) > 0) {
    if (field.wire != WIRE_OCTETS) continue;
    if (field.number == 1) parts->header = field.data;
    if (field.number == 2) parts->body = field.data;
  }
}

static void put_text_pair(json_output *out, char const *before, char const *s)
{
  json_put_text(out, before);
  json_put_string(out, s, strlen(s));
}

static int put_raw(version1 *v, answer const *response)
{
  static char const *const dispositions[] = { "none", "inline", "attachment" };
  raw_parts parts = { .header = SLICE_ZERO, .body = SLICE_ZERO };
  Porter__MIMEHeader *header;
  json_output out;
  raw_find(response->octets, &parts);
  header = porter__mimeheader__unpack(NULL, parts.header.len, (uint8_t const *)parts.header.s);
  if (!header) return fail_system(v, "read the response");
  answer_start(v, &out);
  json_put_text(&out, "{\"content_type\":");
  put_content_type(&out, header);
  put_text_pair(&out, ",\"charset\":", header->charset);
  put_text_pair(&out, ",\"content_disposition\":", dispositions[header->content_dispo <= 2 ? header->content_dispo : 0]);
  put_text_pair(&out, ",\"file_name\":", header->file_name);
  put_text_pair(&out, ",\"content_id\":", header->content_id);
  json_put_text(&out, ",\"size\":");
  json_put_number(&out, header->size);
  put_text_pair(&out, ",\"path\":", header->path);
  json_put_text(&out, "}\n");
  json_put(&out, parts.body.s, parts.body.len);
  porter__mimeheader__free_unpacked(header, NULL);
  return answer_end(v, &out);
}

static int raw_attempt(version1 *v, char const *folder, void *context)
{
  Porter__RawReq request = PORTER__RAW_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code;
  (void)context;
  request.folder = (char *)folder;
  request.mid = (char *)v->argv[1];
  if (v->argc > 2) request.path = (char *)v->argv[2];
  code = ask(v, "Raw", &request.base, &response);
  code = code == EXIT_DONE ? put_raw(v, &response) : attempt_failed(v, &response, folder);
  answer_free(&response);
  return code;
}

int raw(version1 *v)
{
  return each_folder(v, &raw_attempt, NULL);
}

/* --- read-mail --- */

#define NEAR 10  /* of mails that are as large, the one that is looked for is nearly always among the first */

/* One page of the folder by size, behind bound. Sets delivered where the mail is in it; else the bound of the next page, which
 * is empty behind the last. */
static int find_in_page(version1 *v, Porter__ListSearchReq *request, char *delivered, stralloc *param, stralloc *id)
{
  answer response = ANSWER_ZERO;
  int code = ask(v, "ListSearch", &request->base, &response);
  param->len = id->len = 0;
  if (code != EXIT_DONE) {
    code = answer_failed(v, &response);
  } else if ((code = answer_unpack(v, &response, &porter__list_search_resp__descriptor)) == EXIT_DONE) {
    Porter__ListSearchResp const *page = response.message;
    for (size_t i = 0; i < page->n_mail_heads; i++)
      if (!strcmp(page->mail_heads[i]->mid, v->argv[1]) && strlen(page->mail_heads[i]->rec_date) < UTC_FMT)
        strcpy(delivered, page->mail_heads[i]->rec_date);
    if (!page->last && page->last_bound && !(stralloc_cats(param, page->last_bound->param) && stralloc_cats(id, page->last_bound->id)))
      code = fail_system(v, "take memory");
  }
  answer_free(&response);
  return code;
}

/* The delivery's date of a mail that says none itself, which lists tell and Show does not. In the order of sizes, which opens no
 * mail, it is where its size is; if that is not so (its name may lie), anywhere. */
static int find_delivery(version1 *v, char const *folder, uint64_t size, char *delivered)
{
  Porter__ListSearchReq request = PORTER__LIST_SEARCH_REQ__INIT;
  Porter__Sort sort = PORTER__SORT__INIT;
  Porter__Bound bound = PORTER__BOUND__INIT;
  stralloc param = STRALLOC_ZERO, id = STRALLOC_ZERO;
  char digits[UINT64_FMT];
  int code;
  sort.parameter = PORTER__SORT__PARAMETER__SIZE;
  request.folder = (char *)folder;
  request.sort = &sort;
  request.bound = &bound;
  request.limit = NEAR;
  digits[uint64_fmt(digits, size)] = 0;
  bound.param = digits;
  *delivered = 0;
  while ((code = find_in_page(v, &request, delivered, &param, &id)) == EXIT_DONE && !*delivered) {
    if (request.limit == NEAR) {
      request.limit = LIST_MAX;  /* from the start of the folder */
      param.len = id.len = 0;
    } else if (!param.len) break;
    if (!stralloc_0(&param) || !stralloc_0(&id)) {
      code = fail_system(v, "take memory");
      break;
    }
    bound.param = param.s;
    bound.id = id.s;
  }
  stralloc_free(&param);
  stralloc_free(&id);
  return code;
}

static int put_mail(version1 *v, Porter__Mail const *mail, uint64_t size, char const *folder)
{
  Porter__MIMEHeader const *mime = mail->head ? mail->head->mime : NULL;
  char delivered[UTC_FMT] = "", date[UTC_FMT];
  json_output out;
  if (!mail->head || !utc(date, mail->head->send_date)) {
    int code = find_delivery(v, folder, size, delivered);
    if (code != EXIT_DONE) return code;
  }
  answer_start(v, &out);
  json_put_text(&out, "{\"size\":");
  json_put_number(&out, size);
  json_put_text(&out, ",\"head\":");
  put_mail_head(&out, mail->head, delivered);
  json_put_text(&out, ",\"body\":");
  put_body(&out, mime, mail->body);
  json_put_text(&out, "}\n");
  return answer_end(v, &out);
}

/* The size of the whole, which Show does not tell: the header of an octet of it. */
static int ask_size(version1 *v, char const *folder, uint64_t *size)
{
  Porter__RawReq request = PORTER__RAW_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code;
  request.folder = (char *)folder;
  request.mid = (char *)v->argv[1];
  request.length = 1;
  code = ask(v, "Raw", &request.base, &response);
  if (code != EXIT_DONE) {
    code = attempt_failed(v, &response, folder);
  } else if ((code = answer_unpack(v, &response, &porter__raw_resp__descriptor)) == EXIT_DONE) {
    Porter__RawResp const *r = response.message;
    *size = r->header ? r->header->size : 0;
  }
  answer_free(&response);
  return code;
}

static int read_attempt(version1 *v, char const *folder, void *context)
{
  Porter__ShowReq request = PORTER__SHOW_REQ__INIT;
  answer response = ANSWER_ZERO;
  uint64_t size = 0;
  int code = ask_size(v, folder, &size);
  (void)context;
  if (code != EXIT_DONE) return code;
  request.folder = (char *)folder;
  request.mid = (char *)v->argv[1];
  request.bodies = PORTER__SHOW_REQ__BODIES__TEXT;
  code = ask(v, "Show", &request.base, &response);
  if (code != EXIT_DONE) {
    code = attempt_failed(v, &response, folder);
  } else if ((code = answer_unpack(v, &response, &porter__show_resp__descriptor)) == EXIT_DONE) {
    Porter__Mail const empty = PORTER__MAIL__INIT;
    Porter__ShowResp const *shown = response.message;
    code = put_mail(v, shown->mail ? shown->mail : &empty, size, folder);
  }
  answer_free(&response);
  return code;
}

int read_mail(version1 *v)
{
  return each_folder(v, &read_attempt, NULL);
}

/* --- move --- */

static int move_attempt(version1 *v, char const *folder, void *context)
{
  Porter__MoveReq request = PORTER__MOVE_REQ__INIT;
  answer response = ANSWER_ZERO;
  char *mid = (char *)v->argv[1];
  int code;
  (void)context;
  request.mids = &mid;
  request.n_mids = 1;
  request.from_folder = (char *)folder;
  if (v->argc > 2) request.to_folder = (char *)v->argv[2];
  code = ask(v, "Move", &request.base, &response);
  if (code != EXIT_DONE) {
    code = attempt_failed(v, &response, folder);
  } else if ((code = answer_unpack(v, &response, &porter__move_resp__descriptor)) == EXIT_DONE) {
    Porter__MoveResp const *moved = response.message;
    json_output out;
    answer_start(v, &out);
    put_text_pair(&out, "{\"mid\":", moved->n_outcomes ? moved->outcomes[0]->new_mid : mid);
    json_put_text(&out, "}\n");
    code = answer_end(v, &out);
  }
  answer_free(&response);
  return code;
}

int move(version1 *v)
{
  return each_folder(v, &move_attempt, NULL);
}
