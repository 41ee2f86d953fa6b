/* The MIME tree: RFC 2045, 2046. One pass over the lines, one stack of what is open; no recursion.
 *
 * What can go wrong, the rule for it, and the test that stands behind it (odd: tests/mail/odd by tests/mail-show.t; meant:
 * tests/maildir/meant.py):
 *
 *   1  a boundary inside another's part, or the same twice   the innermost goes first           odd, same-boundary
 *   2  no end: the file was cut, or the program forgot it    the parent's end is the child's    odd, missing-close
 *   3  nesting and numbers made to hurt                      MIME_DEPTH_MAX, PARTS_MAX,         tests/linear.t, unit mime
 *                                                            BOUNDARY_MAX
 *   4  a message that is transfer-encoded                    decoded, and read in place         odd, encoded-message
 *   5  no boundary parameter, or one that is not in the      the one that the body uses itself  meant, another boundary;
 *      body                                                  (find_used); else the text is read   fuzz mime_lost
 *   6  a whole multipart in base64                           decoded, and read in place         meant, a multipart in base64
 *   7  base64 that is none                                   read as it is (is_no_base64)       meant, base64 that is text
 *   8  opaque S/MIME                                         its content is read in place       meant, S/MIME; fuzz cms
 *   9  CR alone as line end                                  a copy with LF is read             meant, CR alone
 *  10  names in a charset that only another part declares    read again at the end              meant, raw subject
 *  11  what was decoded can hold what is encoded             DECODED_MAX for all together       tests/linear.t, nested-encoded
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
 * What is found only when the end is known (4 to 6, 8) is read, as an input of its own, before going on. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

#define PARTS_MAX 10000                     /* as in Dovecot; the rest is epilogue. Keeps the tree below 8 MB */
#define BOUNDARY_MAX 1000                   /* a longer line is no legal one (RFC 5322 2.1.1) */
#define DECODED_MAX(len) (2 * (len) + 1024) /* octets that are decoded of a message of len: more is made to hurt */
#define CR_ONLY_MAX (64u << 20)             /* a larger mail with CR alone is left as it is: none is known, and all of it is copied */

struct open {
  size_t part;
  slice boundary; /* empty for a message, and for a multipart that has none or was closed */
  int apart;      /* what lies in it is in an input of its own */
};

enum reading { READING_NOTHING, READING_LEAF, READING_PREAMBLE, READING_EPILOGUE };

struct input {
  char const *s;
  size_t len, pos;
  unsigned int floor;      /* what is open below this belongs to the input around it */
  unsigned int multiparts; /* of those open here, the ones with a boundary */
};

typedef struct reader_s reader;
struct reader_s {
  arena *a;
  mime_tree *tree;
  size_t room;
  struct input input[2 * (MIME_DEPTH_MAX + 2)]; /* a multipart may have two: decoded, and with another boundary */
  unsigned int inputs;
  struct open open[MIME_DEPTH_MAX + 2];
  unsigned int opens;
  enum reading reading;
  size_t part; /* what is read, and where it began */
  char const *from;
  size_t decoded_left;
  charset const *fallback;
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
  return lower_case(a, (slice){ v.s, slash }, &part->type) && lower_case(a, (slice){ v.s + slash + 1, i - slash - 1 }, &part->subtype);
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

static int is_multipart(mime_part const *part) { return is_word(part->type, "multipart"); }

/* message/news is RFC 5537's old name for an article: a message like others. */
static int is_message(mime_part const *part)
{
  return is_word(part->type, "message") && (is_word(part->subtype, "rfc822") || is_word(part->subtype, "global") || is_word(part->subtype, "news"));
}

static int is_signed_data(mime_part const *part)
{
  return is_word(part->type, "application") && (is_word(part->subtype, "pkcs7-mime") || is_word(part->subtype, "x-pkcs7-mime"));
}

static int read_names(arena *a, mail_charsets *charsets, mime_part *part)
{
  slice const *const field = part->head.field;
  slice word;
  params p;
  if (field[FIELD_CONTENT_TYPE].s) {
    if (!params_read(a, charsets, field[FIELD_CONTENT_TYPE], &word, &p)) return 0;
    part->file_name = p.value[PARAM_NAME];
  }
  if (!field[FIELD_CONTENT_DISPOSITION].s) return 1;
  if (!params_read(a, charsets, field[FIELD_CONTENT_DISPOSITION], &word, &p)) return 0;
  if (p.value[PARAM_FILENAME].s) part->file_name = p.value[PARAM_FILENAME];
  return 1;
}

static int read_fields(arena *a, mime_part *part, int digest, slice *boundary)
{
  mail_charsets charsets = { .looked = 1, .fallback = part->fallback }; /* what is declared is known at the end */
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
    if (!params_read(a, &charsets, field[FIELD_CONTENT_TYPE], &word, &p)) return 0;
    part->raw_names = p.raw;
    if (!lower_case(a, p.value[PARAM_CHARSET], &part->charset)) return 0;
    part->file_name = p.value[PARAM_NAME];
    *boundary = p.value[PARAM_BOUNDARY];
    while (boundary->len && is_space(boundary->s[boundary->len - 1])) boundary->len--;
    if (boundary->len > BOUNDARY_MAX) boundary->len = 0;
  }
  if (field[FIELD_CONTENT_DISPOSITION].s) {
    if (!params_read(a, &charsets, field[FIELD_CONTENT_DISPOSITION], &word, &p)) return 0;
    part->raw_names |= p.raw;
    if (!charset_decode(a, NULL, word, &word) || !lower_case(a, word, &part->disposition_word)) return 0;
    if (p.value[PARAM_FILENAME].s) part->file_name = p.value[PARAM_FILENAME];
    /* RFC 2183 2.8: what is unknown is an attachment. */
    if (part->disposition_word.len) part->disposition = is_word(part->disposition_word, "inline") ? DISPOSITION_INLINE : DISPOSITION_ATTACHMENT;
  }
  part->encoding = read_encoding(field[FIELD_CONTENT_ENCODING]);
  if (field[FIELD_CONTENT_ID].s) {
    slice *ids;
    size_t count;
    if (!mail_ids(a, field[FIELD_CONTENT_ID], &ids, &count)) return 0;
    if (count) part->content_id = ids[0];
    else if (!words_decode(a, &charsets, field[FIELD_CONTENT_ID], WORDS_RAW, &part->content_id)) return 0;
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
    part->fallback = r->fallback;
    head_scan(&part->head, start, in->len - in->pos, !around || (around->kind == MIME_MESSAGE && !around->signed_data), in->multiparts != 0);
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

static slice piece(char const *from, char const *to) { return (slice){ from, to > from ? (size_t)(to - from) : 0 }; }

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
    if (!o->apart) part[o->part].body = piece(part[o->part].body.s, end);
    if (!o->boundary.len) continue;
    r->input[r->inputs - 1].multiparts--;
    drop_empty_last(r->tree, part + o->part);
  }
}

/* --- boundary lines --- */

struct line {
  size_t start, end;  /* end: where the next line begins */
  unsigned int level; /* of the multipart it belongs to, in open */
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

/* --- what is read when its end is known --- */

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

/* What is still to be decoded of a part, in memory of our own; s is null where that would be too much. 0 where memory fails. */
static int decode_part(reader *r, mime_part const *part, struct copy *copy)
{
  *copy = (struct copy){ NULL, 0 };
  uint64_t const size = mime_size(part);
  if (size > r->decoded_left) return 1;
  r->decoded_left -= size;
  copy->s = arena_take(r->a, size);
  return copy->s && mime_decode(part, &copy_put, copy);
}

/* Opens part i, whose content is these octets, as an input of its own. */
static void open_apart(reader *r, size_t i, slice octets, slice boundary)
{
  r->input[r->inputs++] = (struct input){ .s = octets.s, .len = octets.len, .floor = r->opens, .multiparts = boundary.len != 0 };
  r->open[r->opens++] = (struct open){ .part = i, .apart = 1, .boundary = boundary };
}

/* Whether what is said to be base64 has two blanks in its first line, which no base64 has: text that was put in as it was. */
static int is_no_base64(slice body)
{
  slice line = body;
  unsigned int blanks = 0;
  while (line.len && is_space(*line.s)) line.s++, line.len--;
  line.len = line_end(line.s, line.len, 0);
  line = trim(line);
  for (size_t i = 0; i < line.len && blanks < 2; i++) blanks += is_blank(line.s[i]);
  return blanks == 2;
}

/* If the leaf that was read is an encoded message, or S/MIME that holds one, opens it. */
static int open_leaf(reader *r, size_t i, int *opened)
{
  mime_part *const part = r->tree->part + i;
  struct copy copy;
  slice content;
  int const message = is_message(part) && part->encoding != ENCODING_NONE, signed_data = is_signed_data(part);
  *opened = 0;
  /* No base64 of a message has a colon: it was put in as it was. */
  if (part->encoding == ENCODING_BASE64
    && (is_no_base64(part->body) || (message && memchr(part->body.s, ':', line_end(part->body.s, part->body.len, 0)))))
    part->encoding = ENCODING_NONE;
  if (!message && !signed_data) return 1;
  if (part->depth >= MIME_DEPTH_MAX || r->tree->count >= PARTS_MAX) return 1;
  if (!decode_part(r, part, &copy)) return 0;
  if (!copy.s) return 1;
  content = (slice){ copy.s, copy.len };
  if (signed_data && !cms_signed_content(copy.s, copy.len, &content)) return 1;
  part->kind = MIME_MESSAGE;
  part->signed_data = signed_data;
  open_apart(r, i, content, (slice)SLICE_ZERO);
  *opened = 1;
  return part_begin(r, i);
}

/* The boundary that text uses, whatever its multipart says: a line "--X" and behind it a field Content-... (any field would hit text
 * that has headings under dashes). */
static slice find_used(slice text)
{
  static char const field[] = "content-";
  for (size_t pos = 0; pos < text.len;) {
    size_t const next = line_end(text.s, text.len, pos);
    slice v = { text.s + pos, next - pos }, name = { text.s + next, text.len - next };
    pos = next;
    if (v.len < 3 || memcmp(v.s, "--", 2)) continue;
    v = (slice){ v.s + 2, v.len - 2 };
    while (v.len && is_space(v.s[v.len - 1])) v.len--;
    if (!v.len || v.len > BOUNDARY_MAX || name.len < sizeof field || !is_word((slice){ name.s, sizeof field - 1 }, field)) continue;
    size_t i = sizeof field - 1;
    while (i < name.len && name.s[i] > ' ' && name.s[i] < 127 && name.s[i] != ':') i++;
    if (i < name.len && name.s[i] == ':') return v;
  }
  return (slice)SLICE_ZERO;
}

/* The multipart that is open last has ended before its first boundary line. */
static int open_lost(reader *r, slice body, int *opened)
{
  struct open const o = r->open[r->opens - 1];
  mime_part *const part = r->tree->part + o.part;
  slice text = body, boundary = o.boundary;
  struct copy copy;
  *opened = 0;
  if (!o.apart) part->body = body;
  if (part->encoding == ENCODING_BASE64 && is_no_base64(body)) part->encoding = ENCODING_NONE;
  if (part->encoding != ENCODING_NONE) {
    if (!decode_part(r, part, &copy)) return 0;
    part->encoding = ENCODING_NONE;
    if (copy.s) text = (slice){ copy.s, copy.len };
  }
  if (text.s == body.s) {
    r->tree->guessed = 1;
    if (!(boundary = find_used(body)).len) return 1;
  }
  if (o.boundary.len) r->input[r->inputs - 1].multiparts--;
  r->opens--;
  open_apart(r, o.part, text, boundary);
  read_from(r, READING_PREAMBLE, o.part, text.s);
  return *opened = 1;
}

/* File names in octets that no charset explains: now it is known what the message around them declares. */
static int read_raw_names(arena *a, mime_tree *tree)
{
  mail_charsets charsets = { .tree = NULL };
  for (size_t i = 0; i < tree->count; i++) {
    if (!tree->part[i].raw_names) continue;
    mail_charsets const own = mail_charsets_of(tree, i);
    if (!charsets.tree || charsets.message != own.message) charsets = own;
    if (!read_names(a, &charsets, tree->part + i)) return 0;
  }
  return 1;
}

/* A copy with LF for CR. */
static int copy_lines(arena *a, slice *octets)
{
  char *const s = arena_copy(a, octets->s, octets->len);
  if (!s) return 0;
  for (size_t i = 0; i < octets->len; i++)
    if (s[i] == '\r') s[i] = '\n';
  octets->s = s;
  return 1;
}

/* --- the whole --- */

int mime_parse(arena *a, char const *s, size_t len, charset const *fallback, mime_tree *tree)
{
  reader r = { .a = a, .tree = tree, .inputs = 1, .decoded_left = DECODED_MAX(len), .fallback = fallback };
  *tree = (mime_tree){ .octets = { s, len } };
  if (len <= CR_ONLY_MAX && is_cr_only(s, len) && !copy_lines(a, &tree->octets)) return 0;
  r.input[0] = (struct input){ .s = tree->octets.s, .len = len };
  if (!part_begin(&r, 0)) return 0;
  while (r.inputs) {
    struct input *const in = &r.input[r.inputs - 1];
    struct line line;
    int const found = find_boundary(&r, &line);
    int const leaf = r.reading == READING_LEAF, lost = r.reading == READING_PREAMBLE && !(found && line.level == r.opens - 1);
    size_t const part = r.part;
    /* At the end of the input the last line end belongs to the boundary that is missing, unless it is in a preamble. */
    unsigned int const own = r.reading == READING_PREAMBLE && r.open[r.opens - 1].boundary.len;
    char const *const end = found ? before_line(in, line.start) : in->multiparts > own ? before_line(in, in->len) : in->s + in->len;
    in->pos = found ? line.start : in->len;
    if (leaf || lost) {
      int opened;
      slice const body = piece(r.from, end);
      if (leaf) {
        tree->part[part].body = body;
        r.reading = READING_NOTHING;
      }
      if (!(leaf ? open_leaf(&r, part, &opened) : open_lost(&r, body, &opened))) return 0;
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
  return read_raw_names(a, tree);
}
