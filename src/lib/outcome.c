/* Errors, exit codes, what is sent. */
#include <stddef.h>
#include <string.h>

#include <maildir.pb-c.h>
#include <porter/exit.h>
#include <porter/outcome.h>

#define ERROR(code) PORTER__ERROR__CODE__##code

/* An error's place is its code. */
#define ROW(code, exit) [ERROR(code)] = { #code, exit }
static struct {
  char const *name;
  int exit;
} const errors[] = {
  ROW(UNKNOWN, EXIT_PERMANENT),
  ROW(BAD_REQUEST, EXIT_REQUEST),
  ROW(UNSUPPORTED, EXIT_UNSUPPORTED),
  ROW(INVALID_FOLDER, EXIT_ERROR),
  ROW(NO_SUCH_MAIL, EXIT_ERROR),
  ROW(NO_SUCH_PART, EXIT_ERROR),
  ROW(FOLDER_EXISTS, EXIT_ERROR),
  ROW(FOLDER_NOT_EMPTY, EXIT_ERROR),
  ROW(OVER_QUOTA, EXIT_ERROR),
  ROW(REFUSED, EXIT_REFUSED),
  ROW(TEMPORARY, EXIT_TEMPORARY),
  ROW(NO_MAILBOX, EXIT_ACCOUNT),
  ROW(INVALID_MAIL, EXIT_ERROR),
  ROW(TOO_LARGE, EXIT_ERROR),
  ROW(TOO_MANY_KEYWORDS, EXIT_ERROR),
  ROW(HAS_FOLDERS, EXIT_ERROR),
  ROW(NO_SUCH_UPLOAD, EXIT_ERROR),
};

static int is_known(int error) { return error >= 0 && error < (int)(sizeof errors / sizeof *errors) && errors[error].name; }

int outcome_exit(int error) { return is_known(error) ? errors[error].exit : EXIT_PERMANENT; }

char const *outcome_name(int error) { return is_known(error) ? errors[error].name : NULL; }

int outcome_error(char const *name)
{
  for (int i = 0; i < (int)(sizeof errors / sizeof *errors); i++)
    if (errors[i].name && !strcmp(errors[i].name, name)) return i;
  return ERROR(UNKNOWN);
}

typedef struct row_s row;
struct row_s {
  int code;
  outcome call;  /* of a program that answers a request */
  outcome login; /* of a chain that has not come so far */
};

static char const refused[] = "the request was refused", undone[] = "the request could not be carried out",
                  later[] = "temporary failure, try again later", not_him[] = "user or password not accepted",
                  not_credentials[] = "these are no credentials", no_mailbox[] = "this account has no mailbox",
                  amiss[] = "the server is not set up right";

/* code              answered  again  in place of a response      in place of a login */
static row const rows[] = {
  { EXIT_DONE, { 1, 1, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_MISUSE, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(BAD_REQUEST), not_credentials } },
  { EXIT_ERROR, { 1, 1, ERROR(UNKNOWN), refused }, { 0, 0, ERROR(REFUSED), not_him } },
  { EXIT_REQUEST, { 1, 0, ERROR(BAD_REQUEST), refused }, { 0, 0, ERROR(REFUSED), not_him } },
  { EXIT_ACCOUNT, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(NO_MAILBOX), no_mailbox } },
  { EXIT_UNSUPPORTED, { 1, 1, ERROR(UNSUPPORTED), refused }, { 0, 0, ERROR(REFUSED), not_him } },
  { EXIT_USAGE, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_PERMANENT, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_TEMPORARY, { 0, 0, ERROR(TEMPORARY), later }, { 0, 0, ERROR(TEMPORARY), later } },
  { EXIT_NOEXEC, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(UNKNOWN), amiss } },
  { EXIT_NOTFOUND, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(UNKNOWN), amiss } },
};
static row const other = { -1, { 0, 0, ERROR(UNKNOWN), undone }, { 0, 0, ERROR(REFUSED), not_him } };

static row const *find(int code)
{
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].code == code) return rows + i;
  return &other;
}

outcome outcome_of_call(int code) { return find(code)->call; }

outcome outcome_of_login(int code) { return find(code)->login; }
