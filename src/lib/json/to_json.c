/* A message as JSON, straight from the wire format: strings and octets are never copied.
 * One pass over a message's own fields notes where each begins and ends; then each is written in the order of the type.
 * What is nested is skipped by its length in that pass, so the cost is the message's size times its depth at worst. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <porter/json_output.h>
#include <porter/message_field.h>
#include <porter/message_json.h>
#include <porter/text.h>
#include "internal.h"

#define JOINED_MAX 8 /* times the message: nothing that is not made to hurt has pieces in pieces deeper than that */

typedef struct job_s job;
struct job_s {
  json_output out;
  arena joined;  /* messages that came in several pieces */
  size_t budget; /* octets that may still be joined */
  int defaults;  /* what has its default value is written too */
  char *fault;
};

/* What the first pass saw of one field. */
typedef struct seen_s seen;
struct seen_s {
  size_t count;
  size_t octets; /* of its values together */
  slice range;   /* from its first occurrence to the end of its last */
  message_field last;
};

static int message_put(job *j, ProtobufCMessageDescriptor const *type, slice message, place const *at);

static int is_repeated(ProtobufCFieldDescriptor const *field) { return field->label == PROTOBUF_C_LABEL_REPEATED; }

static int is_oneof(ProtobufCFieldDescriptor const *field) { return !!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF); }

static enum message_wire wire_of(ProtobufCFieldDescriptor const *field)
{
  switch (field->type) {
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
  case PROTOBUF_C_TYPE_MESSAGE: return WIRE_OCTETS;
  default: return WIRE_VARINT;
  }
}

static unsigned int field_index(ProtobufCMessageDescriptor const *type, uint32_t number)
{
  unsigned int i = 0;
  while (i < type->n_fields && type->fields[i].id != number) i++;
  return i;
}

/* Numbers of a repeated field may stand one behind the other in one value (protobuf.dev, Encoding, "Packed Repeated Fields"). */
static int is_packed(ProtobufCFieldDescriptor const *field, message_field const *value)
{
  return is_repeated(field) && value->wire == WIRE_OCTETS && wire_of(field) == WIRE_VARINT;
}

/* Of a oneof, the last on the wire counts. */
static void forget_others(ProtobufCMessageDescriptor const *type, unsigned int index, seen *fields)
{
  ProtobufCFieldDescriptor const *field = type->fields + index;
  if (!is_oneof(field)) return;
  for (unsigned int i = 0; i < type->n_fields; i++)
    if (i != index && is_oneof(type->fields + i) && type->fields[i].quantifier_offset == field->quantifier_offset) fields[i].count = 0;
}

static int look_over(job *j, ProtobufCMessageDescriptor const *type, slice message, place const *at, seen *fields)
{
  slice rest = message;
  for (;;) {
    slice before = rest;
    message_field field;
    unsigned int i;
    int r = message_field_next(&rest, &field);
    if (!r) return 1;
    if (r < 0) return message_fault(j->fault, at, "not a protobuf message of type", type->short_name, strlen(type->short_name));
    i = field_index(type, field.number);
    if (i == type->n_fields) continue; /* a newer schema's */
    if (field.wire != wire_of(type->fields + i) && !is_packed(type->fields + i, &field))
      return message_fault(j->fault, at, "wrong wire type in field", type->fields[i].name, strlen(type->fields[i].name));
    forget_others(type, i, fields);
    if (!fields[i].count++) {
      fields[i].range.s = before.s;
      fields[i].octets = 0;
    }
    fields[i].octets += field.data.len;
    fields[i].range.len = (size_t)(rest.s - fields[i].range.s);
    fields[i].last = field;
  }
}

/* Pieces of one message are merged by joining their octets (protobuf.dev, Encoding, "Last One Wins"). */
static int join(job *j, seen const *field, place const *at, slice *whole)
{
  slice rest = field->range;
  message_field piece;
  size_t len = 0;
  char *s;
  if (field->octets > j->budget) return message_fault(j->fault, at, "sent in too many pieces", NULL, 0);
  j->budget -= field->octets;
  s = arena_take(&j->joined, field->octets);
  if (!s) return 0;
  while (message_field_next(&rest, &piece) > 0) {
    if (piece.number != field->last.number) continue;
    if (piece.data.len) memcpy(s + len, piece.data.s, piece.data.len);
    len += piece.data.len;
  }
  *whole = (slice){ .s = s, .len = len };
  return 1;
}

static void enum_put(json_output *out, ProtobufCEnumDescriptor const *type, uint64_t bits)
{
  int32_t number = (int32_t)(uint32_t)bits;
  ProtobufCEnumValue const *value = protobuf_c_enum_descriptor_get_value(type, number);
  if (value) {
    json_put_string(out, value->name, strlen(value->name));
  } else {
    if (number < 0) json_put(out, "-", 1);
    json_put_number(out, number < 0 ? -(uint64_t)(int64_t)number : (uint64_t)number);
  }
}

static int value_put(job *j, ProtobufCFieldDescriptor const *field, message_field const *value, place const *at)
{
  json_output *out = &j->out;
  switch (field->type) {
  case PROTOBUF_C_TYPE_STRING:
    if (memchr(value->data.s, 0, value->data.len)) return message_fault(j->fault, at, "NUL in a string", NULL, 0);
    if (utf8_valid(value->data.s, value->data.len) != value->data.len) return message_fault(j->fault, at, "not UTF-8", NULL, 0);
    json_put_string(out, value->data.s, value->data.len);
    return 1;
  case PROTOBUF_C_TYPE_BYTES: json_put_base64(out, value->data.s, value->data.len); return 1;
  case PROTOBUF_C_TYPE_MESSAGE: return message_put(j, field->descriptor, value->data, at);
  case PROTOBUF_C_TYPE_BOOL: json_put_text(out, value->value ? "true" : "false"); return 1;
  case PROTOBUF_C_TYPE_ENUM: enum_put(out, field->descriptor, value->value); return 1;
  case PROTOBUF_C_TYPE_UINT32: json_put_number(out, (uint32_t)value->value); return 1;
  case PROTOBUF_C_TYPE_UINT64:
    json_put(out, "\"", 1);
    json_put_number(out, value->value);
    json_put(out, "\"", 1);
    return 1;
  default: return message_fault(j->fault, at, "a type that porter's messages do not use", NULL, 0);
  }
}

static int member_put(job *j, ProtobufCFieldDescriptor const *field, message_field const *value, place *at)
{
  if (at->index) json_put(&j->out, ",", 1);
  if (!value_put(j, field, value, at)) return 0;
  at->index++;
  return 1;
}

static int packed_put(job *j, ProtobufCFieldDescriptor const *field, slice numbers, place *at)
{
  message_field value = { .number = field->id, .wire = WIRE_VARINT };
  while (numbers.len) {
    if (!message_varint_next(&numbers, &value.value)) return message_fault(j->fault, at, "a number that is cut or overlong", NULL, 0);
    if (!member_put(j, field, &value, at)) return 0;
  }
  return 1;
}

static int repeated_put(job *j, ProtobufCFieldDescriptor const *field, seen const *all, place *at)
{
  slice rest = all->range;
  message_field value;
  json_put(&j->out, "[", 1);
  at->repeated = 1;
  while (message_field_next(&rest, &value) > 0) {
    if (value.number != field->id) continue;
    if (!(is_packed(field, &value) ? packed_put(j, field, value.data, at) : member_put(j, field, &value, at))) return 0;
  }
  json_put(&j->out, "]", 1);
  return 1;
}

static int is_default(ProtobufCFieldDescriptor const *field, message_field const *value)
{
  if (is_oneof(field) || field->type == PROTOBUF_C_TYPE_MESSAGE) return 0; /* these know presence */
  if (value->wire == WIRE_OCTETS) return !value->data.len;
  return field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_ENUM ? !(uint32_t)value->value : !value->value;
}

/* Whether a field that is not there, or has its default value, is written all the same: where it knows no presence. */
static int has_default(job const *j, ProtobufCFieldDescriptor const *field)
{
  return j->defaults && (is_repeated(field) || !(is_oneof(field) || field->type == PROTOBUF_C_TYPE_MESSAGE));
}

static int message_put(job *j, ProtobufCMessageDescriptor const *type, slice message, place const *at)
{
  seen fields[MESSAGE_FIELDS_MAX];
  int some = 0;
  if (at->level > MESSAGE_LEVELS_MAX) return message_fault(j->fault, at, "nested too deeply", NULL, 0);
  if (type->n_fields > MESSAGE_FIELDS_MAX) return message_fault(j->fault, at, "a type with too many fields", NULL, 0);
  for (unsigned int i = 0; i < type->n_fields; i++) fields[i].count = 0;
  if (!look_over(j, type, message, at, fields)) return 0;
  json_put(&j->out, "{", 1);
  for (unsigned int i = 0; i < type->n_fields; i++) {
    ProtobufCFieldDescriptor const *field = type->fields + i;
    int given = fields[i].count && (is_repeated(field) || !is_default(field, &fields[i].last));
    if (!given && !has_default(j, field)) continue;
    place here = { .up = at, .field = field->name, .index = 0, .repeated = 0, .level = at->level + 1 };
    char camel[MESSAGE_NAME_MAX];
    if (some) json_put(&j->out, ",", 1);
    some = 1;
    message_camel(camel, field->name);
    json_put_string(&j->out, camel, strlen(camel));
    json_put(&j->out, ":", 1);
    if (!given) {
      message_field const none = { .wire = wire_of(field), .data = { "", 0 } };
      if (is_repeated(field)) json_put_text(&j->out, "[]");
      else value_put(j, field, &none, &here);
    } else if (is_repeated(field)) {
      if (!repeated_put(j, field, fields + i, &here)) return 0;
    } else {
      message_field value = fields[i].last;
      if (field->type == PROTOBUF_C_TYPE_MESSAGE && fields[i].count > 1 && !join(j, fields + i, &here, &value.data)) return 0;
      if (!value_put(j, field, &value, &here)) return 0;
    }
  }
  json_put(&j->out, "}", 1);
  return !j->out.failure;
}

int message_to_json(ProtobufCMessageDescriptor const *type, slice message, int defaults, sink_func *sink, void *context, char *fault)
{
  job j = {
    .joined = ARENA_ZERO, .budget = message.len < SIZE_MAX / JOINED_MAX ? JOINED_MAX * message.len : SIZE_MAX, .defaults = defaults, .fault = fault
  };
  place const root = { .up = NULL, .field = NULL, .index = 0, .repeated = 0, .level = 1 };
  int done;
  *fault = 0;
  json_put_start(&j.out, sink, context, 0);
  errno = 0;
  done = message_put(&j, type, message, &root);
  arena_free(&j.joined);
  if (!done && !j.out.failure) return 0;
  return json_put_end(&j.out);
}
