/* A mail as a JSON document: fields, tree, and hashes of what each leaf holds. */
#include <errno.h>
#include <string.h>

#include <skalibs/sha256.h>

#include <porter/mail.h>
#include <porter/mail_json.h>
#include <porter/text.h>

#include "private.h"

#define PUT(object, key, value) json_object_set_new((object), (key), (value))

/* --- text --- */

/* What Unicode calls white space, and the separators of ASCII. */
static int is_white(uint32_t c)
{
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* A string with its white space folded to single blanks, trimmed. */
static json_t *folded(arena *a, slice v)
{
  char *s = arena_take(a, v.len), *p = s;
  uint32_t c;
  if (!s) return NULL;
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
  return json_stringn(s, (size_t)(p - s));
}

static json_t *string_or_null(slice v)
{
  return v.s ? json_stringn(v.s, v.len) : json_null();
}

/* --- hashes --- */

static json_t *hash_end(SHA256Schedule *hash)
{
  static char const hex[] = "0123456789abcdef";
  char digest[32], text[64];
  sha256_final(hash, digest);
  for (unsigned int i = 0; i < 32; i++) {
    text[2 * i] = hex[(unsigned char)digest[i] >> 4];
    text[2 * i + 1] = hex[digest[i] & 15];
  }
  return json_stringn(text, 64);
}

/* Hashes octets as they are, and with LF line ends and none at the end. */
struct hashes {
  SHA256Schedule exact, trimmed;
  uint64_t size, newlines;
  int cr, lossy;
};
#define HASHES_ZERO { .exact = SHA256_INIT(), .trimmed = SHA256_INIT() }

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

static json_t *trimmed_end(struct hashes *h)
{
  if (h->cr) put_newlines(h), sha256_update(&h->trimmed, "\r", 1);
  return hash_end(&h->trimmed);
}

/* The hash of a preamble or epilogue as text, or null for a blank one. */
static json_t *text_hash(arena *a, slice v)
{
  SHA256Schedule hash = SHA256_INIT();
  uint32_t c;
  size_t from = 0, to = 0, end = 0, n;
  if (!charset_decode(a, NULL, v, &v)) return NULL;
  while (from < v.len && (n = utf8_get(&c, v.s + from, v.len - from), is_white(c))) from += n;
  for (to = from; to < v.len; to += n) {
    n = utf8_get(&c, v.s + to, v.len - to);
    if (!is_white(c)) end = to + n;
  }
  if (from == v.len) return json_null();
  for (size_t i = from; i < end; i++) {
    if (v.s[i] == '\r' && i + 1 < end && v.s[i + 1] == '\n') continue;
    sha256_update(&hash, v.s[i] == '\r' ? "\n" : v.s + i, 1);
  }
  return hash_end(&hash);
}

/* --- fields --- */

static int put_addresses(arena *a, json_t *document, json_t *notes, char const *key, slice raw)
{
  json_t *const array = json_array();
  mail_address *list;
  size_t count;
  if (!mail_addresses(a, raw, &list, &count)) return json_decref(array), 0;
  for (size_t i = 0; i < count; i++) {
    json_t *const name = folded(a, list[i].name);
    if (list[i].group) json_array_append_new(notes, json_pack("[s,s,o]", "group without members", key, name));
    else json_array_append_new(array, json_pack("[o,s%]", name, list[i].address.len ? list[i].address.s : "", list[i].address.len));
  }
  return !PUT(document, key, array);
}

struct each {
  arena *a;
  json_t *array;
};

static int each_put(void *context, char const *s, size_t len)
{
  struct each *const e = context;
  slice const raw = { s, len };
  slice v;
  return words_decode(e->a, raw, charset_guess(raw), &v) && !json_array_append_new(e->array, folded(e->a, v));
}

static int put_each(arena *a, json_t *document, char const *key, slice octets, enum mail_field which)
{
  struct each e = { .a = a, .array = json_array() };
  return !PUT(document, key, e.array) && mail_field_each(octets.s, octets.len, which, &each_put, &e);
}

static json_t *date_of(slice raw)
{
  char s[MAIL_DATE_FMT];
  mail_date date;
  size_t n;
  if (!raw.s || !mail_date_parse(raw, &date)) return json_null();
  date.offset = 0;
  n = mail_date_fmt(s, &date);
  return n ? json_stringn(s, n) : json_null();
}

/* --- parts --- */

static int type_put(text *t, mime_part const *part)
{
  return text_put(t, part->type.s, part->type.len) && text_put(t, "/", 1) && text_put(t, part->subtype.s, part->subtype.len);
}

/* type/subtype(child,child...) */
static json_t *tree_of(arena *a, mime_tree const *tree)
{
  text t = { .a = a };
  for (size_t i = 0; i < tree->count; i++) {
    mime_part const *const part = tree->part + i;
    size_t depth = part->depth;
    if ((part->number > 1 && !text_put(&t, ",", 1)) || !type_put(&t, part)) return NULL;
    if (part->kind != MIME_LEAF) {
      if (!text_put(&t, "(", 1)) return NULL;
      depth++;
    }
    for (size_t next = i + 1 < tree->count ? part[1].depth : 0; depth > next; depth--) if (!text_put(&t, ")", 1)) return NULL;
  }
  return json_stringn(t.s, t.len);
}

static json_t *part_object(arena *a, mime_tree const *tree, size_t i)
{
  mime_part const *const part = tree->part + i;
  json_t *const object = json_object();
  char path[MIME_PATH_FMT];
  text type = { .a = a };
  if (!type_put(&type, part)) return json_decref(object), NULL;
  PUT(object, "path", json_stringn(path, mime_path(tree, i, path)));
  PUT(object, "type", json_stringn(type.s, type.len));
  return object;
}

static int put_leaf(arena *a, json_t *leaves, mime_tree const *tree, size_t i)
{
  mime_part const *const part = tree->part + i;
  struct hashes octets = HASHES_ZERO, read = HASHES_ZERO;
  json_t *const leaf = part_object(a, tree, i);
  if (!leaf || json_array_append_new(leaves, leaf)) return 0;
  PUT(leaf, "disposition", part->disposition_word.len ? string_or_null(part->disposition_word) : json_null());
  PUT(leaf, "filename", string_or_null(part->file_name));
  if (part->kind == MIME_MESSAGE) return 1;
  mime_decode(part, &hashes_put, &octets);
  PUT(leaf, "size", json_integer((json_int_t)octets.size));
  PUT(leaf, "sha256", hash_end(&octets.exact));
  PUT(leaf, "sha256_nl", trimmed_end(&octets));
  if (!is_word(part->type, "text")) return 1;
  mime_text(part, &hashes_put, &read);
  PUT(leaf, "charset", string_or_null(part->charset));
  PUT(leaf, "text_sha256", hash_end(&read.exact));
  PUT(leaf, "text_sha256_trim", trimmed_end(&read));
  PUT(leaf, "lossy", json_boolean(read.lossy));
  return 1;
}

static int put_multipart(arena *a, json_t *multiparts, mime_tree const *tree, size_t i)
{
  mime_part const *const part = tree->part + i;
  json_t *const object = part_object(a, tree, i);
  if (!object || json_array_append_new(multiparts, object)) return 0;
  PUT(object, "children", json_integer((json_int_t)part->count));
  return !PUT(object, "preamble", text_hash(a, part->preamble)) && !PUT(object, "epilogue", text_hash(a, part->epilogue));
}

static int put_all(arena *a, json_t *document, slice octets)
{
  static struct { char const *key; enum mail_field field; } const lists[] = { { "from", FIELD_FROM }, { "to", FIELD_TO },
    { "cc", FIELD_CC }, { "bcc", FIELD_BCC }, { "reply-to", FIELD_REPLY_TO }, { "sender", FIELD_SENDER } };
  json_t *const leaves = json_array(), *const multiparts = json_array(), *const notes = json_array();
  mime_tree tree;
  slice subject = SLICE_ZERO;
  PUT(document, "notes", notes);
  PUT(document, "leaves", leaves);
  PUT(document, "multiparts", multiparts);
  if (!mime_parse(a, octets.s, octets.len, &tree)) return 0;
  slice const *const field = tree.part->head.field;
  if (!mail_text(a, field[FIELD_SUBJECT], &subject)) return 0;
  if (PUT(document, "subject", field[FIELD_SUBJECT].s ? folded(a, subject) : json_null())) return 0;
  PUT(document, "date", date_of(field[FIELD_DATE]));
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (!put_addresses(a, document, notes, lists[i].key, field[lists[i].field])) return 0;
  if (!put_each(a, document, "comments", octets, FIELD_COMMENTS)) return 0;
  if (!put_each(a, document, "keywords", octets, FIELD_KEYWORDS)) return 0;
  if (PUT(document, "tree", tree_of(a, &tree))) return 0;
  for (size_t i = 0; i < tree.count; i++)
    if (!(tree.part[i].kind == MIME_MULTIPART ? put_multipart(a, multiparts, &tree, i) : put_leaf(a, leaves, &tree, i))) return 0;
  return 1;
}

json_t *mail_json(slice octets)
{
  arena a = ARENA_ZERO;
  json_t *document = json_object();
  if (document && !put_all(&a, document, octets)) {
    json_decref(document);
    document = NULL;
  }
  arena_free(&a);
  return document ? document : (errno = ENOMEM, NULL);
}
