/* The JSON mapping: what the library promises about errors, bounds and memory. Values are compared with Google's mapping in json.t. */
#include <errno.h>
#include <stdlib.h>

#include <maildir.pb-c.h>

#include <porter/message_json.h>
#include "tap.h"

static char fault[MESSAGE_FAULT_SIZE];

typedef struct text_s text;
struct text_s { char s[4096]; size_t len; size_t stop; };

static int keep(void *context, char const *s, size_t len)
{
  text *t = context;
  if (len > sizeof t->s - 1 - t->len || (t->stop && t->len + len > t->stop)) return errno = ENOSPC, 0;
  memcpy(t->s + t->len, s, len);
  t->s[t->len += len] = 0;
  return 1;
}

static void writes(char const *type, char const *message, size_t len, char const *want, char const *name)
{
  text t = { .len = 0 };
  int done = message_to_json(message_type(type), (slice){ .s = message, .len = len }, 0, &keep, &t, fault);
  t.s[t.len] = 0;
  if (done) is_str(t.s, want, name);
  else ok(0, "%s: %s", name, fault);
}

static void refuses(char const *type, char const *message, size_t len, char const *want, char const *name)
{
  text t = { .len = 0 };
  int done = message_to_json(message_type(type), (slice){ .s = message, .len = len }, 0, &keep, &t, fault);
  ok(!done && errno == EPROTO, "%s: refused with EPROTO", name);
  is_str(fault, want, name);
}

static void not_json(char const *type, char const *json, char const *want)
{
  arena a = ARENA_ZERO;
  slice message = SLICE_ZERO;
  int done = json_to_message(message_type(type), (slice){ .s = json, .len = strlen(json) }, &a, &message, fault);
  ok(!done && errno == EPROTO, "%s: refused with EPROTO", want);
  is_str(fault, want, json);
  arena_free(&a);
}

#define WRITES(type, message, want, name) writes(type, message, sizeof message - 1, want, name)
#define REFUSES(type, message, want, name) refuses(type, message, sizeof message - 1, want, name)

/* MIMEPart.body(2).mail(3).body(2) ... : levels of MailBody and Mail alternately, the outermost a MailBody. */
static char *nested(size_t levels, size_t *len)
{
  char *s = malloc(levels * 6 + 1);
  size_t room = levels * 6, at = room;
  for (size_t i = levels; --i;) {
    size_t n = room - at;
    char octets[5];
    size_t k = 0;
    do octets[k++] = (char)((n & 127) | (n > 127 ? 128 : 0)); while (n >>= 7);
    at -= k;
    memcpy(s + at, octets, k);
    s[--at] = i % 2 ? 0x1a : 0x12;  /* MailBody.mail, Mail.body */
  }
  memmove(s, s + at, room - at);
  *len = room - at;
  return s;
}

static int count_levels(void *context, char const *s, size_t len)
{
  for (size_t i = 0; i < len; i++) *(size_t *)context += s[i] == '{';
  return 1;
}

static void depth(void)
{
  size_t len, levels = 0;
  char *s = nested(MESSAGE_LEVELS_MAX, &len), *json;
  arena a = ARENA_ZERO;
  slice message = SLICE_ZERO;
  ok(message_to_json(message_type("MailBody"), (slice){ .s = s, .len = len }, 0, &count_levels, &levels, fault), "a hundred levels are written");
  is_int((long long)levels, MESSAGE_LEVELS_MAX, "all of them");
  free(s);
  s = nested(MESSAGE_LEVELS_MAX + 1, &len);
  ok(!message_to_json(message_type("MailBody"), (slice){ .s = s, .len = len }, 0, &count_levels, &levels, fault) && errno == EPROTO, "one more is refused");
  ok(!!strstr(fault, ": nested too deeply"), "with a word about it");
  free(s);
  s = nested(10000, &len);
  ok(!message_to_json(message_type("MailBody"), (slice){ .s = s, .len = len }, 0, &count_levels, &levels, fault) && errno == EPROTO, "so are ten thousand");
  free(s);
  /* {"mail":{"body":{"mail": ... }}} */
  json = malloc(200000);
  for (size_t n = MESSAGE_LEVELS_MAX; n <= 12000; n = n == MESSAGE_LEVELS_MAX ? n + 1 : 12000 + (n == 12000)) {
    size_t k = 0;
    for (size_t i = 1; i < n; i++) k += (size_t)sprintf(json + k, i % 2 ? "{\"mail\":" : "{\"body\":");
    json[k++] = '{';
    for (size_t i = 0; i < n; i++) json[k++] = '}';
    int done = json_to_message(message_type("MailBody"), (slice){ .s = json, .len = k }, &a, &message, fault);
    if (n == MESSAGE_LEVELS_MAX) ok(done, "a hundred levels of JSON are read: %s", fault);
    else ok(!done && errno == EPROTO, "%zu are refused: %.80s", n, fault);
  }
  free(json);
  arena_free(&a);
}

/* What maildir.proto uses is what the mapping knows: a new kind of field has to be added there first. */
static void known_types(void)
{
  static char const *const names[] = { "Mail", "ListResp", "ListReq", "ListSearchReq", "ListSearchResp", "MoveResp", "RawReq", "RawResp",
    "StatsResp", "CapabilitiesResp", "FoldersResp", "AddFolderResp", "SetFlagsReq", "ShowReq", "Failure", "MIMEPart", "MailBody" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    ProtobufCMessageDescriptor const *type = message_type(names[i]);
    int good = type && type->n_fields <= MESSAGE_FIELDS_MAX;
    for (unsigned int k = 0; good && k < type->n_fields; k++) {
      ProtobufCFieldDescriptor const *field = type->fields + k;
      switch (field->type) {
        case PROTOBUF_C_TYPE_STRING: case PROTOBUF_C_TYPE_MESSAGE: case PROTOBUF_C_TYPE_BYTES: case PROTOBUF_C_TYPE_BOOL:
        case PROTOBUF_C_TYPE_ENUM: case PROTOBUF_C_TYPE_UINT32: case PROTOBUF_C_TYPE_UINT64: break;
        default: good = 0;
      }
      if (strlen(field->name) >= 64) good = 0;
    }
    ok(good, "%s has only what the mapping knows", names[i]);
  }
}

int main(void)
{
  text t = { .len = 0 };
  arena a = ARENA_ZERO;
  slice message;

  ok(message_type("ListReq") == &porter__list_req__descriptor, "a type is found by its name");
  ok(message_type("porter.ListReq") == &porter__list_req__descriptor, "and with its package");
  ok(!message_type("listreq") && !message_type("") && !message_type("porter.") && !message_type("google.ListReq"), "and not otherwise");
  known_types();

  WRITES("StatsReq", "", "{}", "an empty message");
  WRITES("StatsReq", "\n\0", "{}", "a default value on the wire is left out");
  WRITES("StatsReq", "\n\1a\n\1b", "{\"folder\":\"b\"}", "the last of a repeated single field counts");
  WRITES("MailBody", "\n\0", "{\"discrete\":\"\"}", "an empty member of a oneof is there");
  WRITES("MailBody", "\x12\3\n\1p\n\1x\x12\3\x1a\1e", "{\"multipart\":{\"epilogue\":\"e\"}}", "of a oneof the last counts, from its last start");
  WRITES("MailBody", "\x12\3\n\1p\x12\3\x1a\1e", "{\"multipart\":{\"preamble\":\"p\",\"epilogue\":\"e\"}}", "pieces of one message are merged");
  WRITES("FoldersResp", "\n\1a\n\0\n\1b", "{\"folders\":[\"a\",\"\",\"b\"]}", "a list with an empty string");
  WRITES("AddFolderResp", "\x08\x01", "{\"status\":\"SKIPPED\"}", "an enum by name");
  WRITES("AddFolderResp", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "{\"status\":-1}", "an unknown enum value as a number");
  WRITES("ListReq", "\x10\x80\x80\x80\x80\x10\x18\xff\xff\xff\xff\xff\x01", "{\"end\":4294967295}", "32-bit numbers lose what is above, as in every decoder");
  WRITES("StatsReq", "\n\7\"\\/\n\x7f\x1f\t", "{\"folder\":\"\\\"\\\\/\\n\\u007f\\u001f\\t\"}", "what JSON escapes");
  REFUSES("StatsReq", "\n\2a", "not a protobuf message of type StatsReq", "a message cut short");
  REFUSES("StatsReq", "\x08\1", "wrong wire type in field folder", "a number for a string");
  REFUSES("StatsReq", "\n\3a\0b", "folder: NUL in a string", "NUL");
  REFUSES("StatsReq", "\n\2\xc3(", "folder: not UTF-8", "no UTF-8");
  REFUSES("ListResp", "\n\0\n\4*\2\x3a\1", "mailHeads[1].header: not a protobuf message of type MailHeader", "where it went wrong");

  t.stop = 1;
  ok(!message_to_json(message_type("FoldersResp"), (slice){ .s = "\n\1a", .len = 3 }, 0, &keep, &t, fault) && errno == ENOSPC && !*fault,
    "a sink that stops: its errno");

  not_json("StatsReq", "{\"folder\":1}", "folder: not a string");
  not_json("MoveReq", "{\"mids\":[\"\",\"\",0]}", "mids[2]: not a string");
  not_json("Mail", "{\"body\":{\"multipart\":{\"parts\":[{},{\"mime_header\":{\"size\":-1}}]}}}",
    "body.multipart.parts[1].mimeHeader.size: not a whole number from 0 to 18446744073709551615");
  not_json("StatsReq", "{\"x\\u001b[0m\":1}", "no field is named x\\x1b[0m");
  not_json("MailBody", "{\"discrete\":\"\",\"mail\":{}}", "only one can be given beside mail");
  not_json("MoveReq", "{\"toFolder\":\"\",\"to_folder\":\"\"}", "given twice: to_folder");
  ok(json_to_message(message_type("MoveReq"), (slice){ .s = "{\"toFolder\":\"b\",\"mids\":[\"\",\"x\"]}", .len = 32 }, &a, &message, fault), "a message from JSON");
  is_bytes(message.s, message.len, "\n\0\n\1x\x1a\1b", 8, "its fields are in order");
  ok(json_to_message(message_type("MoveReq"), (slice){ .s = "{}", .len = 2 }, &a, &message, fault) && message.s && !message.len, "an empty one has no octets");
  arena_free(&a);
  depth();
  return done();
}
