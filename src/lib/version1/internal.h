/* What the files of version 1 share. */
#ifndef PORTER_VERSION1_INTERNAL_H
#define PORTER_VERSION1_INTERNAL_H

#include <maildir.pb-c.h>

#include <porter/arena.h>
#include <porter/ask.h>
#include <porter/json_output.h>

typedef struct version1_s version1;
struct version1_s {
  char const *prog;
  char const *charset;     /* null, or what prog is given with -c */
  char const *const *argv; /* the mode and its arguments */
  unsigned int argc;
  char *mid; /* the first argument of the modes that are about one mail */
  char const *const *envp;
  sink_func *sink;
  void *context;
  char *fault;
};

/* --- asking maildir-op --- */

typedef struct ask_answer_s answer;
#define ANSWER_ZERO ASK_ANSWER_ZERO

/* Asks method; the answer's memory is given back by ask_free. Returns its code. */
extern int ask_method(version1 *v, char const *method, ProtobufCMessage const *request, answer *response);
/* Unpacks the response, into response->message. EXIT_DONE or EXIT_TEMPORARY. */
extern int answer_unpack(version1 *v, answer *response, ProtobufCMessageDescriptor const *type);

/* --- answering --- */

/* Each returns an exit code. */
extern int fail_system(version1 *v, char const *what);
/* {"error": text, "mode": mode} and EXIT_ERROR. */
extern int answer_error(version1 *v, char const *text, size_t len);
/* What a failed ask means: {"error": ...}, or an exit code with a line on standard error. */
extern int answer_failed(version1 *v, answer const *response);
extern void answer_start(version1 *v, json_output *out);
extern int answer_end(version1 *v, json_output *out);

extern int read_mail(version1 *v);
extern int raw_mail(version1 *v);
extern int move_mail(version1 *v);

/* --- what JSON says of a mail --- */

extern void put_content_type(json_output *out, Porter__MIMEHeader const *mime);
extern int is_multipart(Porter__MIMEHeader const *mime);
/* The object "head", and its members again; delivered stands in where the mail has no date. */
extern void put_mail_head(json_output *out, Porter__MailHeader const *head, char const *delivered);
extern void put_list_head(json_output *out, Porter__ListMailHeader const *head);
/* A mid as version 1 spells it: base%-INODE where the messages have base/INODE. */
extern void put_mid(json_output *out, char const *mid);
/* What a client gave back, as the messages have it; to be freed. Null where memory fails. */
extern char *mid_of(char const *word);
/* The value of "body". */
extern void put_body(json_output *out, Porter__MIMEHeader const *mime, Porter__MailBody const *body);

/* RFC 3339 with any offset in UTC, as 2019-02-22T10:06:54Z; 0 where it is none, else the length. */
#define UTC_FMT 32
extern size_t date_in_utc(char *out, char const *date);

#endif
