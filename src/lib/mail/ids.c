/* Message identifiers: RFC 5322 3.6.4, 4.5.4.
 *
 * What is certain to be one, for who reads mails that are linked by them:
 *   <id>           what the last "<" before a ">" opens, without the blanks of folding
 *   <id   id>      a word with an @ that has a bracket at one side
 *   id             a word with an @, where all words outside of brackets have one: ids without brackets, no prose with an address in it, which old
 *                  In-Reply-To fields have, and no comment
 *   id             the one word of the field, if it has a digit and ID_ALONE octets: no "none"
 *   =?...=3Cid=3E?=  encoded words are decoded first: Python's email makes such of what is long
 *   &lt;id&gt;     as scripts write it
 * Of "Message from NAME <address> of DATE <id>", MH's, the first is none. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

#define ID_ALONE 6

typedef struct ids_s ids;
struct ids_s {
  arena *a;
  slice *list;
  size_t count, room;
  size_t bare, words; /* of the list, those without brackets; words without an @ */
  int brackets_only;
  slice word; /* the last of the words */
};

/* Adds v without the blanks of folding. */
static int add(ids *ids, slice v)
{
  size_t i, plain;
  v = trim(v);
  if (!v.len) return 1;
  if (ids->count == ids->room) {
    size_t const room = ids->room ? 2 * ids->room : 4;
    slice *list = arena_take(ids->a, room * sizeof *list);
    if (!list) return 0;
    if (ids->count) memcpy(list, ids->list, ids->count * sizeof *list);
    ids->list = list;
    ids->room = room;
  }
  plain = seen_run(v.s, v.len);
  for (i = plain; i < v.len && !is_space(v.s[i]);) i++;
  if (i < v.len) {
    char *s = arena_take(ids->a, v.len), *p = s;
    if (!s) return 0;
    for (i = 0; i < v.len; i++)
      if (!is_space(v.s[i])) *p++ = v.s[i];
    v = (slice){ s, (size_t)(p - s) };
  }
  if (plain < v.len && !charset_decode(ids->a, NULL, v, &v)) return 0;
  ids->list[ids->count++] = v;
  return 1;
}

/* --- words outside of brackets --- */

static int is_separator(char c) { return is_space(c) || c == ','; }

/* Whether there is something on both sides of an @. */
static int has_at(slice v) { return v.len > 2 && memchr(v.s + 1, '@', v.len - 2); }

static slice unescape(slice v)
{
  if (v.len > 4 && !memcmp(v.s, "&lt;", 4)) v.s += 4, v.len -= 4;
  if (v.len > 4 && !memcmp(v.s + v.len - 4, "&gt;", 4)) v.len -= 4;
  if (v.len > 2 && (*v.s == '"' || *v.s == '\'') && v.s[v.len - 1] == *v.s) v.s++, v.len -= 2;
  return v;
}

/* closed: a bracket is behind it. */
static int take_word(ids *ids, slice v, int closed)
{
  int half = closed;
  for (; v.len && *v.s == '<'; half = 1) v.s++, v.len--;
  if (!v.len) return 1;
  v = unescape(v);
  if (*v.s == '(' || !has_at(v)) return ids->words++, ids->word = v, 1;
  if (!half && ids->brackets_only) return 1;
  ids->bare += (size_t)!half;
  return add(ids, v);
}

static int take_words(ids *ids, slice v, int closed)
{
  size_t i = 0;
  while (v.len && is_separator(v.s[v.len - 1])) v.len--;
  while (i < v.len) {
    size_t const start = i;
    while (i < v.len && !is_separator(v.s[i])) i++;
    if (i > start && !take_word(ids, (slice){ v.s + start, i - start }, closed && i == v.len)) return 0;
    i++;
  }
  return 1;
}

/* --- the field --- */

static int take_all(ids *ids, slice raw)
{
  char const *s = raw.s, *const end = raw.s + raw.len;
  while (s < end) {
    char const *const close = memchr(s, '>', (size_t)(end - s));
    char const *const open = close ? memrchr(s, '<', (size_t)(close - s)) : NULL;
    char const *const words_end = open ? open : close ? close : end;
    if (!take_words(ids, (slice){ s, (size_t)(words_end - s) }, close && !open)) return 0;
    if (open && !add(ids, (slice){ open + 1, (size_t)(close - open - 1) })) return 0;
    s = close ? close + 1 : end;
  }
  return 1;
}

static int has_digit(slice v)
{
  for (size_t i = 0; i < v.len; i++)
    if (v.s[i] >= '0' && v.s[i] <= '9') return 1;
  return 0;
}

static int is_alone(ids const *ids, slice raw)
{
  return !ids->count && ids->words == 1 && ids->word.len >= ID_ALONE && *ids->word.s != '(' && has_digit(ids->word) && !slice_has(raw, '>');
}

static int has_word(slice raw)
{
  for (char const *s = raw.s; (s = memchr(s, '?', raw.len - (size_t)(s - raw.s))); s++)
    if (s > raw.s && s[-1] == '=') return 1;
  return 0;
}

int mail_ids(arena *a, slice raw, slice **list, size_t *count)
{
  static char const mh[] = "message from ";
  mail_charsets charsets = MAIL_CHARSETS_ZERO;
  ids ids = { .a = a };
  *list = NULL;
  *count = 0;
  raw = trim(cut_field(raw));
  if (!raw.len) return 1;
  if (has_word(raw) && !words_decode(a, &charsets, raw, WORDS_RAW, &raw)) return 0;
  if (!take_all(&ids, raw)) return 0;
  if (ids.bare && ids.words) {
    ids = (struct ids_s){ .a = a, .brackets_only = 1 };
    if (!take_all(&ids, raw)) return 0;
  }
  if (is_alone(&ids, raw) && !add(&ids, ids.word)) return 0;
  if (ids.count > 1 && raw.len > sizeof mh && is_word((slice){ raw.s, sizeof mh - 1 }, mh)) ids.list++, ids.count--;
  *list = ids.list;
  *count = ids.count;
  return 1;
}
