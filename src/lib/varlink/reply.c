/* Responses of maildir-op as the parameters of replies: every member is there, null where an optional one has nothing to say. */
#include <string.h>

#include "internal.h"

static void put_pair(json_output *out, char const *before, char const *s)
{
  json_put_text(out, before);
  json_put_string(out, s, strlen(s));
}

/* An optional one. */
static void put_if(json_output *out, char const *before, char const *s)
{
  if (*s) put_pair(out, before, s);
  else json_put_text(out, before), json_put_text(out, "null");
}

static void put_strings(json_output *out, char const *before, char *const *list, size_t n)
{
  json_put_text(out, before);
  json_put_text(out, "[");
  for (size_t i = 0; i < n; i++) put_pair(out, i ? "," : "", list[i]);
  json_put_text(out, "]");
}

static void put_address(json_output *out, Porter__MailAddr const *address)
{
  put_if(out, "{\"name\":", address->name);
  put_pair(out, ",\"address\":", address->address);
  json_put_text(out, "}");
}

static void put_addresses(json_output *out, char const *before, Porter__MailAddr *const *list, size_t n)
{
  json_put_text(out, before);
  for (size_t i = 0; i < n; i++) {
    if (i) json_put_text(out, ",");
    put_address(out, list[i]);
  }
  json_put_text(out, "]");
}

void varlink_put_mime(json_output *out, Porter__MIMEHeader const *mime)
{
  static char const *const dispositions[] = { "none", "inline", "attachment" };
  Porter__MIMEHeader const empty = PORTER__MIMEHEADER__INIT;
  if (!mime) mime = &empty;
  put_pair(out, "{\"mime_type\":{\"main_type\":", mime->main_type);
  put_pair(out, ",\"sub_type\":", mime->sub_type);
  put_pair(out, "},\"content_dispo\":", dispositions[mime->content_dispo <= 2 ? mime->content_dispo : 0]);
  put_if(out, ",\"file_name\":", mime->file_name);
  json_put_text(out, "}");
}

static void put_head(json_output *out, Porter__MailHeader const *head)
{
  Porter__MailHeader const empty = PORTER__MAIL_HEADER__INIT;
  if (!head) head = &empty;
  put_pair(out, "{\"send_date\":", head->send_date);
  put_addresses(out, ",\"written_from\":[", head->written_from, head->n_written_from);
  json_put_text(out, ",\"sender\":");
  if (head->sender) put_address(out, head->sender);
  else json_put_text(out, "null");
  put_addresses(out, ",\"reply_to\":[", head->reply_to, head->n_reply_to);
  put_addresses(out, ",\"send_to\":[", head->send_to, head->n_send_to);
  put_addresses(out, ",\"cc\":[", head->cc, head->n_cc);
  put_addresses(out, ",\"bcc\":[", head->bcc, head->n_bcc);
  put_pair(out, ",\"subject\":", head->subject);
  put_strings(out, ",\"comments\":", head->comments, head->n_comments);
  put_strings(out, ",\"keywords\":", head->keywords, head->n_keywords);
  json_put_text(out, ",\"mime\":");
  varlink_put_mime(out, head->mime);
  json_put_text(out, "}");
}

static void put_list_heads(json_output *out, char const *before, Porter__ListMailHeader *const *list, size_t n)
{
  json_put_text(out, before);
  for (size_t i = 0; i < n; i++) {
    json_put_text(out, i ? ",{\"byte_size\":" : "{\"byte_size\":");
    json_put_number(out, list[i]->byte_size);
    json_put_text(out, list[i]->unread ? ",\"unread\":true" : ",\"unread\":false");
    put_pair(out, ",\"rec_date\":", list[i]->rec_date);
    put_pair(out, ",\"mid\":", list[i]->mid);
    json_put_text(out, ",\"header\":");
    put_head(out, list[i]->header);
    json_put_text(out, "}");
  }
  json_put_text(out, "]");
}

static void put_mail(json_output *out, Porter__Mail const *mail);

/* Messages in messages and multiparts in each other: as deep as maildir-op opens them (MIME_DEPTH_MAX). */
static void put_body(json_output *out, Porter__MailBody const *body)
{
  int kind = body ? (int)body->body_case : PORTER__MAIL_BODY__BODY__NOT_SET;
  json_put_text(out, "{\"discrete\":");
  if (kind == PORTER__MAIL_BODY__BODY_DISCRETE) json_put_string(out, (char const *)body->discrete.data, body->discrete.len);
  else json_put_text(out, kind == PORTER__MAIL_BODY__BODY__NOT_SET ? "\"\"" : "null");
  json_put_text(out, ",\"multipart\":");
  if (kind == PORTER__MAIL_BODY__BODY_MULTIPART) {
    Porter__Multipart const *multipart = body->multipart;
    put_if(out, "{\"preamble\":", multipart->preamble);
    json_put_text(out, ",\"parts\":[");
    for (size_t i = 0; i < multipart->n_parts; i++) {
      json_put_text(out, i ? ",{\"mime_header\":" : "{\"mime_header\":");
      varlink_put_mime(out, multipart->parts[i]->mime_header);
      json_put_text(out, ",\"body\":");
      put_body(out, multipart->parts[i]->body);
      json_put_text(out, "}");
    }
    put_if(out, "],\"epilogue\":", multipart->epilogue);
    json_put_text(out, "}");
  } else json_put_text(out, "null");
  json_put_text(out, ",\"mail\":");
  if (kind == PORTER__MAIL_BODY__BODY_MAIL) put_mail(out, body->mail);
  else json_put_text(out, "null");
  json_put_text(out, "}");
}

static void put_mail(json_output *out, Porter__Mail const *mail)
{
  json_put_text(out, "{\"head\":");
  put_head(out, mail ? mail->head : NULL);
  json_put_text(out, ",\"body\":");
  put_body(out, mail ? mail->body : NULL);
  json_put_text(out, "}");
}

void varlink_reply_list(json_output *out, void const *response)
{
  Porter__ListResp const *r = response;
  put_list_heads(out, "\"mail_heads\":[", r->mail_heads, r->n_mail_heads);
}

void varlink_reply_list_search(json_output *out, void const *response)
{
  Porter__ListSearchResp const *r = response;
  put_list_heads(out, "\"mail_heads\":[", r->mail_heads, r->n_mail_heads);
  json_put_text(out, r->first ? ",\"first\":true" : ",\"first\":false");
  json_put_text(out, r->last ? ",\"last\":true" : ",\"last\":false");
}

void varlink_reply_search(json_output *out, void const *response)
{
  Porter__SearchResp const *r = response;
  put_list_heads(out, "\"found\":[", r->found, r->n_found);
}

void varlink_reply_stats(json_output *out, void const *response)
{
  Porter__StatsResp const *r = response;
  json_put_text(out, "\"mail_count\":");
  json_put_number(out, r->mail_count);
  json_put_text(out, ",\"unread_count\":");
  json_put_number(out, r->unread_count);
  json_put_text(out, ",\"byte_size\":");
  json_put_number(out, r->byte_size);
}

void varlink_reply_show(json_output *out, void const *response)
{
  json_put_text(out, "\"mail\":");
  put_mail(out, ((Porter__ShowResp const *)response)->mail);
}

void varlink_reply_folders(json_output *out, void const *response)
{
  Porter__FoldersResp const *r = response;
  put_strings(out, "\"folders\":", r->folders, r->n_folders);
}

void varlink_reply_nothing(json_output *out, void const *response)
{
  (void)out;
  (void)response;
}

void varlink_reply_add_folder(json_output *out, void const *response)
{
  Porter__AddFolderResp const *r = response;
  json_put_text(out, r->status == PORTER__ADD_FOLDER_RESP__STATUS__SKIPPED ? "\"status\":\"skiped\"" : "\"status\":\"created\"");
}
