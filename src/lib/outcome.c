/* Errors, exit codes, what is sent. */
#include <stddef.h>

#include <maildir.pb-c.h>
#include <porter/exit.h>
#include <porter/outcome.h>

#define ERROR(code) PORTER__ERROR__CODE__##code

int outcome_exit(int error)
{
  switch (error) {
    case ERROR(BAD_REQUEST): return EXIT_REQUEST;
    case ERROR(UNSUPPORTED): return EXIT_UNSUPPORTED;
    case ERROR(INVALID_FOLDER): case ERROR(NO_SUCH_MAIL): case ERROR(NO_SUCH_PART): case ERROR(FOLDER_EXISTS):
    case ERROR(FOLDER_NOT_EMPTY): case ERROR(OVER_QUOTA): case ERROR(INVALID_MAIL): case ERROR(TOO_LARGE):
    case ERROR(TOO_MANY_KEYWORDS): case ERROR(HAS_FOLDERS): case ERROR(NO_SUCH_UPLOAD): return EXIT_ERROR;
    case ERROR(REFUSED): return EXIT_REFUSED;
    case ERROR(TEMPORARY): return EXIT_TEMPORARY;
    case ERROR(NO_MAILBOX): return EXIT_ACCOUNT;
    default: return EXIT_PERMANENT;
  }
}

typedef struct row_s row;
struct row_s {
  int code;
  outcome call;   /* of a program that answers a request */
  outcome login;  /* of a chain that has not come so far */
};

static char const refused[] = "the request was refused", undone[] = "the request could not be carried out",
  later[] = "temporary failure, try again later", not_him[] = "user or password not accepted",
  not_credentials[] = "these are no credentials", no_mailbox[] = "this account has no mailbox",
  amiss[] = "the server is not set up right";

/* code              answered  again  in place of a response      in place of a login */
static row const rows[] = {
  { EXIT_DONE,        { 1, 1, ERROR(UNKNOWN), undone },           { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_MISUSE,      { 0, 0, ERROR(UNKNOWN), undone },           { 0, 0, ERROR(BAD_REQUEST), not_credentials } },
  { EXIT_ERROR,       { 1, 1, ERROR(UNKNOWN), refused },          { 0, 0, ERROR(REFUSED), not_him } },
  { EXIT_REQUEST,     { 1, 0, ERROR(BAD_REQUEST), refused },      { 0, 0, ERROR(REFUSED), not_him } },
  { EXIT_ACCOUNT,     { 0, 0, ERROR(UNKNOWN), undone },           { 0, 0, ERROR(NO_MAILBOX), no_mailbox } },
  { EXIT_UNSUPPORTED, { 1, 1, ERROR(UNSUPPORTED), refused },      { 0, 0, ERROR(REFUSED), not_him } },
  { EXIT_USAGE,       { 0, 0, ERROR(UNKNOWN), undone },           { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_PERMANENT,   { 0, 0, ERROR(UNKNOWN), undone },           { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_TEMPORARY,   { 0, 0, ERROR(TEMPORARY), later },          { 0, 0, ERROR(TEMPORARY), later } },
  { EXIT_NOEXEC,      { 0, 0, ERROR(UNKNOWN), undone },           { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_NOTFOUND,    { 0, 0, ERROR(UNKNOWN), undone },           { 0, 0, ERROR(UNKNOWN), amiss } },
};
static row const other = { -1, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(REFUSED), not_him } };

static row const *find(int code)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) if (rows[i].code == code) return rows + i;
  return &other;
}

outcome outcome_of_call(int code)
{
  return find(code)->call;
}

outcome outcome_of_login(int code)
{
  return find(code)->login;
}
