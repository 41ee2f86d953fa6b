/* Forms of fields that the head of a mail as a message has not: every field as it stands, groups, URLs. */
#include "private.h"

/* --- every field --- */

int mail_field_walk(slice header, int message, field_func *each, void *context)
{
  head_cursor c = { .s = header.s, .len = header.len, .message = message, .end = is_cr_only(header.s, header.len) ? '\r' : '\n' };
  slice name, value;
  unsigned int count = 0;
  int r = 1;
  while (r && count++ < MAIL_FIELD_WALK_MAX && head_next(&c, &name, &value)) r = each(context, name, value);
  return r;
}

/* --- groups (RFC 5322 3.4) --- */

/* Where what begins at s[i] ends: a quoted string, a comment, an address in < >, a domain in [ ], or one octet. */
static size_t skip_token(char const *s, size_t len, size_t i)
{
  char const c = s[i], close = c == '<' ? '>' : c == '[' ? ']' : '"';
  if (c == '(') return skip_comment(s, len, i);
  if (c == '\\') return i + 2 < len ? i + 2 : len;
  if (c != '"' && c != '<' && c != '[') return i + 1;
  for (size_t j = i + 1; j < len; j++) {
    if (s[j] == '\\' && c == '"') j++;
    else if (s[j] == close) return j + 1;
    else if (c == '<' && (s[j] == ',' || s[j] == ';')) return j; /* never closed */
  }
  return i + 1;
}

static int add_group(arena *a, mail_charsets *charsets, enum mail_field which, mail_group *g, slice name, slice members, size_t *count)
{
  g += *count;
  if (!mail_addresses(a, charsets, which, members, &g->list, &g->count)) return 0;
  if (name.s && !words_decode(a, charsets, name, WORDS_RAW, &g->name)) return 0;
  if (name.s && g->name.len > 1 && g->name.s[0] == '"' && g->name.s[g->name.len - 1] == '"') g->name.s++, g->name.len -= 2;
  if (name.s && !g->name.s) g->name = (slice){ "", 0 };
  if (name.s || g->count) ++*count;
  return 1;
}

/*   at          input                        does                                      goes to
 *   outside     a colon                      ends what lay before the group's name     inside
 *   outside     a comma                      notes where a group's name may begin      outside
 *   inside      a semicolon                  the group ends                            outside
 *   either      a string, comment, address   passes over it                            the same */
int mail_groups(arena *a, mail_charsets *charsets, enum mail_field which, slice raw, mail_group **list, size_t *count)
{
  size_t from = 0, name = 0, i = 0, colons = 0;
  slice group = SLICE_ZERO;
  raw = cut_field(raw);
  *count = 0;
  *list = NULL;
  if (!raw.len) return 1;
  if (!field_unfold(a, &raw)) return 0;
  for (i = 0; i < raw.len; i++) colons += raw.s[i] == ':';
  if (colons > MAIL_FIELD_EACH_MAX) colons = MAIL_FIELD_EACH_MAX;
  if (!(*list = arena_array(a, 2 * colons + 1, sizeof **list))) return 0;
  for (i = 0; i < raw.len;) {
    char c = raw.s[i];
    size_t next = skip_token(raw.s, raw.len, i);
    if (!group.s && c == ':' && colons) {
      if (!add_group(a, charsets, which, *list, (slice)SLICE_ZERO, (slice){ raw.s + from, name - from }, count)) return 0;
      group = trim((slice){ raw.s + name, i - name });
      from = next;
      colons--;
    } else if (!group.s && c == ',') name = next;
    else if (group.s && c == ';') {
      if (!add_group(a, charsets, which, *list, group, (slice){ raw.s + from, i - from }, count)) return 0;
      group.s = NULL;
      from = name = next;
      if (from < raw.len && raw.s[from] == ',') from = name = ++next;
    }
    i = next;
  }
  if (from > raw.len) from = raw.len;
  return add_group(a, charsets, which, *list, group, (slice){ raw.s + from, raw.len - from }, count);
}

int mail_urls(arena *a, slice raw, slice **list, size_t *count)
{
  size_t most = 0;
  raw = cut_field(raw);
  *count = 0;
  *list = NULL;
  if (!raw.len || !charset_decode(a, NULL, raw, &raw)) return !raw.len;
  for (size_t i = 0; i < raw.len; i++) most += raw.s[i] == '<';
  if (most > MAIL_FIELD_EACH_MAX) most = MAIL_FIELD_EACH_MAX;
  if (!(*list = arena_array(a, most ? most : 1, sizeof **list))) return 0;
  for (size_t i = 0; i < raw.len && *count < most;) {
    char const *close;
    char *s;
    size_t len = 0;
    if (raw.s[i] == '(') {
      i = skip_comment(raw.s, raw.len, i);
      continue;
    }
    if (raw.s[i++] != '<') continue;
    if (!(close = memchr(raw.s + i, '>', raw.len - i))) break;
    if (!(s = arena_take(a, (size_t)(close - raw.s) - i + 1))) return 0;
    for (; raw.s + i < close; i++)
      if (!is_space(raw.s[i])) s[len++] = raw.s[i];
    (*list)[(*count)++] = (slice){ s, len };
  }
  return 1;
}
