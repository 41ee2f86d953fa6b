/* Fields of a message, one after the other; requests are looked at before they are unpacked. */
#include <stdlib.h>
#include <string.h>

#include <porter/message_field.h>
#include <porter/wire.h>

#include "maildir.pb-c.h"
#include "tap.h"

static void check(ProtobufCMessageDescriptor const *d, char const *s, size_t len, int want, char const *name)
{
  char const *why = "";
  is_int(wire_check(d, (uint8_t const *)s, len, &why), want, name);
  if (!want) printf("# %s\n", why);
}
#define CHECK(d, s, want, name) check(&porter__##d##__descriptor, s, sizeof s - 1, want, name)

static void fields(void)
{
  message_field f;
  slice rest = { .s = "\x08\x96\x01\x12\x02hi\x1d\1\0\0\0\x21\1\0\0\0\0\0\0\x80", .len = 21 };
  is_int(message_field_next(&rest, &f), 1, "a varint field");
  ok(f.number == 1 && f.wire == WIRE_VARINT && f.value == 150, "its number and value");
  is_int(message_field_next(&rest, &f), 1, "an octet field");
  is_bytes(f.data.s, f.data.len, "hi", 2, "its octets");
  is_int(message_field_next(&rest, &f), 1, "a 32-bit field");
  is_int((long long)f.value, 1, "its value");
  is_int(message_field_next(&rest, &f), 1, "a 64-bit field");
  ok(f.value == 0x8000000000000001u, "its value");
  is_int(message_field_next(&rest, &f), 0, "the end");
  struct { char const *s; size_t len; enum message_result why; char const *name; } const wrong[] = {
    { "\x80", 1, MESSAGE_TAG, "half a tag" }, { "\0\0", 2, MESSAGE_TAG, "field number 0" },
    { "\x88\x80\x80\x80\x10\0", 6, MESSAGE_TAG, "a field number of 30 bits" },
    { "\x88\x80\x80\x80\x80\0\0", 7, MESSAGE_TAG, "a tag of six octets" },
    { "\x08", 1, MESSAGE_NUMBER, "no value" }, { "\x08\x80", 2, MESSAGE_NUMBER, "half a value" },
    { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\2", 11, MESSAGE_NUMBER, "a varint of 65 bits" },
    { "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0", 12, MESSAGE_NUMBER, "a varint of eleven octets" },
    { "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 11, MESSAGE_NUMBER, "2^64 - 1 octets" },
    { "\x12\x81\x80\x80\x80\x80\0a", 8, MESSAGE_NUMBER, "a length of six octets" },
    { "\x12\5abcd", 6, MESSAGE_CUT, "octets cut short" }, { "\x0d\0\0\0", 4, MESSAGE_CUT, "32 bits cut short" },
    { "\x09\0\0\0\0\0\0\0", 8, MESSAGE_CUT, "64 bits cut short" },
    { "\x0b", 1, MESSAGE_TYPE, "a group" }, { "\x0c", 1, MESSAGE_TYPE, "a group's end" },
    { "\x0e\0", 2, MESSAGE_TYPE, "wire type 6" }, { "\x0f\0", 2, MESSAGE_TYPE, "wire type 7" } };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    rest = (slice){ .s = wrong[i].s, .len = wrong[i].len };
    is_int(message_field_next(&rest, &f), wrong[i].why, wrong[i].name);
  }
  rest = (slice){ .s = "\xf8\xff\xff\xff\x0f\x88\x80\x80\x80\x80\x80\x80\x80\x80\0", .len = 15 };
  ok(message_field_next(&rest, &f) == MESSAGE_FIELD && f.number == 536870911 && f.value == 8 && !rest.len, "the greatest number of a field, a padded value");
}

int main(void)
{
  char const *why;
  uint8_t varint[10];
  fields();
  CHECK(list_search_req, "", 1, "an empty message");
  CHECK(list_search_req, "\x0a\x01" "a\x12\x04\x0a\x02" "xy\x20\x05\x2a\x02\x08\x01", 1, "string, message, number, message");
  CHECK(list_search_req, "\x12\x04\x0a\x03" "xyz", 0, "a string that goes beyond its message");
  CHECK(list_search_req, "\x12\x05\x0a\x02" "xy", 0, "a message that goes beyond the end");
  CHECK(list_search_req, "\x22\x01\x05", 0, "a length where a number should be");
  CHECK(list_search_req, "\x08\x01", 0, "a number where a string should be");
  CHECK(list_search_req, "\x0a\x02" "a\0", 0, "NUL in a string");
  CHECK(list_search_req, "\x0a\x02\xc3\x28", 0, "invalid UTF-8 in a string");
  CHECK(list_search_req, "\x0a\x03\xed\xa0\x80", 0, "a surrogate in a string");
  CHECK(list_search_req, "\xa2\x06\x01\xff", 1, "an unknown field may hold anything");
  CHECK(list_search_req, "\xa3\x06\xa4\x06", 0, "a group");
  CHECK(list_search_req, "\x02\x00", 0, "field 0");
  CHECK(list_search_req, "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 1, "a number of 64 bits");
  CHECK(list_search_req, "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 0, "a number of more");
  CHECK(list_search_req, "\x20\x80", 0, "a number cut short");
  CHECK(raw_req, "\x21" "12345678", 0, "fixed64 where a varint should be");
  CHECK(raw_req, "\xa1\x06" "12345678\xa5\x06" "1234", 1, "unknown fixed fields");
  CHECK(raw_req, "\xa1\x06" "1234567", 0, "a fixed field cut short");
  {
    enum { N = WIRE_FIELDS_MAX };
    char *s = malloc(2 * (N + 1));
    if (!s) return 111;
    for (size_t i = 0; i <= N; i++) memcpy(s + 2 * i, "\x0a", 2);
    check(&porter__move_req__descriptor, s, 2 * N, 1, "ten thousand empty strings");
    check(&porter__move_req__descriptor, s, 2 * (N + 1), 0, "one more");
    free(s);
  }
  {
    /* Mail holds MailBody, MailBody holds Mail: as deep as one likes. */
    uint8_t s[4096];
    size_t end = sizeof s, levels = 0;
    for (; levels < WIRE_LEVELS_MAX + 4; levels++) {
      uint8_t head[11];
      size_t len = 1;
      head[0] = levels % 2 ? 0x1a : 0x12;
      len += message_varint(head + 1, sizeof s - end);
      end -= len;
      memcpy(s + end, head, len);
      if (levels + 2 == WIRE_LEVELS_MAX) {
        ProtobufCMessageDescriptor const *top = levels % 2 ? &porter__mail_body__descriptor : &porter__mail__descriptor;
        is_int(wire_check(top, s + end, sizeof s - end, &why), 1, "as many levels as may be");
      }
      if (levels + 1 == WIRE_LEVELS_MAX) {
        ProtobufCMessageDescriptor const *top = levels % 2 ? &porter__mail_body__descriptor : &porter__mail__descriptor;
        is_int(wire_check(top, s + end, sizeof s - end, &why), 0, "one more");
      }
    }
  }
  is_int((long long)message_varint(varint, 300), 2, "a varint of two octets");
  is_bytes((char *)varint, 2, "\xac\x02", 2, "is what the documentation says");
  is_int((long long)message_varint(varint, UINT64_MAX), 10, "the longest has ten");
  return done();
}
