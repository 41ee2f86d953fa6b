/* The message Failure (maildir.proto), by hand: programs of a few kilobytes need no protobuf library for two fields. */
#include <stdint.h>
#include <string.h>

#include <skalibs/uint32.h>

#include <porter/frame.h>
#include <porter/message_field.h>
#include <porter/outcome.h>

#define TEXT_MAX 100
#define ERROR_FIELD 15 /* of every response */

static size_t put(char *s, char const *text, size_t len)
{
  memcpy(s, text, len);
  return len;
}

/* What is the default is left out, as in the message. Our own texts have nothing that JSON escapes; others lose it. */
static size_t put_json(char *s, int code, char const *text, size_t len)
{
  char const *name = outcome_name(code);
  size_t n = put(s, "{\"error\":{", 10);
  if (code && name) {
    n += put(s + n, "\"code\":\"", 8);
    n += put(s + n, name, strlen(name));
    n += put(s + n, "\",", 2);
  }
  n += put(s + n, "\"text\":\"", 8);
  for (size_t i = 0; i < len; i++) s[n++] = text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\' ? '?' : text[i];
  return n + put(s + n, "\"}}", 3);
}

static size_t put_message(char *s, int code, char const *text, size_t len)
{
  size_t n = 2;
  if (code) {
    s[n++] = 1 << 3 | WIRE_VARINT; /* Error.code = 1: all are below 128 */
    s[n++] = (char)code;
  }
  s[n++] = 2 << 3 | WIRE_OCTETS; /* Error.text = 2 */
  s[n++] = (char)len;
  n += put(s + n, text, len);
  s[0] = ERROR_FIELD << 3 | WIRE_OCTETS;
  s[1] = (char)(n - 2);
  return n;
}

size_t frame_failure(char *s, int json, int code, char const *text)
{
  size_t len = strnlen(text, TEXT_MAX), n = (json ? put_json : put_message)(s + 4, code, text, len);
  uint32_pack_big(s, (uint32_t)n);
  return n + 4;
}

int frame_failure_find(char const *s, size_t len, int *code, slice *text)
{
  slice outer = { s, len };
  message_field field;
  int r, found = 0;
  *code = 0;
  *text = (slice)SLICE_ZERO;
  while ((r = message_field_next(&outer, &field)) > 0) {
    if (field.number != ERROR_FIELD || field.wire != WIRE_OCTETS) continue;
    slice inner = field.data;
    found = 1;
    while ((r = message_field_next(&inner, &field)) > 0) {
      if (field.number == 1 && field.wire == WIRE_VARINT) *code = (int)(uint32_t)field.value;
      if (field.number == 2 && field.wire == WIRE_OCTETS) *text = field.data;
    }
    if (r < 0) return -1;
  }
  return r < 0 ? -1 : found;
}
