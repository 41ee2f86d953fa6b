/* Append: a mail is stored. It is assembled in the folder's tmp, looked at there, and appears whole; only then does the mail go
 * that it replaces. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <porter/exit.h>
#include "changes.h"
#include "conversations.h"
#include "storing.h"

#define HEAD_PIECE 16384

/* A field's name, blanks, a colon (RFC 5322 2.2, 4.5). */
static int begins_with_field(char const *s, size_t len)
{
  size_t i = 0;
  while (i < len && s[i] > 0x20 && s[i] < 0x7f && s[i] != ':') i++;
  if (!i) return 0;
  while (i < len && (s[i] == ' ' || s[i] == '\t')) i++;
  return i < len && s[i] == ':';
}

/* What is wrong with the mail in the file, null where nothing is; errno is not 0 where it could not be read. The head ends at the
 * first empty line; what remains of a line end, n octets, is remembered from piece to piece. */
static char const *mail_fault(int fd)
{
  char s[HEAD_PIECE];
  int empty = 0; /* 1: a line has ended, 2: and a CR came */
  for (off_t at = 0;;) {
    ssize_t r = pread(fd, s, sizeof s, at);
    if (r < 0) return "";
    errno = 0;
    if (!r) return at ? NULL : "it is empty";
    if (!at && r >= 5 && !memcmp(s, "From ", 5)) return "it begins with a line of mbox";
    if (!at && !begins_with_field(s, (size_t)r)) return "its first line is no field";
    for (ssize_t i = 0; i < r; i++) {
      if (!s[i]) return "there is a NUL in its head";
      if (s[i] == '\n' && empty) return NULL;
      empty = s[i] == '\n' ? 1 : s[i] == '\r' && empty == 1 ? 2 : 0;
    }
    at += r;
  }
}

static int look(method_call *call, storing const *to)
{
  char const *fault = mail_fault(to->d.fd);
  if (!fault) return EXIT_DONE;
  if (errno) return method_temporary(call, "look at the mail");
  return method_fail(call, PORTER__ERROR__CODE__INVALID_MAIL, "this is no mail:", slice_of(fault), 0);
}

/* What the request says of the mail, understood. */
typedef struct append_s append;
struct append_s {
  storing to;
  folder *f;
  int64_t date;
  int dated, counts;
  char flags[KEYWORDS_LETTERS];
  char name[MAILDIR_NAME_MAX + 1];
};

/* What storing failed with; that there is no such folder where somebody has removed it meanwhile. */
static int fail(method_call *call, append *p)
{
  int const error = errno;
  if (error == ENOENT && !folder_is_there(p->f, call->box, p->to.where))
    return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", p->to.where, 0);
  errno = error;
  return storing_fail(call, &p->to);
}

static int place(method_call *call, append *p, slice folder_name)
{
  int there;
  if (p->counts && !mailbox_quota_room(call->box, (int64_t)p->to.size, 1)) return fail(call, p);
  if (!folder_store(p->f, call->box, &p->to.d, p->flags, p->dated ? &p->date : NULL, p->to.size, p->name)) return fail(call, p);
  /* Somebody may have removed the folder meanwhile: what was stored has gone with it, or goes now. */
  there = folder_is_there(p->f, call->box, folder_name);
  if (there > 0) return EXIT_DONE;
  folder_unstore(p->f, p->name);
  return there ? method_temporary(call, "look at folder") : method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", folder_name, 0);
}

/* The mail that was replaced, and what became of it. */
static Porter__Outcome *replace(method_call *call, Porter__MailName const *name)
{
  slice folder_name = slice_of(name->folder);
  return changes_remove(call, folder_name, slice_of(name->mid));
}

/* It is stored: what cannot be told of its thread is left out. 0 where memory fails. */
static int tell_thread(method_call *call, append *p, slice mid, Porter__AppendResp *response)
{
  mail_entry *e;
  if (!folders_thread(call->box, &p->f, 1) || !(e = folder_find(p->f, mid))) return errno != ENOMEM;
  return (response->thread = conversations_build(call->a, folder_thread(p->f, e))) != NULL;
}

static int answer(method_call *call, append *p)
{
  Porter__AppendReq const *request = call->request;
  Porter__AppendResp response = PORTER__APPEND_RESP__INIT;
  maildir_name n;
  slice mid;
  maildir_name_split(&n, p->name, strlen(p->name));
  if (!maildir_mid(call->a, n.base, 0, 0, &mid) || !(response.mid = build_string(call->a, mid))) return method_temporary(call, "take memory");
  response.byte_size = p->to.size;
  if (request->thread && !tell_thread(call, p, mid, &response)) return method_temporary(call, "take memory");
  if (request->replaces && !(response.replaced = replace(call, request->replaces))) return method_temporary(call, "take memory");
  return method_write(call, &response.base);
}

/* The flags and keywords that it gets, as letters of the folder. */
static int name_flags(method_call *call, append *p)
{
  Porter__AppendReq const *request = call->request;
  keywords k = { .kept = 0 };
  if (request->n_keywords && !folder_keywords(p->f, &k, call->a)) return method_temporary(call, "read keywords");
  if (keywords_letters(call, p->f, &k, request->flags, request->keywords, request->n_keywords, 1, p->flags)) return EXIT_DONE;
  return errno == ENOENT ? fail(call, p) : keywords_fail(call);
}

static int check(method_call *call, append *p)
{
  Porter__AppendReq const *request = call->request;
  int code = keywords_check(call, request->flags, request->keywords, request->n_keywords);
  p->dated = *request->date != 0;
  return code == EXIT_DONE && p->dated ? method_date(call, request->date, &p->date) : code;
}

int method_append(method_call *call)
{
  Porter__AppendReq const *request = call->request;
  slice folder_name = slice_of(request->folder);
  folder *f;
  append p = { .to = { .d = DELIVERY_ZERO, .what = "unable to store a mail in", .where = folder_name }, .counts = folder_name_counts(folder_name) };
  int code = check(call, &p);
  if (code != EXIT_DONE) return code;
  if (!folder_open(&f, call->box, folder_name)) return method_fail_folder(call, folder_name);
  p.f = f;
  code = name_flags(call, &p);
  if (code == EXIT_DONE && !folder_deliver(f, call->box, &p.to.d)) code = fail(call, &p);
  if (code == EXIT_DONE) code = storing_pieces(call, &p.to, request->pieces, request->n_pieces);
  if (code == EXIT_DONE) code = storing_octets(call, &p.to);
  if (code == EXIT_DONE) code = look(call, &p.to);
  if (code == EXIT_DONE) code = place(call, &p, folder_name);
  /* What is stored is stored: a quota that could not be kept up is counted anew in time. */
  if (code == EXIT_DONE && p.counts) mailbox_quota_add(call->box, (int64_t)p.to.size, 1);
  mailbox_deliver_end(&p.to.d);
  if (code == EXIT_DONE) code = answer(call, &p);
  folder_close(f);
  return code;
}
