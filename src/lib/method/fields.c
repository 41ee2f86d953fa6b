/* Fields that a client asks for by name. */
#include <string.h>
#include <strings.h>

#include <porter/exit.h>
#include <porter/text.h>
#include "fields.h"

int fields_check(method_call *call, field_asks const *asks)
{
  if (asks->count > FETCH_FIELDS_MAX)
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "too many fields are asked for", (slice)SLICE_ZERO, 0);
  for (size_t i = 0; i < asks->count; i++)
    if (asks->ask[i]->form > PORTER__FIELD_ASK__FORM__URLS || !*asks->ask[i]->name)
      return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such form of a field:", slice_of(asks->ask[i]->name), 0);
  return EXIT_DONE;
}

/* --- forms --- */

static int put_groups(arena *a, mail_charsets *charsets, slice raw, Porter__FieldValue *v)
{
  mail_group *list;
  if (!mail_groups(a, charsets, FIELD_TO, raw, &list, &v->n_groups) || !(v->groups = arena_array(a, v->n_groups, sizeof *v->groups))) return 0;
  for (size_t i = 0; i < v->n_groups; i++) {
    Porter__AddressGroup *g = arena_take(a, sizeof *g);
    if (!g) return 0;
    *g = (Porter__AddressGroup)PORTER__ADDRESS_GROUP__INIT;
    if (!(g->name = build_string(a, list[i].name)) || !build_addresses(a, list[i].list, list[i].count, &g->addresses, &g->n_addresses)) return 0;
    v->groups[i] = g;
  }
  return 1;
}

static int put_form(arena *a, mail_charsets *charsets, slice raw, Porter__FieldValue *v)
{
  mail_address *addresses;
  slice text, *list;
  mail_date date;
  char s[MAIL_DATE_FMT];
  size_t count;
  switch (v->form) {
  case PORTER__FIELD_ASK__FORM__TEXT: return mail_text(a, charsets, raw, &text) && (v->text = build_string(a, text));
  case PORTER__FIELD_ASK__FORM__ADDRESSES:
    return mail_addresses(a, charsets, FIELD_TO, raw, &addresses, &count) && build_addresses(a, addresses, count, &v->addresses, &v->n_addresses);
  case PORTER__FIELD_ASK__FORM__GROUPS: return put_groups(a, charsets, raw, v);
  case PORTER__FIELD_ASK__FORM__IDS: return mail_ids(a, raw, &list, &v->n_ids) && build_strings(a, list, v->n_ids, &v->ids);
  case PORTER__FIELD_ASK__FORM__URLS: return mail_urls(a, raw, &list, &v->n_urls) && build_strings(a, list, v->n_urls, &v->urls);
  case PORTER__FIELD_ASK__FORM__DATE: return !mail_date_parse(raw, &date) || (v->date = build_string(a, (slice){ s, mail_date_fmt(s, &date) }));
  default: v->raw = (ProtobufCBinaryData){ raw.len, (uint8_t *)raw.s }; return 1;
  }
}

/* --- walking through a head --- */

typedef struct collector_s collector;
struct collector_s {
  arena *a;
  mail_charsets charsets;
  Porter__FieldAsk const *ask; /* null: every field, raw */
  slice name, last;            /* of the last one that was met */
  Porter__FieldValue **list;
  size_t count, room;
};

static int add(collector *c, slice name, slice raw)
{
  Porter__FieldValue *v = arena_take(c->a, sizeof *v);
  slice text;
  if (c->count == c->room) {
    Porter__FieldValue **more = arena_array(c->a, c->room = c->room ? 2 * c->room : 16, sizeof *more);
    if (!more) return 0;
    if (c->count) memcpy(more, c->list, c->count * sizeof *more);
    c->list = more;
  }
  if (!v || !charset_decode(c->a, NULL, name, &text)) return 0;
  *v = (Porter__FieldValue)PORTER__FIELD_VALUE__INIT;
  v->form = c->ask ? c->ask->form : PORTER__FIELD_ASK__FORM__RAW;
  c->list[c->count++] = v;
  return (v->name = build_string(c->a, text)) && put_form(c->a, &c->charsets, raw, v);
}

static int meet(void *context, slice name, slice value)
{
  collector *c = context;
  if (!c->ask) return add(c, name, value);
  if (name.len != strlen(c->ask->name) || strncasecmp(name.s, c->ask->name, name.len)) return 1;
  c->last = value;
  return !c->ask->all || add(c, (slice){ c->ask->name, name.len }, value);
}

int fields_build(arena *a, field_asks const *asks, mime_tree const *tree, size_t i, int parts, Porter__FieldValue ***out, size_t *count)
{
  mime_part const *part = tree->part + i;
  int message = mime_message_of(tree, i) == i;
  collector c = { .a = a, .charsets = mail_charsets_of(tree, i) };
  for (size_t k = 0; k < asks->count; k++) {
    if (parts && !asks->ask[k]->parts) continue;
    c.ask = asks->ask[k];
    c.last = (slice)SLICE_ZERO;
    if (!mail_field_walk(part->header, message, meet, &c)) return 0;
    if (!c.ask->all && c.last.s && !add(&c, slice_of(c.ask->name), c.last)) return 0;
  }
  c.ask = NULL;
  if (asks->all && !parts && !mail_field_walk(part->header, message, meet, &c)) return 0;
  *out = c.list;
  *count = c.count;
  return 1;
}
