/* The modes that are about one mail: read-mail, raw, move. They find it in any folder. */
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/message_field.h>
#include <porter/text.h>
#include "internal.h"

#define NOT_HERE (-1)
typedef int attempt_func(version1 *v, char const *folder, void *context);

static int no_such_mail(version1 *v)
{
  static char const text[] = "no such message"; /* JWebmail looks for these words */
  return answer_error(v, text, sizeof text - 1);
}

static int all_folders(version1 *v, attempt_func *attempt, void *context)
{
  Porter__FoldersReq const request = PORTER__FOLDERS_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code = attempt(v, "", context);
  if (code != NOT_HERE) return code;
  code = ask_method(v, "Folders", &request.base, &response);
  if (code != EXIT_DONE) {
    code = answer_failed(v, &response);
  } else if ((code = answer_unpack(v, &response, &porter__folders_resp__descriptor)) == EXIT_DONE) {
    Porter__FoldersResp const *list = response.message;
    code = NOT_HERE;
    for (size_t i = 0; i < list->n_folders && code == NOT_HERE; i++) code = attempt(v, list->folders[i], context);
    if (code == NOT_HERE) code = no_such_mail(v);
  }
  ask_free(&response);
  return code;
}

/* Calls attempt with the inbox, then, as long as it returns NOT_HERE, with each folder. The last try's code. */
static int each_folder(version1 *v, attempt_func *attempt, void *context)
{
  size_t const len = strlen(v->argv[1]);
  int code;
  if (utf8_valid(v->argv[1], len) != len) return no_such_mail(v); /* a mid is a string of protobuf's */
  v->mid = mid_of(v->argv[1]);
  code = v->mid ? all_folders(v, attempt, context) : fail_system(v, "take memory");
  free(v->mid);
  v->mid = NULL;
  return code;
}

/* What becomes of a failed attempt: a folder or mail that another client has just taken away is not here. */
static int attempt_failed(version1 *v, answer const *response, char const *folder)
{
  if (response->code == EXIT_ERROR
    && (response->error == PORTER__ERROR__CODE__NO_SUCH_MAIL || (*folder && response->error == PORTER__ERROR__CODE__INVALID_FOLDER)))
    return NOT_HERE;
  return answer_failed(v, response);
}

/* --- raw --- */

/* The two fields of a RawResp, where they lie: a large body is not copied. */
typedef struct raw_parts_s raw_parts;
struct raw_parts_s {
  slice header, body;
};

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
  request.mid = v->mid;
  if (v->argc > 2) request.path = (char *)v->argv[2];
  code = ask_method(v, "Raw", &request.base, &response);
  code = code == EXIT_DONE ? put_raw(v, &response) : attempt_failed(v, &response, folder);
  ask_free(&response);
  return code;
}

int raw_mail(version1 *v) { return each_folder(v, &raw_attempt, NULL); }

/* --- read-mail --- */

static int put_mail(version1 *v, Porter__ShowResp const *shown)
{
  Porter__Mail const empty = PORTER__MAIL__INIT, *mail = shown->mail ? shown->mail : &empty;
  json_output out;
  answer_start(v, &out);
  json_put_text(&out, "{\"size\":");
  json_put_number(&out, shown->byte_size);
  json_put_text(&out, ",");
  put_mail_head(&out, mail->head, shown->rec_date);
  json_put_text(&out, ",\"body\":");
  put_body(&out, mail->head ? mail->head->mime : NULL, mail->body);
  json_put_text(&out, "}\n");
  return answer_end(v, &out);
}

static int read_attempt(version1 *v, char const *folder, void *context)
{
  Porter__ShowReq request = PORTER__SHOW_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code;
  (void)context;
  request.folder = (char *)folder;
  request.mid = v->mid;
  request.bodies = PORTER__SHOW_REQ__BODIES__TEXT;
  code = ask_method(v, "Show", &request.base, &response);
  if (code != EXIT_DONE) code = attempt_failed(v, &response, folder);
  else if ((code = answer_unpack(v, &response, &porter__show_resp__descriptor)) == EXIT_DONE) code = put_mail(v, response.message);
  ask_free(&response);
  return code;
}

int read_mail(version1 *v) { return each_folder(v, &read_attempt, NULL); }

/* --- move --- */

static int move_attempt(version1 *v, char const *folder, void *context)
{
  Porter__MoveReq request = PORTER__MOVE_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code;
  (void)context;
  request.mids = &v->mid;
  request.n_mids = 1;
  request.from_folder = (char *)folder;
  if (v->argc > 2) request.to_folder = (char *)v->argv[2];
  code = ask_method(v, "Move", &request.base, &response);
  if (code != EXIT_DONE) {
    code = attempt_failed(v, &response, folder);
  } else if ((code = answer_unpack(v, &response, &porter__move_resp__descriptor)) == EXIT_DONE) {
    Porter__MoveResp const *moved = response.message;
    json_output out;
    answer_start(v, &out);
    json_put_text(&out, "{\"mid\":");
    put_mid(&out, moved->n_outcomes ? moved->outcomes[0]->new_mid : v->mid);
    json_put_text(&out, "}\n");
    code = answer_end(v, &out);
  }
  ask_free(&response);
  return code;
}

int move_mail(version1 *v) { return each_folder(v, &move_attempt, NULL); }
