/* Which parts are the body, which are attached: the algorithm of RFC 8621 4.1.4, as it stands there. */
#include "private.h"

typedef struct lists_s lists;
struct lists_s {
  mime_tree const *tree;
  mail_body *body;
};

/* Where parts of one multipart go: those of the lists that it may not add to are off. */
typedef struct level_s level;
struct level_s {
  slice multipart; /* its subtype */
  int in_alternative;
  int text, html;
};

static int is_media(mime_part const *part) { return is_word(part->type, "image") || is_word(part->type, "audio") || is_word(part->type, "video"); }

static int is_text(mime_part const *part, char const *subtype) { return is_word(part->type, "text") && is_word(part->subtype, subtype); }

static int is_inline(mime_part const *part, slice multipart, int first)
{
  if (part->disposition == DISPOSITION_ATTACHMENT) return 0;
  if (!is_text(part, "plain") && !is_text(part, "html") && !is_media(part)) return 0;
  return first || (!is_word(multipart, "related") && (is_media(part) || !part->file_name.len));
}

static void put_text(lists *l, size_t i) { l->body->text[l->body->text_count++] = i; }

static void put_html(lists *l, size_t i) { l->body->html[l->body->html_count++] = i; }

static void put_attached(lists *l, size_t i) { l->body->attached[l->body->attached_count++] = i; }

static void put_inline(lists *l, level *v, size_t i)
{
  mime_part const *part = l->tree->part + i;
  if (is_word(v->multipart, "alternative")) {
    if (is_text(part, "plain") && v->text) put_text(l, i);
    else if (is_text(part, "html") && v->html) put_html(l, i);
    else put_attached(l, i);
    return;
  }
  if (v->in_alternative && is_text(part, "plain")) v->html = 0;
  if (v->in_alternative && is_text(part, "html")) v->text = 0;
  if (v->text) put_text(l, i);
  if (v->html) put_html(l, i);
  if ((!v->text || !v->html) && is_media(part)) put_attached(l, i);
}

/* An alternative of which only one form is there is that form in both lists. */
static void fill_up(lists *l, size_t texts, size_t htmls)
{
  mail_body *b = l->body;
  size_t more_texts = b->text_count - texts, more_htmls = b->html_count - htmls;
  if (!more_texts)
    for (size_t i = 0; i < more_htmls; i++) put_text(l, b->html[htmls + i]);
  else if (!more_htmls)
    for (size_t i = 0; i < more_texts; i++) put_html(l, b->text[texts + i]);
}

/* The parts from first on, which are siblings. Recurses as deep as multiparts lie in one another: MIME_DEPTH_MAX. */
static void walk(lists *l, level v, size_t first)
{
  size_t const texts = l->body->text_count, htmls = l->body->html_count;
  size_t i = first;
  do {
    mime_part const *part = l->tree->part + i;
    if (part->kind == MIME_MULTIPART) {
      level inner = v;
      inner.multipart = part->subtype;
      inner.in_alternative |= is_word(part->subtype, "alternative");
      if (part->first) walk(l, inner, part->first);
    } else if (is_inline(part, v.multipart, i == first)) put_inline(l, &v, i);
    else put_attached(l, i);
    i = part->next;
  } while (i);
  if (is_word(v.multipart, "alternative") && v.text && v.html) fill_up(l, texts, htmls);
}

int mail_body_lists(arena *a, mime_tree const *tree, mail_body *body)
{
  lists l = { tree, body };
  level v = { { "mixed", 5 }, 0, 1, 1 };
  size_t const room = 2 * tree->count;
  *body = (mail_body){
    .text = arena_array(a, room, sizeof(size_t)), .html = arena_array(a, room, sizeof(size_t)), .attached = arena_array(a, room, sizeof(size_t))
  };
  if (!body->text || !body->html || !body->attached) return 0;
  walk(&l, v, 0);
  return 1;
}
