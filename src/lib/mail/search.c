/* Search. A text contains the pattern if in the form of text that is compared (white space made one blank) it does octet by octet; where accents
 * count, if it does so in that form too. That is the definition, and what contains() does. Most mails contain no given pattern: refuse.h says so of a mail, and of each of its
 * texts, before they are read. What it refuses does not match: the unit test and the fuzz target of search compare. */
#include <string.h>

#include <porter/mail.h>
#include <porter/search.h>
#include <porter/text.h>

#include "../text/bytes.h"
#include "readable.h"
#include "refuse.h"

#define WINDOW 16384 /* of compared text that is searched at once, in the first-level cache */

/* Compared text, searched whenever the window is full. */
typedef struct finder_s finder;
struct finder_s {
  mail_matcher const *m;
  char *window;
  size_t len, room;
  int blank; /* white space is to come */
  int found;
  int accents; /* it is the form where they count, and letter is where it is */
  text_letter letter;
  sink_func *each; /* null: search; else it is given the window, and null where a text begins */
  void *context;
};

/* What the last letter is may still change: that waits. */
static void look_with_accents(finder *f)
{
  size_t const sure = f->letter.letter, keep = sure < f->m->accented.len ? sure : f->m->accented.len - 1, from = sure - keep;
  if (memmem(f->window, sure, f->m->accented.s, f->m->accented.len)) f->found = 1;
  memmove(f->window, f->window + from, f->len - from);
  f->len -= from;
  f->letter.letter -= from;
  f->letter.marks -= from;
}

static void look(finder *f)
{
  size_t const keep = f->m->compared.len - 1;
  if (f->accents) {
    look_with_accents(f);
    return;
  }
  if (f->each) {
    f->each(f->context, f->window, f->len);
    f->len = 0;
    return;
  }
  if (memmem(f->window, f->len, f->m->compared.s, f->m->compared.len)) f->found = 1;
  if (f->len > keep) {
    memmove(f->window, f->window + f->len - keep, keep);
    f->len = keep;
  }
}

static int is_white(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static int find_put_with_accents(finder *f, char const *s, size_t len)
{
  for (size_t i = 0; i < len && !f->found;) {
    uint32_t c;
    if (f->room - f->len <= TEXT_ACCENTED_MAX) look(f);
    i += utf8_get(&c, s + i, len - i);
    f->len = text_accented_add(&f->letter, f->window, f->len, c);
  }
  return !f->found;
}

static int find_put(void *context, char const *s, size_t len)
{
  finder *const f = context;
  if (f->accents) return find_put_with_accents(f, s, len);
  for (size_t i = 0; i < len;) {
    if (f->room - f->len <= TEXT_COMPARED_MAX) look(f);
    if (f->found) return 0;
    char *const to = f->window + f->len;
    if ((unsigned char)s[i] < 0x80) {
      char const c = s[i++];
      if (is_white(c)) {
        f->blank = 1;
        continue;
      }
      to[f->blank] = to_lower(c);
      if (f->blank) *to = ' ';
      f->len += 1 + (size_t)f->blank;
      f->blank = 0;
      continue;
    }
    uint32_t c;
    i += utf8_get(&c, s + i, len - i);
    size_t const n = text_compared_point(to + 1, c);
    if (n == 1 && to[1] == ' ') {
      f->blank = 1;
      continue;
    }
    if (!n) continue;
    if (f->blank) *to = ' ';
    else memmove(to, to + 1, n);
    f->len += n + (size_t)f->blank;
    f->blank = 0;
  }
  return 1;
}

static void find_begin(finder *f)
{
  if (f->each) f->each(f->context, NULL, 0);
  f->len = 0;
  f->blank = 0;
  f->letter = (text_letter)TEXT_LETTER_ZERO;
}

static int find_end(finder *f)
{
  if (f->accents && !f->found) f->len = text_accented_end(&f->letter, f->window, f->len);
  if (f->blank && !f->found) {
    if (f->room - f->len <= TEXT_COMPARED_MAX) look(f);
    f->window[f->len++] = ' ';
  }
  if (!f->found) look(f);
  return f->found;
}

static int contains(finder *f, slice text)
{
  find_begin(f);
  find_put(f, text.s, text.len);
  return find_end(f);
}

/* --- a mail --- */

static int text_contains(finder *f, arena *scratch, mime_part const *part)
{
  if (!f->m->thorough && mail_refuse_text(f->m->refusal, scratch, part)) return 0;
  find_begin(f);
  text_read(part, text_kind(part), 0, find_put, f);
  return find_end(f);
}

/* The subject and the addresses of the message whose root is part i. -1 where memory fails. */
static int fields_contain(finder *f, arena *a, mime_tree const *tree, size_t i)
{
  static enum mail_field const fields[] = { FIELD_FROM, FIELD_SENDER, FIELD_REPLY_TO, FIELD_TO, FIELD_CC, FIELD_BCC };
  static unsigned int const where_of[] = { SEARCH_FROM, 0, 0, SEARCH_TO, SEARCH_CC, SEARCH_BCC };
  mime_part const *const part = tree->part + i;
  mail_charsets charsets = mail_charsets_of(tree, i);
  slice text = part->head.field[FIELD_SUBJECT];
  unsigned int const where = f->m->where;
  if (text.len && (!where || where & SEARCH_SUBJECT)) {
    if (!mail_text(a, &charsets, text, &text)) return -1;
    if (contains(f, text)) return 1;
  }
  for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
    mail_address *list;
    size_t count;
    if (where && !(where & where_of[k])) continue;
    if (!part->head.field[fields[k]].len && !(part->head.repeated >> fields[k] & 1)) continue;
    if (!mail_address_fields(a, &charsets, &part->head, part->header, fields[k], &list, &count)) return -1;
    for (size_t n = 0; n < count; n++) {
      find_begin(f);
      find_put(f, list[n].name.s, list[n].name.len);
      find_put(f, " <", 2);
      find_put(f, list[n].address.s, list[n].address.len);
      find_put(f, ">", 1);
      if (find_end(f)) return 1;
    }
  }
  return 0;
}

/* What is decoded is given back head by head: a mail can have thousands of messages in it. */
static int head_contains(finder *f, mime_tree const *tree, size_t i)
{
  arena a = ARENA_ZERO;
  int const found = fields_contain(f, &a, tree, i);
  arena_free(&a);
  return found;
}

static int part_contains(finder *f, arena *scratch, mime_tree const *tree, size_t i)
{
  mime_part const *part = tree->part + i;
  mime_part lone;
  unsigned int const where = f->m->where;
  if (!i || (!where && tree->part[part->parent].kind == MIME_MESSAGE)) {
    int const found = head_contains(f, tree, i);
    if (found) return found;
  }
  if (part->file_name.len && (!where || where & SEARCH_NAMES) && contains(f, part->file_name)) return 1;
  if (where && !(where & SEARCH_BODY)) return 0;
  if (lone_text(part, &lone)) part = &lone;
  return mime_is_text(part) && text_contains(f, scratch, part);
}

static int tree_contains(finder *f, arena *scratch, mime_tree const *tree)
{
  int found = 0;
  for (size_t i = 0; !found && i < tree->count; i++) found = part_contains(f, scratch, tree, i);
  return found;
}

static size_t window_size(mail_matcher const *m)
{
  size_t const longest = m->compared.len > m->accented.len ? m->compared.len : m->accented.len;
  return longest > WINDOW / 4 ? 4 * longest : WINDOW;
}

/* Whether the pattern, which is looked for in fields of the head alone, is in none of them for certain, told by these: 1, 0; -1 where all octets have
 * to be asked. Octets above 127 are read in a charset that a part may tell. */
static int fields_refused(mail_matcher const *m, slice octets)
{
  static enum mail_field const fields[] = { FIELD_SUBJECT, FIELD_FROM, FIELD_TO, FIELD_CC, FIELD_BCC };
  static unsigned int const where_of[] = { SEARCH_SUBJECT, SEARCH_FROM, SEARCH_TO, SEARCH_CC, SEARCH_BCC };
  mail_head head;
  if (is_cr_only(octets.s, octets.len)) return -1;
  head_scan(&head, octets.s, octets.len, 1, 0);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    slice const value = head.field[fields[i]];
    if (!(m->where & where_of[i])) continue;
    if (head.repeated >> fields[i] & 1 || ascii_run(value.s, value.len) < value.len) return -1;
    if (value.len && !mail_refuse(m->refusal, value)) return 0;
  }
  return 1;
}

/* Whether the mail does not contain the pattern for certain. */
static int refused(mail_matcher const *m, slice octets)
{
  int const told = m->where && !(m->where & (SEARCH_BODY | SEARCH_NAMES)) ? fields_refused(m, octets) : -1;
  return told < 0 ? mail_refuse(m->refusal, octets) : told;
}

int mail_matches(mail_matcher const *m, arena *scratch, slice octets, int *partly)
{
  finder f = { .m = m, .room = window_size(m) };
  mime_tree tree;
  int found;
  *partly = octets.len > MAIL_SEARCH_MAX;
  if (*partly) octets.len = MAIL_SEARCH_MAX;
  if (!m->compared.len && !m->accented.len) return *partly = 0, 1; /* of nothing that is compared: everything contains it */
  if (!m->thorough && m->compared.len && refused(m, octets)) return 0;
  if (!mime_parse(scratch, octets.s, octets.len, m->fallback, &tree)) return -1;
  f.window = arena_take(scratch, f.room);
  if (!f.window) return -1;
  found = m->compared.len ? tree_contains(&f, scratch, &tree) : 1;
  if (found > 0 && m->accented.len) {
    f.accents = 1;
    f.found = 0;
    found = tree_contains(&f, scratch, &tree);
  }
  if (found) *partly = 0;
  return found;
}

int mail_texts(arena *scratch, slice octets, charset const *fallback, sink_func *each, void *context, int *partly)
{
  mail_matcher const m = { .compared = { "", 1 }, .fallback = fallback, .thorough = 1 };
  finder f = { .m = &m, .room = WINDOW, .each = each, .context = context };
  mime_tree tree;
  *partly = octets.len > MAIL_SEARCH_MAX;
  if (*partly) octets.len = MAIL_SEARCH_MAX;
  f.window = arena_take(scratch, f.room);
  if (!f.window || !mime_parse(scratch, octets.s, octets.len, fallback, &tree)) return 0;
  for (size_t i = 0; i < tree.count; i++)
    if (part_contains(&f, scratch, &tree, i) < 0) return 0;
  return 1;
}

int mail_matcher_init(mail_matcher *m, arena *a, slice pattern, charset const *fallback)
{
  *m = (mail_matcher){ .fallback = fallback };
  if (!text_compared(a, pattern, &m->compared)) return 0;
  m->refusal = mail_refusal_make(a, m->compared, fallback);
  return m->refusal != NULL;
}

int mail_matcher_accents(mail_matcher *m, arena *a, slice pattern) { return text_accented(a, pattern, &m->accented); }
