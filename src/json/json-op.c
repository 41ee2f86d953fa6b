/* json-op [-d] prog... METHOD: a request in JSON for a program that takes messages, its response in JSON. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include <maildir.pb-c.h>
#include <porter/ask.h>
#include <porter/confine.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/input.h>
#include <porter/json_output.h>
#include <porter/limits.h>
#include <porter/message_json.h>
#include <porter/outcome.h>
#include <porter/say.h>
#include <porter/session.h>

#define USAGE "json-op [ -d ] prog... METHOD"

static int to_stdout(void *context, char const *s, size_t len)
{
  (void)context;
  return allwrite(1, s, len) == len;
}

/* An answer of our own. Returns the exit code that goes with it. */
static int refuse(int error, char const *text)
{
  json_output out;
  json_put_start(&out, &to_stdout, NULL, 0);
  json_put_text(&out, "{\"error\":{\"code\":\"");
  json_put_text(&out, outcome_name(error));
  json_put_text(&out, "\",\"text\":");
  json_put_string(&out, text, strlen(text));
  json_put_text(&out, "}}\n");
  if (!json_put_end(&out)) die_unable(EXIT_TEMPORARY, "write the response");
  return outcome_exit(error);
}

/* The type of the method's request or response; null where there is no such method. */
static ProtobufCMessageDescriptor const *type(char const *method, char const *suffix)
{
  char name[FRAME_METHOD_MAX + 5];
  size_t len = strlen(method);
  if (!frame_method(method, len)) return NULL;
  memcpy(name, method, len);
  memcpy(name + len, suffix, strlen(suffix) + 1);
  return message_type(name);
}

/* EXIT_DONE with the request as a message, or the code of what was answered. */
static int read_request(ProtobufCMessageDescriptor const *t, arena *a, slice *request)
{
  static stralloc input = STRALLOC_ZERO; /* where it is refused, the program ends with it */
  char fault[MESSAGE_FAULT_SIZE];
  if (!input_read(0, JSON_MAX, &input)) {
    if (errno == EMSGSIZE) return refuse(PORTER__ERROR__CODE__BAD_REQUEST, "the JSON text is too long");
    die_unable(EXIT_TEMPORARY, "read the request");
  }
  *request = (slice){ input.s, input.len };
  if (json_values(*request) > JSON_VALUES_MAX) return refuse(PORTER__ERROR__CODE__BAD_REQUEST, "the JSON text has too many values");
  if (!json_to_message(t, *request, a, request, fault)) {
    if (errno == EPROTO) return refuse(PORTER__ERROR__CODE__BAD_REQUEST, fault);
    die_unable(EXIT_TEMPORARY, "read the request");
  }
  stralloc_free(&input);
  return EXIT_DONE;
}

static int respond(ProtobufCMessageDescriptor const *t, ask_answer const *answer, int defaults)
{
  char fault[MESSAGE_FAULT_SIZE];
  if (message_to_json(t, answer->octets, defaults, &to_stdout, NULL, fault) && to_stdout(NULL, "\n", 1)) return answer->code;
  if (errno == EPROTO) die(EXIT_TEMPORARY, "the response is no message: ", fault);
  die_unable(EXIT_TEMPORARY, "write the response");
}

static void started(void) { confine_translator(); }

/* The method, from reading its request to writing its response. Returns the exit code. */
static int call(char const *const *argv, char const *method, int defaults, ask_answer *answer)
{
  ProtobufCMessageDescriptor const *req = type(method, "Req"), *resp = type(method, "Resp");
  slice request = SLICE_ZERO;
  int code;
  if (!req || !resp) return refuse(PORTER__ERROR__CODE__UNSUPPORTED, "no such method");
  code = read_request(req, &answer->a, &request);
  if (code != EXIT_DONE) return code;
  answer->started = started;
  code = ask_run(argv, (char const *const *)environ, request, JSON_RESPONSE_MAX, answer);
  if (answer->too_large) return refuse(PORTER__ERROR__CODE__TOO_LARGE, "too large for JSON (Raw gives it in pieces, by offset and length)");
  if (answer->failed) die_unable(code, answer->failed);
  /* No answer, or a no without a word: who reads this (frame-read, frame-write) answers. */
  if (!outcome_of_call(code).answered || (code != EXIT_DONE && !answer->octets.len)) return code;
  return respond(resp, answer, defaults);
}

int main(int argc, char const *const *argv)
{
  int defaults = 0, code;
  ask_answer answer = ASK_ANSWER_ZERO;
  PROG = "json-op";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "d", &l)) != -1;) {
      if (opt != 'd') strerr_dieusage(EXIT_USAGE, USAGE);
      defaults = 1;
    }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc < 2) strerr_dieusage(EXIT_USAGE, USAGE);
  if (!session_begin()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");

  code = call(argv, argv[argc - 1], defaults, &answer);
  ask_free(&answer);
  return code;
}
