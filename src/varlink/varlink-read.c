/* varlink-read: runs a program for each varlink call on descriptor 0, with the call's parameters on its standard input. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/types.h>

#include <maildir.pb-c.h>
#include <porter/child.h>
#include <porter/exit.h>
#include <porter/octets.h>
#include <porter/outcome.h>
#include <porter/say.h>
#include <porter/session.h>
#include <porter/varlink.h>

#define USAGE "varlink-read [ -b base ] [ -u user ] [ -t seconds ] prog..."
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)

static struct {
  varlink_door door;
  unsigned int patience;
} option = { { NULL, NULL, NULL }, FRAME_PATIENCE };
static int in_mailbox;                    /* Init has let the client in */
static char method[FRAME_METHOD_MAX + 1]; /* of the call: the program's last argument */

static int reply_to(varlink_call const *call) { return call->oneway ? -1 : 1; }

static int refuse(varlink_call const *call, char const *interface, char const *error, char const *name, slice value)
{
  return varlink_error(reply_to(call), option.patience, interface, error, name, value);
}

static int invalid(varlink_call const *call, char const *name)
{
  return refuse(call, VARLINK_SERVICE, "InvalidParameter", "parameter", slice_of(name));
}

static int init(varlink_call const *call)
{
  char const *wrong = NULL;
  varlink_output out;
  if (in_mailbox) return refuse(call, VARLINK_SERVICE, "PermissionDenied", NULL, (slice)SLICE_ZERO);
  in_mailbox = varlink_init(call->parameters, &option.door, &wrong);
  if (!in_mailbox) switch (errno) {
    case EINVAL: return invalid(call, wrong);
    case EACCES: return refuse(call, VARLINK_SERVICE, "PermissionDenied", NULL, (slice)SLICE_ZERO);
    default: return refuse(call, VARLINK_MAIL, "Temporary", NULL, (slice)SLICE_ZERO);
    }
  varlink_start(&out, reply_to(call), option.patience);
  json_put_text(&out.json, "{\"parameters\":{}}");
  return varlink_end(&out);
}

/* Runs the program for a call. Its exit code; what it could not answer itself is answered here, but for one that a signal killed: it may
 * have begun to. */
static int run(varlink_call const *call, char const *const *args)
{
  char *parameters = json_dumps(call->parameters, JSON_COMPACT);
  int in = parameters ? octets_fd("parameters", parameters, strlen(parameters)) : -1,
      out = call->oneway ? open("/dev/null", O_WRONLY | O_CLOEXEC) : 1;
  int code = EXIT_TEMPORARY, killed = 0;
  pid_t pid = 0;
  free(parameters);
  memcpy(method, call->name.s, call->name.len);
  method[call->name.len] = 0;
  if (in < 0 || out < 0) say_unable("prepare to run a program", NULL);
  else if (!(pid = child_start(args, (char const *const *)environ, (child_fd[]){ { in, 0 }, { out, 1 } }, 2, NULL))) {
    code = child_unrun(errno);
    say_unable("run ", args[0], NULL);
  }
  if (in >= 0) close(in);
  if (out > 1) close(out);
  if (pid) code = child_wait_end(pid, &killed);
  if (killed) say("warning: ", args[0], " was killed by a signal", NULL);
  return killed && !call->oneway ? EXIT_PERMANENT : code;
}

/* A call of the mail interface. 1, or 0 where the connection has to end: then *code is its. */
static int mail(varlink_call const *call, char const *const *args, int *code)
{
  outcome o;
  if (slice_is(call->name, "Init")) return init(call);
  if (!in_mailbox) return refuse(call, VARLINK_MAIL, "NotInitialized", NULL, (slice)SLICE_ZERO);
  if (!frame_method(call->name.s, call->name.len)) return refuse(call, VARLINK_SERVICE, "MethodNotFound", "method", call->method);
  *code = run(call, args);
  o = outcome_of_call(*code);
  if (o.answered || (call->oneway && *code != EXIT_PERMANENT)) return 1;
  if (*code == EXIT_PERMANENT) return 0; /* the reply broke off */
  return o.error == PORTER__ERROR__CODE__TEMPORARY ? refuse(call, VARLINK_MAIL, "Temporary", NULL, (slice)SLICE_ZERO)
                                                   : refuse(call, VARLINK_MAIL, "Unknown", "text", slice_of(o.text));
}

static int answer(varlink_call const *call, char const *const *args, int *code)
{
  *code = EXIT_REQUEST;
  if (call->invalid) return invalid(call, call->invalid);
  if (call->upgrade) return refuse(call, VARLINK_SERVICE, "MethodNotImplemented", "method", call->method);
  if (slice_is(call->interface, VARLINK_SERVICE)) return varlink_service(call, reply_to(call), option.patience);
  if (slice_is(call->interface, VARLINK_MAIL)) return mail(call, args, code);
  if (!call->interface.len) return refuse(call, VARLINK_SERVICE, "MethodNotFound", "method", call->method);
  return refuse(call, VARLINK_SERVICE, "InterfaceNotFound", "interface", call->interface);
}

/* Ends the connection for what came in. */
static int end(enum frame_status status)
{
  if (status == FRAME_SYSTEM) say_unable("read a call", NULL);
  else if (status != FRAME_IDLE) say(status == FRAME_OK ? "this is no varlink call" : frame_reason(status), NULL);
  frame_end(0, 1);
  return status == FRAME_SYSTEM ? EXIT_TEMPORARY : EXIT_REQUEST;
}

static int serve(varlink_input *in, char const *const *args)
{
  for (;;) {
    slice message;
    varlink_call call;
    int good, code;
    enum frame_status status = varlink_next(in, &message);
    if (status == FRAME_END) return EXIT_DONE;
    if (status != FRAME_OK) return end(status);
    if (!varlink_call_read(&call, message)) return end(errno == EPROTO ? FRAME_OK : FRAME_SYSTEM);
    good = answer(&call, args, &code);
    if (!good && code != EXIT_PERMANENT) say_unable("send a reply", NULL);
    varlink_call_free(&call);
    if (good) continue;
    frame_end(0, 1);
    return code;
  }
}

int main(int argc, char const *const *argv)
{
  static varlink_input in;
  PROG = "varlink-read";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "b:u:t:", &l)) != -1;) switch (opt) {
      case 'b':
        option.door.base = l.arg;
        if (*l.arg != '/') dieusage();
        break;
      case 'u': option.door.user = l.arg; break;
      case 't':
        if (!uint0_scan(l.arg, &option.patience) || !option.patience) dieusage();
        break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc < 1) dieusage();
  if (!session_begin()) die_unable(EXIT_TEMPORARY, "open descriptors 0 to 2");
  umask(077); /* of what is made in the mailbox that Init enters */
  session_serve();
  option.door.who = getenv("AUTHUSER");
  in.fd = 0;
  in.patience = option.patience;

  char const *args[argc + 2];
  memcpy(args, argv, (size_t)argc * sizeof *args);
  args[argc] = method;
  args[argc + 1] = NULL;
  return serve(&in, args);
}
