/* Folders and AddFolder. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>
#include <porter/roles.h>

int method_folders(method_call *call)
{
  Porter__FoldersResp response = PORTER__FOLDERS_RESP__INIT;
  slice *names;
  if (!mailbox_folders(call->box, call->a, &names, &response.n_folders)) return method_temporary(call, "read mailbox");
  if (!build_strings(call->a, names, response.n_folders, &response.folders)) return method_temporary(call, "take memory");
  return method_write(call, &response.base);
}

int method_add_folder(method_call *call)
{
  Porter__AddFolderReq const *request = call->request;
  Porter__AddFolderResp response = PORTER__ADD_FOLDER_RESP__INIT;
  slice name = slice_of(request->name);
  char id[FOLDER_ID_LEN + 1];
  folder *f = NULL;
  int made = mailbox_add_folder(call->box, name);
  if (made < 0) switch (errno) {
    case EINVAL: return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no folder can have the name", name, 0);
    case EEXIST: return method_fail(call, PORTER__ERROR__CODE__FOLDER_EXISTS, "the name is taken", name, 0);
    default: return method_fail_store(call, "unable to make folder", name);
    }
  if (folder_open(&f, call->box, name) && folder_id(f, id)) response.id = id;
  folder_close(f);
  response.status = made ? PORTER__ADD_FOLDER_RESP__STATUS__CREATED : PORTER__ADD_FOLDER_RESP__STATUS__SKIPPED;
  return method_write(call, &response.base);
}
