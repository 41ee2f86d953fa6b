/* The error in a response that is JSON: {"error":{"code":"NO_SUCH_MAIL","text":"..."}}. */
#include <jansson.h>

#include <porter/limits.h>
#include <porter/message_json.h>
#include <porter/outcome.h>
#include <porter/text.h>

int json_failure_find(slice json, int *error, char *text)
{
  json_t *root = json_loadb(json.s, json.len, 0, NULL), *found = json_object_get(root, "error");
  char const *code = json_string_value(json_object_get(found, "code")), *words = json_string_value(json_object_get(found, "text"));
  int is = root ? found != NULL : -1;
  *error = code ? outcome_error(code) : 0;
  text_escape(text, words ? words : "", json_string_length(json_object_get(found, "text")));
  json_decref(root);
  return is;
}
