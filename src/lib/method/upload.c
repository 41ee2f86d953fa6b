/* Upload: octets that are kept for a day. */
#include <porter/exit.h>
#include "storing.h"

int method_upload(method_call *call)
{
  Porter__UploadResp response = PORTER__UPLOAD_RESP__INIT;
  storing to = { .what = "unable to keep the upload" };
  char name[UPLOAD_NAME_LEN + 1];
  int code = upload_begin(&to.d, call->box) ? storing_octets(call, &to) : storing_fail(call, &to);
  if (code == EXIT_DONE && !upload_keep(&to.d, call->box, name)) code = storing_fail(call, &to);
  mailbox_deliver_end(&to.d);
  if (code != EXIT_DONE) return code;
  response.upload = name;
  response.byte_size = to.size;
  return method_write(call, &response.base);
}
