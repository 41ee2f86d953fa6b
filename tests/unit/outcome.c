/* The table of outcomes, whole: every error of maildir.proto, every exit code. */
#include <maildir.pb-c.h>
#include <porter/exit.h>
#include <porter/outcome.h>

#include "tap.h"

static void errors(void)
{
  ProtobufCEnumDescriptor const *d = &porter__error__code__descriptor;
  for (unsigned int i = 0; i < d->n_values; i++) {
    int code = d->values[i].value;
    is_str(outcome_name(code), d->values[i].name, "an error's name");
    is_int(outcome_error(d->values[i].name), code, "and back");
    ok(!code || outcome_exit(code) != EXIT_PERMANENT, "an exit code of its own: %s", d->values[i].name);
  }
  ok(!outcome_name(-1) && !outcome_name(14000) && outcome_exit(-1) == EXIT_PERMANENT && outcome_exit(14000) == EXIT_PERMANENT, "an error that is new");
  is_int(outcome_error("NOTHING"), PORTER__ERROR__CODE__UNKNOWN, "a name that is new");
}

static int is_one_of(int code, int const *codes, size_t n)
{
  for (size_t i = 0; i < n; i++) if (codes[i] == code) return 1;
  return 0;
}
#define IS_ONE_OF(code, ...) is_one_of(code, (int const[]){ __VA_ARGS__ }, sizeof (int const[]){ __VA_ARGS__ } / sizeof(int))

static void codes(void)
{
  int good = 1;
  for (int code = 0; code < 256; code++) {
    outcome call = outcome_of_call(code), login = outcome_of_login(code);
    int answered = IS_ONE_OF(code, EXIT_DONE, EXIT_ERROR, EXIT_REQUEST, EXIT_UNSUPPORTED), again = answered && code != EXIT_REQUEST;
    int ours = IS_ONE_OF(code, EXIT_DONE, EXIT_USAGE, EXIT_PERMANENT, EXIT_NOEXEC, EXIT_NOTFOUND);
    int instead = code == EXIT_REQUEST ? PORTER__ERROR__CODE__BAD_REQUEST : code == EXIT_UNSUPPORTED ? PORTER__ERROR__CODE__UNSUPPORTED
      : code == EXIT_TEMPORARY ? PORTER__ERROR__CODE__TEMPORARY : PORTER__ERROR__CODE__UNKNOWN;
    int refused = code == EXIT_MISUSE ? PORTER__ERROR__CODE__BAD_REQUEST : code == EXIT_ACCOUNT ? PORTER__ERROR__CODE__NO_MAILBOX
      : code == EXIT_TEMPORARY ? PORTER__ERROR__CODE__TEMPORARY : ours ? PORTER__ERROR__CODE__UNKNOWN : PORTER__ERROR__CODE__REFUSED;
    if (call.answered != answered || call.again != again || call.error != instead || !call.text || login.error != refused || !login.text) {
      good = 0;
      printf("# code %d\n", code);
    }
  }
  ok(good, "each code: whether there is an answer, whether the connection may go on, what is sent instead, and to who logs in");
}

int main(void)
{
  errors();
  codes();
  return done();
}
