/* A mail as a JSON document: fields, tree, and hashes of what each leaf holds. */
#include <errno.h>
#include <string.h>

#include <skalibs/sha256.h>

#include <porter/hex.h>
#include <porter/mail.h>
#include <porter/mail_json.h>
#include <porter/text.h>

#include "private.h"

typedef struct writer_s writer;
struct writer_s {
  json_output *out;
  arena *a;       /* what the whole document needs */
  arena *scratch; /* what one value needs */
  mail_charsets charsets;
};

static void key(json_output *out, char const *name)
{
  json_put_text(out, ", \"");
  json_put_text(out, name);
  json_put_text(out, "\": ");
}

static void string(json_output *out, slice v) { json_put_string(out, v.s, v.len); }

static void string_or_null(json_output *out, slice v)
{
  if (v.s) string(out, v);
  else json_put_text(out, "null");
}

/* A comma before all but the first of a list. */
static void next(json_output *out, int *first)
{
  if (!*first) json_put_text(out, ", ");
  *first = 0;
}

/* --- text --- */

/* What Unicode calls white space, and the separators of ASCII. */
static int is_white(uint32_t c)
{
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028
    || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* A string with its white space folded to single blanks, trimmed. */
static int folded(writer *w, json_output *out, slice v)
{
  char *const s = arena_take(w->scratch, v.len), *p = s;
  uint32_t c;
  if (!s) return 0;
  for (size_t i = 0, n, gap = 0; i < v.len; i += n) {
    n = utf8_get(&c, v.s + i, v.len - i);
    if (is_white(c)) gap = 1;
    else {
      if (gap && p > s) *p++ = ' ';
      gap = 0;
      memcpy(p, v.s + i, n);
      p += n;
    }
  }
  json_put_string(out, s, (size_t)(p - s));
  return 1;
}

/* --- hashes --- */

static void hash_end(json_output *out, SHA256Schedule *hash)
{
  char digest[32], text[64];
  sha256_final(hash, digest);
  json_put_string(out, text, hex_fmt(text, digest, sizeof digest, HEX_LOWER));
}

/* Hashes octets as they are, and with LF line ends and none at the end. */
struct hashes {
  SHA256Schedule exact, trimmed;
  uint64_t size, newlines;
  int cr, lossy;
};
#define HASHES_ZERO \
  { \
    .exact = SHA256_INIT(), .trimmed = SHA256_INIT() \
  }

static void put_newlines(struct hashes *h)
{
  for (; h->newlines; h->newlines--) sha256_update(&h->trimmed, "\n", 1);
}

static int hashes_put(void *context, char const *s, size_t len)
{
  struct hashes *const h = context;
  sha256_update(&h->exact, s, len);
  h->size += len;
  if (!h->lossy && memmem(s, len, "\xef\xbf\xbd", 3)) h->lossy = 1;
  while (len) {
    if (h->cr && *s != '\n') put_newlines(h), sha256_update(&h->trimmed, "\r", 1);
    h->cr = 0;
    size_t n = 0;
    while (n < len && s[n] != '\n' && s[n] != '\r') n++;
    if (n) put_newlines(h), sha256_update(&h->trimmed, s, n);
    s += n, len -= n;
    if (!len) break;
    if (*s == '\n') h->newlines++;
    else h->cr = 1;
    s++, len--;
  }
  return 1;
}

static void trimmed_end(json_output *out, struct hashes *h)
{
  if (h->cr) put_newlines(h), sha256_update(&h->trimmed, "\r", 1);
  hash_end(out, &h->trimmed);
}

/* The hash of a preamble or epilogue as text, or null for a blank one. */
static int text_hash(writer *w, slice v)
{
  SHA256Schedule hash = SHA256_INIT();
  uint32_t c;
  size_t from = 0, to = 0, end = 0, n;
  if (!charset_decode(w->scratch, NULL, v, &v)) return 0;
  while (from < v.len && (n = utf8_get(&c, v.s + from, v.len - from), is_white(c))) from += n;
  for (to = from; to < v.len; to += n) {
    n = utf8_get(&c, v.s + to, v.len - to);
    if (!is_white(c)) end = to + n;
  }
  if (from == v.len) return json_put_text(w->out, "null"), 1;
  for (size_t i = from; i < end; i++) {
    if (v.s[i] == '\r' && i + 1 < end && v.s[i + 1] == '\n') continue;
    sha256_update(&hash, v.s[i] == '\r' ? "\n" : v.s + i, 1);
  }
  hash_end(w->out, &hash);
  return 1;
}

/* --- fields --- */

/* What they name goes to the document, groups without members to the notes. */
static int put_addresses(writer *w, json_output *notes, int *first_note, char const *name, mime_part const *root, enum mail_field which)
{
  mail_address *list;
  size_t count;
  int first = 1;
  if (!mail_address_fields(w->a, &w->charsets, &root->head, root->header, which, &list, &count)) return 0;
  key(w->out, name);
  json_put_text(w->out, "[");
  for (size_t i = 0; i < count; i++) {
    if (list[i].group) {
      next(notes, first_note);
      json_put_text(notes, "[\"group without members\", \"");
      json_put_text(notes, name);
      json_put_text(notes, "\", ");
      if (!folded(w, notes, list[i].name)) return 0;
      json_put_text(notes, "]");
    } else {
      next(w->out, &first);
      json_put_text(w->out, "[");
      if (!folded(w, w->out, list[i].name)) return 0;
      json_put_text(w->out, ", ");
      string(w->out, list[i].address);
      json_put_text(w->out, "]");
    }
    arena_reset(w->scratch);
  }
  json_put_text(w->out, "]");
  return 1;
}

struct each {
  writer *w;
  int first;
};

static int each_put(void *context, char const *s, size_t len)
{
  struct each *const e = context;
  slice const raw = { s, len };
  slice v;
  next(e->w->out, &e->first);
  int const good = words_decode(e->w->scratch, &e->w->charsets, raw, WORDS_RAW, &v) && folded(e->w, e->w->out, v);
  arena_reset(e->w->scratch);
  return good;
}

static int put_each(writer *w, char const *name, slice octets, enum mail_field which)
{
  struct each e = { .w = w, .first = 1 };
  key(w->out, name);
  json_put_text(w->out, "[");
  if (!mail_field_each(octets.s, octets.len, which, &each_put, &e)) return 0;
  json_put_text(w->out, "]");
  return 1;
}

static void put_date(json_output *out, slice raw)
{
  char s[MAIL_DATE_FMT];
  mail_date date;
  size_t n = 0;
  if (raw.s && mail_date_parse(raw, &date)) {
    date.offset = 0;
    n = mail_date_fmt(s, &date);
  }
  string_or_null(out, (slice){ n ? s : NULL, n });
}

/* --- parts --- */

static int type_put(text *t, mime_part const *part)
{
  return text_put(t, part->type.s, part->type.len) && text_put(t, "/", 1) && text_put(t, part->subtype.s, part->subtype.len);
}

/* type/subtype(child,child...) */
static int put_tree(writer *w, mime_tree const *tree)
{
  text t = { .a = w->scratch };
  for (size_t i = 0; i < tree->count; i++) {
    mime_part const *const part = tree->part + i;
    size_t depth = part->depth;
    if ((part->number > 1 && !text_put(&t, ",", 1)) || !type_put(&t, part)) return 0;
    if (part->kind != MIME_LEAF) {
      if (!text_put(&t, "(", 1)) return 0;
      depth++;
    }
    for (size_t after = i + 1 < tree->count ? part[1].depth : 0; depth > after; depth--)
      if (!text_put(&t, ")", 1)) return 0;
  }
  key(w->out, "tree");
  json_put_string(w->out, t.s, t.len);
  arena_reset(w->scratch);
  return 1;
}

/* Begins the object of a part. */
static int put_part(writer *w, mime_tree const *tree, size_t i)
{
  char path[MIME_PATH_FMT];
  text type = { .a = w->scratch };
  if (!type_put(&type, tree->part + i)) return 0;
  json_put_text(w->out, "{\"path\": ");
  json_put_string(w->out, path, mime_path(tree, i, path));
  key(w->out, "type");
  json_put_string(w->out, type.s, type.len);
  return 1;
}

static int put_leaf(writer *w, mime_tree const *tree, size_t i)
{
  mime_part const *const part = tree->part + i;
  struct hashes octets = HASHES_ZERO, read = HASHES_ZERO;
  json_output *const out = w->out;
  if (!put_part(w, tree, i)) return 0;
  key(out, "disposition");
  if (part->disposition_word.len) string(out, part->disposition_word);
  else json_put_text(out, "null");
  key(out, "filename");
  string_or_null(out, part->file_name);
  if (part->kind == MIME_MESSAGE) return json_put_text(out, "}"), 1;
  mime_decode(part, &hashes_put, &octets);
  key(out, "size");
  json_put_number(out, octets.size);
  key(out, "sha256");
  hash_end(out, &octets.exact);
  key(out, "sha256_nl");
  trimmed_end(out, &octets);
  if (is_word(part->type, "text")) {
    mime_text(part, &hashes_put, &read);
    key(out, "charset");
    string_or_null(out, part->charset);
    key(out, "text_sha256");
    hash_end(out, &read.exact);
    key(out, "text_sha256_trim");
    trimmed_end(out, &read);
    key(out, "lossy");
    json_put_text(out, read.lossy ? "true" : "false");
  }
  json_put_text(out, "}");
  return 1;
}

static int put_multipart(writer *w, mime_tree const *tree, size_t i)
{
  mime_part const *const part = tree->part + i;
  if (!put_part(w, tree, i)) return 0;
  key(w->out, "children");
  json_put_number(w->out, part->count);
  key(w->out, "preamble");
  if (!text_hash(w, part->preamble)) return 0;
  key(w->out, "epilogue");
  if (!text_hash(w, part->epilogue)) return 0;
  json_put_text(w->out, "}");
  return 1;
}

/* All multiparts, or all others. */
static int put_parts(writer *w, char const *name, mime_tree const *tree, int multiparts)
{
  int first = 1;
  key(w->out, name);
  json_put_text(w->out, "[");
  for (size_t i = 0; i < tree->count; i++) {
    if ((tree->part[i].kind == MIME_MULTIPART) != multiparts) continue;
    next(w->out, &first);
    if (!(multiparts ? put_multipart(w, tree, i) : put_leaf(w, tree, i))) return 0;
    arena_reset(w->scratch);
  }
  json_put_text(w->out, "]");
  return 1;
}

static int put_all(writer *w, json_output *notes, slice octets, charset const *fallback)
{
  static struct {
    char const *key;
    enum mail_field field;
  } const lists[] = { { "from", FIELD_FROM }, { "to", FIELD_TO }, { "cc", FIELD_CC }, { "bcc", FIELD_BCC }, { "reply-to", FIELD_REPLY_TO },
    { "sender", FIELD_SENDER } };
  mime_tree tree;
  slice subject = SLICE_ZERO;
  int first_note = 1;
  if (!mime_parse(w->a, octets.s, octets.len, fallback, &tree)) return 0;
  slice const *const field = tree.part->head.field;
  w->charsets = mail_charsets_of(&tree, 0);
  if (!mail_text(w->a, &w->charsets, field[FIELD_SUBJECT], &subject)) return 0;
  key(w->out, "subject");
  if (!field[FIELD_SUBJECT].s) json_put_text(w->out, "null");
  else if (!folded(w, w->out, subject)) return 0;
  key(w->out, "date");
  put_date(w->out, field[FIELD_DATE]);
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (!put_addresses(w, notes, &first_note, lists[i].key, tree.part, lists[i].field)) return 0;
  return put_each(w, "comments", tree.part->header, FIELD_COMMENTS) && put_each(w, "keywords", tree.part->header, FIELD_KEYWORDS)
    && put_tree(w, &tree) && put_parts(w, "leaves", &tree, 0) && put_parts(w, "multiparts", &tree, 1);
}

static int notes_put(void *context, char const *s, size_t len) { return text_put(context, s, len); }

int mail_json(json_output *out, slice octets, charset const *fallback)
{
  arena a = ARENA_ZERO, scratch = ARENA_ZERO;
  writer w = { .out = out, .a = &a, .scratch = &scratch };
  text kept = { .a = &a };
  json_output notes;
  json_put_start(&notes, &notes_put, &kept, 1);
  int const good = put_all(&w, &notes, octets, fallback) && json_put_end(&notes);
  if (good) {
    key(out, "notes");
    json_put_text(out, "[");
    json_put(out, kept.s, kept.len);
    json_put_text(out, "]");
  }
  arena_free(&scratch);
  arena_free(&a);
  return good ? 1 : (errno = ENOMEM, 0);
}
