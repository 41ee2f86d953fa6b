/* The modes that are about one mail: read-mail, raw, move. They find it in any folder. */
#include <string.h>

#include <porter/exit.h>
#include <porter/message_field.h>
#include "internal.h"

int each_folder(version1 *v, attempt_func *attempt, void *context)
{
  Porter__FoldersReq const request = PORTER__FOLDERS_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code = attempt(v, "", context);
  if (code != NOT_HERE) return code;
  code = ask(v, "Folders", &request.base, &response);
  if (code != EXIT_DONE) {
    code = answer_failed(v, &response);
  } else if ((code = answer_unpack(v, &response, &porter__folders_resp__descriptor)) == EXIT_DONE) {
    Porter__FoldersResp const *list = response.message;
    code = NOT_HERE;
    for (size_t i = 0; i < list->n_folders && code == NOT_HERE; i++) code = attempt(v, list->folders[i], context);
    if (code == NOT_HERE) {
      static char const text[] = "no such mail";
      code = answer_error(v, text, sizeof text - 1);
    }
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

/* The delivery's date of a mail that says none itself, from the folder's list: Show does not tell it. */
static int find_delivery(version1 *v, char const *folder, char *delivered)
{
  Porter__ListReq request = PORTER__LIST_REQ__INIT;
  Porter__Sort sort = PORTER__SORT__INIT;
  size_t n = 1;
  int code = EXIT_DONE;
  sort.parameter = PORTER__SORT__PARAMETER__ARRIVAL;
  sort.direction = PORTER__SORT__DIRECTION__DESC;
  request.folder = (char *)folder;
  request.sort = &sort;
  for (*delivered = 0; n && !*delivered && code == EXIT_DONE; request.start += (uint32_t)n) {
    answer response = ANSWER_ZERO;
    request.end = request.start + LIST_MAX;
    code = ask(v, "List", &request.base, &response);
    if (code != EXIT_DONE) {
      code = answer_failed(v, &response);
    } else if ((code = answer_unpack(v, &response, &porter__list_resp__descriptor)) == EXIT_DONE) {
      Porter__ListResp const *list = response.message;
      n = list->n_mail_heads;
      for (size_t i = 0; i < n && !*delivered; i++)
        if (!strcmp(list->mail_heads[i]->mid, v->argv[1]) && strlen(list->mail_heads[i]->rec_date) < UTC_FMT)
          strcpy(delivered, list->mail_heads[i]->rec_date);
    }
    answer_free(&response);
  }
  return code;
}

static int put_mail(version1 *v, Porter__Mail const *mail, uint64_t size, char const *folder)
{
  Porter__MIMEHeader const *mime = mail->head ? mail->head->mime : NULL;
  char delivered[UTC_FMT] = "", date[UTC_FMT];
  json_output out;
  if (!mail->head || !utc(date, mail->head->send_date)) {
    int code = find_delivery(v, folder, delivered);
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
