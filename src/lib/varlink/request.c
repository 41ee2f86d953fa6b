/* Parameters of calls as requests of maildir-op. A parameter that is not optional has to be there and have its type; an int may be a decimal string
 * or a number whose fraction is zero; an optional one may be null. What is not asked for is passed over. */
#include <stdio.h>
#include <string.h>

#include <skalibs/types.h>

#include "internal.h"

/* Always 0. */
static int wrong(varlink_request *r, char const *in, char const *name)
{
  snprintf(r->invalid, sizeof r->invalid, "%s%s%s", in ? in : "", in ? "." : "", name);
  return 0;
}

/* A string without NUL, which protobuf's cannot hold. */
static int text_of(json_t const *value, char **s)
{
  if (!json_is_string(value) || strlen(json_string_value(value)) != json_string_length(value)) return 0;
  *s = (char *)json_string_value(value);
  return 1;
}

static int text(varlink_request *r, char const *name, char **s) { return text_of(json_object_get(r->parameters, name), s) || wrong(r, NULL, name); }

static int optional_text(varlink_request *r, char const *name, char **s)
{
  json_t const *value = json_object_get(r->parameters, name);
  return !value || json_is_null(value) || text(r, name, s);
}

static int whole(json_t const *value, int64_t *n)
{
  char const *s = json_string_value(value);
  if (json_is_integer(value)) return *n = json_integer_value(value), 1;
  if (json_is_real(value)) {
    double d = json_real_value(value);
    if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0) || (double)(int64_t)d != d) return 0;
    return *n = (int64_t)d, 1;
  }
  return s && strlen(s) == json_string_length(value) && *s != '+' && int640_scan(s, n);
}

/* A count that none of ours goes beyond: what is more means all. */
static int count(varlink_request *r, char const *name, uint32_t *n)
{
  int64_t value;
  if (!whole(json_object_get(r->parameters, name), &value) || value < 0) return wrong(r, NULL, name);
  *n = value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
  return 1;
}

/* The index of an enum's word; -1 where there is no such. */
static int choice(json_t const *value, char const *const *words)
{
  char *s;
  if (!text_of(value, &s)) return -1;
  for (int i = 0; words[i]; i++)
    if (!strcmp(words[i], s)) return i;
  return -1;
}

static int sort(varlink_request *r, Porter__Sort **out)
{
  static char const *const directions[] = { "asc", "desc", NULL }, *const parameters[] = { "date", "size", "sender", "subject", NULL };
  json_t const *value = json_object_get(r->parameters, "sort");
  int direction = choice(json_object_get(value, "direction"), directions), parameter = choice(json_object_get(value, "parameter"), parameters);
  if (!json_is_object(value)) return wrong(r, NULL, "sort");
  if (direction < 0) return wrong(r, "sort", "direction");
  if (parameter < 0) return wrong(r, "sort", "parameter");
  r->sort = (Porter__Sort)PORTER__SORT__INIT;
  r->sort.direction = (Porter__Sort__Direction)direction;
  r->sort.parameter = (Porter__Sort__Parameter)parameter;
  *out = &r->sort;
  return 1;
}

static int bound(varlink_request *r, Porter__Bound **out)
{
  json_t const *value = json_object_get(r->parameters, "bound");
  r->bound = (Porter__Bound)PORTER__BOUND__INIT;
  if (!value || json_is_null(value)) return 1;
  if (!json_is_object(value)) return wrong(r, NULL, "bound");
  if (!text_of(json_object_get(value, "param"), &r->bound.param)) return wrong(r, "bound", "param");
  if (!text_of(json_object_get(value, "id"), &r->bound.id)) return wrong(r, "bound", "id");
  *out = &r->bound;
  return 1;
}

/* The request is one of that type, with nothing in it yet. */
static void begin(varlink_request *r, ProtobufCMessageDescriptor const *type)
{
  protobuf_c_message_init(type, &r->of);
  r->message = &r->of.message;
}

int varlink_request_list(varlink_request *r)
{
  Porter__ListReq *q = &r->of.list;
  begin(r, &porter__list_req__descriptor);
  if (!text(r, "folder", &q->folder) || !count(r, "start", &q->start) || !count(r, "end", &q->end) || !sort(r, &q->sort)) return 0;
  return q->start <= q->end || wrong(r, NULL, "start");
}

int varlink_request_list_search(varlink_request *r)
{
  static char const *const directions[] = { "after", "before", NULL };
  Porter__ListSearchReq *q = &r->of.list_search;
  int direction = choice(json_object_get(r->parameters, "direction"), directions);
  begin(r, &porter__list_search_req__descriptor);
  if (!text(r, "folder", &q->folder) || !bound(r, &q->bound)) return 0;
  if (direction < 0) return wrong(r, NULL, "direction");
  q->direction = (Porter__ListSearchReq__Direction)direction;
  return count(r, "limit", &q->limit) && sort(r, &q->sort) && optional_text(r, "search", &q->search);
}

int varlink_request_stats(varlink_request *r)
{
  begin(r, &porter__stats_req__descriptor);
  return text(r, "folder", &r->of.stats.folder);
}

int varlink_request_show(varlink_request *r)
{
  begin(r, &porter__show_req__descriptor);
  return text(r, "folder", &r->of.show.folder) && text(r, "mid", &r->of.show.mid);
}

int varlink_request_raw(varlink_request *r)
{
  begin(r, &porter__raw_req__descriptor);
  return text(r, "folder", &r->of.raw.folder) && text(r, "mid", &r->of.raw.mid) && optional_text(r, "path", &r->of.raw.path);
}

int varlink_request_search(varlink_request *r)
{
  begin(r, &porter__search_req__descriptor);
  return text(r, "folder", &r->of.search.folder) && text(r, "pattern", &r->of.search.pattern);
}

int varlink_request_folders(varlink_request *r)
{
  begin(r, &porter__folders_req__descriptor);
  return 1;
}

int varlink_request_move(varlink_request *r)
{
  Porter__MoveReq *q = &r->of.move;
  begin(r, &porter__move_req__descriptor);
  q->mids = &r->mid;
  q->n_mids = 1;
  return text(r, "mid", &r->mid) && text(r, "from_folder", &q->from_folder) && text(r, "to_folder", &q->to_folder);
}

int varlink_request_remove(varlink_request *r)
{
  Porter__RemoveReq *q = &r->of.remove;
  begin(r, &porter__remove_req__descriptor);
  q->mids = &r->mid;
  q->n_mids = 1;
  return text(r, "folder", &q->folder) && text(r, "mid", &r->mid);
}

int varlink_request_add_folder(varlink_request *r)
{
  begin(r, &porter__add_folder_req__descriptor);
  return text(r, "name", &r->of.add_folder.name);
}
