/* What the files of the varlink door share. */
#ifndef PORTER_VARLINK_INTERNAL_H
#define PORTER_VARLINK_INTERNAL_H

#include <sys/types.h>

#include <maildir.pb-c.h>

#include <porter/arena.h>
#include <porter/varlink.h>

/* --- from parameters to a request --- */

#define VARLINK_PLACE_MAX 64
typedef struct varlink_request_s varlink_request;
struct varlink_request_s {
  json_t const *parameters;        /* own the request's texts */
  char invalid[VARLINK_PLACE_MAX]; /* where a parameter is wrong: which, such as "sort.direction" */
  ProtobufCMessage const *message; /* one of these */
  Porter__Bound bound;
  Porter__Sort sort;
  char *mid;
  union {
    ProtobufCMessage message;
    Porter__ListReq list;
    Porter__ListSearchReq list_search;
    Porter__StatsReq stats;
    Porter__ShowReq show;
    Porter__RawReq raw;
    Porter__SearchReq search;
    Porter__FoldersReq folders;
    Porter__MoveReq move;
    Porter__RemoveReq remove;
    Porter__AddFolderReq add_folder;
  } of;
};
/* Each makes a request of its method. 1, or 0 with the parameter's name in invalid. */
typedef int varlink_request_func(varlink_request *r);
extern varlink_request_func varlink_request_list, varlink_request_list_search, varlink_request_stats, varlink_request_show, varlink_request_raw,
  varlink_request_search, varlink_request_folders, varlink_request_move, varlink_request_remove, varlink_request_add_folder;

/* --- from a response to parameters --- */

/* Each writes the members of a reply's parameters from an unpacked response. */
typedef void varlink_reply_func(json_output *out, void const *response);
extern varlink_reply_func varlink_reply_list, varlink_reply_list_search, varlink_reply_stats, varlink_reply_show, varlink_reply_search,
  varlink_reply_folders, varlink_reply_nothing, varlink_reply_add_folder;
extern void varlink_put_mime(json_output *out, Porter__MIMEHeader const *mime);

/* --- methods --- */

typedef struct varlink_method_s varlink_method;
struct varlink_method_s {
  char const *name;
  varlink_request_func *request;
  ProtobufCMessageDescriptor const *response;
  varlink_reply_func *reply; /* null: Raw, whose response is sent on as it comes */
};

/* A run of maildir-op and where its reply goes. */
typedef struct varlink_job_s varlink_job;
struct varlink_job_s {
  char const **argv;
  char const *name; /* of the method, whole */
  varlink_method const *method;
  varlink_request request;
  int fd; /* of the reply */
  unsigned int patience;
  void (*started)(void); /* called once the program runs */
  char const *fault;
};
/* EXIT_TEMPORARY, with what could not be done. */
extern int varlink_trouble(varlink_job *job, char const *fault);
/* The program has ended with that code, which is not EXIT_DONE: sends the error that its response means, where it has one. Returns the exit code. */
extern int varlink_failed(varlink_job *job, slice response, int code);
/* What becomes of a reply that has begun: code where all of it went, else EXIT_PERMANENT. */
extern int varlink_sent(varlink_job *job, int good, int code);
/* Sends Raw's reply while the response comes from the descriptor, and closes that; pid is who writes it. */
extern int varlink_raw(varlink_job *job, int from, pid_t pid);

#endif
