/* The preview of a mail: the first characters that a person wrote.
 *
 * Text comes in pieces of whole characters and is cut into lines, with white space folded. What becomes of a line:
 *
 *   >...                          left out, and so is the attribution in front of it: a line that ends with a colon, and
 *                                 at most two before it, back to one with a date
 *   -- alone                      the end: a signature follows
 *   BEGIN PGP SIGNED MESSAGE      left out up to the next empty line
 *   --- some words ---, _____     the end, once there is something: a mail that is forwarded or answered follows
 *   other                         taken
 *
 * If nothing is left, the same without leaving anything out. */
#include <string.h>

#include "readable.h"

#define INPUT_MAX (256u << 10) /* octets of a body that are looked at: the styles of some HTML mail take 100 KB */
#define PARTS_TRIED 8          /* text parts that are read until one says something */
#define ATTRIBUTION_LINES 3
#define ROOM (4 * MAIL_PREVIEW_CHARS + 8)

typedef struct preview_s preview;
struct preview_s {
  char out[ROOM], line[ROOM];
  size_t len, chars; /* of out */
  size_t line_len, line_chars;
  size_t start[ATTRIBUTION_LINES]; /* where the last lines that belong together begin in out, the newest first */
  unsigned int lines;              /* how many belong together, without an empty one between */
  int blank, joiner;               /* what is to come before the line's next character: white space; one that has no width */
  int skip;                        /* up to the end of the line, as it is quoted */
  int armor;                       /* up to an empty line */
  int everything;                  /* leave nothing out */
  int done;
};

/* Characters that are seen as white space; those that are not seen at all, with which senders fill up their previews. */
static int white(uint32_t c)
{
  return c <= ' ' || (c >= 0x7f && c <= 0xa0) || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f
    || c == 0x3000 || c == 0x2800;
}

static int no_width(uint32_t c)
{
  return c == 0xad || c == 0x34f || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e)
    || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

static int rule(char const *s, size_t len)
{
  size_t i = 0;
  while (i < len && s[i] == '_') i++;
  if (i == len && len >= 10) return 1;
  return len > 6 && !memcmp(s, "---", 3) && !memcmp(s + len - 3, "---", 3);
}

static int digit(char c) { return c >= '0' && c <= '9'; }

/* Whether a year or a time is in it. */
static int dated(char const *s, size_t len)
{
  for (size_t i = 0; i + 3 < len; i++) {
    if (digit(s[i]) && digit(s[i + 1]) && digit(s[i + 2]) && digit(s[i + 3])) return 1;
    if (digit(s[i]) && (s[i + 1] == ':' || s[i + 1] == '.') && digit(s[i + 2]) && digit(s[i + 3])) return 1;
  }
  return 0;
}

/* Takes back the attribution in front of a quote: from the line with the date, or the last one. */
static void unattribute(preview *p)
{
  size_t from = p->start[0];
  if (!p->len || p->out[p->len - 1] != ':' || !p->lines) return;
  for (unsigned int i = 0; i < p->lines && i < ATTRIBUTION_LINES; i++)
    if (dated(p->out + p->start[i], p->len - p->start[i])) {
      from = p->start[i];
      break;
    }
  p->len = from;
  p->chars = 0;
  for (size_t i = 0; i < p->len; i++) p->chars += ((unsigned char)p->out[i] & 0xc0) != 0x80;
  p->lines = 0;
}

static void take_line(preview *p)
{
  size_t const room = MAIL_PREVIEW_CHARS - p->chars;
  size_t i = 0;
  memmove(p->start + 1, p->start, (ATTRIBUTION_LINES - 1) * sizeof *p->start);
  p->start[0] = p->len;
  p->lines++;
  if (p->len && room) p->out[p->len++] = ' ', p->chars++;
  while (i < p->line_len && p->chars < MAIL_PREVIEW_CHARS) {
    do p->out[p->len++] = p->line[i++];
    while (i < p->line_len && ((unsigned char)p->line[i] & 0xc0) == 0x80);
    p->chars++;
  }
  p->done = p->chars == MAIL_PREVIEW_CHARS;
}

static void end_line(preview *p)
{
  char const *const s = p->line;
  size_t const len = p->line_len;
  if (p->skip) {
    unattribute(p);
    p->lines = 0;
  } else if (!len) {
    p->armor = 0;
    /* An empty line may stand between an attribution and its quote. */
    if (!p->len || p->out[p->len - 1] != ':') p->lines = 0;
  } else if (p->armor || (!p->everything && len == 34 && !memcmp(s, "-----BEGIN PGP SIGNED MESSAGE-----", 34))) p->armor = 1;
  else if (!p->everything && len == 2 && !memcmp(s, "--", 2)) p->done = 1;
  else if (!p->everything && rule(s, len)) p->done = p->len != 0;
  else take_line(p);
  p->line_len = p->line_chars = 0;
  p->blank = p->joiner = p->skip = 0;
}

static void line_put(preview *p, char const *s, size_t len)
{
  memcpy(p->line + p->line_len, s, len);
  p->line_len += len;
  p->line_chars++;
}

static int preview_put(void *context, char const *s, size_t len)
{
  preview *const p = context;
  for (size_t i = 0, size; i < len && !p->done; i += size) {
    uint32_t c;
    size = utf8_get(&c, s + i, len - i);
    if (c == '\n') end_line(p);
    else if (p->skip)
      ;
    else if (white(c)) p->blank = 1;
    else if (no_width(c)) p->joiner = p->joiner || p->blank ? 0 : (int)c;
    else if (!p->line_len && c == '>' && !p->everything) p->skip = 1;
    else {
      char joiner[4];
      if (p->line_len && p->blank) line_put(p, " ", 1);
      /* Emoji and Persian need theirs, between two characters that are seen. */
      if (p->line_len && p->joiner && !p->blank) line_put(p, joiner, utf8_put(joiner, (uint32_t)p->joiner));
      p->blank = p->joiner = 0;
      line_put(p, s + i, size);
      if (p->line_chars >= MAIL_PREVIEW_CHARS) end_line(p); /* more would not fit anyway */
    }
  }
  return !p->done;
}

/* --- which part --- */

/* The start of a part's body: more would not change what is shown. */
static mime_part start_of(mime_part const *part)
{
  mime_part start = *part;
  if (start.body.len > INPUT_MAX) start.body.len = INPUT_MAX;
  return start;
}

/* Reads the text of one part. */
static void read_part(preview *p, mime_part const *part, enum text_kind kind, int everything, int alt)
{
  memset(p, 0, sizeof *p);
  p->everything = everything;
  text_read(part, kind, (everything ? 0 : READ_QUOTES) | (alt ? READ_ALT : 0), preview_put, p);
  if (!p->done) end_line(p);
}

static void read_whole(preview *p, mime_part const *part)
{
  mime_part const start = start_of(part);
  enum text_kind const kind = text_kind(&start);
  read_part(p, &start, kind, 0, 0);
  if (!p->len) read_part(p, &start, kind, 1, 0);
  if (!p->len && kind == TEXT_HTML) read_part(p, &start, kind, 1, 1); /* pictures alone */
}

/* A text that is counted: its characters, up to limit, and whether the word HTML is in it. */
struct count {
  size_t chars, limit;
  unsigned int matched;
  int word, before; /* before: the last octet was of a word */
};

static int count_put(void *context, char const *s, size_t len)
{
  static char const html[] = "html";
  struct count *const t = context;
  for (size_t i = 0; i < len && t->chars < t->limit; i++) {
    char const c = to_lower(s[i]);
    int const in_word = (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
    t->chars += ((unsigned char)c & 0xc0) != 0x80;
    if (t->matched == 4 && !in_word) t->word = 1;
    if (t->matched < 4 && c == html[t->matched] && (t->matched || !t->before)) t->matched++;
    else t->matched = 0;
    t->before = in_word;
  }
  return t->chars < t->limit;
}

static struct count count_text(mime_part const *part, size_t limit)
{
  mime_part const start = start_of(part);
  struct count t = { .limit = limit };
  text_read(&start, text_kind(&start), 0, count_put, &t);
  if (t.matched == 4) t.word = 1;
  return t;
}

#define EXCUSE_MAX 300 /* characters of a plain part that only says that there is HTML */

/* Whether part i is the plain part of an alternative that only says that the mail is in HTML. */
static int is_excuse(mime_tree const *tree, size_t i)
{
  mime_part const *const part = tree->part + i, *const around = tree->part + part->parent;
  if (!i || !is_word(around->subtype, "alternative") || !is_word(part->subtype, "plain")) return 0;
  struct count const plain = count_text(part, EXCUSE_MAX);
  if (plain.chars >= EXCUSE_MAX || !plain.word) return 0;
  for (size_t k = i + 1; k < tree->count && tree->part[k].depth > around->depth; k++) {
    mime_part const *const other = tree->part + k;
    if (mime_is_text(other) && mime_is_html(other)) return count_text(other, 2 * plain.chars).chars == 2 * plain.chars;
  }
  return 0;
}

/* Of each message the first text is its body, whatever it is called, unless it says attachment. */
static int is_readable(mime_part const *part, int *first)
{
  int body;
  if (!mime_is_text(part) || part->disposition == DISPOSITION_ATTACHMENT) return 0;
  body = *first && is_body_type(part);
  if (body) *first = 0;
  return body || !part->file_name.len;
}

/* In which round a text is read: plain before HTML before others. */
static int round_of(mime_part const *part) { return mime_is_html(part) ? 1 : is_body_type(part) ? 0 : 2; }

#define ROUNDS 3

/* Which parts are read, in this order: the mail's own, then those of messages inside; of each those of a round. */
int mail_preview(arena *a, mime_tree const *tree, slice *out)
{
  unsigned int tried = 0;
  preview p = { .len = 0 };
  for (int round = 0; round < 2 * ROUNDS && !p.len; round++) {
    int first = 1;
    for (size_t i = 0; i < tree->count && !p.len && tried < PARTS_TRIED; i++) {
      mime_part const *part = tree->part + i;
      mime_part lone;
      if (lone_text(part, &lone)) part = &lone;
      else if (part->kind == MIME_MESSAGE && !part->signed_data) first = 1;
      if (part->kind != MIME_LEAF || (mime_message_of(tree, i) != 0) != round / ROUNDS) continue;
      if (!is_readable(part, &first) || round_of(part) != round % ROUNDS) continue;
      tried++;
      if (!is_excuse(tree, i)) read_whole(&p, part);
    }
  }
  *out = (slice)SLICE_ZERO;
  if (!p.len) return 1;
  out->len = p.len;
  out->s = arena_copy(a, p.out, p.len);
  return out->s != NULL;
}
