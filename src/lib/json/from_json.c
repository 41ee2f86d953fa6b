/* A message from JSON. jansson reads the text; the message is written from its end to its front, so that the length of
 * each nested message is known when it is due, without a second pass. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <skalibs/types.h>

#include <porter/message_field.h>
#include <porter/message_json.h>
#include "internal.h"
#include "long_numbers.h"

typedef struct job_s job;
struct job_s {
  char *s; /* room octets; the message is what lies from `at` to the end */
  size_t room;
  size_t at;
  char *fault;
};

static int message_put(job *j, ProtobufCMessageDescriptor const *type, json_t const *object, place const *at);

/* A place of len octets in front of what is there. */
static char *front(job *j, size_t len)
{
  if (len > j->at || !j->s) {
    size_t have = j->room - j->at, room = 2 * (have + len) + 512;
    char *s = malloc(room);
    if (!s) return NULL;
    if (have) memcpy(s + room - have, j->s + j->at, have);
    free(j->s);
    j->s = s;
    j->room = room;
    j->at = room - have;
  }
  return j->s + (j->at -= len);
}

static int varint_put(job *j, uint64_t n)
{
  uint8_t octets[10];
  size_t len = message_varint(octets, n);
  char *s = front(j, len);
  if (!s) return 0;
  memcpy(s, octets, len);
  return 1;
}

static int tag_put(job *j, ProtobufCFieldDescriptor const *field, enum message_wire wire) { return varint_put(j, (uint64_t)field->id << 3 | wire); }

/* Length and tag in front of what was written since end (counted from the end of the message). */
static int octets_close(job *j, ProtobufCFieldDescriptor const *field, size_t end)
{
  return varint_put(j, j->room - j->at - end) && tag_put(j, field, WIRE_OCTETS);
}

static int octets_put(job *j, ProtobufCFieldDescriptor const *field, char const *from, size_t len)
{
  char *s = front(j, len);
  if (!s) return 0;
  if (len) memcpy(s, from, len);
  return octets_close(j, field, j->room - j->at - len);
}

/* Both alphabets; padding may be missing, but not be wrong. */
static int base64_put(job *j, ProtobufCFieldDescriptor const *field, char const *from, size_t len, place const *at)
{
  size_t padded = len, size;
  uint32_t bits = 0;
  char *s;
  while (len && padded - len < 2 && from[len - 1] == '=') len--;
  if (len % 4 == 1 || (padded != len && padded % 4)) return message_fault(j->fault, at, "not base64", NULL, 0);
  size = len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0);
  s = front(j, size);
  if (!s) return 0;
  for (size_t i = 0, n = 0; i < len; i++) {
    char c = from[i];
    uint32_t six;
    if (c >= 'A' && c <= 'Z') six = (uint32_t)(c - 'A');
    else if (c >= 'a' && c <= 'z') six = (uint32_t)(c - 'a') + 26;
    else if (c >= '0' && c <= '9') six = (uint32_t)(c - '0') + 52;
    else if (c == '+' || c == '-') six = 62;
    else if (c == '/' || c == '_') six = 63;
    else return message_fault(j->fault, at, "not base64", NULL, 0);
    bits = bits << 6 | six;
    if (i % 4) s[n++] = (char)(bits >> (6 - 2 * (i % 4)) & 255);
  }
  return octets_close(j, field, j->room - j->at - size);
}

static int unsigned_of(json_t const *value, uint64_t max, uint64_t *number)
{
  if (json_is_integer(value)) {
    if (json_integer_value(value) < 0) return 0;
    *number = (uint64_t)json_integer_value(value);
  } else if (json_is_real(value)) { /* 1e3 is a whole number */
    double d = json_real_value(value);
    if (!(d >= 0 && d < 18446744073709551616.0) || (double)(uint64_t)d != d) return 0;
    *number = (uint64_t)d;
  } else {
    char const *s = json_string_value(value);
    if (!s) return 0;
    if (json_string_length(value) && !*s) s++; /* see long_numbers.h */
    if (!uint640_scan(s, number)) return 0;
  }
  return *number <= max;
}

static int enum_of(json_t const *value, ProtobufCEnumDescriptor const *type, uint64_t *number)
{
  if (json_is_string(value)) {
    ProtobufCEnumValue const *known = protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(value));
    if (!known) return 0;
    *number = (uint64_t)(int64_t)known->value;
    return 1;
  }
  *number = (uint64_t)json_integer_value(value);
  return json_is_integer(value) && json_integer_value(value) >= INT32_MIN && json_integer_value(value) <= INT32_MAX;
}

/* What a field that is a number, a bool or an enum has on the wire. */
static int number_of(job *j, ProtobufCFieldDescriptor const *field, json_t const *value, uint64_t *number, place const *at)
{
  ProtobufCEnumDescriptor const *names = field->descriptor;
  switch (field->type) {
  case PROTOBUF_C_TYPE_BOOL:
    *number = json_is_true(value);
    return json_is_boolean(value) || message_fault(j->fault, at, "neither true nor false", NULL, 0);
  case PROTOBUF_C_TYPE_ENUM:
    return enum_of(value, names, number) || message_fault(j->fault, at, "no value of", names->short_name, strlen(names->short_name));
  case PROTOBUF_C_TYPE_UINT32:
    return unsigned_of(value, UINT32_MAX, number) || message_fault(j->fault, at, "not a whole number from 0 to 4294967295", NULL, 0);
  case PROTOBUF_C_TYPE_UINT64:
    return unsigned_of(value, UINT64_MAX, number) || message_fault(j->fault, at, "not a whole number from 0 to 18446744073709551615", NULL, 0);
  default: return message_fault(j->fault, at, "a type that porter's messages do not use", NULL, 0);
  }
}

/* Writes the value with its tag; where `always` is not set, nothing for a default value. */
static int value_put(job *j, ProtobufCFieldDescriptor const *field, json_t const *value, int always, place const *at)
{
  uint64_t number = 0;
  size_t len, end = j->room - j->at;
  switch (field->type) {
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
    if (!json_is_string(value)) return message_fault(j->fault, at, "not a string", NULL, 0);
    len = json_string_length(value);
    if (memchr(json_string_value(value), 0, len)) return message_fault(j->fault, at, "not a string", NULL, 0);
    if (!len && !always) return 1;
    return field->type == PROTOBUF_C_TYPE_STRING ? octets_put(j, field, json_string_value(value), len)
                                                 : base64_put(j, field, json_string_value(value), len, at);
  case PROTOBUF_C_TYPE_MESSAGE: return message_put(j, field->descriptor, value, at) && octets_close(j, field, end);
  default:
    if (!number_of(j, field, value, &number, at)) return 0;
    return (!number && !always) || (varint_put(j, number) && tag_put(j, field, WIRE_VARINT));
  }
}

static int is_number(ProtobufCFieldDescriptor const *field)
{
  return field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_BYTES && field->type != PROTOBUF_C_TYPE_MESSAGE;
}

/* Numbers are packed: one behind the other in one value. */
static int repeated_put(job *j, ProtobufCFieldDescriptor const *field, json_t const *array, place *at)
{
  size_t end = j->room - j->at, count = json_array_size(array);
  if (!json_is_array(array)) return message_fault(j->fault, at, "not an array", NULL, 0);
  at->repeated = 1;
  for (at->index = count; at->index--;) {
    json_t const *value = json_array_get(array, at->index);
    uint64_t number = 0;
    if (!(is_number(field) ? number_of(j, field, value, &number, at) && varint_put(j, number) : value_put(j, field, value, 1, at))) return 0;
  }
  return !is_number(field) || !count || octets_close(j, field, end);
}

static unsigned int field_named(ProtobufCMessageDescriptor const *type, char const *name)
{
  char camel[MESSAGE_NAME_MAX];
  unsigned int i = 0;
  for (; i < type->n_fields; i++) {
    if (!strcmp(type->fields[i].name, name)) break;
    message_camel(camel, type->fields[i].name);
    if (!strcmp(camel, name)) break;
  }
  return i;
}

/* Finds the field of each name; given[i] is the value of field i or null. */
static int sort_fields(job *j, ProtobufCMessageDescriptor const *type, json_t const *object, place const *at, json_t const **given)
{
  unsigned int oneof = type->n_fields;
  for (void *i = json_object_iter((json_t *)object); i; i = json_object_iter_next((json_t *)object, i)) {
    char const *name = json_object_iter_key(i);
    json_t const *value = json_object_iter_value(i);
    unsigned int n = field_named(type, name);
    if (n == type->n_fields) return message_fault(j->fault, at, "no field is named", name, strlen(name));
    if (given[n]) return message_fault(j->fault, at, "given twice:", name, strlen(name));
    given[n] = value;
    if (!(type->fields[n].flags & PROTOBUF_C_FIELD_FLAG_ONEOF) || json_is_null(value)) continue;
    if (oneof != type->n_fields && type->fields[oneof].quantifier_offset == type->fields[n].quantifier_offset)
      return message_fault(j->fault, at, "only one can be given beside", name, strlen(name));
    oneof = n;
  }
  return 1;
}

static int message_put(job *j, ProtobufCMessageDescriptor const *type, json_t const *object, place const *at)
{
  json_t const *given[MESSAGE_FIELDS_MAX] = { NULL };
  if (!json_is_object(object)) return message_fault(j->fault, at, "not an object", NULL, 0);
  if (at->level > MESSAGE_LEVELS_MAX) return message_fault(j->fault, at, "nested too deeply", NULL, 0);
  if (type->n_fields > MESSAGE_FIELDS_MAX) return message_fault(j->fault, at, "a type with too many fields", NULL, 0);
  if (!sort_fields(j, type, object, at, given)) return 0;
  for (unsigned int i = type->n_fields; i--;) {
    ProtobufCFieldDescriptor const *field = type->fields + i;
    place here = { .up = at, .field = field->name, .index = 0, .repeated = 0, .level = at->level + 1 };
    if (!given[i] || json_is_null(given[i])) continue;
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
      if (!repeated_put(j, field, given[i], &here)) return 0;
    } else if (!value_put(j, field, given[i], !!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF), &here)) {
      return 0;
    }
  }
  return 1;
}

/* Each value but the first stands behind one of these, outside of strings. */
size_t json_values(slice json)
{
  size_t n = 1;
  int inside = 0;
  for (size_t i = 0; i < json.len; i++) {
    char c = json.s[i];
    if (c == '"') inside = !inside;
    else if (inside) i += c == '\\';
    else n += c == ',' || c == ':' || c == '[' || c == '{';
  }
  return n;
}

static json_t *load(slice json, char *fault)
{
  json_error_t error;
  json_t *root = json_loadb(json.s, json.len, JSON_REJECT_DUPLICATES, &error);
  if (!root && json_error_code(&error) == json_error_numeric_overflow) {
    size_t len;
    char *quoted = quote_long_numbers(json, &len);
    if (!quoted && errno == ENOMEM) return NULL;
    if (quoted) root = json_loadb(quoted, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    free(quoted);
  }
  if (root) return root;
  errno = ENOMEM;
  if (json_error_code(&error) != json_error_out_of_memory) message_fault(fault, NULL, "not JSON:", error.text, strlen(error.text));
  return NULL;
}

int json_to_message(ProtobufCMessageDescriptor const *type, slice json, arena *a, slice *message, char *fault)
{
  job j = { .s = NULL, .room = 0, .at = 0, .fault = fault };
  place const root = { .up = NULL, .field = NULL, .index = 0, .repeated = 0, .level = 1 };
  json_t *object;
  int done;
  *fault = 0;
  object = load(json, fault);
  if (!object) return 0;
  done = message_put(&j, type, object, &root);
  json_decref(object);
  if (done) {
    message->len = j.room - j.at;
    message->s = arena_copy(a, j.s ? j.s + j.at : "", message->len);
    done = !!message->s;
  }
  free(j.s);
  return done;
}
