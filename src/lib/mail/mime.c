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
 * What is found only when the end is known (4 to 8, 11: mime_apart.c) is read, as an input of its own, before going on. What fields say of a
 * part, 10 among it, is mime_fields.c's. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "mime_private.h"

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
    if (!mime_fields_read(r->a, part, around && around->kind == MIME_MULTIPART && is_word(around->subtype, "digest"), &boundary)) return 0;
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

/* Opens part i, whose content is these octets, as an input of its own. */
static void open_apart(reader *r, size_t i, slice octets, slice boundary)
{
  r->input[r->inputs++] = (struct input){ .s = octets.s, .len = octets.len, .floor = r->opens, .multiparts = boundary.len != 0 };
  r->open[r->opens++] = (struct open){ .part = i, .apart = 1, .boundary = boundary };
}

/* The leaf that was read has ended. 1: what is in it begins; 0: nothing is; -1 where memory fails. */
static int open_leaf(reader *r, size_t i)
{
  mime_part *const part = r->tree->part + i;
  slice content;
  int const opens = mime_apart_leaf(r->a, part, part->depth < MIME_DEPTH_MAX && r->tree->count < PARTS_MAX, &r->decoded_left, &content);
  if (opens <= 0) return opens;
  open_apart(r, i, content, (slice)SLICE_ZERO);
  return part_begin(r, i) ? 1 : -1;
}

/* The multipart that is open last has ended before its first boundary line: as open_leaf. */
static int open_lost(reader *r, slice body)
{
  struct open const o = r->open[r->opens - 1];
  mime_part *const part = r->tree->part + o.part;
  slice boundary = o.boundary;
  if (!o.apart) part->body = body;
  int const opens = mime_apart_lost(r->a, part, &r->decoded_left, &body, &boundary, &r->tree->guessed);
  if (opens <= 0) return opens;
  if (o.boundary.len) r->input[r->inputs - 1].multiparts--;
  r->opens--;
  open_apart(r, o.part, body, boundary);
  read_from(r, READING_PREAMBLE, o.part, body.s);
  return 1;
}

/* --- the whole --- */

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
      slice const body = piece(r.from, end);
      if (leaf) {
        tree->part[part].body = body;
        r.reading = READING_NOTHING;
      }
      int const opened = leaf ? open_leaf(&r, part) : open_lost(&r, body);
      if (opened < 0) return 0;
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
  return mime_fields_again(a, tree);
}
