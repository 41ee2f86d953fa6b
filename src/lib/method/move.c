/* Move: from any folder to any folder. */
#include <porter/exit.h>
#include <porter/method.h>

static int move_one(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *to)
{
  (void)call;
  return folder_move(f, to, e, "", "", now);
}

static int stay(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *to)
{
  (void)call;
  (void)f;
  (void)to;
  *now = e;
  return 1;
}

/* The target first: a mail that is in two places is not lost. */
static int finish(method_call *call, folder *f, void *to)
{
  if (!folder_settle(to)) return method_temporary(call, "look at the target again");
  return folder_sync(to) && folder_sync(f) ? EXIT_DONE : method_temporary(call, "sync folder");
}

int method_move(method_call *call)
{
  Porter__MoveReq const *request = call->request;
  folder *from, *to = NULL;
  int code = method_folder(call, &from, request->from_folder);
  if (code == EXIT_DONE) code = method_folder(call, &to, request->to_folder);
  if (code == EXIT_DONE) {
    int same = folder_same(from, to);
    code = changes_make(call, from, request->mids, request->n_mids, same ? stay : move_one, same ? NULL : finish, to);
  }
  folder_close(from);
  folder_close(to);
  return code;
}
