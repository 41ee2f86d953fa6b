/* The charset that HTML says it is in: WHATWG's prescan of a byte stream (HTML 13.2.3.2), over the first HTML_PRESCAN octets.
 *
 *   at                       what happens
 *   a byte-order mark        it says, whatever comes behind
 *   <!--                     skipped up to -->
 *   <meta and a blank or /   its attributes: charset, or http-equiv="content-type" and the charset in content
 *   < or </ and a letter     skipped with its attributes, as a > may stand in quotes
 *   <! </ <?                 skipped up to >
 *   other                    skipped
 *
 * utf-16 means utf-8, as ASCII was read to come so far; a charset that keeps no ASCII is none. */
#include "html.h"
#include "private.h"

typedef struct scanner_s scanner;
struct scanner_s {
  char const *s;
  size_t len, pos;
};

static int at(scanner const *c, char const *word)
{
  size_t const n = strlen(word);
  return c->len - c->pos >= n && is_word((slice){ c->s + c->pos, n }, word);
}

static int is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

/* The next attribute of a tag; 0 where there are no more. */
static int attribute(scanner *c, slice *name, slice *value)
{
  size_t i = c->pos, start;
  while (i < c->len && (is_space(c->s[i]) || c->s[i] == '/')) i++;
  c->pos = i;
  if (i == c->len || c->s[i] == '>') return 0;
  for (start = i++; i < c->len && !is_space(c->s[i]) && c->s[i] != '=' && c->s[i] != '/' && c->s[i] != '>'; i++)
    ;
  *name = (slice){ c->s + start, i - start };
  *value = (slice)SLICE_ZERO;
  while (i < c->len && is_space(c->s[i])) i++;
  if (i == c->len || c->s[i] != '=') return c->pos = i, 1;
  for (i++; i < c->len && is_space(c->s[i]); i++)
    ;
  char const quote = i < c->len && (c->s[i] == '"' || c->s[i] == '\'') ? c->s[i] : 0;
  if (quote) i++;
  for (start = i; i < c->len && (quote ? c->s[i] != quote : !is_space(c->s[i]) && c->s[i] != '>'); i++)
    ;
  *value = (slice){ c->s + start, i - start };
  c->pos = i + (quote && i < c->len);
  return 1;
}

/* The label behind "charset=" in the value of content. */
static slice label_in(slice v)
{
  while (v.len > 7) {
    if (!is_word((slice){ v.s, 7 }, "charset")) {
      v.s++, v.len--;
      continue;
    }
    v.s += 7, v.len -= 7;
    while (v.len && is_space(*v.s)) v.s++, v.len--;
    if (!v.len || *v.s != '=') continue;
    for (v.s++, v.len--; v.len && (is_space(*v.s) || *v.s == '"' || *v.s == '\''); v.s++, v.len--)
      ;
    for (size_t i = 0; i < v.len; i++)
      if (is_space(v.s[i]) || v.s[i] == ';' || v.s[i] == '"' || v.s[i] == '\'') v.len = i;
    return v;
  }
  return (slice)SLICE_ZERO;
}

static charset const *charset_of(slice label)
{
  if (is_word(label, "x-user-defined")) return charset_windows1252;
  charset const *const c = charset_find(label.s, label.len);
  if (label.len > 6 && c && charset_kind(c) == CHARSET_OTHER && is_word((slice){ label.s, 5 }, "utf-1")) return charset_utf8;
  return c && charset_kind(c) == CHARSET_OTHER ? NULL : c;
}

static charset const *meta(scanner *c)
{
  slice name, value, content = SLICE_ZERO, own = SLICE_ZERO;
  int pragma = 0;
  while (attribute(c, &name, &value)) {
    if (is_word(name, "http-equiv")) pragma = pragma || is_word(value, "content-type");
    else if (is_word(name, "content") && !content.s) content = label_in(value);
    else if (is_word(name, "charset") && !own.s) own = trim(value);
  }
  return own.s ? charset_of(own) : pragma && content.s ? charset_of(content) : NULL;
}

static void skip_to(scanner *c, char const *end)
{
  while (c->pos < c->len && !at(c, end)) c->pos++;
  c->pos += c->pos < c->len ? strlen(end) : 0;
}

charset const *html_charset(char const *s, size_t len)
{
  scanner c = { .s = s, .len = len < HTML_PRESCAN ? len : HTML_PRESCAN };
  slice name, value;
  if (at(&c, "\xef\xbb\xbf")) return charset_utf8;
  if (at(&c, "\xff\xfe") || at(&c, "\xfe\xff")) return charset_find("utf-16", 6);
  while (c.pos < c.len) {
    if (c.s[c.pos] != '<') {
      c.pos++;
      continue;
    }
    char const next = c.len - c.pos > 1 ? c.s[c.pos + 1] : 0, then = c.len - c.pos > 2 ? c.s[c.pos + 2] : 0;
    if (at(&c, "<!--")) c.pos += 2, skip_to(&c, "-->"); /* <!--> is one too */
    else if (at(&c, "<meta") && c.len - c.pos > 5 && (is_space(c.s[c.pos + 5]) || c.s[c.pos + 5] == '/')) {
      c.pos += 5;
      charset const *const found = meta(&c);
      if (found) return found;
    } else if (is_letter(next) || (next == '/' && is_letter(then))) {
      while (c.pos < c.len && !is_space(c.s[c.pos]) && c.s[c.pos] != '>') c.pos++;
      while (attribute(&c, &name, &value))
        ;
    } else if (next == '!' || next == '/' || next == '?') skip_to(&c, ">");
    else c.pos++;
  }
  return NULL;
}
