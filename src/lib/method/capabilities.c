/* Capabilities: what this maildir-op can do. */
#include <porter/exit.h>
#include <porter/method.h>

int method_capabilities(method_call *call)
{
  Porter__CapabilitiesResp response = PORTER__CAPABILITIES_RESP__INIT;
  char version[] = PORTER_VERSION;
  response.version = version;
  response.methods = arena_array(call->a, method_count, sizeof *response.methods);
  if (!response.methods) return method_temporary(call, "take memory");
  for (size_t i = 0; i < method_count; i++) response.methods[response.n_methods++] = (char *)method_table[i].name;
  response.max_request = REQUEST_MAX;
  response.max_response = RESPONSE_MAX;
  response.max_octets = OCTETS_MAX;
  response.max_mails = LISTING_MAX;
  response.index = mailbox_may_index(call->box, call->box->fd);
  return method_write(call, &response.base);
}
