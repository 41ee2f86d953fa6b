/* What a part's head says besides what the tree needs: parameters, location, languages, encoding. */
#include "mime_private.h"

/* --- parameters --- */

typedef struct found_s found;
struct found_s {
  mime_param *list;
  param_pieces *continued;
  size_t count;
};

/* The place of the parameter of that name; count where there is no room. */
static size_t place_of(found *f, slice name)
{
  size_t i = 0;
  while (i < f->count && !slice_same(f->list[i].name, name)) i++;
  if (i == f->count && i < MIME_PARAMS_MAX) f->list[f->count++].name = name;
  return i;
}

static int take(arena *a, found *f, slice v)
{
  char const *star;
  slice name, base;
  size_t i;
  if (!param_split(&v, &name, &star) || !name.len || star == name.s) return 1;
  if (!lower_case(a, (slice){ name.s, star ? (size_t)(star - name.s) : name.len }, &base) || !param_unquote(a, &v)) return 0;
  i = place_of(f, base);
  if (i == MIME_PARAMS_MAX) return 1;
  if (star) return param_piece_take(a, f->continued + i, name, star, v);
  if (!f->list[i].value.s) f->list[i].value = v;
  return 1;
}

/* A plain value goes before an extended one, name* before what is continued. */
static int decode(arena *a, mail_charsets *charsets, mime_param *p, param_pieces const *continued)
{
  int raw;
  if (p->value.s) return words_decode(a, charsets, p->value, WORDS_UTF8, &p->value) && charset_decode(a, charset_utf8, p->value, &p->value);
  return !param_pieces_any(continued)
    || (param_pieces_join(a, charsets, WORDS_UTF8, continued, &p->value, &raw) && charset_decode(a, charset_utf8, p->value, &p->value));
}

int mime_params(arena *a, mail_charsets *charsets, mime_part const *part, mime_param **list, size_t *count)
{
  slice raw = cut_field(part->head.field[FIELD_CONTENT_TYPE]);
  found f;
  *count = 0;
  *list = NULL;
  if (!raw.len || !memchr(raw.s, ';', raw.len)) return 1;
  f = (found){ arena_array(a, MIME_PARAMS_MAX, sizeof *f.list), arena_array(a, MIME_PARAMS_MAX, sizeof *f.continued), 0 };
  if (!f.list || !f.continued || !field_unfold(a, &raw)) return 0;
  if (!charset_decode(a, charset_of_field(a, charsets, raw), raw, &raw)) return 0;
  for (size_t pos = param_end(raw.s, raw.len, 0); pos < raw.len;) {
    size_t end = param_end(raw.s, raw.len, pos + 1);
    if (!take(a, &f, (slice){ raw.s + pos + 1, end - pos - 1 })) return 0;
    pos = end;
  }
  for (size_t i = 0; i < f.count; i++) {
    mime_param *p = f.list + i;
    if (!decode(a, charsets, p, f.continued + i) || !charset_decode(a, NULL, p->name, &p->name)) return 0;
    if (p->value.s) f.list[(*count)++] = *p;
  }
  *list = f.list;
  return 1;
}

/* --- other fields --- */

int mime_location(arena *a, mail_charsets *charsets, mime_part const *part, slice *location)
{
  slice raw = cut_field(part->head.field[FIELD_CONTENT_LOCATION]);
  char *s;
  size_t len = 0;
  *location = (slice){ "", 0 };
  if (!raw.len) return 1;
  if (!words_decode(a, charsets, raw, WORDS_RAW, &raw) || !charset_decode(a, NULL, raw, &raw) || !(s = arena_take(a, raw.len + 1))) return 0;
  for (size_t i = 0; i < raw.len; i++)
    if (!is_space(raw.s[i])) s[len++] = raw.s[i];
  *location = (slice){ s, len };
  return 1;
}

#define LANGUAGES_MAX 100

int mime_languages(arena *a, mime_part const *part, slice **list, size_t *count)
{
  slice raw = cut_field(part->head.field[FIELD_CONTENT_LANGUAGE]);
  *count = 0;
  *list = NULL;
  if (!raw.len) return 1;
  if (!charset_decode(a, NULL, raw, &raw) || !(*list = arena_array(a, LANGUAGES_MAX, sizeof **list))) return 0;
  for (size_t i = 0; i < raw.len && *count < LANGUAGES_MAX;) {
    size_t first = i;
    if (raw.s[i] == '(') {
      i = skip_comment(raw.s, raw.len, i);
      continue;
    }
    while (i < raw.len && raw.s[i] != ',' && raw.s[i] != '(' && !is_space(raw.s[i])) i++;
    if (i > first) (*list)[(*count)++] = (slice){ raw.s + first, i - first };
    else i++;
  }
  return 1;
}

int mime_encoding_word(arena *a, mime_part const *part, slice *word)
{
  slice v = mime_encoding_of(part);
  *word = (slice){ "", 0 };
  return !v.len || (charset_decode(a, NULL, v, &v) && lower_case(a, v, word));
}

int mime_opaque(mime_part const *part) { return part->kind == MIME_LEAF && (is_multipart(part) || is_message(part)); }

/* --- broken encodings --- */

static int is_base64(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/'; }

static int base64_broken(slice s)
{
  size_t count = 0, i = 0;
  for (; i < s.len && s.s[i] != '='; i++) {
    if (is_base64(s.s[i])) count++;
    else if (!is_space(s.s[i])) return 1;
  }
  for (; i < s.len; i++)
    if (s.s[i] != '=' && !is_space(s.s[i])) return 1;
  return count % 4 == 1;
}

static int is_hex(char c)
{
  c = to_lower(c);
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static int quoted_printable_broken(slice s)
{
  for (size_t i = 0; i < s.len; i++) {
    size_t j = i + 1;
    if (s.s[i] != '=') continue;
    if (j + 1 < s.len && is_hex(s.s[j]) && is_hex(s.s[j + 1])) continue;
    while (j < s.len && is_blank(s.s[j])) j++;
    if (j < s.len && s.s[j] != '\n' && s.s[j] != '\r') return 1;
  }
  return 0;
}

int mime_broken(mime_part const *part)
{
  slice const v = mime_encoding_of(part);
  switch (part->encoding) {
  case ENCODING_BASE64: return base64_broken(part->body);
  case ENCODING_QUOTED_PRINTABLE: return quoted_printable_broken(part->body);
  case ENCODING_UUENCODE: return 0;
  case ENCODING_NONE: break;
  }
  return v.len && !is_word(v, "7bit") && !is_word(v, "8bit") && !is_word(v, "binary");
}
