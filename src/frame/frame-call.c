/* frame-call: one request over a connection that is on descriptors 6 and 7 (UCSPI), and its response. */
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/bytestr.h>
#include <skalibs/djbunix.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>
#include <skalibs/stralloc.h>
#include <skalibs/types.h>
#include <skalibs/uint32.h>

#include <porter/child.h>
#include <porter/credentials.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/input.h>
#include <porter/message_json.h>
#include <porter/outcome.h>
#include <porter/text.h>

#define USAGE "frame-call [ -a ] [ -j ] [ -n max ] [ -t seconds ] METHOD"
#define dieusage() strerr_dieusage(EXIT_USAGE, USAGE)
#define IN 6
#define OUT 7

static ProtobufCMessageDescriptor const *type(char const *method, char const *suffix)
{
  char name[FRAME_METHOD_MAX + 5];
  size_t len = strlen(method);
  memcpy(name, method, len);
  memcpy(name + len, suffix, strlen(suffix) + 1);
  ProtobufCMessageDescriptor const *t = message_type(name);
  if (!t) strerr_dief2x(EXIT_USAGE, "no message is named ", name);
  return t;
}

/* The server may have answered and closed its end already: then what cannot be sent does not matter, the response does. */
static void unsent(void)
{
  if (errno != EPIPE && errno != ECONNRESET) strerr_diefu1sys(EXIT_TEMPORARY, "send the request");
}

static void put(char const *method, char const *s, size_t len)
{
  char head[FRAME_METHOD_MAX + 8];
  size_t n = frame_request_head(head, method, (uint32_t)len);
  if (allwrite(OUT, head, n) == n && allwrite(OUT, s, len) == len) return;
  unsent();
}

/* A request that lies in a file goes from there: it may be large. */
static void put_file(char const *method)
{
  struct stat st;
  off_t at = lseek(0, 0, SEEK_CUR);
  char head[FRAME_METHOD_MAX + 8];
  size_t n;
  if (fstat(0, &st) < 0) strerr_diefu1sys(EXIT_TEMPORARY, "read the request");
  if (at > st.st_size) at = st.st_size;
  if (st.st_size - at > FRAME_MESSAGE_MAX) strerr_dief1x(EXIT_REQUEST, "the request is too long");
  n = frame_request_head(head, method, (uint32_t)(st.st_size - at));
  if (allwrite(OUT, head, n) < n) {
    unsent();
    return;
  }
  while (at < st.st_size) {
    ssize_t w = sendfile(OUT, 0, &at, (size_t)(st.st_size - at));
    if (w < 0 && errno == EINTR) continue;
    if (!w) strerr_dief1x(EXIT_TEMPORARY, "the request became shorter while it was sent");
    if (w < 0) {
      unsent();
      return;
    }
  }
}

static void put_auth(void)
{
  credentials c;
  if (!credentials_read(3, &c)) strerr_diefu1sys(EXIT_MISUSE, "read the credentials on descriptor 3");
  put("Auth", c.s, c.len);
  credentials_wipe(&c);
}

/* Memory is taken for what has come, not for what is announced. */
static void get(stralloc *response, uint32_t max, unsigned int patience)
{
  char head[4];
  uint32_t len;
  if (frame_fill(IN, head, 4, frame_clock() + 1000 * (int64_t)patience) < 4) {
    if (!errno) strerr_dief1x(EXIT_TEMPORARY, "the connection was closed without a response");
    strerr_diefu1sys(EXIT_TEMPORARY, "read the response");
  }
  uint32_unpack_big(head, &len);
  if (len > max) strerr_dief1x(EXIT_TEMPORARY, "the response is too long");
  while (response->len < len) {
    size_t piece = len - response->len < FRAME_PIECE ? len - response->len : FRAME_PIECE;
    if (!stralloc_readyplus(response, piece)) strerr_diefu1sys(EXIT_TEMPORARY, "keep the response");
    if (frame_fill(IN, response->s + response->len, piece, frame_clock() + 1000 * (int64_t)patience) < piece) {
      if (!errno) strerr_dief1x(EXIT_TEMPORARY, "the connection was closed inside the response");
      strerr_diefu1sys(EXIT_TEMPORARY, "read the response");
    }
    response->len += piece;
  }
}

static int print_piece(void *context, char const *s, size_t len)
{
  (void)context;
  return allwrite(1, s, len) == len;
}

static void print(ProtobufCMessageDescriptor const *t, stralloc const *response)
{
  char fault[MESSAGE_FAULT_SIZE];
  int good = t ? message_to_json(t, (slice){ response->s, response->len }, 0, &print_piece, NULL, fault) && print_piece(NULL, "\n", 1)
               : print_piece(NULL, response->s, response->len);
  if (!good && t && errno == EPROTO) strerr_dief2x(EXIT_TEMPORARY, "the response is no message: ", fault);
  if (!good) strerr_diefu1sys(EXIT_TEMPORARY, "write the response");
}

static int finish(stralloc const *response)
{
  char line[TEXT_ESCAPE_MAX + 1];
  slice text;
  int code, r;
  /* No message begins so: it would be a group. */
  if (response->len && *response->s == '{') r = json_failure_find((slice){ response->s, response->len }, &code, line);
  else {
    r = frame_failure_find(response->s, response->len, &code, &text);
    text_escape(line, text.s ? text.s : "", text.len);
  }
  if (r < 0) strerr_dief1x(EXIT_TEMPORARY, "the response is no message");
  if (!r) return EXIT_DONE;
  strerr_warnw2x("error: ", line);
  return outcome_exit(code);
}

int main(int argc, char const *const *argv)
{
  unsigned int max = RESPONSE_MAX, patience = FRAME_PATIENCE, auth = 0, json = 0;
  stralloc input = STRALLOC_ZERO, response = STRALLOC_ZERO;
  arena a = ARENA_ZERO;
  slice request;
  PROG = "frame-call";
  {
    subgetopt l = SUBGETOPT_ZERO;
    for (int opt; (opt = subgetopt_r(argc, argv, "ajn:t:", &l)) != -1;) switch (opt) {
      case 'a': auth = 1; break;
      case 'j': json = 1; break;
      case 'n':
        if (!uint0_scan(l.arg, &max)) dieusage();
        break;
      case 't':
        if (!uint0_scan(l.arg, &patience) || !patience) dieusage();
        break;
      default: dieusage();
      }
    argc -= l.ind;
    argv += l.ind;
  }
  if (argc != 1 || !frame_method(argv[0], strlen(argv[0]))) dieusage();
  child_signals();
  prctl(PR_SET_DUMPABLE, 0); /* credentials */
  ProtobufCMessageDescriptor const *req = json ? type(argv[0], "Req") : NULL, *resp = json ? type(argv[0], "Resp") : NULL;
  /* What is wrong with it is seen before anything is sent. */
  struct stat st;
  int file = !json && !fstat(0, &st) && S_ISREG(st.st_mode);
  if (!file && !input_read(0, json ? JSON_MAX : FRAME_MESSAGE_MAX, &input))
    strerr_diefu1sys(errno == EMSGSIZE ? EXIT_REQUEST : EXIT_TEMPORARY, "read the request");
  request = (slice){ input.s, input.len };
  if (json) {
    char fault[MESSAGE_FAULT_SIZE];
    if (!json_to_message(req, request, &a, &request, fault)) {
      if (errno == EPROTO) strerr_dief1x(EXIT_REQUEST, fault);
      strerr_diefu1sys(EXIT_TEMPORARY, "make the request");
    }
  }
  if (auth) put_auth();
  if (file) put_file(argv[0]);
  else put(argv[0], request.s, request.len);
  get(&response, max, patience);
  stralloc_free(&input);
  arena_free(&a);
  print(resp, &response);
  int code = finish(&response);
  stralloc_free(&response);
  return code;
}
