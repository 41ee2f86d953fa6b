/* The message types of maildir.proto, by name; names of fields; fault lines. */
#include <errno.h>
#include <string.h>

#include <maildir.pb-c.h>
#include <skalibs/types.h>

#include <porter/message_json.h>
#include <porter/text.h>
#include "internal.h"

#define PACKAGE "porter."
#define PLACES_MAX 8 /* of a fault line: the innermost say enough */

static ProtobufCMessageDescriptor const *const types[] = {
#include <message_types.h>
};

ProtobufCMessageDescriptor const *message_type(char const *name)
{
  if (!strncmp(name, PACKAGE, sizeof PACKAGE - 1)) name += sizeof PACKAGE - 1;
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i]->name + sizeof PACKAGE - 1, name)) return types[i];
  return NULL;
}

void message_camel(char *camel, char const *name)
{
  int upper = 0;
  for (; *name; name++) {
    if (*name == '_') {
      upper = 1;
    } else {
      *camel++ = (char)(upper && *name >= 'a' && *name <= 'z' ? *name - 'a' + 'A' : *name);
      upper = 0;
    }
  }
  *camel = 0;
}

typedef struct line_s line;
struct line_s {
  char *s;
  size_t len;
};

static void line_add(line *l, char const *s, size_t len)
{
  if (len > MESSAGE_FAULT_SIZE - 1 - l->len) len = MESSAGE_FAULT_SIZE - 1 - l->len;
  memcpy(l->s + l->len, s, len);
  l->len += len;
  l->s[l->len] = 0;
}

int message_fault(char *fault, place const *at, char const *what, char const *detail, size_t detail_len)
{
  place const *chain[PLACES_MAX];
  size_t depth = 0;
  line l = { .s = fault, .len = 0 };
  *fault = 0;
  for (; at && at->field && depth < PLACES_MAX; at = at->up) chain[depth++] = at;
  if (at && at->field) line_add(&l, "...", 3);
  for (size_t i = depth; i--;) {
    char camel[MESSAGE_NAME_MAX], digits[UINT64_FMT];
    message_camel(camel, chain[i]->field);
    line_add(&l, camel, strlen(camel));
    if (chain[i]->repeated) {
      line_add(&l, "[", 1);
      line_add(&l, digits, uint64_fmt(digits, chain[i]->index));
      line_add(&l, "]", 1);
    }
    line_add(&l, i ? "." : ": ", i ? 1 : 2);
  }
  line_add(&l, what, strlen(what));
  if (detail) {
    char safe[TEXT_ESCAPE_MAX + 1];
    line_add(&l, " ", 1);
    line_add(&l, safe, text_escape(safe, detail, detail_len));
  }
  errno = EPROTO;
  return 0;
}
