/* The text of HTML: a cut of HTML 5's tokenizer (13.2.5), of which only what is shown matters.
 *
 * state       input                   next         what it does
 * TEXT        <                       OPEN
 *             &                       REFERENCE
 *             other                   TEXT         shows it
 * REFERENCE   # letter digit          REFERENCE    collects it
 *             ;                       TEXT         shows what it stands for, or itself
 *             other                   as TEXT      the same
 * OPEN        letter                  NAME         of a start tag
 *             /                       CLOSE
 *             ! ?                     BANG, BOGUS
 *             other                   as TEXT      shows the < too
 * CLOSE       letter                  NAME         of an end tag
 *             >                       TEXT
 *             other                   BOGUS
 * NAME        blank /                 TAG
 *             >                       TEXT or RAW  the tag is complete
 *             other                   NAME         collects it
 * TAG         >                       TEXT or RAW  the tag is complete
 *             " ' behind =            DOUBLE, SINGLE
 *             other                   TAG
 * DOUBLE      "                       TAG
 * SINGLE      '                       TAG
 * BANG        -                       BANG, then COMMENT
 *             other                   as BOGUS
 * BOGUS       >                       TEXT
 * COMMENT     -->  --!>               TEXT
 * RAW         the element's end tag   TAG          nothing else is looked at
 */
#include <string.h>

#include "html.h"
#include "private.h"

enum { TEXT, REFERENCE, OPEN, CLOSE, NAME, TAG, DOUBLE, SINGLE, BANG, BOGUS, COMMENT, RAW };

static int flush(html *h)
{
  size_t const len = h->len;
  h->len = 0;
  return !len || h->sink(h->context, h->out, len);
}

static int emit(html *h, char const *s, size_t len)
{
  if (len > sizeof h->out - h->len && !flush(h)) return 0;
  memcpy(h->out + h->len, s, len);
  h->len += len;
  return 1;
}

/* What blanks there are to come: none, a blank, a line end. The start of the document counts as a line end that was written. */
enum { SPACE_NONE, SPACE_BLANK, SPACE_LINE, SPACE_BEGIN };

static void set_off(html *h, int space)
{
  if (h->space < space) h->space = space;
}

/* A visible character, behind the blanks that were put off. */
static int show(html *h, char const *s, size_t len)
{
  if (h->space) {
    if (h->space == SPACE_LINE && !emit(h, "\n", 1)) return 0;
    if (h->space == SPACE_BLANK && !emit(h, " ", 1)) return 0;
    if (h->space > SPACE_BLANK && h->quotes && h->mark_quotes && !emit(h, "> ", 2)) return 0;
    h->space = SPACE_NONE;
  }
  return emit(h, s, len);
}

static int show_octet(html *h, char c)
{
  if (h->pre && (is_blank(c) || c == '\n')) {
    if (c == '\n') set_off(h, SPACE_LINE);
    return c == '\n' || h->space ? 1 : emit(h, " ", 1);
  }
  if (is_space(c)) return set_off(h, SPACE_BLANK), 1;
  return !c || show(h, &c, 1);
}

/* *unknown where it is no reference: then its semicolon is shown too. */
static int show_reference(html *h, int *unknown)
{
  char s[4];
  uint32_t c;
  h->name[h->name_len] = 0;
  c = html_reference(h->name);
  *unknown = !c;
  if (!c) return show(h, "&", 1) && show(h, h->name, h->name_len);
  return c < 0x80 ? show_octet(h, (char)c) : show(h, s, utf8_put(s, c));
}

static int is_one_of(char const *name, char const *const *list, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (!strcmp(name, list[i])) return 1;
  return 0;
}
#define IS_ONE_OF(name, list) is_one_of(name, list, sizeof list / sizeof *list)

/* The picture's alt; its character references are read. */
static int show_alt(html *h)
{
  char s[4], name[sizeof h->name];
  for (size_t i = 0; i < h->alt_len; i++) {
    size_t const left = h->alt_len - i;
    char const *const end = h->alt[i] == '&' ? memchr(h->alt + i, ';', left) : NULL;
    size_t const len = end ? (size_t)(end - h->alt) - i - 1 : 0;
    uint32_t c = 0;
    if (len && len < sizeof name) {
      memcpy(name, h->alt + i + 1, len);
      name[len] = 0;
      c = html_reference(name);
    }
    if (!(c ? show(h, s, utf8_put(s, c)) : is_space(h->alt[i]) ? (set_off(h, SPACE_BLANK), 1) : show(h, h->alt + i, 1))) return 0;
    if (c) i += len + 1;
  }
  set_off(h, SPACE_BLANK);
  return 1;
}

/* The tag is complete. */
static void tag(html *h)
{
  static char const *const hidden[] = { "style", "script", "title", "noframes", "iframe", "noembed", "textarea" };
  static char const *const lines[] = { "address", "article", "aside", "blockquote", "body", "br", "center", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "option", "p", "pre",
    "section", "table", "tbody", "tfoot", "thead", "tr", "ul" };
  static char const *const cells[] = { "td", "th", "caption", "img", "input" };
  h->name[h->name_len] = 0;
  h->state = TEXT;
  if (!h->closing)
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
      if (!strcmp(h->name, hidden[i])) {
        h->raw = hidden[i];
        h->matched = 0;
        h->state = RAW;
        return;
      }
  if (IS_ONE_OF(h->name, lines)) set_off(h, SPACE_LINE);
  else if (IS_ONE_OF(h->name, cells)) set_off(h, SPACE_BLANK);
  if (!strcmp(h->name, "blockquote")) {
    if (!h->closing) h->quotes++;
    else if (h->quotes) h->quotes--;
  }
  if (!strcmp(h->name, "pre")) {
    if (!h->closing) h->pre++;
    else if (h->pre) h->pre--;
  }
}

/* RAW: matched counts how much of "</NAME" was seen. */
static void raw(html *h, char c)
{
  size_t const len = strlen(h->raw) + 2;
  if (h->matched == len) {
    if (c == '>') {
      h->state = TEXT;
      return;
    }
    if (is_space(c) || c == '/') {
      h->closing = 1;
      h->name_len = 0;
      h->state = TAG;
      return;
    }
  } else if (to_lower(c) == (h->matched == 0 ? '<' : h->matched == 1 ? '/' : h->raw[h->matched - 2])) {
    h->matched++;
    return;
  }
  h->matched = c == '<';
}

static int is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

static void name_put(html *h, char c)
{
  /* A longer name is none that matters: it is kept unlike all others. */
  if (h->name_len < sizeof h->name - 1) h->name[h->name_len++] = c;
}

/* One octet in any state but TEXT. Sets *again where the octet is to be looked at in TEXT. */
static int step(html *h, char c, int *again)
{
  switch (h->state) {
  case REFERENCE:
    if ((is_letter(c) || (c >= '0' && c <= '9') || (c == '#' && !h->name_len)) && h->name_len < sizeof h->name - 1) {
      h->name[h->name_len++] = c;
      return 1;
    }
    h->state = TEXT;
    if (!show_reference(h, again)) return 0;
    if (c != ';') *again = 1;
    return 1;
  case OPEN:
    h->closing = h->equals = 0;
    h->name_len = 0;
    h->dashes = 0;
    if (is_letter(c)) h->state = NAME, name_put(h, to_lower(c));
    else if (c == '/') h->state = CLOSE;
    else if (c == '!') h->state = BANG;
    else if (c == '?') h->state = BOGUS;
    else {
      h->state = TEXT;
      *again = 1;
      return show(h, "<", 1);
    }
    return 1;
  case CLOSE:
    h->closing = 1;
    if (is_letter(c)) h->state = NAME, name_put(h, to_lower(c));
    else h->state = c == '>' ? TEXT : BOGUS;
    return 1;
  case NAME:
    if (c == '>') tag(h);
    else if (is_space(c) || c == '/') h->state = TAG, h->attribute_len = h->alt_len = 0;
    else name_put(h, to_lower(c));
    return 1;
  case TAG:
    if (c == '>') {
      int const picture = h->show_alt && h->name_len == 3 && !memcmp(h->name, "img", 3) && !h->closing;
      tag(h);
      return !picture || show_alt(h);
    }
    if (is_space(c) && !h->equals) h->attribute_len = 0;
    else if (!is_space(c) && c != '=' && c != '"' && c != '\'' && h->attribute_len < sizeof h->attribute)
      h->attribute[h->attribute_len++] = to_lower(c);
    if (h->equals && c == '"') h->state = DOUBLE;
    else if (h->equals && c == '\'') h->state = SINGLE;
    else if (!is_space(c)) h->equals = c == '=';
    return 1;
  case DOUBLE:
  case SINGLE:
    if (c == (h->state == DOUBLE ? '"' : '\'')) h->state = TAG, h->equals = 0, h->attribute_len = 0;
    else if (h->attribute_len == 3 && !memcmp(h->attribute, "alt", 3) && h->alt_len < sizeof h->alt) h->alt[h->alt_len++] = c;
    return 1;
  case BANG:
    if (c == '-' && ++h->dashes == 2) h->state = COMMENT;
    else if (c != '-') h->state = c == '>' ? TEXT : BOGUS;
    return 1;
  case BOGUS:
    if (c == '>') h->state = TEXT;
    return 1;
  case COMMENT:
    /* dashes begins with 2: <!--> is a comment too. */
    if (c == '>' && h->dashes >= 2) h->state = TEXT;
    else if (c == '-') h->dashes++;
    else if (c != '!' || h->dashes < 2) h->dashes = 0;
    return 1;
  default: raw(h, c); return 1;
  }
}

/* How many octets of s are shown as they are: no markup, no blank but a single one between two words. */
static size_t words(char const *s, size_t len)
{
  size_t i = 0;
  while (i < len && s[i] != '<' && s[i] != '&' && (unsigned char)s[i] >= ' ' && (s[i] != ' ' || (i && s[i - 1] != ' '))) i++;
  return i && s[i - 1] == ' ' ? i - 1 : i;
}

int html_feed(html *h, char const *s, size_t len)
{
  for (size_t i = 0; i < len;) {
    int again = 0;
    if (h->state == TEXT) {
      size_t n = words(s + i, len - i < sizeof h->out ? len - i : sizeof h->out);
      if (n < len - i)
        while (n && ((unsigned char)s[i + n] & 0xc0) == 0x80) n--; /* the sink gets whole characters */
      if (n) {
        if (!show(h, s + i, n)) return 0;
        i += n;
      } else if (s[i] == '<') h->state = OPEN, i++;
      else if (s[i] == '&') h->state = REFERENCE, h->name_len = 0, i++;
      else if (!show_octet(h, s[i++])) return 0;
      continue;
    }
    if (h->state == RAW && !h->matched) {
      char const *next = memchr(s + i, '<', len - i);
      i = next ? (size_t)(next - s) : len;
      if (i == len) break;
    }
    if (!step(h, s[i], &again)) return 0;
    if (!again) i++;
  }
  return 1;
}

int html_finish(html *h)
{
  int unknown;
  if (h->state == REFERENCE && !show_reference(h, &unknown)) return 0;
  if (h->state == OPEN && !show(h, "<", 1)) return 0;
  h->state = TEXT;
  return flush(h);
}

int html_sink(void *context, char const *s, size_t len) { return html_feed(context, s, len); }

void html_open(html *h, sink_func *sink, void *context)
{
  memset(h, 0, sizeof *h);
  h->sink = sink;
  h->context = context;
  h->space = SPACE_BEGIN;
}
