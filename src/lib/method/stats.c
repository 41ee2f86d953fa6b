/* Stats: how many mails, how many of them unread, how many octets. */
#include <porter/exit.h>
#include <porter/method.h>

int method_stats(method_call *call)
{
  Porter__StatsReq const *request = call->request;
  Porter__StatsResp response = PORTER__STATS_RESP__INIT;
  folder_count count;
  folder *f;
  int code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE && !folder_count_mails(f, 1, &count)) code = method_temporary(call, "look at mail");
  if (code == EXIT_DONE) code = method_still(call, f, request->folder);
  folder_close(f);
  if (code != EXIT_DONE) return code;
  response.mail_count = count.mails;
  response.unread_count = count.unread;
  response.byte_size = count.octets;
  return method_write(call, &response.base);
}
