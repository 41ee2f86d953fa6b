/* A call: {"method": "INTERFACE.Method", "parameters": {...}}, with oneway, more and upgrade. Members that nobody knows are passed over. */
#include <errno.h>
#include <string.h>

#include <porter/varlink.h>

static int flag(varlink_call *call, char const *name)
{
  json_t const *value = json_object_get(call->message, name);
  if (value && !json_is_boolean(value) && !json_is_null(value)) call->invalid = name;
  return json_is_true(value);
}

/* The interface is what lies before the last dot. */
static void split(varlink_call *call)
{
  char const *dot = memrchr(call->method.s, '.', call->method.len);
  call->interface = (slice){ call->method.s, dot ? (size_t)(dot - call->method.s) : 0 };
  call->name = call->method;
  if (!dot) return;
  call->name.s = dot + 1;
  call->name.len -= call->interface.len + 1;
}

int varlink_call_read(varlink_call *call, slice message)
{
  json_t *method;
  *call = (varlink_call){ .message = varlink_load((char *)message.s, message.len) };
  if (!call->message) return 0;
  method = json_object_get(call->message, "method");
  if (!json_is_string(method)) return json_decref(call->message), errno = EPROTO, 0;
  call->method = (slice){ json_string_value(method), json_string_length(method) };
  split(call);
  call->oneway = flag(call, "oneway");
  call->upgrade = flag(call, "upgrade");
  flag(call, "more"); /* one reply is what every method has */
  call->parameters = json_object_get(call->message, "parameters");
  if (json_is_object(call->parameters)) return 1;
  if (call->parameters && !json_is_null(call->parameters)) call->invalid = "parameters";
  call->parameters = json_object();
  if (call->parameters && json_object_set_new(call->message, "parameters", call->parameters) == 0) return 1;
  return json_decref(call->message), errno = ENOMEM, 0;
}

void varlink_call_free(varlink_call *call) { json_decref(call->message); }
