/* The text of a part as people read it: markup taken away. HTML's is html.c's; text/enriched (RFC 1896) is read here:
 *
 *   state     input        next      output
 *   TEXT      <            OPEN
 *             LF           TEXT      counted: one is a blank, more are one less (in nofill as they are)
 *             other        TEXT      itself, but nothing inside param
 *   OPEN      <            TEXT      <
 *             other        COMMAND
 *   COMMAND   >            TEXT      the command is complete: param and nofill count, others say how it looks
 *             other        COMMAND */
#include <string.h>

#include "html.h"
#include "readable.h"

#define TAG_CLOSED_MAX 65536 /* octets in which a tag is closed, where there is HTML in plain text */

/* --- HTML in plain text --- */

struct sniff {
  char s[32];
  size_t len, seen;
  int less; /* the last octet was < */
  int closed;
};

static int is_letter(char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; }

/* Whether the text that is there may yet begin, or begins, with one of the tags. */
static int begins_with_tag(struct sniff const *t)
{
  static char const *const tags[] = { "!doctype", "html", "head", "body", "meta", "table", "div", "p", "font" };
  size_t n = 1;
  if (!t->len) return 1;
  if (*t->s != '<') return 0;
  if (n < t->len && t->s[n] == '!') n++;
  while (n < t->len && is_letter(t->s[n])) n++;
  if (n == t->len) return n < sizeof t->s;
  if (!is_space(t->s[n]) && t->s[n] != '>' && t->s[n] != '/') return 0;
  for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
    if (is_word((slice){ t->s + 1, n - 1 }, tags[i])) return 1;
  return 0;
}

static int sniff_put(void *context, char const *s, size_t len)
{
  struct sniff *const t = context;
  for (size_t i = 0; i < len && !t->closed; i++) {
    char const c = s[i];
    if (!t->len && (is_space(c) || (unsigned char)c >= 0xbb)) continue; /* a byte-order mark too */
    if (t->len < sizeof t->s) t->s[t->len++] = c;
    if (!begins_with_tag(t)) return 0;
    if (t->less && c == '/') t->closed = 1;
    t->less = c == '<';
    if (++t->seen == TAG_CLOSED_MAX) return 0;
  }
  return !t->closed;
}

enum text_kind text_kind(mime_part const *part)
{
  struct sniff sniff = { .len = 0 };
  if (mime_is_html(part)) return TEXT_HTML;
  if (is_word(part->subtype, "enriched") || is_word(part->subtype, "richtext")) return TEXT_ENRICHED;
  if (!is_word(part->subtype, "plain")) return TEXT_PLAIN;
  mime_decode(part, &sniff_put, &sniff);
  return sniff.closed ? TEXT_HTML : TEXT_PLAIN;
}

/* --- enriched text --- */

typedef struct enriched_s enriched;
struct enriched_s {
  sink_func *sink;
  void *context;
  int state;
  char name[16];
  unsigned int name_len, params, unfilled;
  size_t lines; /* line ends that were put off */
};

static int show_lines(enriched *e)
{
  size_t n = e->unfilled || e->lines < 2 ? e->lines : e->lines - 1;
  char const *const what = e->lines == 1 && !e->unfilled ? " " : "\n";
  e->lines = 0;
  for (; n; n--)
    if (!e->sink(e->context, what, 1)) return 0;
  return 1;
}

static void command(enriched *e)
{
  slice v = { e->name, e->name_len };
  int const closing = v.len && *v.s == '/';
  if (closing) v.s++, v.len--;
  unsigned int *const count = is_word(v, "param") ? &e->params : is_word(v, "nofill") ? &e->unfilled : NULL;
  if (!count) return;
  if (!closing) ++*count;
  else if (*count) --*count;
}

static int enriched_put(void *context, char const *s, size_t len)
{
  enum { TEXT, OPEN, COMMAND };
  enriched *const e = context;
  for (size_t i = 0, n; i < len; i += n) {
    char const c = s[i];
    n = 1;
    if (e->state == COMMAND || (e->state == OPEN && c != '<')) {
      if (e->state == OPEN) e->name_len = 0;
      e->state = c == '>' ? TEXT : COMMAND;
      if (c == '>') command(e);
      else if (e->name_len < sizeof e->name) e->name[e->name_len++] = c;
    } else if (e->state == TEXT && c == '<') e->state = OPEN;
    else if (e->state == TEXT && c == '\n') e->lines += !e->params;
    else {
      while (e->state == TEXT && i + n < len && s[i + n] != '<' && s[i + n] != '\n') n++;
      e->state = TEXT;
      if (!e->params && (!show_lines(e) || !e->sink(e->context, s + i, n))) return 0;
    }
  }
  return 1;
}

/* --- any --- */

int text_read(mime_part const *part, enum text_kind kind, int how, sink_func *sink, void *context)
{
  if (kind == TEXT_HTML) {
    html h;
    html_open(&h, sink, context);
    h.mark_quotes = how & READ_QUOTES;
    h.show_alt = how & READ_ALT;
    return mime_text(part, html_sink, &h) && html_finish(&h);
  }
  if (kind == TEXT_ENRICHED) {
    enriched e = { .sink = sink, .context = context };
    return mime_text(part, enriched_put, &e) && show_lines(&e);
  }
  return mime_text(part, sink, context);
}

int lone_text(mime_part const *multipart, mime_part *text)
{
  if (multipart->kind != MIME_MULTIPART || multipart->count || !multipart->preamble.len) return 0;
  *text = *multipart;
  text->kind = MIME_LEAF;
  text->type = (slice){ "text", 4 };
  text->subtype = (slice){ "plain", 5 };
  text->body = multipart->preamble;
  return 1;
}
