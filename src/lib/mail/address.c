/* Lists of addresses: RFC 5322 3.4 and 4.4, and what people write instead. Whatever is no address is a name: nothing that
 * could be one is dropped. One pass, no recursion:
 *
 *   in           reads                     then
 *   TEXT         word, quoted string       part of the name, or of an address without angles
 *                "." "@"                   glued to what is before and behind
 *                "<"                       ANGLE; what stood before is the name
 *                ":"                       what stood before is a group's name (once, and if it has no "@"); behind an address
 *                                          it parts two of them, as a comma does
 *                ";" ","                   the end of this mailbox; ";" ends a group too
 *   ANGLE        up to ">"                 the address, without a route; then TEXT, which is dropped unless an address is in it
 *                "," ";" after a word      the ">" was forgotten
 *                ":" after a word          and ";" or ">": a group without members; after an address: the next one begins
 *   in From, Sender and Reply-To, words without an address in front of a mailbox are a part of its name ("Doe, Jane <j@e.org>")
 *   anywhere     comment                   the name, where there is no other
 *                " at ", a word, its end   "@", if the word has a dot in it
 *                encoded word              a word, whatever it holds
 *                quote or parenthesis      without its other half: a character like others
 */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "address.h"
#include "private.h"

#define ROOM(len) (4 * (len)) /* for the addresses of a field of len octets: one octet may become three, with quotes */

/* --- tokens --- */

/* The closing quote of the string that begins at pos, or 0. */
static size_t quote_end(address_reader *r)
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
static int comment_skip(address_reader *r)
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
static char *quoted_put(address_reader *r, size_t end, char *out)
{
  for (size_t i = r->pos + 1; i < end; i++) {
    if (r->s[i] == '\\' && i + 1 < end) i++;
    if (r->s[i] != '\r' && r->s[i] != '\n') *out++ = r->s[i];
  }
  r->pos = end + 1;
  return out;
}

/* Appends what lies from pos to end to out, as it stands; returns where that ends. */
static char *octets_read(address_reader *r, size_t end, char *out)
{
  size_t const len = end - r->pos;
  memcpy(out, r->s + r->pos, len);
  r->pos = end;
  return out + len;
}

/* Where the atom at pos ends; an encoded word is one atom. */
static size_t atom_end(address_reader *r)
{
  size_t i = r->s[r->pos] == '=' ? word_end(r->s, r->len, r->pos, &r->word_last) : 0;
  if (!i)
    for (i = r->pos + 1; i < r->len && !address_is(r->s[i], ENDS_ATOM); i++)
      ;
  return i;
}

/* --- in angles --- */

/* Whether the ":" at pos ends the name of a group without members: all that is left in the angles is ";" and what some put behind it. */
static int is_group_in_angle(address_reader const *r)
{
  size_t i = r->pos + 1;
  while (i < r->len && is_space(r->s[i])) i++;
  return i == r->len || r->s[i] == ';' || r->s[i] == '>';
}

/* Where an angle ends, or the next one begins: behind ">". */
static void angle_skip(address_reader *r)
{
  while (r->pos < r->len && r->s[r->pos] != '>' && r->s[r->pos] != ',') r->pos++;
  while (r->pos < r->len && r->s[r->pos] == '>') r->pos++;
}

/* An address that is an encoded word: mail programs encode it, though RFC 2047 5 forbids that. */
static int angle_decode(address_reader *r, char const *s, size_t len, slice *address)
{
  slice v;
  if (len < 8 || s[0] != '=' || s[1] != '?') return 1;
  if (!words_decode(r->a, r->charsets, (slice){ s, len }, WORDS_UTF8, &v)) return 0;
  if (address_is_plain(v)) *address = v;
  return 1;
}

/* Reads from behind "<" to behind ">". */
static int angle_read(address_reader *r)
{
  char *const start = r->spec_end, *p = start, *at = NULL, *stop = NULL;
  int space = 0, route = 0, again = 0;
  r->literal = 0;
  while (r->pos < r->len) {
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
    if (c == ':' && !route && !r->literal && at && at > start && p > at + 1) {
      again = 1;
      break;
    }
    if (c == ':' && !route && !at && p > start && is_group_in_angle(r)) {
      slice const name = { start, (size_t)(p - start) };
      angle_skip(r);
      r->spec_end = p;
      if (!address_emit_group(r, name)) return 0;
      address_mailbox_start(r);
      return r->angle = 1;
    }
    if (c == '@') {
      if (p == start) route = 1;
      at = p;
      stop = NULL;
    } else if (space && p > start && c != '.' && p[-1] != '.' && p[-1] != '@') {
      if (at && !stop) stop = p; /* "a@b c": the domain has ended */
      *p++ = ' ';
    }
    space = 0;
    if (c == '"' && (end = quote_end(r))) p = quoted_put(r, end, p);
    else if (c == '"' || c == '\\') r->pos++;
    else {
      end = address_is(c, ENDS_ATOM) ? r->pos + 1 : atom_end(r);
      address_literal(r, c == '[' && at && p == at + 1, end);
      p = octets_read(r, end, p);
    }
  }
  if (again) r->pos++;
  else
    while (r->pos < r->len && r->s[r->pos] == '>') r->pos++;
  if (stop) p = stop;
  if (!at) {
    size_t len = (size_t)(p - start);
    at = address_at_word(start, &len);
    p = start + len;
  }
  r->spec_end = p;
  slice name = trim((slice){ r->name, (size_t)(r->name_end - r->name) });
  int const half = at && (at == start || at + 1 == p); /* "@b", "a@": no address */
  slice address = p > start && !half ? address_make(r, start, (size_t)(p - start), at) : (slice)SLICE_ZERO;
  if (!at && !angle_decode(r, start, (size_t)(p - start), &address)) return 0;
  if (!name.len && half) name = (slice){ start, (size_t)(p - start) };
  if (!name.len && !again) {
    /* A comment behind the address is read first, as it may be the name. */
    while (r->pos < r->len && (is_space(r->s[r->pos]) || (r->s[r->pos] == '(' && !r->no_comments))) {
      if (is_space(r->s[r->pos])) r->pos++;
      else if (!comment_skip(r)) break;
    }
    name = trim(address_comment(r));
  }
  if ((name.len || address.len) && !address_emit(r, name, address, 0)) return 0;
  address_mailbox_start(r);
  r->angle = 1;
  return again ? 2 : 1;
}

/* --- outside of angles --- */

static int text_read(address_reader *r)
{
  int space = 0;
  while (r->pos < r->len && r->count < MAIL_ADDRESSES_MAX) {
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
      int more;
      r->pos++;
      do more = angle_read(r);
      while (more > 1 && r->count < MAIL_ADDRESSES_MAX);
      if (!more) return 0;
      space = 0;
      continue;
    }
    if (c == ',' || c == ';') {
      r->pos++;
      if (!address_mailbox_end(r) || (c == ';' && !address_group_end(r))) return 0;
      space = 0;
      continue;
    }
    if (c == ':' && !r->literal && (r->found.len || (r->at && r->at > r->spec && r->at + 1 < r->spec_end))) {
      r->pos++;
      if (!address_mailbox_end(r)) return 0;
      space = 0;
      continue;
    }
    if (c == ':' && !r->in_group && !r->at && !r->found.len && !r->angle) {
      r->pos++;
      r->group = trim((slice){ r->name, (size_t)(r->name_end - r->name) });
      r->in_group = 1;
      r->group_count = 0;
      address_mailbox_start(r);
      space = 0;
      continue;
    }
    /* A word, or what glues words. */
    int const glues = c == '.' || c == '@';
    if (r->spec_end > r->spec && space && !glues && !r->glue) {
      if (!address_run_end(r)) return 0;
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
      end = address_is(c, ENDS_ATOM) ? r->pos + 1 : atom_end(r);
      address_literal(r, c == '[' && r->at && r->spec_end == r->at + 1, end);
      r->name_end = octets_read(r, end, r->name_end);
    }
    size_t const len = (size_t)(r->name_end - from);
    memcpy(r->spec_end, from, len);
    r->spec_end += len;
  }
  return address_mailbox_end(r) && address_group_end(r);
}

/* "Doe, Jane <j@e.org>": what is bare in front of a mailbox belongs to its name. */
static int join_senders(address_reader *r, size_t from)
{
  size_t kept = from, bare = from; /* those of bare <= i < kept are bare, and wait */
  for (size_t i = from; i < r->count; i++) {
    mail_address one = r->list[i];
    if (one.group || (!one.bare && !memchr(one.address.s ? one.address.s : "", '@', one.address.len))) bare = kept + 1;
    else if (!one.bare) {
      text t = { .a = r->a };
      for (size_t k = bare; k < kept; k++) {
        slice const words = r->list[k].name.len ? r->list[k].name : r->list[k].address;
        if (!text_put(&t, words.s, words.len) || ((k + 1 < kept || one.name.len) && !text_put(&t, ", ", 2))) return 0;
      }
      if (t.len) {
        if (!text_put(&t, one.name.s, one.name.len)) return 0;
        one.name = (slice){ t.s, t.len };
      }
      kept = bare;
      bare = kept + 1;
    }
    r->list[kept++] = one;
  }
  r->count = kept;
  return 1;
}

static int field_read(address_reader *r, slice raw)
{
  size_t const from = r->count;
  raw = trim(cut_field(raw));
  if (raw.len > MAIL_FIELD_MAX - r->octets) raw.len = MAIL_FIELD_MAX - r->octets;
  if (!raw.len || r->count >= MAIL_ADDRESSES_MAX) return 1;
  r->octets += raw.len;
  if (is_raw(raw) && !charset_decode(r->a, charset_of_field(r->a, r->charsets, raw), raw, &raw)) return 0;
  r->s = raw.s;
  r->len = r->word_last = raw.len;
  r->pos = 0;
  r->no_quotes = r->no_comments = 0;
  r->name = r->name_end = arena_take(r->a, raw.len);
  r->spec = r->spec_end = arena_take(r->a, raw.len);
  r->comment = r->comment_end = arena_take(r->a, raw.len);
  r->out = arena_take(r->a, ROOM(raw.len));
  if (!r->name || !r->spec || !r->comment || !r->out) return 0;
  address_mailbox_start(r);
  return text_read(r) && (!r->senders || join_senders(r, from));
}

static address_reader reader_of(arena *a, mail_charsets *charsets, enum mail_field which)
{
  return (address_reader){ .a = a, .charsets = charsets, .senders = which == FIELD_FROM || which == FIELD_SENDER || which == FIELD_REPLY_TO };
}

int mail_addresses(arena *a, mail_charsets *charsets, enum mail_field which, slice raw, mail_address **list, size_t *count)
{
  *list = NULL;
  *count = 0;
  if (!raw.len) return 1;
  address_reader r = reader_of(a, charsets, which);
  int const good = field_read(&r, raw);
  *list = r.list;
  *count = r.count;
  return good;
}

static int next_field(void *context, char const *s, size_t len) { return field_read(context, (slice){ s, len }); }

int mail_address_fields(
  arena *a, mail_charsets *charsets, mail_head const *head, slice header, enum mail_field which, mail_address **list, size_t *count)
{
  *list = NULL;
  *count = 0;
  if (!head->field[which].s) return 1;
  address_reader r = reader_of(a, charsets, which);
  int const all = (head->repeated >> which & 1) && which != FIELD_FROM && which != FIELD_SENDER;
  int const good = all ? mail_field_each(header.s, header.len, which, next_field, &r) : field_read(&r, head->field[which]);
  *list = r.list;
  *count = r.count;
  return good;
}
