/* The message Failure (maildir.proto), by hand: programs of a few kilobytes need no protobuf library for two fields. */
#include <stdint.h>
#include <string.h>

#include <skalibs/uint32.h>

#include <porter/frame.h>
#include <porter/message_field.h>

#define TEXT_MAX 100
#define ERROR_FIELD 15  /* of every response */

size_t frame_failure(char *s, int code, char const *text)
{
  size_t len = strnlen(text, TEXT_MAX), n = 6;
  if (code) {
    s[n++] = 1 << 3 | WIRE_VARINT;   /* Error.code = 1: all are below 128 */
    s[n++] = (char)code;
  }
  s[n++] = 2 << 3 | WIRE_OCTETS;     /* Error.text = 2 */
  s[n++] = (char)len;
  memcpy(s + n, text, len);
  n += len;
  s[4] = ERROR_FIELD << 3 | WIRE_OCTETS;
  s[5] = (char)(n - 6);
  uint32_pack_big(s, (uint32_t)(n - 4));
  return n;
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
