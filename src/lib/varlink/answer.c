/* One call: its parameters become a request, maildir-op answers that, its response becomes a reply. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <porter/ask.h>
#include <porter/child.h>
#include <porter/exit.h>
#include <porter/message.h>
#include <porter/octets.h>
#include <porter/outcome.h>
#include <porter/text.h>
#include "internal.h"

static varlink_method const methods[] = {
  { "List", varlink_request_list, &porter__list_resp__descriptor, varlink_reply_list },
  { "ListSearch", varlink_request_list_search, &porter__list_search_resp__descriptor, varlink_reply_list_search },
  { "Stats", varlink_request_stats, &porter__stats_resp__descriptor, varlink_reply_stats },
  { "Show", varlink_request_show, &porter__show_resp__descriptor, varlink_reply_show },
  { "Raw", varlink_request_raw, NULL, NULL },
  { "Search", varlink_request_search, &porter__search_resp__descriptor, varlink_reply_search },
  { "Folders", varlink_request_folders, &porter__folders_resp__descriptor, varlink_reply_folders },
  { "Move", varlink_request_move, &porter__move_resp__descriptor, varlink_reply_nothing },
  { "Remove", varlink_request_remove, &porter__remove_resp__descriptor, varlink_reply_nothing },
  { "AddFolder", varlink_request_add_folder, &porter__add_folder_resp__descriptor, varlink_reply_add_folder },
};

static varlink_method const *find(char const *name)
{
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    if (!strcmp(methods[i].name, name)) return methods + i;
  return NULL;
}

int varlink_trouble(varlink_job *job, char const *fault)
{
  job->fault = fault;
  return EXIT_TEMPORARY;
}

int varlink_sent(varlink_job *job, int good, int code)
{
  if (good) return code;
  job->fault = "send the reply";
  return EXIT_PERMANENT;
}

/* --- errors --- */

static int error(varlink_job *job, int code, char const *name, char const *parameter, slice value)
{
  return varlink_sent(job, varlink_error(job->fd, job->patience, VARLINK_MAIL, name, parameter, value), code);
}

static int service_error(varlink_job *job, int code, char const *name, char const *parameter, char const *value)
{
  return varlink_sent(job, varlink_error(job->fd, job->patience, VARLINK_SERVICE, name, parameter, slice_of(value)), code);
}

static char const *parameter(varlink_job const *job, char const *name)
{
  char const *s = json_string_value(json_object_get(job->request.parameters, name));
  return s ? s : "";
}

/* Whether the text of an error speaks of a folder of that name (method_error's quotes). */
static int speaks_of(slice text, char const *folder)
{
  char quoted[TEXT_ESCAPE_MAX + 2];
  size_t len = text_escape(quoted + 1, folder, strlen(folder));
  quoted[0] = quoted[len + 1] = '"';
  return text.len && memmem(text.s, text.len, quoted, len + 2) != NULL;
}

static char const *folder(varlink_job const *job, slice text)
{
  if (job->request.message->descriptor == &porter__add_folder_req__descriptor) return parameter(job, "name");
  if (job->request.message->descriptor != &porter__move_req__descriptor) return parameter(job, "folder");
  return parameter(job, speaks_of(text, parameter(job, "from_folder")) ? "from_folder" : "to_folder");
}

static int failed(varlink_job *job, slice response, int code)
{
  slice text, value;
  char const *s;
  int kind;
  if (response.len && frame_failure_find(response.s, response.len, &kind, &text) <= 0)
    return errno = EPROTO, varlink_trouble(job, "read the response");
  if (!response.len) kind = outcome_of_call(code).error, text = (slice)SLICE_ZERO;
  switch (kind) {
  case PORTER__ERROR__CODE__BAD_REQUEST: return service_error(job, code, "InvalidParameter", "parameter", "parameters");
  case PORTER__ERROR__CODE__UNSUPPORTED: return service_error(job, code, "MethodNotImplemented", "method", job->name);
  case PORTER__ERROR__CODE__INVALID_FOLDER:
  case PORTER__ERROR__CODE__FOLDER_EXISTS:
    s = folder(job, text);
    return error(job, code, kind == PORTER__ERROR__CODE__INVALID_FOLDER ? "InvalidFolder" : "FolderExists", "folder", slice_of(s));
  case PORTER__ERROR__CODE__NO_SUCH_MAIL:
    s = parameter(job, "mid");
    if (job->request.message->descriptor == &porter__list_search_req__descriptor) s = job->request.bound.id;
    return error(job, code, "NoSuchMail", "mid", slice_of(s));
  case PORTER__ERROR__CODE__NO_SUCH_PART: s = parameter(job, "path"); return error(job, code, "NoSuchPart", "path", slice_of(s));
  case PORTER__ERROR__CODE__OVER_QUOTA: return error(job, code, "OverQuota", NULL, (slice)SLICE_ZERO);
  case PORTER__ERROR__CODE__TOO_LARGE: return error(job, code, "TooLarge", NULL, (slice)SLICE_ZERO);
  case PORTER__ERROR__CODE__TEMPORARY: return error(job, code, "Temporary", NULL, (slice)SLICE_ZERO);
  default: value = utf8_valid(text.s, text.len) == text.len ? text : (slice)SLICE_ZERO; return error(job, code, "Unknown", "text", value);
  }
}

/* EXIT_PERMANENT is kept for a reply that breaks off, so a program that ends with it is answered here. */
int varlink_failed(varlink_job *job, slice response, int code)
{
  outcome o = outcome_of_call(code);
  if (o.answered) return failed(job, response, code);
  return code == EXIT_PERMANENT ? error(job, EXIT_ERROR, "Unknown", "text", slice_of(o.text)) : code;
}

/* --- the work --- */

static int reply(varlink_job *job, ask_answer *answer)
{
  varlink_output out;
  ProtobufCMessage *message = message_unpack(job->method->response, answer->octets, &answer->a);
  if (!message) return errno = EPROTO, varlink_trouble(job, "read the response");
  varlink_start(&out, job->fd, job->patience);
  json_put_text(&out.json, "{\"parameters\":{");
  job->method->reply(&out.json, message);
  json_put_text(&out.json, "}}");
  return varlink_sent(job, varlink_end(&out), EXIT_DONE);
}

static int at_once(varlink_job *job, slice request)
{
  ask_answer answer = ASK_ANSWER_ZERO;
  answer.started = job->started;
  int code = ask_run(job->argv, (char const *const *)environ, request, FRAME_RESPONSE_MAX, &answer);
  job->fault = answer.failed;
  if (answer.too_large) code = error(job, EXIT_ERROR, "TooLarge", NULL, (slice)SLICE_ZERO);
  else if (code == EXIT_DONE) code = reply(job, &answer);
  else if (!answer.failed) code = varlink_failed(job, answer.octets, code);
  ask_free(&answer);
  return code;
}

/* The response comes through a pipe, and is sent on while it comes. */
static int as_it_comes(varlink_job *job, slice request)
{
  int p[2], code, in = octets_fd("request", request.s, request.len);
  pid_t pid;
  if (in < 0) return varlink_trouble(job, "make a file in memory");
  if (pipe2(p, O_CLOEXEC) < 0) {
    close(in);
    return varlink_trouble(job, "make a pipe");
  }
  pid = child_start(job->argv, (char const *const *)environ, (child_fd[]){ { in, 0 }, { p[1], 1 } }, 2, NULL);
  code = pid ? EXIT_DONE : child_unrun(errno);
  close(in);
  close(p[1]);
  if (pid && job->started) job->started();
  if (pid) return varlink_raw(job, p[0], pid);
  close(p[0]);
  job->fault = "run the program that answers";
  return code;
}

int varlink_answer(char const **argv, size_t argc, char const *name, json_t const *parameters, int fd, unsigned int patience, void (*started)(void),
  char const **fault)
{
  char whole[sizeof VARLINK_MAIL + 1 + FRAME_METHOD_MAX];
  varlink_job job = {
    .argv = argv, .name = whole, .method = find(name), .request = { .parameters = parameters }, .fd = fd, .patience = patience, .started = started
  };
  arena a = ARENA_ZERO;
  slice request;
  int code;
  snprintf(whole, sizeof whole, VARLINK_MAIL ".%s", name);
  if (!job.method) {
    code = service_error(&job, EXIT_UNSUPPORTED, "MethodNotFound", "method", whole);
  } else if (!json_is_object(parameters)) {
    code = service_error(&job, EXIT_REQUEST, "InvalidParameter", "parameter", "parameters");
  } else if (!job.method->request(&job.request)) {
    code = service_error(&job, EXIT_REQUEST, "InvalidParameter", "parameter", job.request.invalid);
  } else if (!message_pack(job.request.message, &a, &request)) {
    code = varlink_trouble(&job, "take memory");
  } else {
    argv[argc] = name;
    argv[argc + 1] = NULL;
    code = job.method->reply ? at_once(&job, request) : as_it_comes(&job, request);
  }
  arena_free(&a);
  *fault = job.fault;
  return code;
}
