/* Mails as version 1's JSON has them, key for key. */
#include <string.h>

#define MID_MAX 1024 /* a file's name, each octet of it escaped, and an inode */

#include "internal.h"

static void put_pair(json_output *out, char const *before, char const *s)
{
  json_put_text(out, before);
  json_put_string(out, s, strlen(s));
}

/* Both kinds of client exist: those that read address, and those that read email. */
static void put_addresses(json_output *out, char const *before, Porter__MailAddr *const *list, size_t n)
{
  json_put_text(out, before);
  for (size_t i = 0; i < n; i++) {
    put_pair(out, i ? ",{\"name\":" : "{\"name\":", list[i]->name);
    put_pair(out, ",\"address\":", list[i]->address);
    put_pair(out, ",\"email\":", list[i]->address);
    json_put_text(out, "}");
  }
  json_put_text(out, "]");
}

int is_multipart(Porter__MIMEHeader const *mime) { return mime && !strcmp(mime->main_type, "multipart"); }

void put_content_type(json_output *out, Porter__MIMEHeader const *mime)
{
  char type[256];
  size_t len = mime ? strlen(mime->main_type) : 0, sub = mime ? strlen(mime->sub_type) : 0;
  if (!len || !sub || len + sub >= sizeof type) {
    json_put_text(out, "\"text/plain\""); /* RFC 2045 5.2 */
  } else {
    memcpy(type, mime->main_type, len);
    type[len++] = '/';
    memcpy(type + len, mime->sub_type, sub);
    json_put_string(out, type, len + sub);
  }
}

static void put_date(json_output *out, char const *sent, char const *delivered)
{
  static char const none[] = "1970-01-01T00:00:00Z"; /* a client that calls strptime does not look first */
  char date[UTC_FMT];
  size_t len = date_in_utc(date, sent);
  if (!len) len = date_in_utc(date, delivered);
  json_put_string(out, len ? date : none, len ? len : sizeof none - 1);
}

static void put_fields(json_output *out, Porter__MailHeader const *head, char const *delivered)
{
  put_pair(out, "\"subject\":", head->subject);
  put_addresses(out, ",\"from\":[", head->written_from, head->n_written_from);
  put_addresses(out, ",\"to\":[", head->send_to, head->n_send_to);
  put_addresses(out, ",\"cc\":[", head->cc, head->n_cc);
  put_addresses(out, ",\"bcc\":[", head->bcc, head->n_bcc);
  json_put_text(out, ",\"date\":");
  put_date(out, head->send_date, delivered);
  json_put_text(out, ",\"content_type\":");
  put_content_type(out, head->mime);
}

/* Of twenty states of JWebmail 1.x two read what is in "head", the others the same beside it, some of them under the name date_received. */
void put_mail_head(json_output *out, Porter__MailHeader const *head, char const *delivered)
{
  Porter__MailHeader const empty = PORTER__MAIL_HEADER__INIT;
  if (!head) head = &empty;
  json_put_text(out, "\"head\":{");
  put_fields(out, head, delivered);
  json_put_text(out, "},");
  put_fields(out, head, delivered);
  json_put_text(out, ",\"date_received\":");
  put_date(out, head->send_date, delivered);
}

/* Its routes take no / in a mid. Where one has it, % is followed by two hex digits else, so %- is nothing else. */
void put_mid(json_output *out, char const *mid)
{
  size_t len = strcspn(mid, "/");
  char s[MID_MAX + 2];
  if (!mid[len] || strlen(mid) > MID_MAX) {
    json_put_string(out, mid, strlen(mid));
    return;
  }
  memcpy(s, mid, len);
  memcpy(s + len, "%-", 2);
  strcpy(s + len + 2, mid + len + 1);
  json_put_string(out, s, strlen(s));
}

char *mid_of(char const *word)
{
  char *mid = strdup(word), *mark = mid ? strstr(mid, "%-") : NULL;
  if (mark) {
    *mark = '/';
    memmove(mark + 1, mark + 2, strlen(mark + 2) + 1);
  }
  return mid;
}

void put_list_head(json_output *out, Porter__ListMailHeader const *head)
{
  json_put_text(out, "{\"mid\":");
  put_mid(out, head->mid);
  json_put_text(out, ",\"size\":");
  json_put_number(out, head->byte_size);
  json_put_text(out, head->unread ? ",\"new\":true" : ",\"new\":false");
  json_put_text(out, is_multipart(head->header ? head->header->mime : NULL) ? ",\"is_multipart\":true" : ",\"is_multipart\":false");
  json_put_text(out, ",");
  put_mail_head(out, head->header, head->rec_date);
  json_put_text(out, "}");
}

/* Whoever reads a part reads its text twice ("val" and "body"), a nested multipart's 4, 8, 16 times. Below NESTED_MAX the
 * parts stand in the array of the multipart around them, so that a mail made to hurt stays a multiple of its size. */
#define NESTED_MAX 4

static void put_value(json_output *out, Porter__MIMEHeader const *mime, Porter__MailBody const *body, unsigned int depth);

/* What stands where a multipart's first part should: all there is of one that lacks its boundary. */
static void put_preamble(json_output *out, char const *text, int *some)
{
  json_put_text(out, *some ? "," : "");
  *some = 1;
  put_pair(out, "{\"type\":\"text/plain\",\"val\":", text);
  put_pair(out, ",\"head\":{\"content_type\":\"text/plain\"},\"body\":", text);
  json_put_text(out, "}");
}

static void put_parts(json_output *out, Porter__Multipart const *multipart, unsigned int depth, int *some)
{
  if (!multipart->n_parts && *multipart->preamble) put_preamble(out, multipart->preamble, some);
  for (size_t i = 0; i < multipart->n_parts; i++) {
    Porter__MIMEPart const *part = multipart->parts[i];
    if (depth >= NESTED_MAX && part->body && part->body->body_case == PORTER__MAIL_BODY__BODY_MULTIPART) {
      put_parts(out, part->body->multipart, depth + 1, some); /* as deep as MIME_DEPTH_MAX */
      continue;
    }
    json_put_text(out, *some ? ",{\"type\":" : "{\"type\":");
    *some = 1;
    put_content_type(out, part->mime_header);
    json_put_text(out, ",\"val\":");
    put_value(out, part->mime_header, part->body, depth);
    json_put_text(out, ",\"head\":{\"content_type\":");
    put_content_type(out, part->mime_header);
    json_put_text(out, "},\"body\":");
    put_value(out, part->mime_header, part->body, depth);
    json_put_text(out, "}");
  }
}

static void put_value(json_output *out, Porter__MIMEHeader const *mime, Porter__MailBody const *body, unsigned int depth)
{
  if (body && body->body_case == PORTER__MAIL_BODY__BODY_MULTIPART) {
    int some = 0;
    json_put_text(out, "[");
    put_parts(out, body->multipart, depth + 1, &some);
    json_put_text(out, "]");
  } else if (body && body->body_case == PORTER__MAIL_BODY__BODY_DISCRETE && mime && !strcmp(mime->main_type, "text")) {
    json_put_string(out, (char const *)body->discrete.data, body->discrete.len);
  } else {
    json_put_text(out, "\"\"");
  }
}

void put_body(json_output *out, Porter__MIMEHeader const *mime, Porter__MailBody const *body) { put_value(out, mime, body, 0); }
