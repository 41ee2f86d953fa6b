/* Lists of addresses: RFC 5322 3.4 and 4.4, and what people write instead. Whatever is no address is a name: nothing that
 * could be one is dropped. One pass, no recursion:
 *
 *   in           reads                     then
 *   TEXT         word, quoted string       part of the name, or of an address without angles
 *                "." "@"                   glued to what is before and behind
 *                "<"                       ANGLE; what stood before is the name
 *                ":"                       what stood before is a group's name (once, and if it has no "@")
 *                ";" ","                   the end of this mailbox; ";" ends a group too
 *   ANGLE        up to ">"                 the address, without a route; then TEXT, which is dropped unless an address is in it
 *                "," ";" after a word      the ">" was forgotten
 *   anywhere     comment                   the name, where there is no other
 *                " at ", a word, its end   "@", if the word has a dot in it
 *                encoded word              a word, whatever it holds
 *                quote or parenthesis      without its other half: a character like others
 */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

typedef struct reader_s reader;
struct reader_s {
  arena *a;
  char const *s;
  size_t len, pos;
  size_t word_last;                 /* for word_end */
  unsigned char no_quotes, no_comments;  /* an unclosed one was met: those behind it are characters */
  mail_address *list;
  size_t count, room;
  char *out;                        /* where names, comments and addresses are put together; never reused, as results point there */

  /* the mailbox being read */
  char *name, *name_end;            /* all words so far */
  char *spec, *spec_end, *at;       /* the last run of words that are glued by "." and "@", without blanks; its last "@" */
  char *comment, *comment_end;
  size_t words;                     /* runs in the name */
  size_t before;                    /* length of the name before spec */
  int quoted;                       /* spec has a quoted string */
  int glue;                         /* the last token was "." or "@" */
  int angle;                        /* an address in angles was read, text behind it is not its name */
  slice found, found_name;          /* an address without angles */
  /* the group */
  int in_group;
  slice group;
  size_t group_count;
};

#define ROOM(len) (4 * (len))  /* for the addresses of a field of len octets: one octet may become three, with quotes */

static int emit(reader *r, slice name, slice address, int group)
{
  if (name.len && !words_decode(r->a, name, charset_utf8, &name)) return 0;
  if (!name.len && !address.len) return 1;
  if (r->count == r->room) {
    size_t const room = r->room ? 2 * r->room : 4;
    mail_address *list = arena_take(r->a, room * sizeof *list);
    if (!list) return 0;
    if (r->count) memcpy(list, r->list, r->count * sizeof *list);
    r->list = list;
    r->room = room;
  }
  r->list[r->count++] = (mail_address){ .name = name, .address = address, .group = group };
  if (!group) r->group_count++;
  return 1;
}

enum { ENDS_ATOM = 1, NEEDS_QUOTES = 2 };
static unsigned char const class[256] = {
  ['\t'] = 3, ['\n'] = 3, ['\v'] = 3, ['\f'] = 3, ['\r'] = 3, [' '] = 3, ['('] = 3, [')'] = 3, ['<'] = 3, ['>'] = 3, [':'] = 3,
  [';'] = 3, ['@'] = 3, ['\\'] = 3, [','] = 3, ['"'] = 3, ['.'] = ENDS_ATOM, ['['] = NEEDS_QUOTES, [']'] = NEEDS_QUOTES
};

static inline int is(char c, int what)
{
  return class[(unsigned char)c] & what;
}

/* local@domain, from what was read of it without quotes; the local part is quoted again where it must be. */
static slice make_address(reader *r, char const *spec, size_t len, char const *at)
{
  size_t const local = at ? (size_t)(at - spec) : len;
  char *s = r->out, *p = s;
  size_t i;
  for (i = 0; i < local && !is(spec[i], NEEDS_QUOTES); i++);
  if (i < local) {
    *p++ = '"';
    for (i = 0; i < local; i++) {
      if (spec[i] == '"' || spec[i] == '\\') *p++ = '\\';
      *p++ = spec[i];
    }
    *p++ = '"';
  } else {
    if (local) memcpy(p, spec, local);
    p += local;
  }
  if (local < len) memcpy(p, spec + local, len - local);
  p += len - local;
  r->out = p;
  return (slice){ s, (size_t)(p - s) };
}

/* Whether spec is an address: something on both sides of its "@". */
static int has_address(reader const *r)
{
  return r->at && r->at > r->spec && r->at + 1 < r->spec_end;
}

/* "jane at example.org", which is RFC 733's form and what list archives make of an address, becomes jane@example.org. Returns
 * where the "@" is, or null where it is something else. */
static char *at_word(char *s, size_t *len)
{
  char *const at = memmem(s, *len, " at ", 4);
  size_t const local = at ? (size_t)(at - s) : 0;
  if (!local || memchr(s, ' ', local)) return NULL;
  char const *const domain = at + 4, *const dot = memchr(domain, '.', *len - local - 4);
  if (!dot || dot + 1 == s + *len || memchr(domain, ' ', *len - local - 4)) return NULL;
  *at = '@';
  memmove(at + 1, domain, *len - local - 4);
  *len -= 3;
  return at;
}

/* A run of glued words has ended: if it is an address, keeps it; gives out the one before it. */
static int run_end(reader *r)
{
  if (has_address(r)) {
    /* "a@b c@d", "<a@b> c@d": a comma was forgotten. */
    if (r->found.len && !emit(r, r->found_name, r->found, 0)) return 0;
    r->found_name = r->found.len || r->angle ? (slice)SLICE_ZERO : trim((slice){ r->name, r->before });
    /* "[a@b]", but "a@[192.0.2.1]" */
    if (*r->spec == '[' && r->spec_end[-1] == ']' && r->at[1] != '[' && r->at > r->spec + 1) r->spec++, r->spec_end--;
    r->found = make_address(r, r->spec, (size_t)(r->spec_end - r->spec), r->at);
  }
  r->spec = r->spec_end;
  r->at = NULL;
  r->quoted = 0;
  return 1;
}

static slice comment_of(reader const *r)
{
  return (slice){ r->comment, (size_t)(r->comment_end - r->comment) };
}

static void mailbox_start(reader *r)
{
  r->name = r->name_end;
  r->spec = r->spec_end;
  r->comment = r->comment_end;
  r->at = NULL;
  r->words = 0;
  r->before = 0;
  r->quoted = r->glue = r->angle = 0;
  r->found = r->found_name = (slice)SLICE_ZERO;
}

/* A name that has no address, and a comment beside it, which is lost otherwise. */
static slice name_and_comment(reader *r, slice name)
{
  slice const comment = comment_of(r);
  if (!comment.len || !name.len) return name.len ? name : comment;
  char *const s = r->out;
  size_t n = name.len;
  memcpy(s, name.s, n);
  memcpy(s + n, " (", 2), n += 2;
  memcpy(s + n, comment.s, comment.len), n += comment.len;
  s[n++] = ')';
  r->out += n;
  return (slice){ s, n };
}

/* The end of a mailbox without angles, or of the text behind angles. */
static int mailbox_end(reader *r)
{
  slice name = trim((slice){ r->name, (size_t)(r->name_end - r->name) });
  int const one = r->words == 1 && !r->quoted && !r->at;
  slice const spec = { r->spec, (size_t)(r->spec_end - r->spec) };
  char *at = NULL;
  if (!r->at && r->words == 1 && r->quoted && *spec.s != '=' && !memchr(spec.s, ' ', spec.len)) {
    /* An address, all of it in quotes. */
    r->at = memrchr(spec.s, '@', spec.len);
    if (!has_address(r)) r->at = NULL;
  } else if (r->words == 3 && !r->angle && !r->at && !r->found.len) at = at_word(r->name, &name.len);
  int good = run_end(r);
  if (!good) return 0;
  if (r->found.len) good = emit(r, r->found_name.len ? r->found_name : comment_of(r), r->found, 0);
  else if (r->angle || (!name.len && (r->in_group || r->count))) good = 1;  /* a comment alone is a name where there is nothing else */
  else if (one && !(spec.len > 1 && spec.s[0] == '=' && spec.s[1] == '?')) good = emit(r, comment_of(r), spec, 0);
  else if (at) good = emit(r, comment_of(r), make_address(r, r->name, name.len, at), 0);
  else good = emit(r, name_and_comment(r, name), (slice)SLICE_ZERO, 0);
  mailbox_start(r);
  return good;
}

static int group_end(reader *r)
{
  int good = 1;
  if (r->in_group && !r->group_count) good = emit(r, r->group, (slice)SLICE_ZERO, 1);
  r->in_group = 0;
  return good;
}

/* --- tokens --- */

/* The closing quote of the string that begins at pos, or 0. */
static size_t quote_end(reader *r)
{
  if (r->no_quotes) return 0;
  for (size_t i = r->pos + 1; i < r->len; i++) {
    if (r->s[i] == '\\') i++;
    else if (r->s[i] == '"') return i;
  }
  r->no_quotes = 1;
  return 0;
}

/* Skips the comment at pos and keeps its text. 0 where it has no end. */
static int comment_skip(reader *r)
{
  size_t end = r->no_comments ? 0 : skip_comment(r->s, r->len, r->pos);
  if (!end || r->s[end - 1] != ')' || end - r->pos < 2) {
    r->no_comments = 1;
    return 0;
  }
  if (r->comment_end > r->comment) *r->comment_end++ = ' ';
  for (size_t i = r->pos + 1; i < end - 1; i++) {
    if (r->s[i] == '\\' && i + 2 < end) i++;
    *r->comment_end++ = r->s[i];
  }
  r->pos = end;
  return 1;
}

/* Appends the quoted string from pos to its end to *out; returns where it ends. */
static char *quoted_put(reader *r, size_t end, char *out)
{
  for (size_t i = r->pos + 1; i < end; i++) {
    if (r->s[i] == '\\' && i + 1 < end) i++;
    if (r->s[i] != '\r' && r->s[i] != '\n') *out++ = r->s[i];
  }
  r->pos = end + 1;
  return out;
}

/* Where the atom at pos ends; an encoded word is one atom. */
static size_t atom_end(reader *r)
{
  size_t i = r->s[r->pos] == '=' ? word_end(r->s, r->len, r->pos, &r->word_last) : 0;
  if (!i) for (i = r->pos + 1; i < r->len && !is(r->s[i], ENDS_ATOM); i++);
  return i;
}

/* --- in angles --- */

/* Reads from behind "<" to behind ">". */
static int angle_read(reader *r)
{
  char *const start = r->spec_end, *p = start, *at = NULL, *stop = NULL;
  int space = 0, route = 0, done = 0;
  while (!done && r->pos < r->len) {
    char const c = r->s[r->pos];
    size_t end;
    if (is_space(c)) {
      space = 1;
      r->pos++;
      continue;
    }
    if (c == '(' && comment_skip(r)) {
      space = 1;
      continue;
    }
    if (c == '>' || ((c == ',' || c == ';') && p > start && !route)) break;
    if (c == '<') {
      /* "<<a@b>>", "<x <a@b>" */
      p = start;
      at = stop = NULL;
      route = space = 0;
      r->pos++;
      continue;
    }
    if (c == ':' && (route || (p - start == 6 && is_word((slice){ start, 6 }, "mailto")))) {
      p = start;
      at = stop = NULL;
      route = space = 0;
      r->pos++;
      continue;
    }
    if (c == '@') {
      if (p == start) route = 1;
      at = p;
      stop = NULL;
    } else if (space && p > start && c != '.' && p[-1] != '.' && p[-1] != '@') {
      if (at && !stop) stop = p;  /* "a@b c": the domain has ended */
      *p++ = ' ';
    }
    space = 0;
    if (c == '"' && (end = quote_end(r))) p = quoted_put(r, end, p);
    else if (c == '"' || c == '\\') r->pos++;
    else {
      end = is(c, ENDS_ATOM) ? r->pos + 1 : atom_end(r);
      while (r->pos < end) *p++ = r->s[r->pos++];
    }
  }
  while (r->pos < r->len && r->s[r->pos] == '>') r->pos++;
  if (stop) p = stop;
  if (!at) {
    size_t len = (size_t)(p - start);
    at = at_word(start, &len);
    p = start + len;
  }
  r->spec_end = p;
  slice name = trim((slice){ r->name, (size_t)(r->name_end - r->name) });
  int const half = at && (at == start || at + 1 == p);  /* "@b", "a@": no address */
  slice const address = p > start && !half ? make_address(r, start, (size_t)(p - start), at) : (slice)SLICE_ZERO;
  if (!name.len && half) name = (slice){ start, (size_t)(p - start) };
  if (!name.len) {
    /* A comment behind the address is read first, as it may be the name. */
    while (r->pos < r->len && (is_space(r->s[r->pos]) || (r->s[r->pos] == '(' && !r->no_comments))) {
      if (is_space(r->s[r->pos])) r->pos++;
      else if (!comment_skip(r)) break;
    }
    name = trim(comment_of(r));
  }
  if ((name.len || address.len) && !emit(r, name, address, 0)) return 0;
  mailbox_start(r);
  r->angle = 1;
  return 1;
}

/* --- outside of angles --- */

static int text_read(reader *r)
{
  int space = 0;
  while (r->pos < r->len) {
    char const c = r->s[r->pos];
    size_t end;
    if (is_space(c) || c == '>') {
      space = 1;
      r->pos++;
      continue;
    }
    if (c == '(' && comment_skip(r)) {
      space = 1;
      continue;
    }
    if (c == '<') {
      r->pos++;
      if (!angle_read(r)) return 0;
      space = 0;
      continue;
    }
    if (c == ',' || c == ';') {
      r->pos++;
      if (!mailbox_end(r) || (c == ';' && !group_end(r))) return 0;
      space = 0;
      continue;
    }
    if (c == ':' && !r->in_group && !r->at && !r->found.len && !r->angle) {
      r->pos++;
      r->group = trim((slice){ r->name, (size_t)(r->name_end - r->name) });
      r->in_group = 1;
      r->group_count = 0;
      mailbox_start(r);
      space = 0;
      continue;
    }
    /* A word, or what glues words. */
    int const glues = c == '.' || c == '@';
    if (r->spec_end > r->spec && space && !glues && !r->glue) {
      if (!run_end(r)) return 0;
    }
    if (r->spec_end == r->spec) {
      r->before = (size_t)(r->name_end - r->name);
      r->words++;
    }
    if (space && r->name_end > r->name) *r->name_end++ = ' ';
    space = 0;
    r->glue = glues;
    char *const from = r->name_end;
    if (c == '"' && (end = quote_end(r))) {
      r->quoted = 1;
      r->name_end = quoted_put(r, end, r->name_end);
    } else if (c == '"') r->pos++;
    else if (c == '\\') {
      if (++r->pos < r->len) *r->name_end++ = r->s[r->pos++];
    } else {
      if (c == '@') r->at = r->spec_end;
      end = is(c, ENDS_ATOM) ? r->pos + 1 : atom_end(r);
      while (r->pos < end) *r->name_end++ = r->s[r->pos++];
    }
    for (char const *p = from; p < r->name_end; p++) *r->spec_end++ = *p;
  }
  return mailbox_end(r) && group_end(r);
}

int mail_addresses(arena *a, slice raw, mail_address **list, size_t *count)
{
  reader r = { .a = a };
  raw = trim(cut_field(raw));
  *list = NULL;
  *count = 0;
  if (!raw.len) return 1;
  if (!charset_decode(a, NULL, raw, &raw)) return 0;
  r.s = raw.s;
  r.len = r.word_last = raw.len;
  r.name = r.name_end = arena_take(a, raw.len);
  r.spec = r.spec_end = arena_take(a, raw.len);
  r.comment = r.comment_end = arena_take(a, raw.len);
  r.out = arena_take(a, ROOM(raw.len));
  if (!r.name || !r.spec || !r.comment || !r.out) return 0;
  mailbox_start(&r);
  if (!text_read(&r)) return 0;
  *list = r.list;
  *count = r.count;
  return 1;
}
