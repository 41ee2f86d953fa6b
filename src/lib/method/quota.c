/* Quota: what maildirsize says. */
#include <errno.h>

#include <porter/exit.h>
#include <porter/method.h>

int method_quota(method_call *call)
{
  Porter__QuotaResp response = PORTER__QUOTA_RESP__INIT;
  quota q;
  if (!mailbox_quota(call->box, &q)) return errno == ENOENT ? method_write(call, &response.base) : method_temporary(call, "read quota");
  response.known = 1;
  response.used_octets = q.used_octets > 0 ? (uint64_t)q.used_octets : 0;
  response.used_mails = q.used_mails > 0 ? (uint64_t)q.used_mails : 0;
  response.limit_octets = q.octets;
  response.limit_mails = q.mails;
  return method_write(call, &response.base);
}
