/* org.varlink.service: what the service is, and how its interfaces are described. */
#include <string.h>

#include <porter/varlink.h>

typedef struct described_s described;
struct described_s {
  char const *name, *text;
};

/* Made of src/proto/NAME.varlink. */
static described const interfaces[] = {
#include <varlink_interfaces.h>
};
#define INTERFACES (sizeof interfaces / sizeof *interfaces)

static void put_text_pair(json_output *out, char const *before, char const *s)
{
  json_put_text(out, before);
  json_put_string(out, s, strlen(s));
}

static int info(int fd, unsigned int patience)
{
  varlink_output out;
  varlink_start(&out, fd, patience);
  json_put_text(&out.json, "{\"parameters\":{\"vendor\":\"porter\",\"product\":\"porter\"");
  put_text_pair(&out.json, ",\"version\":", PORTER_VERSION);
  json_put_text(&out.json, ",\"url\":\"man:varlink-read(1)\",\"interfaces\":[");
  for (size_t i = 0; i < INTERFACES; i++) put_text_pair(&out.json, i ? "," : "", interfaces[i].name);
  json_put_text(&out.json, "]}}");
  return varlink_end(&out);
}

static int description(json_t const *parameters, int fd, unsigned int patience)
{
  json_t const *value = json_object_get(parameters, "interface");
  slice const name = { json_string_value(value), json_string_length(value) };
  varlink_output out;
  size_t i = 0;
  if (!name.s) return varlink_error(fd, patience, VARLINK_SERVICE, "InvalidParameter", "parameter", (slice){ "interface", 9 });
  while (i < INTERFACES && !slice_is(name, interfaces[i].name)) i++;
  if (i == INTERFACES) return varlink_error(fd, patience, VARLINK_SERVICE, "InterfaceNotFound", "interface", name);
  varlink_start(&out, fd, patience);
  put_text_pair(&out.json, "{\"parameters\":{\"description\":", interfaces[i].text);
  json_put_text(&out.json, "}}");
  return varlink_end(&out);
}

int varlink_service(varlink_call const *call, int fd, unsigned int patience)
{
  if (slice_is(call->name, "GetInfo")) return info(fd, patience);
  if (slice_is(call->name, "GetInterfaceDescription")) return description(call->parameters, fd, patience);
  return varlink_error(fd, patience, VARLINK_SERVICE, "MethodNotFound", "method", call->method);
}
