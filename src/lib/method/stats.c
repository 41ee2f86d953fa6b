/* Stats: how many mails, how many of them unread, how many octets. */
#include <errno.h>

#include <porter/exit.h>
#include <porter/method.h>

int method_stats(method_call *call)
{
  Porter__StatsReq const *request = call->request;
  Porter__StatsResp response = PORTER__STATS_RESP__INIT;
  folder f;
  int code = method_folder(call, &f, request->folder);
  for (size_t i = 0; code == EXIT_DONE && i < f.count; i++) {
    mail_entry *e = f.mail + i;
    uint64_t size = 0;
    int there;
    while (!(there = folder_size(&f, e, &size)) && errno == ENOENT && folder_find_again(&f, e)) ;
    if (!there) {
      if (errno == ENOENT) continue;
      code = method_temporary(call, "look at mail");
      break;
    }
    response.mail_count++;
    response.unread_count += (uint64_t)mail_entry_unread(e);
    response.byte_size += size;
  }
  folder_close(&f);
  return code == EXIT_DONE ? method_write(call, &response.base) : code;
}
