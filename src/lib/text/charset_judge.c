/* What octets are read as: their label is believed, unless the octets themselves refute it.
 *
 *   label           octets                                                          are read as
 *   none, us-ascii  a UTF-16 mark in front, and a NUL                               UTF-16
 *                   nothing above 127, an escape that designates a set (ESC $)      ISO-2022-JP, -KR, -CN
 *                   valid UTF-8                                                     UTF-8
 *                   else                                                            the charset to fall back on
 *   UTF-8           something above 127, but no valid sequence in it                the charset to fall back on
 *   of one octet    valid UTF-8 with two sequences or more                          UTF-8
 *   East Asian      valid UTF-8 with two sequences of three octets, or with octets  UTF-8
 *                   that the label forbids, or with letters in Latin words
 *   UTF-16          a mark                                                          what it says
 *                   no NUL, and valid UTF-8                                         as without a label
 *                   else                                                            the order with more units below 256,
 *                                                                                   else big-endian
 *
 * Two octets are not enough under East Asian labels: 3.3 % of all GBK texts of two characters are valid UTF-8 too. Latin words are: all sequences of
 * two octets are U+0080 to U+017F; letters among them stand beside letters of ASCII, in LATIN_WORDS runs at least, of which those between two such
 * letters count twice and one is there ("Jürgen Müller"), or in LATIN_ENDS ("città"). Of 144,000 messages of programs in GBK, Big5, EUC-KR, Shift_JIS
 * and EUC-JP, with their lines and words 540,000 texts, 1588 are valid UTF-8; two of these have one such run, at a word's end, none has more. */
#include "charset.h"
#include "utf8.h"

#define LATIN_WORDS 4
#define LATIN_ENDS 6

enum { READ_NONE, READ_UTF8, READ_SINGLE, READ_ASIAN, READ_UTF16, READ_OTHER };

static int reading_of(charset const *c)
{
  if (!c) return READ_NONE;
  if (c == charset_utf8) return READ_UTF8;
  if (c == charset_number(CHARSET_utf16)) return READ_UTF16;
  if (c->decode == decode_single) return c->ascii ? READ_SINGLE : READ_OTHER;
  return charset_kind(c) == CHARSET_OTHER ? READ_OTHER : READ_ASIAN;
}

int charset_is_asian(charset const *c) { return reading_of(c) == READ_ASIAN; }

/* Up to the first octet that an ISO-2022 charset, which a later escape may turn out to be, reads as no character: ESC, SO, SI. */
static size_t unshifted_run(char const *s, size_t len)
{
  for (char const *shift = "\x1b\x0e\x0f"; *shift; shift++) {
    char const *const found = memchr(s, *shift, len);
    if (found) len = (size_t)(found - s);
  }
  return len;
}

size_t charset_certain(charset const *label, char const *s, size_t len)
{
  int const reading = reading_of(label);
  if (reading == READ_OTHER) return len;
  if (reading == READ_UTF16) return 0;
  size_t const run = reading == READ_ASIAN && !label->ascii ? ascii_run(s, len) : plain_run(s, len);
  return reading == READ_NONE ? unshifted_run(s, run) : run;
}

/* ISO-2022's designations of sets of two octets (charset_2022.c), by what comes behind ESC: which charset begins with such. */
static void look_for_escape(charset_look *l, unsigned char c)
{
  enum { NOTHING, ESCAPE, DOLLAR, G0, G1, BEYOND };
  int const state = l->escape;
  l->escape = NOTHING;
  if (c == 0x1b) l->escape = ESCAPE;
  else if (state == ESCAPE && c == '$') l->escape = DOLLAR;
  else if (state == DOLLAR && c >= '(' && c <= '+') l->escape = c == '(' ? G0 : c == ')' ? G1 : BEYOND;
  else if (state >= DOLLAR && !l->designates) {
    if (state == DOLLAR ? c >= '@' && c <= 'B' : c >= '@' && c <= 'Q' && c != 'F' && c != 'N')
      l->designates = state == G1 && c == 'C' ? CHARSET_iso2022_kr : state >= G1 ? CHARSET_iso2022_cn : CHARSET_iso2022_jp;
  }
}

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Of two octets: letters are U+00C0 to U+017F, but for the signs of multiplication and division; signs from U+0080 on say nothing. */
static void look_at_two(charset_look *l, unsigned char c)
{
  l->two++;
  if (l->lead > 0xc5 || (l->lead == 0xc3 && (c == 0x97 || c == 0xb7))) l->foreign = 1;
  else if (l->lead >= 0xc3) l->latin = 1;
}

/* ASCII from first to last, behind what is none. */
static void look_at_plain(charset_look *l, char first, char last)
{
  if (l->latin && (l->before || is_letter(first))) l->beside++, l->inside += (size_t)(l->before && is_letter(first));
  l->latin = 0;
  l->before = is_letter(last);
}

/* Whether sequences of two octets are letters in Latin words. */
static int is_latin(charset_look const *l)
{
  size_t const beside = l->beside + (size_t)(l->latin && l->before);
  return !l->foreign && ((l->inside && beside + l->inside >= LATIN_WORDS) || beside >= LATIN_ENDS);
}

/* One octet that is above 127 or inside of a sequence. */
static void look_at_high(charset_look *l, unsigned char c)
{
  if (l->utf8.need) {
    if (utf8_next(&l->utf8, c)) {
      if (!l->utf8.need) l->length == 1 ? look_at_two(l, c) : (void)l->more++;
      return;
    }
    l->malformed = 1;
    l->utf8.need = 0;
    if (c < 0x80) return;
  }
  if (utf8_lead(&l->utf8, c)) l->length = l->utf8.need, l->lead = c;
  else l->malformed = 1;
}

static void look_at_units(charset_look *l, char const *s, size_t len)
{
  for (size_t i = 0; i < len; i++, l->octets++) {
    if (s[i]) continue;
    l->nul = 1;
    l->octets & 1 ? l->little++ : l->big++;
  }
}

void charset_look_open(charset_look *l, charset const *label) { *l = (charset_look){ .label = label, .reading = reading_of(label) }; }

void charset_look_feed(charset_look *l, char const *s, size_t len)
{
  int const escapes = l->reading == READ_NONE;
  for (size_t i = 0; i < len && l->begun < sizeof l->first; i++) l->first[l->begun++] = (unsigned char)s[i];
  if (l->reading == READ_UTF16) look_at_units(l, s, len);
  else if (escapes && !l->nul && memchr(s, 0, len)) l->nul = 1;
  for (size_t i = 0; i < len;) {
    unsigned char const c = (unsigned char)s[i];
    if (c < 0x80 && !l->utf8.need) {
      if (escapes && (c == 0x1b || l->escape)) look_for_escape(l, c), i++;
      else {
        size_t const run = ascii_run(s + i, len - i);
        char const *const escape = escapes && !l->high && !l->designates ? memchr(s + i, 0x1b, run) : NULL;
        look_at_plain(l, s[i], s[i + run - 1]);
        i = escape ? (size_t)(escape - s) : i + run;
      }
      continue;
    }
    l->high = l->high || c >= 0x80;
    l->escape = 0;
    look_at_high(l, c);
    i++;
  }
}

int charset_look_more(charset_look const *l)
{
  size_t const sequences = l->two + l->more;
  switch (l->reading) {
  case READ_UTF8: return !sequences;
  case READ_SINGLE: return !l->malformed;
  case READ_ASIAN: return !l->malformed && l->more < 2;
  case READ_OTHER: return 0;
  default: return 1;
  }
}

static int is_mark(charset_look const *l)
{
  return l->begun >= 2 && ((l->first[0] == 0xff && l->first[1] == 0xfe) || (l->first[0] == 0xfe && l->first[1] == 0xff));
}

charset const *charset_judged(charset_look const *l, charset const *fallback, int *unsure)
{
  int const valid = !l->malformed && !l->utf8.need;
  size_t const sequences = l->two + l->more;
  if (!fallback) fallback = charset_windows1252;
  *unsure = 0;
  switch (l->reading) {
  case READ_UTF8: return l->high && !sequences ? fallback : l->label;
  case READ_SINGLE: return valid && sequences >= 2 ? charset_utf8 : l->label;
  case READ_ASIAN:
    if (valid && (l->more >= 2 || is_latin(l))) return charset_utf8;
    return *unsure = valid && sequences, l->label;
  case READ_UTF16:
    if (is_mark(l)) return l->label;
    if (!l->nul && valid) return charset_utf8;
    return charset_number(l->little > l->big ? CHARSET_utf16le : CHARSET_utf16be);
  case READ_NONE:
    if (l->nul && is_mark(l)) return charset_number(CHARSET_utf16);
    if (l->designates && !l->high) return charset_number(l->designates);
    return valid ? charset_utf8 : fallback;
  default: return l->label;
  }
}

charset const *charset_judge(arena *a, charset const *label, charset const *fallback, slice octets)
{
  charset_look l;
  int unsure;
  charset_look_open(&l, label);
  charset_look_feed(&l, octets.s, octets.len);
  charset const *const c = charset_judged(&l, fallback, &unsure);
  return unsure && !charset_allows(a, c, octets) ? charset_utf8 : c;
}

int charset_allows(arena *a, charset const *c, slice octets)
{
  slice out;
  return charset_decode(a, c, octets, &out) && !(out.len && memmem(out.s, out.len, "\xef\xbf\xbd", 3));
}
