/* RenameFolder and RemoveFolder. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

static int fail(method_call *call, slice name, slice new_name, char const *unable)
{
  switch (errno) {
  case ENOENT: return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", name, 0);
  case EINVAL: return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no folder can have the name", new_name, 0);
  case EEXIST:
  case ENOTEMPTY: return method_fail(call, PORTER__ERROR__CODE__FOLDER_EXISTS, "the name is taken", new_name, 0);
  default: return method_fail_store(call, unable, name);
  }
}

int method_rename_folder(method_call *call)
{
  Porter__RenameFolderReq const *request = call->request;
  Porter__RenameFolderResp response = PORTER__RENAME_FOLDER_RESP__INIT;
  slice name = slice_of(request->name), new_name = slice_of(request->new_name);
  size_t count;
  if (!name.len || !new_name.len) return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "the inbox keeps its name", (slice)SLICE_ZERO, 0);
  if (!mailbox_rename_folder(call->box, name, new_name, &count)) return fail(call, name, new_name, "unable to rename folder");
  response.folders = (uint32_t)count;
  return method_write(call, &response.base);
}

int method_remove_folder(method_call *call)
{
  Porter__RemoveFolderReq const *request = call->request;
  Porter__RemoveFolderResp response = PORTER__REMOVE_FOLDER_RESP__INIT;
  slice name = slice_of(request->name);
  removed r;
  if (!name.len) return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "the inbox stays", (slice)SLICE_ZERO, 0);
  switch (mailbox_remove_folder(call->box, name, request->force, request->below, &r)) {
  case REMOVAL_HAS_FOLDERS: return method_fail(call, PORTER__ERROR__CODE__HAS_FOLDERS, "there are folders below", name, 0);
  case REMOVAL_HAS_MAIL: return method_fail(call, PORTER__ERROR__CODE__FOLDER_NOT_EMPTY, "there is mail in", name, 0);
  case REMOVAL_FAILED: return fail(call, name, name, "unable to remove folder");
  case REMOVAL_DONE: break;
  }
  /* What is gone is gone: a quota that could not be kept up is counted anew in time. */
  if (r.counted) mailbox_quota_add(call->box, -(int64_t)(r.octets < INT64_MAX ? r.octets : INT64_MAX), -(int64_t)r.counted);
  response.folders = (uint32_t)r.folders;
  response.mails = r.mails;
  return method_write(call, &response.base);
}
