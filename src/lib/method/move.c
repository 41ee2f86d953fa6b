/* Move: from any folder to any folder. */
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

typedef struct move_s move;
struct move_s {
  folder *to;
  int sign;  /* of what the move does to the quota: Trash counts for nothing */
};

static int move_one(method_call *call, folder *f, mail_entry *e, char *new_name, void *context)
{
  move *m = context;
  uint64_t size = 0;
  int counts = m->sign && folder_size(f, e, &size);
  if (counts && m->sign > 0 && !mailbox_quota_room(call->box, (int64_t)size, 1)) return 0;
  if (!folder_move(f, m->to, call->box, e, new_name)) return 0;
  if (counts) mailbox_quota_add(call->box, m->sign * (int64_t)size, m->sign);
  return 1;
}

static int stay(method_call *call, folder *f, mail_entry *e, char *new_name, void *context)
{
  (void)call;
  (void)f;
  (void)context;
  strcpy(new_name, e->name);
  return 1;
}

int method_move(method_call *call)
{
  Porter__MoveReq const *request = call->request;
  slice from_name = { request->from_folder, strlen(request->from_folder) }, to_name = { request->to_folder, strlen(request->to_folder) };
  folder from, to = FOLDER_ZERO;
  struct stat a = { 0 }, b = { 0 };
  move m = { .to = &to, .sign = folder_name_counts(to_name) - folder_name_counts(from_name) };
  int code = method_folder(call, &from, request->from_folder);
  if (code == EXIT_DONE) code = method_folder(call, &to, request->to_folder);
  if (code == EXIT_DONE && (fstat(from.fd, &a) < 0 || fstat(to.fd, &b) < 0)) code = method_temporary(call, "look at folder");
  if (code == EXIT_DONE) {
    int same = a.st_dev == b.st_dev && a.st_ino == b.st_ino;
    code = changes_make(call, &from, request->mids, request->n_mids, same ? stay : move_one, &m);
    /* The target first: a mail that is in two places is not lost. */
    if (code == EXIT_DONE && !same && (!folder_sync(&to) || !folder_sync(&from))) code = method_temporary(call, "sync folder");
  }
  folder_close(&from);
  folder_close(&to);
  return code;
}
