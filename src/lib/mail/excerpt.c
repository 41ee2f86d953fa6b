/* Excerpts: where phrases are in a mail's subject, and in the text around the first place where one is in it. Text is read as search.c reads it
 * and kept twice, as people see it (plain) and as it is compared (form), with a note for each octet of the form where in plain the character
 * begins that it comes from. Only a piece is kept, with an overlap in which a phrase fits.
 *
 *   what can go wrong                                    the rule for it
 *   white space, and characters that people do not see   one blank; at most DROPPED_MAX behind a character are kept, so that plain is bounded
 *   control characters                                   white space in plain, so that reading plain once more changes nothing of it
 *   a phrase ends where the piece ends                   what is behind it may be its last letter's mark: it is looked for again with the next
 *   accents count                                        the characters of a hit are compared in that form too, as it costs as much as the
 *                                                        phrase is long: those of CHECKED_MAX octets of a text
 *   a character is several octets of the form            a hit that has one of them has all of it
 *   a hit is longer than the excerpt                     its start is in it
 *   hits touch, or lie over each other                   they are one mark
 *   thousands of hits                                    MAIL_EXCERPT_MARKS are marked
 *
 * tests/maildir-excerpt.t against a plain evaluation; tests/fuzz/mail_excerpt.c; tests/linear-text.t. */
#include <string.h>

#include <porter/mail.h>
#include <porter/search.h>
#include <porter/text.h>

#include "readable.h"
#include "refuse.h"

#define BEFORE 80 /* octets that are shown before the first hit, as far as there are words */
#define DROPPED_MAX 4
#define CHECKED_MAX (1u << 20)
#define FORM_ROOM 16384
#define PLAIN_ROOM (6 * FORM_ROOM) /* a phrase with as many characters that are not seen as are kept, and a piece */

typedef struct place_s place;
struct place_s {
  size_t at, len; /* in plain */
};

typedef struct mapped_s mapped;
struct mapped_s {
  arena *a;
  mail_matcher *const *phrase; /* those that are looked for */
  size_t count, longest;
  char *plain, *form;
  uint32_t *from; /* for each octet of the form */
  size_t plain_len, plain_room, form_len, form_room;
  unsigned int dropped; /* characters that are not seen, at the end of plain */
  int blank;            /* before these it ends with a blank, */
  size_t blank_at;      /* there */
  size_t checked;       /* octets of hits whose accents were compared */
  int found, failed;
  place hit; /* the first */
};

static int mapped_open(mapped *m, arena *a, mail_matcher *const *phrase, size_t count, size_t form_room, size_t plain_room)
{
  *m = (mapped){ .a = a, .phrase = phrase, .count = count, .form_room = form_room, .plain_room = plain_room };
  for (size_t i = 0; i < count; i++)
    if (phrase[i]->compared.len > m->longest) m->longest = phrase[i]->compared.len;
  m->plain = arena_take(a, plain_room);
  m->form = arena_take(a, form_room);
  m->from = arena_array(a, form_room, sizeof *m->from);
  return m->plain && m->form && m->from;
}

static int is_control(uint32_t c) { return c < ' ' || (c >= 0x7f && c < 0xa0); }

static void plain_put(mapped *m, char const *s, size_t len, uint32_t c)
{
  if (is_control(c)) s = " ", len = 1;
  memcpy(m->plain + m->plain_len, s, len);
  m->plain_len += len;
}

/* One character, of len octets at s. There is room. A blank behind a blank is that one. */
static void put(mapped *m, char const *s, size_t len, uint32_t c)
{
  char *const to = m->form + m->form_len;
  size_t const n = text_compared_point(to, c);
  if (!n) {
    if (m->dropped++ < DROPPED_MAX) plain_put(m, s, len, c);
    return;
  }
  int const white = n == 1 && *to == ' ', blank = white || is_control(c);
  if (white && m->form_len && to[-1] == ' ') return;
  for (size_t i = 0; i < n; i++) m->from[m->form_len++] = (uint32_t)(blank && m->blank ? m->blank_at : m->plain_len);
  if (blank && m->blank) return;
  m->dropped = 0;
  m->blank = blank;
  m->blank_at = m->plain_len;
  plain_put(m, blank ? " " : s, blank ? 1 : len, c);
}

/* --- hits --- */

/* The characters of len octets of the form at at. */
static place place_of(mapped const *m, size_t at, size_t len)
{
  size_t const from = m->from[at];
  size_t end = at + len;
  /* The rest of the last character. */
  while (end < m->form_len && m->from[end] == m->from[end - 1]) end++;
  return (place){ from, (end < m->form_len ? m->from[end] : m->plain_len) - from };
}

/* 1 where accents do not count, or are the phrase's. */
static int accents_fit(mapped *m, mail_matcher const *p, place h)
{
  slice form;
  if (!p->accented.len) return 1;
  m->checked += h.len;
  if (!text_accented(m->a, (slice){ m->plain + h.at, h.len }, &form)) return m->failed = 1, 0;
  if (memmem(form.s, form.len, p->accented.s, p->accented.len)) return 1;
  return 0;
}

/* The next place of a phrase, from an octet of the form on: its end in the form; 0 where there is none. */
static size_t next_hit(mapped *m, mail_matcher const *p, size_t from, int final, place *h)
{
  while (p->compared.len && m->checked < CHECKED_MAX) {
    char const *const s = memmem(m->form + from, m->form_len - from, p->compared.s, p->compared.len);
    if (!s) return 0;
    size_t const at = (size_t)(s - m->form), end = at + p->compared.len;
    if (end == m->form_len && !final) return 0;
    *h = place_of(m, at, p->compared.len);
    if (accents_fit(m, p, *h)) return end;
    from = at + 1;
  }
  return 0;
}

static void look(mapped *m, int final)
{
  for (size_t i = 0; i < m->count; i++) {
    place h;
    if (!next_hit(m, m->phrase[i], 0, final, &h)) continue;
    if (!m->found || h.at < m->hit.at || (h.at == m->hit.at && h.len > m->hit.len)) m->hit = h;
    m->found = 1;
  }
}

/* Keeps an overlap, and what is shown before a hit in it. */
static void slide(mapped *m)
{
  size_t const keep = m->form_len < m->longest ? m->form_len : m->longest, gone = m->form_len - keep;
  size_t from = keep ? m->from[gone] : m->plain_len;
  from = from > BEFORE + 4 ? from - BEFORE - 4 : 0;
  memmove(m->form, m->form + gone, keep);
  memmove(m->from, m->from + gone, keep * sizeof *m->from);
  memmove(m->plain, m->plain + from, m->plain_len - from);
  for (size_t i = 0; i < keep; i++) m->from[i] -= (uint32_t)from;
  m->form_len = keep;
  m->plain_len -= from;
  m->blank_at -= from;
}

/* Once a hit is there, up to what is shown behind it. */
static int mapped_put(void *context, char const *s, size_t len)
{
  mapped *const m = context;
  for (size_t i = 0, n; i < len; i += n) {
    uint32_t c;
    if (m->form_room - m->form_len <= TEXT_COMPARED_MAX || m->plain_room - m->plain_len <= MAIL_EXCERPT_MAX + 8) {
      if (m->found) return 0;
      look(m, 0);
      if (m->failed) return 0;
      if (!m->found) slide(m);
    }
    if (m->found && m->plain_len > m->hit.at + MAIL_EXCERPT_MAX + 4) return 0;
    n = utf8_get(&c, s + i, len - i);
    if (!m->found) put(m, s + i, n, c);
    else if (m->plain_room - m->plain_len < n) return 0;
    else if (c > ' ' || m->plain[m->plain_len - 1] != ' ') plain_put(m, s + i, n, c);
  }
  return 1;
}

static int is_inside(char c) { return ((unsigned char)c & 0xc0) == 0x80; }

/* The stretch of plain around the first hit: words before it, as far as the hit fits in. */
static slice around(mapped const *m)
{
  size_t const hit = m->hit.at, end = hit + m->hit.len;
  size_t from = hit > BEFORE ? hit - BEFORE : 0, to;
  if (end - from > MAIL_EXCERPT_MAX) from = end - hit > MAIL_EXCERPT_MAX ? hit : end - MAIL_EXCERPT_MAX;
  while (from < hit && is_inside(m->plain[from])) from++;
  if (from) {
    size_t word = from;
    while (word < hit && m->plain[word] != ' ') word++;
    if (word < hit) from = word;
  }
  while (from < hit && m->plain[from] == ' ') from++;
  to = m->plain_len - from > MAIL_EXCERPT_MAX ? from + MAIL_EXCERPT_MAX : m->plain_len;
  to = from + utf8_valid(m->plain + from, to - from);
  while (to > end && m->plain[to - 1] == ' ') to--;
  return (slice){ m->plain + from, to - from };
}

/* --- marks --- */

/* Turns what begins and ends at each octet into marks. */
static int make_marks(arena *a, int const *change, size_t len, uint32_t **marks, size_t *count)
{
  int depth = 0;
  uint32_t *list = arena_array(a, 2 * MAIL_EXCERPT_MARKS, sizeof *list);
  *marks = list;
  *count = 0;
  if (!list) return 0;
  for (size_t i = 0; i <= len; i++) {
    int const before = depth;
    depth += change[i];
    if (!before && depth) {
      if (*count == 2 * MAIL_EXCERPT_MARKS) break;
      list[*count] = (uint32_t)i;
    } else if (before && !depth) {
      list[*count + 1] = (uint32_t)i - list[*count];
      *count += 2;
    }
  }
  return 1;
}

/* Marks all hits in a text of which all is kept; first, where there is one, is a hit that may go beyond it. */
static int mark(mapped *m, place const *first, uint32_t **marks, size_t *count)
{
  int *const change = arena_array(m->a, m->plain_len + 1, sizeof *change);
  if (!change) return 0;
  if (first && first->at < m->plain_len) {
    size_t const end = first->at + first->len < m->plain_len ? first->at + first->len : m->plain_len;
    change[first->at]++;
    change[end]--;
  }
  m->checked = 0;
  for (size_t i = 0; i < m->count; i++) {
    place h;
    for (size_t at = 0; (at = next_hit(m, m->phrase[i], at, 1, &h));) {
      change[h.at]++;
      change[h.at + h.len]--;
    }
  }
  return !m->failed && make_marks(m->a, change, m->plain_len, marks, count);
}

/* All of a text. */
static int map_all(mapped *m, arena *a, mail_matcher *const *phrase, size_t count, slice text)
{
  if (!mapped_open(m, a, phrase, count, 3 * text.len + TEXT_COMPARED_MAX + 1, text.len + 1)) return 0;
  for (size_t i = 0, n; i < text.len; i += n) {
    uint32_t c;
    n = utf8_get(&c, text.s + i, text.len - i);
    put(m, text.s + i, n, c);
  }
  return 1;
}

/* --- a mail --- */

/* The phrases that are looked for at one place. */
static int choose(arena *a, mail_matcher *const *phrase, size_t count, unsigned int where, mail_matcher ***out, size_t *chosen)
{
  *chosen = 0;
  if (!(*out = arena_array(a, count + 1, sizeof **out))) return 0;
  for (size_t i = 0; i < count; i++)
    if ((!phrase[i]->where || phrase[i]->where & where) && phrase[i]->compared.len) (*out)[(*chosen)++] = phrase[i];
  return 1;
}

static int subject_excerpt(arena *a, mime_tree const *tree, mail_matcher *const *phrase, size_t count, mail_excerpt *out)
{
  mail_charsets charsets = mail_charsets_of(tree, 0);
  slice text = tree->part->head.field[FIELD_SUBJECT];
  mapped m;
  if (!text.len || !count) return 1;
  if (!mail_text(a, &charsets, text, &text) || !map_all(&m, a, phrase, count, text)) return 0;
  if (!mark(&m, NULL, &out->subject_marks, &out->subject_count)) return 0;
  if (out->subject_count) out->subject = (slice){ m.plain, m.plain_len };
  return 1;
}

/* Whether one of them may be in the text. */
static int is_worth_it(arena *a, mime_part const *part, mail_matcher *const *phrase, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (!mail_refuse_text(phrase[i]->refusal, a, part)) return 1;
  return 0;
}

/* 1 where there is a hit, 0 where there is none, -1 where memory fails. */
static int part_excerpt(mapped *m, mime_part const *part, mail_excerpt *out)
{
  mapped shown;
  place first;
  slice text;
  m->plain_len = m->form_len = 0;
  m->dropped = 0;
  m->blank = 0;
  m->checked = 0;
  m->found = 0;
  text_read(part, text_kind(part), 0, mapped_put, m);
  if (!m->found && !m->failed) look(m, 1);
  if (m->failed) return -1;
  if (!m->found) return 0;
  text = around(m);
  first = (place){ m->hit.at - (size_t)(text.s - m->plain), m->hit.len };
  if (!map_all(&shown, m->a, m->phrase, m->count, text)) return -1;
  if (!mark(&shown, &first, &out->text_marks, &out->text_count)) return -1;
  out->text = (slice){ shown.plain, shown.plain_len };
  return 1;
}

static int text_excerpt(arena *a, mime_tree const *tree, mail_matcher *const *phrase, size_t count, mail_excerpt *out)
{
  mapped m;
  int found = 0, opened = 0;
  if (!count) return 1;
  for (size_t i = 0; i < tree->count && !found; i++) {
    mime_part const *part = tree->part + i;
    mime_part lone;
    if (lone_text(part, &lone)) part = &lone;
    if (!mime_is_text(part) || !is_worth_it(a, part, phrase, count)) continue;
    if (!opened && !mapped_open(&m, a, phrase, count, FORM_ROOM, PLAIN_ROOM)) return 0;
    opened = 1;
    found = part_excerpt(&m, part, out);
  }
  return found >= 0;
}

int mail_excerpt_make(arena *a, mime_tree const *tree, mail_matcher *const *phrase, size_t count, mail_excerpt *out)
{
  mail_matcher **chosen;
  size_t n;
  *out = (mail_excerpt){ .subject = { "", 0 }, .text = { "", 0 } };
  if (!tree->count) return 1;
  return choose(a, phrase, count, SEARCH_SUBJECT, &chosen, &n) && subject_excerpt(a, tree, chosen, n, out)
    && choose(a, phrase, count, SEARCH_BODY, &chosen, &n) && text_excerpt(a, tree, chosen, n, out);
}
