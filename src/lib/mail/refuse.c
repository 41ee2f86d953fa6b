/* Refusing a mail by its octets, without reading it as mail: most mails contain no given pattern, and it would cost more to read them
 * than to get them from the disk. The needle is the longest run of ASCII letters and digits in the pattern's compared form. It shows
 * in the octets, letter by letter and as neighbours, unless something hides it. What must hold:
 *
 *   1  a letter of the needle comes from itself (in either case), from an escape or a reference that stands for it, or from a
 *      character beyond ASCII: of two neighbouring octets above 127 come at most four letters
 *   2  between two letters that become neighbours stands only what decoding takes away: markup, soft line breaks, escapes of ISO-2022,
 *      quotes, comments, and characters that comparing drops, all of which are beyond ASCII or references
 *   3  octets are something else than they look like only where a field says so (base64, UTF-16 ...), or HTML, without a charset in its
 *      field, names one
 *   4  whatever is seen of these, needed or not, only means that the mail is read: refusing is never guessing
 *
 *   what hides it                        how it is seen, at an octet that is special
 *   a tag                                < behind the beginning of the needle
 *   a character reference                & and what the reference stands for; or with something inside that decoding takes away
 *   a soft line break, an escape         = behind the beginning of the needle; =XX that stands for one of its letters, or for &
 *   characters beyond ASCII              a run of octets above 127, raw or as =XX: behind the beginning of the needle, or with a rest
 *                                        of it behind them, or so long that all of it may be in it (foreign_hides)
 *   an encoded word                      =? and all the rest of it: base64 is read and compared, the other looked at where it stands
 *   quotes, comments, backslashes        behind the beginning of the needle, or inside =?
 *   ISO-2022's escapes                   behind the beginning of the needle; ESC $ before a row of letters
 *   UTF-16, UTF-32, a dropped octet      NUL
 *   CR as line end                       CR without LF behind it
 *   base64, uuencode, UTF-7, an encoded  a field Content-... that says so, or anything else than the few things that are well known;
 *   message, S/MIME, names in pieces     base64 that is no text hides nothing
 *
 * What an octet hides is refuse_special.c's to tell, of encoded words refuse_word.c's, of fields (the last row) refuse_fields.c's;
 * refuse_scan.c goes over all octets and asks them.
 *
 * tests/unit/search.c makes mails that hide the needle in each of these ways and compares with the full reading (mail_matcher's
 * thorough); tests/fuzz/mail_search.c does so for whatever a fuzzer finds; tests/linear-text.t counts what it costs. */
#include <string.h>

#include <porter/text.h>

#include "readable.h"
#include "refuse_private.h"

#define SHORTEST 3         /* a shorter needle is found nearly everywhere */
#define DECODED_MAX 262144 /* octets of a text that is decoded whole before it is looked at; of more the pieces are */

mail_refusal *mail_refusal_make(arena *a, slice compared, charset const *fallback)
{
  mail_refusal *const m = arena_array(a, 1, sizeof *m);
  if (!m) return NULL;
  m->fallback = fallback;
  m->any_hides = fallback && charset_hides(fallback);
  for (size_t i = 0, run = 0; i < compared.len; i++) {
    char const c = compared.s[i];
    if (c & 0x80) m->beyond_ascii = 1;
    run = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? run + 1 : 0;
    if (run > m->needle_len && run <= NEEDLE_MAX) {
      m->needle_len = (unsigned int)run;
      memcpy(m->needle, compared.s + i + 1 - run, run);
    }
  }
  for (unsigned int i = 0; i < m->needle_len; i++) {
    m->letters |= UINT64_C(1) << (m->needle[i] & 63);
    if (i) m->pairs |= UINT64_C(1) << NEEDLE_PAIR(m->needle[i - 1], m->needle[i]);
  }
  octets_prepare(m);
  return m;
}

int mail_refuse(mail_refusal const *m, slice octets)
{
  mail_fields f = { .work = 4 * octets.len + 4096 };
  return m->needle_len >= SHORTEST && !octets_hide(m, &f, octets.s, octets.len) && !(f.beyond && f.unlabelled);
}

/* --- a text part --- */

/* Decoded text, in pieces. */
typedef struct scan_s scan;
struct scan_s {
  mail_refusal const *m;
  int needle, beyond;        /* was seen; beyond: an octet that is no plain ASCII */
  char tail[2 * NEEDLE_MAX]; /* the end of the last piece, and the start of this one */
  size_t tail_len;
};

static int scan_put(void *context, char const *s, size_t len)
{
  scan *const n = context;
  size_t const keep = n->m->needle_len ? n->m->needle_len - 1 : 0;
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)s[i] >= 0x80 || !s[i] || s[i] == 0x1b) return n->beyond = 1, 0;
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
  } else {
    /* A short piece: the tail is the end of both. */
    size_t const all = n->tail_len + len, from = all > keep ? all - keep : 0;
    if (!n->tail_len) memcpy(n->tail, s, len);
    memmove(n->tail, n->tail + from, all - from);
    n->tail_len = all - from;
  }
  return 1;
}

/* HTML is scanned behind its reader, and must be plain before it too: references give what is beyond. */
struct html_scan {
  html h;
  scan n;
};

static int html_scan_put(void *context, char const *s, size_t len)
{
  struct html_scan *const t = context;
  for (size_t i = 0; i < len; i++)
    if (!s[i] || s[i] == 0x1b) return t->n.beyond = 1, 0;
  return html_feed(&t->h, s, len);
}

typedef struct decoded_s decoded;
struct decoded_s {
  char *s;
  size_t len, room;
};

/* Lines of uuencode may say that they hold more than they do: such a text comes to more octets than it has. */
static int decoded_put(void *context, char const *s, size_t len)
{
  decoded *const d = context;
  if (len > d->room - d->len) return 0;
  memcpy(d->s + d->len, s, len);
  d->len += len;
  return 1;
}

/* Whether what the part's octets stand for hides nothing: what is decoded is as one that came as it is. */
static int decoded_refused(mail_refusal const *m, arena *scratch, mime_part const *part)
{
  size_t const room = part->body.len + TRANSFER_ROOM;
  decoded d = { .room = room };
  int refused;
  if (part->encoding == ENCODING_NONE) return !octets_hide(m, NULL, part->body.s, part->body.len);
  if (room > DECODED_MAX || !(d.s = arena_take(scratch, room))) return 0;
  refused = mime_decode(part, decoded_put, &d) && !octets_hide(m, NULL, d.s, d.len);
  arena_shrink(scratch, d.s, room, 0);
  return refused;
}

int mail_refuse_text(mail_refusal const *m, arena *scratch, mime_part const *part)
{
  charset const *const c = charset_find(part->charset.s, part->charset.len);
  scan n = { .m = m };
  if ((c && charset_hides(c)) || (!m->needle_len && !m->beyond_ascii)) return 0;
  if (m->needle_len >= SHORTEST && (c || !mime_is_html(part)) && decoded_refused(m, scratch, part)) return 1;
  switch (text_kind(part)) {
  case TEXT_PLAIN: mime_decode(part, scan_put, &n); break;
  case TEXT_HTML: {
    struct html_scan t = { .n = n };
    html_open(&t.h, scan_put, &t.n);
    if (mime_decode(part, html_scan_put, &t)) html_finish(&t.h);
    n = t.n;
    break;
  }
  default: return 0;
  }
  return !n.beyond && (m->beyond_ascii || (m->needle_len && !n.needle));
}
