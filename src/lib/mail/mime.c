/* The MIME tree: RFC 2045, 2046. One pass over the lines, one stack of what is open; no recursion.
 *
 *   at a line that is                           what happens
 *   a delimiter of an open multipart            all that is open inside it ends before the line; a part begins behind it,
 *                                               unless another boundary line follows at once
 *   its close delimiter                         the same, but its epilogue begins
 *   the end of the input                        all ends
 *   anything else                               belongs to the part that is read
 *
 * The innermost multipart counts where two have the same boundary. A closed one has no boundary any more. The line end
 * before a boundary line belongs to that line (RFC 2046 5.1.1).
 * A message that is transfer-encoded, though it must not be (RFC 2045 6.4), is decoded when its end is known; what it
 * holds is read, as an input of its own, before going on. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

#define PARTS_MAX 10000       /* as in Dovecot; the rest is epilogue. Keeps the tree below 8 MB */
#define BOUNDARY_MAX 1000     /* a longer line is no legal one (RFC 5322 2.1.1) */
#define DECODED_MAX(len) (2 * (len) + 1024)  /* octets of encoded messages inside a message of len: more is made to hurt */

struct open {
  size_t part;
  slice boundary;  /* empty for a message, and for a multipart that has none or was closed */
  int encoded;     /* what lies in it is in an input of its own */
};

enum reading { READING_NOTHING, READING_LEAF, READING_PREAMBLE, READING_EPILOGUE };

struct input {
  char const *s;
  size_t len, pos;
  unsigned int floor;       /* what is open below this belongs to the input around it */
  unsigned int multiparts;  /* of those open here, the ones with a boundary */
};

typedef struct reader_s reader;
struct reader_s {
  arena *a;
  mime_tree *tree;
  size_t room;
  struct input input[MIME_DEPTH_MAX + 2];
  unsigned int inputs;
  struct open open[MIME_DEPTH_MAX + 2];
  unsigned int opens;
  enum reading reading;
  size_t part;              /* what is read, and where it began */
  char const *from;
  size_t decoded_left;
};

/* --- what the fields of a part say --- */

/* "type/subtype", both tokens (RFC 2045 5.1); anything else is no type. */
static int read_type(arena *a, slice field, mime_part *part)
{
  static char const other[] = "!#$%&'*+.^_`|~-";
  size_t i, slash = 0;
  slice v = field;
  while (v.len && is_space(*v.s)) v.s++, v.len--;
  for (i = 0; i < v.len; i++) {
    char const c = to_lower(v.s[i]);
    if (c == '/' && !slash && i) slash = i;
    else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr(other, c)))) break;
  }
  if (!slash || i == slash + 1) return 1;
  return lower_case(a, (slice){ v.s, slash }, &part->type) &&
         lower_case(a, (slice){ v.s + slash + 1, i - slash - 1 }, &part->subtype);
}

static enum mime_encoding read_encoding(slice field)
{
  slice v = trim(field);
  size_t i = 0;
  if (v.len && *v.s == '"') v.s++, v.len--;
  while (i < v.len && !is_space(v.s[i]) && v.s[i] != ';' && v.s[i] != '(' && v.s[i] != '"') i++;
  v.len = i;
  if (is_word(v, "base64")) return ENCODING_BASE64;
  if (is_word(v, "quoted-printable")) return ENCODING_QUOTED_PRINTABLE;
  if (is_word(v, "x-uuencode") || is_word(v, "uuencode") || is_word(v, "x-uue") || is_word(v, "uue")) return ENCODING_UUENCODE;
  return ENCODING_NONE;
}

static int is_multipart(mime_part const *part)
{
  return is_word(part->type, "multipart");
}

/* message/news is RFC 5537's old name for an article: a message like others. */
static int is_message(mime_part const *part)
{
  return is_word(part->type, "message") &&
         (is_word(part->subtype, "rfc822") || is_word(part->subtype, "global") || is_word(part->subtype, "news"));
}

static int read_fields(arena *a, mime_part *part, int digest, slice *boundary)
{
  slice const *const field = part->head.field;
  slice word;
  params p;
  part->type = (slice){ digest ? "message" : "text", digest ? 7 : 4 };
  part->subtype = (slice){ digest ? "rfc822" : "plain", digest ? 6 : 5 };
  *boundary = (slice)SLICE_ZERO;
  if (field[FIELD_CONTENT_TYPE].s) {
    part->type = (slice){ "text", 4 };
    part->subtype = (slice){ "plain", 5 };
    if (!read_type(a, cut_field(field[FIELD_CONTENT_TYPE]), part)) return 0;
    if (!params_read(a, field[FIELD_CONTENT_TYPE], &word, &p)) return 0;
    if (!lower_case(a, p.value[PARAM_CHARSET], &part->charset)) return 0;
    part->file_name = p.value[PARAM_NAME];
    *boundary = p.value[PARAM_BOUNDARY];
    while (boundary->len && is_space(boundary->s[boundary->len - 1])) boundary->len--;
    if (boundary->len > BOUNDARY_MAX) boundary->len = 0;
  }
  if (field[FIELD_CONTENT_DISPOSITION].s) {
    if (!params_read(a, field[FIELD_CONTENT_DISPOSITION], &word, &p)) return 0;
    if (!charset_decode(a, NULL, word, &word) || !lower_case(a, word, &part->disposition_word)) return 0;
    if (p.value[PARAM_FILENAME].s) part->file_name = p.value[PARAM_FILENAME];
    /* RFC 2183 2.8: what is unknown is an attachment. */
    if (part->disposition_word.len)
      part->disposition = is_word(part->disposition_word, "inline") ? DISPOSITION_INLINE : DISPOSITION_ATTACHMENT;
  }
  part->encoding = read_encoding(field[FIELD_CONTENT_ENCODING]);
  if (field[FIELD_CONTENT_ID].s) {
    slice *ids;
    size_t count;
    if (!mail_ids(a, field[FIELD_CONTENT_ID], &ids, &count)) return 0;
    if (count) part->content_id = ids[0];
    else if (!words_decode(a, field[FIELD_CONTENT_ID], NULL, &part->content_id)) return 0;
  }
  return 1;
}

/* --- parts --- */

static mime_part *part_add(reader *r)
{
  mime_tree *const t = r->tree;
  if (t->count == r->room) {
    size_t const room = r->room ? 2 * r->room : 8;
    mime_part *p = arena_take(r->a, room * sizeof *p);
    if (!p) return NULL;
    if (t->count) memcpy(p, t->part, t->count * sizeof *p);
    t->part = p;
    r->room = room;
  }
  memset(t->part + t->count, 0, sizeof *t->part);
  return t->part + t->count++;
}

/* Links part i as the last child of parent, whose last child until now was before. */
static void link_child(mime_tree *t, size_t parent, size_t i)
{
  mime_part *const p = t->part + parent;
  t->part[i].parent = parent;
  t->part[i].number = ++p->count;
  t->part[i].depth = p->depth + 1;
  if (!p->first) p->first = i;
  else t->part[p->last].next = i;
  p->last = i;
}

static void read_from(reader *r, enum reading reading, size_t part, char const *from)
{
  r->reading = reading;
  r->part = part;
  r->from = from;
}

/* Begins the part at the input's position as a child of parent, and the message in it if it is one. */
static int part_begin(reader *r, size_t parent)
{
  struct input *const in = &r->input[r->inputs - 1];
  for (;;) {
    slice boundary;
    size_t const i = r->tree->count;
    mime_part *const part = part_add(r);
    if (!part) return 0;
    if (i) link_child(r->tree, parent, i);
    mime_part const *const around = i ? r->tree->part + parent : NULL;
    char const *const start = in->s + in->pos;
    head_scan(&part->head, start, in->len - in->pos, !around || around->kind == MIME_MESSAGE, in->multiparts != 0);
    part->header = (slice){ start, part->head.body };
    in->pos += part->head.body;
    part->body = (slice){ in->s + in->pos, in->len - in->pos };
    if (!read_fields(r->a, part, around && around->kind == MIME_MULTIPART && is_word(around->subtype, "digest"), &boundary)) return 0;
    if (part->depth < MIME_DEPTH_MAX && is_multipart(part)) {
      part->kind = MIME_MULTIPART;
      r->open[r->opens++] = (struct open){ .part = i, .boundary = boundary };
      if (boundary.len) in->multiparts++;
      read_from(r, READING_PREAMBLE, i, part->body.s);
      return 1;
    }
    if (part->depth < MIME_DEPTH_MAX && part->encoding == ENCODING_NONE && is_message(part) && r->tree->count < PARTS_MAX) {
      part->kind = MIME_MESSAGE;
      r->open[r->opens++] = (struct open){ .part = i };
      parent = i;
      continue;
    }
    read_from(r, READING_LEAF, i, part->body.s);
    return 1;
  }
}

static slice piece(char const *from, char const *to)
{
  return (slice){ from, to > from ? (size_t)(to - from) : 0 };
}

/* A multipart that was not closed often ends with a delimiter: the empty part behind it is none. */
static void drop_empty_last(mime_tree *t, mime_part *parent)
{
  mime_part const *const last = t->part + parent->last;
  size_t i = parent->first, before = 0;
  if (!parent->count || parent->last != t->count - 1 || last->kind != MIME_LEAF) return;
  if (trim(last->header).len || trim(last->body).len) return;
  for (; i != parent->last; i = t->part[i].next) before = i;
  if (before) t->part[before].next = 0;
  else parent->first = 0;
  parent->last = before;
  parent->count--;
  t->count--;
}

/* Ends what is read at end, and all that is open from level on. */
static void end_all(reader *r, unsigned int level, char const *end)
{
  mime_part *const part = r->tree->part;
  if (r->reading == READING_LEAF) part[r->part].body = piece(r->from, end);
  else if (r->reading == READING_PREAMBLE) part[r->part].preamble = piece(r->from, end);
  else if (r->reading == READING_EPILOGUE) part[r->part].epilogue = piece(r->from, end);
  r->reading = READING_NOTHING;
  for (; r->opens > level; r->opens--) {
    struct open const *const o = &r->open[r->opens - 1];
    if (!o->encoded) part[o->part].body = piece(part[o->part].body.s, end);
    if (!o->boundary.len) continue;
    r->input[r->inputs - 1].multiparts--;
    drop_empty_last(r->tree, part + o->part);
  }
}

/* --- boundary lines --- */

struct line {
  size_t start, end;   /* end: where the next line begins */
  unsigned int level;  /* of the multipart it belongs to, in open */
  int close;
};

/* Whether the line at start, which begins with --, is a boundary line of something open. */
static int is_boundary(reader const *r, struct input const *in, size_t start, struct line *line)
{
  size_t end = line_end(in->s, in->len, start);
  line->start = start;
  line->end = end;
  while (end > start && is_space(in->s[end - 1])) end--;
  slice const v = { in->s + start + 2, end - start - 2 };
  for (unsigned int k = r->opens; v.len && k-- > in->floor;) {
    slice const b = r->open[k].boundary;
    if (!b.len || v.len < b.len || memcmp(v.s, b.s, b.len)) continue;
    line->level = k;
    line->close = v.len == b.len + 2 && v.s[b.len] == '-' && v.s[b.len + 1] == '-';
    if (line->close || v.len == b.len) return 1;
  }
  return 0;
}

/* The next boundary line; 0 at the end of the input. */
static int find_boundary(reader const *r, struct line *line)
{
  struct input const *const in = &r->input[r->inputs - 1];
  size_t pos = in->pos;
  if (!in->multiparts) return 0;
  while (pos < in->len) {
    if (in->len - pos > 2 && in->s[pos] == '-' && in->s[pos + 1] == '-') {
      if (is_boundary(r, in, pos, line)) return 1;
      pos = line->end;
    } else pos = line_end(in->s, in->len, pos);
  }
  return 0;
}

/* Where the text before the boundary line at pos ends: before its line end. */
static char const *before_line(struct input const *in, size_t pos)
{
  if (pos && in->s[pos - 1] == '\n') {
    pos--;
    if (pos && in->s[pos - 1] == '\r') pos--;
  }
  return in->s + pos;
}

/* --- encoded messages --- */

struct copy {
  char *s;
  size_t len;
};

static int copy_put(void *context, char const *s, size_t len)
{
  struct copy *const c = context;
  memcpy(c->s + c->len, s, len);
  c->len += len;
  return 1;
}

/* If the leaf that was read is an encoded message, opens it as an input of its own. */
static int open_encoded(reader *r, size_t i, int *opened)
{
  mime_part *const part = r->tree->part + i;
  struct copy copy = { 0 };
  *opened = 0;
  if (part->encoding == ENCODING_NONE || !is_message(part)) return 1;
  if (part->depth >= MIME_DEPTH_MAX || r->tree->count >= PARTS_MAX) return 1;
  /* No base64 has a colon: the message was put in as it was. */
  if (part->encoding == ENCODING_BASE64 && memchr(part->body.s, ':', line_end(part->body.s, part->body.len, 0)))
    part->encoding = ENCODING_NONE;
  uint64_t const size = mime_size(part);
  if (size > r->decoded_left) return 1;
  r->decoded_left -= size;
  copy.s = arena_take(r->a, size);
  if (!copy.s || !mime_decode(part, &copy_put, &copy)) return 0;
  part->kind = MIME_MESSAGE;
  r->input[r->inputs++] = (struct input){ .s = copy.s, .len = copy.len, .floor = r->opens };
  r->open[r->opens++] = (struct open){ .part = i, .encoded = 1 };
  *opened = 1;
  return part_begin(r, i);
}

/* --- the whole --- */

int mime_parse(arena *a, char const *s, size_t len, mime_tree *tree)
{
  reader r = { .a = a, .tree = tree, .inputs = 1, .decoded_left = DECODED_MAX(len) };
  tree->part = NULL;
  tree->count = 0;
  r.input[0] = (struct input){ .s = s, .len = len };
  if (!part_begin(&r, 0)) return 0;
  while (r.inputs) {
    struct input *const in = &r.input[r.inputs - 1];
    struct line line;
    int const found = find_boundary(&r, &line);
    int const leaf = r.reading == READING_LEAF;
    size_t const part = r.part;
    /* At the end of the input the last line end belongs to the boundary that is missing, unless it is in a preamble. */
    unsigned int const own = r.reading == READING_PREAMBLE && r.open[r.opens - 1].boundary.len;
    char const *const end = found ? before_line(in, line.start)
      : in->multiparts > own ? before_line(in, in->len) : in->s + in->len;
    in->pos = found ? line.start : in->len;
    if (leaf) {
      int opened;
      tree->part[part].body = piece(r.from, end);
      r.reading = READING_NOTHING;
      if (!open_encoded(&r, part, &opened)) return 0;
      if (opened) continue;
    }
    if (!found) {
      end_all(&r, in->floor, end);
      r.inputs--;
      continue;
    }
    end_all(&r, line.level + 1, end);
    struct open *const o = &r.open[line.level];
    in->pos = line.end;
    if (line.close || tree->count >= PARTS_MAX) {
      o->boundary.len = 0;
      in->multiparts--;
      read_from(&r, READING_EPILOGUE, o->part, in->s + (line.close ? line.end : line.start));
    } else if (in->pos < in->len) {
      struct line next;
      if (in->len - in->pos > 2 && !memcmp(in->s + in->pos, "--", 2) && is_boundary(&r, in, in->pos, &next)) continue;
      if (!part_begin(&r, o->part)) return 0;
    }
  }
  return 1;
}
