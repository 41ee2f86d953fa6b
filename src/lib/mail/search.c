/* Search. A text contains the pattern if, with letter case folded and white space made one blank, it does octet by octet.
 * That is the definition, and what contains() does.
 *
 * Most mails contain no given pattern, and it would cost more to fold them than to read them. So a mail is refused first, where
 * that is certain, by looking at its octets before they are parsed (refuse.c), then each text before it is converted and folded.
 * The needle is the longest run of ASCII
 * letters and digits of the pattern that holds no k and no s: no other character folds to one of those (the Kelvin sign does to k,
 * the long s to s). In charsets that keep ASCII where it was, and with NUL, which decoding drops, absent, each octet of the
 * needle can only come from itself, and neighbours from neighbours. And text of ASCII only does not hold what is not ASCII. */
#include <string.h>

#include <porter/mail.h>
#include <porter/search.h>
#include <porter/text.h>

#include "html.h"
#include "private.h"
#include "search.h"

#define WINDOW 16384  /* of folded text that is searched at once, in the first-level cache */

static int is_white(uint32_t c)
{
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0;
}

/* Folded text, searched whenever the window is full. */
typedef struct finder_s finder;
struct finder_s {
  mail_matcher const *m;
  char *window;
  size_t len, room;
  int blank;     /* white space is to come */
  int found;
};

static void look(finder *f)
{
  size_t const keep = f->m->folded.len - 1;
  if (memmem(f->window, f->len, f->m->folded.s, f->m->folded.len)) f->found = 1;
  if (f->len > keep) {
    memmove(f->window, f->window + f->len - keep, keep);
    f->len = keep;
  }
}

static int find_put(void *context, char const *s, size_t len)
{
  finder *const f = context;
  for (size_t i = 0; i < len;) {
    uint32_t c = (unsigned char)s[i];
    if (c < 0x80) i++;
    else i += utf8_get(&c, s + i, len - i);
    if (is_white(c)) {
      f->blank = 1;
      continue;
    }
    if (f->room - f->len < 8) look(f);
    if (f->found) return 0;
    if (f->blank) f->window[f->len++] = ' ', f->blank = 0;
    if (c < 0x80) f->window[f->len++] = to_lower((char)c);
    else f->len += utf8_put(f->window + f->len, text_fold_point(c));
  }
  return 1;
}

static void find_begin(finder *f)
{
  f->len = 0;
  f->blank = 0;
}

static int find_end(finder *f)
{
  if (f->blank && !f->found) {
    if (f->room - f->len < 8) look(f);
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

/* --- quick refusals --- */

typedef struct scan_s scan;
struct scan_s {
  mail_matcher const *m;
  int needle, high, nul;        /* was seen */
  char tail[2 * MAIL_NEEDLE_MAX];  /* the end of the last piece, and the start of this one */
  size_t tail_len;
};

static int scan_put(void *context, char const *s, size_t len)
{
  scan *const n = context;
  size_t const keep = n->m->needle_len ? n->m->needle_len - 1 : 0;
  if (n->m->beyond_ascii && !n->high) for (size_t i = 0; i < len && !n->high; i++) n->high = (unsigned char)s[i] >= 0x80;
  if (memchr(s, 0, len)) n->nul = 1;
  if (!n->m->needle_len) return 1;
  if (n->tail_len) {
    size_t const more = len < keep ? len : keep;
    memcpy(n->tail + n->tail_len, s, more);
    if (caseless_find(n->tail, n->tail_len + more, n->m->needle, n->m->needle_len)) n->needle = 1;
  }
  if (!n->needle && caseless_find(s, len, n->m->needle, n->m->needle_len)) n->needle = 1;
  if (len >= keep) {
    memcpy(n->tail, s + len - keep, keep);
    n->tail_len = keep;
  }
  else {
    /* A short piece: the tail is the end of both. */
    size_t const all = n->tail_len + len, from = all > keep ? all - keep : 0;
    if (!n->tail_len) memcpy(n->tail, s, len);
    memmove(n->tail, n->tail + from, all - from);
    n->tail_len = all - from;
  }
  return 1;
}

static int may(scan const *n)
{
  return n->nul || ((!n->m->needle_len || n->needle) && (!n->m->beyond_ascii || n->high));
}

/* Subject: unfolding only drops what is no letter. */
static int subject_may(mail_matcher const *m, slice raw)
{
  scan n = { .m = m };
  if (m->thorough) return 1;
  if (mail_refuse(m, raw)) return 0;
  if (memmem(raw.s, raw.len, "=?", 2)) return 1;
  scan_put(&n, raw.s, raw.len);
  return may(&n);
}

/* Addresses: blanks, quotes and backslashes go, and words may become neighbours; so they go here too. Comments
 * are moved, and encoded words (a ? is in each) may come to light behind quotes. */
static int addresses_may(mail_matcher const *m, slice raw)
{
  scan n = { .m = m };
  char letters[512];
  size_t len = 0;
  if (m->thorough) return 1;
  if (mail_refuse(m, raw)) return 0;
  for (size_t i = 0; i < raw.len; i++) {
    unsigned char const c = (unsigned char)raw.s[i];
    if (!c || c == '(' || c == '?') return 1;
    if ((c >= '0' && c <= '9') || (to_lower(raw.s[i]) >= 'a' && to_lower(raw.s[i]) <= 'z') || c >= 0x80) letters[len++] = (char)c;
    if (len == sizeof letters) scan_put(&n, letters, len), len = 0;
  }
  scan_put(&n, letters, len);
  return may(&n);
}

static int is_html(mime_part const *part)
{
  return is_word(part->subtype, "html") || is_word(part->subtype, "xhtml") || is_word(part->subtype, "xhtml+xml");
}

struct html_scan { html h; scan n; };

static int html_scan_put(void *context, char const *s, size_t len)
{
  struct html_scan *const t = context;
  if (memchr(s, 0, len)) t->n.nul = 1;
  return html_feed(&t->h, s, len);
}

static int text_may(mail_matcher const *m, mime_part const *part)
{
  charset const *const c = charset_find(part->charset.s, part->charset.len);
  scan n = { .m = m };
  if (m->thorough || (c && charset_kind(c) == CHARSET_OTHER)) return 1;
  if ((part->encoding == ENCODING_NONE || part->encoding == ENCODING_QUOTED_PRINTABLE) && mail_refuse_text(m, part->body)) return 0;
  if (c && charset_kind(c) != CHARSET_SAME) return 1;
  if (is_html(part)) {
    /* Tags and references (&#107;) stand in the middle of words. Markup is ASCII, so the charset does not matter. */
    struct html_scan t = { .n = n };
    html_open(&t.h, scan_put, &t.n);
    mime_decode(part, html_scan_put, &t);
    html_finish(&t.h);
    return may(&t.n);
  }
  mime_decode(part, scan_put, &n);
  return may(&n);
}

/* --- a mail --- */

static int text_contains(finder *f, mime_part const *part)
{
  if (!text_may(f->m, part)) return 0;
  find_begin(f);
  if (is_html(part)) {
    html h;
    html_open(&h, find_put, f);
    if (mime_text(part, html_sink, &h)) html_finish(&h);
  }
  else mime_text(part, find_put, f);
  return find_end(f);
}

/* The subject and the addresses of a message. -1 where memory fails. */
static int head_contains(finder *f, arena *a, mail_head const *head)
{
  static enum mail_field const fields[] = { FIELD_FROM, FIELD_SENDER, FIELD_REPLY_TO, FIELD_TO, FIELD_CC, FIELD_BCC };
  slice text = head->field[FIELD_SUBJECT];
  if (text.len && subject_may(f->m, text)) {
    if (!mail_text(a, text, &text)) return -1;
    if (contains(f, text)) return 1;
  }
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    slice const raw = head->field[fields[i]];
    mail_address *list;
    size_t count;
    if (!raw.len || !addresses_may(f->m, raw)) continue;
    if (!mail_addresses(a, raw, &list, &count)) return -1;
    for (size_t k = 0; k < count; k++) {
      find_begin(f);
      find_put(f, list[k].name.s, list[k].name.len);
      find_put(f, " <", 2);
      find_put(f, list[k].address.s, list[k].address.len);
      find_put(f, ">", 1);
      if (find_end(f)) return 1;
    }
  }
  return 0;
}

int mail_matches(mail_matcher const *m, arena *scratch, slice octets)
{
  finder f = { .m = m, .room = m->folded.len > WINDOW / 4 ? 4 * m->folded.len : WINDOW };
  mime_tree tree;
  if (!m->thorough && mail_refuse(m, octets)) return 0;
  if (!mime_parse(scratch, octets.s, octets.len, &tree)) return -1;
  f.window = arena_take(scratch, f.room);
  if (!f.window) return -1;
  for (size_t i = 0; i < tree.count; i++) {
    mime_part const *const part = tree.part + i;
    if (!i || tree.part[part->parent].kind == MIME_MESSAGE) {
      int const found = head_contains(&f, scratch, &part->head);
      if (found) return found;
    }
    if (part->kind == MIME_LEAF && is_word(part->type, "text") && text_contains(&f, part)) return 1;
  }
  return 0;
}

/* --- the pattern --- */

int mail_matcher_init(mail_matcher *m, arena *a, slice pattern)
{
  slice folded;
  size_t n = 0;
  char *s;
  memset(m, 0, sizeof *m);
  if (!text_fold(a, pattern, &folded)) return 0;
  s = arena_take(a, folded.len + 1);
  if (!s) return 0;
  for (size_t i = 0, size; i < folded.len; i += size) {
    uint32_t c;
    size = utf8_get(&c, folded.s + i, folded.len - i);
    if (c >= 0x80 && c != 0x85 && c != 0xa0) m->beyond_ascii = 1;
    if (!is_white(c)) memcpy(s + n, folded.s + i, size), n += size;
    else if (!n || s[n - 1] != ' ') s[n++] = ' ';
  }
  m->folded = (slice){ s, n };
  for (size_t i = 0, run = 0; i < n; i++) {
    char const c = s[i];
    run = ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) && c != 'k' && c != 's' ? run + 1 : 0;
    if (run > m->needle_len && run <= MAIL_NEEDLE_MAX) {
      m->needle_len = (unsigned int)run;
      memcpy(m->needle, s + i + 1 - run, run);
    }
  }
  for (unsigned int i = 0; i < m->needle_len; i++) {
    m->letters |= UINT64_C(1) << (m->needle[i] & 63);
    if (i) m->pairs |= UINT64_C(1) << MAIL_PAIR(m->needle[i - 1], m->needle[i]);
  }
  mail_refuse_init(m);
  return 1;
}
