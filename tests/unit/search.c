/* Search: what it finds, and that refusing quickly never makes a difference, over mails made to hide the pattern. */
#include <stdlib.h>

#include <porter/mail.h>
#include <porter/search.h>
#include <porter/text.h>
#include "../../src/lib/mail/refuse.h"
#include "tap.h"

static unsigned int where; /* of the pattern; 0: anywhere */

static int search(char const *pattern, char const *mail, size_t len, int thorough)
{
  arena a = ARENA_ZERO, scratch = ARENA_ZERO;
  mail_matcher m;
  int found = -1, partly;
  if (mail_matcher_init(&m, &a, (slice){ pattern, strlen(pattern) }, NULL)) {
    m.thorough = thorough;
    m.where = where;
    found = mail_matches(&m, &scratch, (slice){ mail, len }, &partly);
  }
  arena_free(&scratch);
  arena_free(&a);
  return found;
}

/* fields: SEARCH_FROM ... */
static int search_head(char const *pattern, char const *mail, size_t len, int thorough, unsigned int fields)
{
  where = fields;
  int const found = search(pattern, mail, len, thorough);
  where = 0;
  return found;
}

/* Where accents count, the words in all places of a text that is searched piece by piece. */
static void accents(void)
{
  static struct { char const *pattern, *word; int want; } const all[] = { { "caf\xc3\xa9", "CAFE\xcc\x81", 1 }, { "cafe", "caf\xc3\xa9", 0 }, { "cafe", "cafe", 1 },
    { "\xe1\xba\xb9", "\xe1\xbb\x87", 0 }, { "b c", "b \t c", 1 }, { "\xc3\xb8l", "\xc3\x98L", 1 }, { "ol", "\xc3\xb8l", 0 } };
  static char mail[70000];
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    int wrong = 0;
    for (size_t at = 16300; at < 16500; at++) {
      arena a = ARENA_ZERO, scratch = ARENA_ZERO;
      mail_matcher m;
      int partly;
      slice const pattern = { all[i].pattern, strlen(all[i].pattern) };
      size_t const len = (size_t)sprintf(mail, "Content-Type: text/plain; charset=utf-8\n\n%*s %s\n%0*d\n", (int)at, "x", all[i].word, 20000, 0);
      memset(mail + 41, 'x', at);
      wrong += !mail_matcher_init(&m, &a, pattern, NULL) || !mail_matcher_accents(&m, &a, pattern)
        || mail_matches(&m, &scratch, (slice){ mail, len }, &partly) != all[i].want;
      arena_free(&scratch);
      arena_free(&a);
    }
    ok(!wrong, "with accents: \"%s\" and \"%s\", wherever it lies", all[i].pattern, all[i].word);
  }
}

static void finds(char const *pattern, char const *mail, int want, char const *name)
{
  int const quick = search(pattern, mail, strlen(mail), 0), thorough = search(pattern, mail, strlen(mail), 1);
  ok(quick == want && thorough == want, "%s", name);
  if (quick != want || thorough != want) printf("# quick %d, thorough %d, want %d\n", quick, thorough, want);
}

static uint32_t seed = 1, calm;  /* how rarely something is hidden */

static uint32_t dice(uint32_t sides)
{
  seed = seed * 1664525 + 1013904223;
  return (seed >> 8) % sides;
}

/* --- random mails --- */

struct made { char s[16384]; size_t len; };

static void put(struct made *t, char const *s, size_t len)
{
  if (len > sizeof t->s - t->len) return;
  memcpy(t->s + t->len, s, len);
  t->len += len;
}

static void puts_of(struct made *t, char const *s)
{
  put(t, s, strlen(s));
}

#define PICK(list) list[dice(sizeof list / sizeof *list)]
#define PICK_CALM(list, common) list[dice(calm > 16 && dice(8) ? common : sizeof list / sizeof *list)]

/* The pattern, or a bit of it, or other words, with things in it that some reader takes away or turns into letters. */
static void hide_letter(struct made *t, char c);
static void hidden(struct made *t, char const *pattern)
{
  static char const *const junk[] = { "=\n", "= \r\n", "<b>", "</b>", "<!-- x -->", "<p>", "\\", "\"", "\"\"", "(c)", "\r\n ", "\n\t", "\r", "\x1b(B",
    "\x1b(J", "\x0e", "\x0f", "~\n", "~{~}", "\"\\", "+-", ("=?utf-8?Q?" "?="), "=?utf-8?Q?_?=", "?= =?utf-8?q?", "?=", "=", "&", "&#120", "&shy;", "-",
    "=3D", "=?", "=\"?", "?", ".", "@", ">", "<", ",", ";", ":", " ", "\xc3\xa4", "\xff", "\xe2\x84\xaa", "\xc2\xad", "\xe2\x80\x8b", "\xcc\x81", "&eacute;", "&zwnj;", "&#8203;", "=C2=AD", "=C3=A9", "\x1b$B#x\x1b(B", "\x1b$)C", "\xa3\xd8", "*0=", "%41", "<<", "=00", "=1B(B", "=3C", "=26", "&=\n" };
  static char const *const words[] = { "the", "Zug", "x", "xy", "needle", "dle", "xyz", "kiss", "=41", "a=b" };
  char s[16];
  if (!dice(6)) puts_of(t, PICK(words));
  /* Whole it would be found at once: mostly it lacks its end or something is in it. */
  size_t const end = calm > 16 && dice(4) ? dice((uint32_t)strlen(pattern)) : strlen(pattern);
  for (size_t i = dice(8) ? 0 : dice(4); i < end; i++) {
    char const c = pattern[i];
    if (!dice(calm)) puts_of(t, PICK(junk));
    switch (dice(2 * calm)) {
      case 0: snprintf(s, sizeof s, "=%02X", (unsigned char)c); break;
      case 1: snprintf(s, sizeof s, "&#%d%s", c, dice(3) ? ";" : ""); break;
      case 2: snprintf(s, sizeof s, "&#x%x;", c); break;
      case 3: snprintf(s, sizeof s, "=26#%d;", c); break;
      case 4: snprintf(s, sizeof s, "=?utf-8?q?%c?=", c); break;
      case 5: snprintf(s, sizeof s, "\\%c", c); break;
      case 6: return;
      case 7: hide_letter(t, c); continue;
      default: snprintf(s, sizeof s, "%c", c >= 'a' && c <= 'z' && !dice(8) ? c - 32 : c);
    }
    puts_of(t, s);
  }
  if (!dice(10 * calm)) put(t, "", 1);
  if (!dice(4)) puts_of(t, PICK(words));
}

/* A letter as one that is beyond ASCII, which comparing makes the same. */
static void hide_letter(struct made *t, char c)
{
  char s[8] = { 0 };
  switch (dice(4)) {
    case 0:
      /* in full width */
      if (c > ' ' && c < 127) snprintf(s, sizeof s, "\xef%c%c", c < 96 ? 0xbc : 0xbd, c < 96 ? c + 0x60 : c + 0x20);
      break;
    case 1: snprintf(s, sizeof s, "%c\xcc\x81", c); break;
    case 2: snprintf(s, sizeof s, "%s", c == 'e' ? "\xc3\xa9" : c == 'n' ? "\xc3\xb1" : c == 'a' ? "\xc3\xa5" : c == 'z' ? "\xc5\xbe" : "\xc3\xbf"); break;
    default: snprintf(s, sizeof s, "%s", c == 'e' ? "\xe9" : c == 'n' ? "\xf1" : c == 'a' ? "\xe5" : "\xff");
  }
  if (dice(3)) {
    puts_of(t, s);
    return;
  }
  for (size_t i = 0; s[i]; i++) {
    char escape[4];
    snprintf(escape, sizeof escape, "=%02X", (unsigned char)s[i]);
    puts_of(t, escape);
  }
}

static void base64(struct made *t, char const *s, size_t len, char const *line)
{
  static char const alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < len; i += 3) {
    uint32_t const bits = (uint32_t)(unsigned char)s[i] << 16 | (i + 1 < len ? (uint32_t)(unsigned char)s[i + 1] << 8 : 0)
      | (i + 2 < len ? (unsigned char)s[i + 2] : 0);
    char four[4] = { alphabet[bits >> 18], alphabet[bits >> 12 & 63], i + 1 < len ? alphabet[bits >> 6 & 63] : '=',
      i + 2 < len ? alphabet[bits & 63] : '=' };
    put(t, four, 4);
    if (i % 45 == 42) puts_of(t, line);
  }
}

static void utf16(struct made *t, char const *s, size_t len)
{
  for (size_t i = 0; i < len; i++) put(t, s + i, 1), put(t, "", 1);
}

static void encoded_word(struct made *t, char const *pattern)
{
  static char const *const labels[] = { "utf-8", "iso-8859-1", "ISO-2022-JP", "gb2312", "x-unknown", "hz", "utf-8*en", "utf-7", "utf-16", "\"utf-8\"" };
  char const *const label = PICK_CALM(labels, 7);
  struct made text = { .len = 0 };
  hidden(&text, pattern);
  if (text.len > 60) text.len = 60;
  puts_of(t, dice(20) ? "=?" : "=\\?");
  puts_of(t, label);
  if (dice(2)) {
    puts_of(t, dice(12) ? "?B?" : "?\\B?");
    if (!strcmp(label, "utf-16")) {
      struct made wide = { .len = 0 };
      utf16(&wide, text.s, text.len);
      base64(t, wide.s, wide.len, "");
    }
    else base64(t, text.s, text.len, dice(3) ? "" : "\n ");
  }
  else {
    puts_of(t, "?q?");
    put(t, text.s, text.len);
  }
  puts_of(t, dice(15) ? "?=" : "?");
  if (dice(2)) puts_of(t, dice(2) ? " " : "\n ");
}

static void some(struct made *t, char const *pattern)
{
  for (int i = 0; i < 2; i++) if (dice(3)) dice(3) ? hidden(t, pattern) : encoded_word(t, pattern);
}

static void head(struct made *t, char const *pattern)
{
  static char const *const names[] = { "From: ", "To: ", "Cc: ", "Reply-To: ", "X-Other: ", "From: \"", "Sender: <", "Bcc: g: ", "To: (" };
  static char const *const tails[] = { "\n", " <a@b.c>\n", "\" <a@b.c>\n", ") a@b.c\n", "@example.org>\r\n", ";\n" };
  if (dice(3)) {
    puts_of(t, "Subject: ");
    some(t, pattern);
    puts_of(t, dice(2) ? "\n" : "\r\n");
  }
  for (int i = 0; i < 3; i++) if (!dice(3)) {
    puts_of(t, PICK(names));
    some(t, pattern);
    puts_of(t, PICK(tails));
  }
}

static void part(struct made *t, char const *pattern, int depth)
{
  static char const *const types[] = { "text/plain", "text/plain", "text/html", "text/html", "image/png", "application/pdf", "text/x", "message/delivery-status", "text/enriched", "text/html; x=y" };
  static char const *const charsets[] = { "us-ascii", "utf-8", "\"utf-8\"", "iso-2022-jp", "hz-gb-2312", "gbk", "viscii", "unknown", "utf-7", "\"utf\\-7\"", "utf-16", "shift_jis", "euc-kr", "iso-2022-kr", "big5" };
  static char const *const encodings[] = { "7bit", "8bit", "quoted-printable", "binary", "base64", "Base64 ", "x-uuencode", "(c) base64", "" };
  static char const *const between[] = { "", "", "", "Content-ID: <x>\n", "junk\n", "X-A: b\n", "\n", "Content-Type: image/png\n", "Content-Type: text/plain\n" };
  char const *type = PICK(types), *charset = PICK_CALM(charsets, 8), *encoding = PICK_CALM(encodings, 4);
  struct made body = { .len = 0 }, wide = { .len = 0 };
  int const crossed = !dice(4), none = !dice(4), kind = depth ? (int)dice(8) : 7;
  char field[2][256];
  if (kind < 2) {
    /* A message, perhaps encoded, perhaps only by the default of a digest. */
    head(&body, pattern);
    part(&body, pattern, depth - 1);
    type = kind ? "message/rfc822" : "Message/Global";
    if (!dice(4)) type = "multipart/mixed";
    charset = "x";
  }
  else if (kind == 2) {
    char line[64];
    snprintf(line, sizeof line, "Content-Type: multipart/%s; boundary=\"=_%d\"\n\n", dice(4) ? "mixed" : "digest", depth);
    puts_of(t, line);
    for (int i = 0; i < 2; i++) {
      snprintf(line, sizeof line, "--=_%d\n", depth);
      puts_of(t, line);
      part(t, pattern, depth - 1);
      puts_of(t, "\n");
    }
    snprintf(line, sizeof line, "--=_%d--\n", depth);
    puts_of(t, line);
    return;
  }
  else {
    some(&body, pattern);
    if (!strcmp(charset, "utf-16")) utf16(&wide, body.s, body.len), body = wide;
  }
  snprintf(field[0], sizeof field[0], "Content-Type: %s%s%s\n", type, dice(calm) ? "; charset=" : ";\n charset*=us-ascii''", charset);
  snprintf(field[1], sizeof field[1], "%s%s\n", dice(5) ? "Content-Transfer-Encoding: " : "content-transfer-encoding :\n ", encoding);
  if (!none || dice(2)) puts_of(t, field[crossed]);
  puts_of(t, PICK(between));
  if (!dice(8)) {
    puts_of(t, "Content-Disposition: attachment; filename=\"");
    hidden(t, pattern);
    puts_of(t, dice(2) ? "\"\n" : "\"; filename*=utf-8''x%41\n");
  }
  if (!none || dice(2)) puts_of(t, field[!crossed]);
  puts_of(t, dice(2) ? "\n" : "\r\n");
  if (encoding[0] == 'b' || encoding[0] == 'B' || encoding[0] == '(') base64(t, body.s, body.len, "\n");
  else put(t, body.s, body.len);
}

static void random_mails(char const *pattern, int count)
{
  int wrong = 0, heads_wrong = 0, matched = 0, refused = 0;
  arena a = ARENA_ZERO;
  mail_matcher m;
  mail_matcher_init(&m, &a, (slice){ pattern, strlen(pattern) }, NULL);
  for (int i = 0; i < count; i++) {
    struct made t = { .len = 0 };
    seed = (uint32_t)i + 1;
    calm = 4u << 2 * dice(4);
    head(&t, pattern);
    part(&t, pattern, 2);
    int const quick = search(pattern, t.s, t.len, 0), thorough = search(pattern, t.s, t.len, 1);
    unsigned int const fields = 1 + (unsigned int)i % (2 * SEARCH_SUBJECT - 1); /* all that there are, and any of them */
    heads_wrong += search_head(pattern, t.s, t.len, 0, fields) != search_head(pattern, t.s, t.len, 1, fields);
    matched += thorough == 1;
    refused += mail_refuse(m.refusal, (slice){ t.s, t.len });
    if (quick == thorough) continue;
    if (!wrong++) printf("# seed %d: quick %d, thorough %d\n#  %.*s\n", i + 1, quick, thorough, (int)t.len, t.s);
  }
  arena_free(&a);
  ok(!wrong, "'%s' in %d mails made to hide it", pattern, count);
  ok(!heads_wrong, "and in fields of their heads alone");
  ok(matched > count / 100, "# of them match: %d; are refused by their octets: %d", matched, refused);
}

#define HEAD "From: =?iso-8859-1?Q?J=FCrgen_M=FCller?= <juergen@example.org>\nSubject: =?utf-8?B?R3LDvMOfZQ==?= und mehr\n"

/* Lines of uuencode that say that they hold 45 octets, and hold none: what is decoded is 22 times as long as what came. */
static void longer_than_it_came(void)
{
  static char const head[] = "Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n";
  static char mail[sizeof head + 200000];
  for (size_t lines = 40; lines <= 80000; lines *= 5) {
    size_t len = sizeof head - 1;
    memcpy(mail, head, len);
    for (size_t i = 0; i < lines; i++, len += 2) memcpy(mail + len, "M\n", 2);
    len += (size_t)sprintf(mail + len, "&;F5E9&QE\n`\nend\n");
    ok(search("needle", mail, len, 0) == search("needle", mail, len, 1) && search("needle", mail, len, 0) == 1, "behind %zu lines of uuencode that hold less than they say", lines);
    ok(!search("noodle", mail, len, 0), "and what is not there is not found");
  }
}

int main(int argc, char **argv)
{
  accents();
  longer_than_it_came();
  int const count = argc > 1 ? atoi(argv[1]) : 20000;
  finds("grüße", HEAD "\nx", 1, "subject");
  finds("GRÜSSE", HEAD "\nx", 1, "SS is ß");
  finds("grusse", HEAD "\nx", 1, "without marks");
  finds("gruesse", HEAD "\nx", 0, "ue is not ü");
  finds("müller <juergen@", HEAD "\nx", 1, "name and address");
  finds("example.com", HEAD "\nx", 0, "another address");
  finds("ÄÖÜ ß", HEAD "Content-Type: text/plain; charset=iso-8859-1\n\n\xe4\xf6\xfc\n  \xdf", 1, "text, any letter case, line ends are blanks");
  finds("hello world", HEAD "\nHello\r\n  World", 1, "a line end in the text");
  finds("hello  \n world", HEAD "\nhello world", 1, "more blanks in the pattern");
  finds("hello world", HEAD "\nhelloworld", 0, "no blank in the text");
  finds("needle", HEAD "Content-Transfer-Encoding: quoted-printable\n\nnee=\nd=6Ce", 1, "quoted-printable");
  finds("needle", HEAD "Content-Transfer-Encoding: base64\n\nTkVFRExF", 1, "base64");
  finds("needle", HEAD "Content-Type: text/html\n\n<b>nee</b>d&#108;e", 1, "HTML");
  finds("needle", HEAD "Content-Type: text/html\n\n<a href='needle'>x</a>", 0, "not what HTML does not show");
  finds("needle", HEAD "Content-Type: application/pdf\n\nneedle", 0, "no text");
  finds("inner needle", HEAD "Content-Type: message/rfc822\n\nSubject: inner needle\n\nx", 1, "the subject of a message inside");
  finds("needle", HEAD "Content-Type: text/plain; charset=utf-7\n\n+AG4-eedle", 1, "UTF-7");
  finds("kiss", HEAD "Content-Type: text/plain; charset=utf-8\n\n\xe2\x84\xaai\xc5\xbf\xc5\xbf", 1, "the Kelvin sign is a k, the long s an s");
  finds("日本", HEAD "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$BF|K\\8l\x1b(B", 1, "Japanese");
  finds("e", HEAD "\n", 1, "one letter");
  finds("xyzzy", HEAD "X-Other: xyzzy\n\n", 0, "other fields are not searched");
  finds("xyzzy", "", 0, "an empty mail");
#define QP "Content-Transfer-Encoding: quoted-printable\n"
#define HTML "Content-Type: text/html\n"
  finds("needle", HEAD HTML QP "\n=26#110;eedle", 1, "an escaped reference");
  finds("needle", HEAD HTML QP "\n&=\n#110;eedle", 1, "a reference across a soft line break");
  finds("needle", "Subject: =?utf-7?Q?+AG4-eedle?=\n\n", 1, "UTF-7 in an encoded word");
  finds("needle", "Subject: =?utf-8?Q?n?= \n =?utf-8?Q?eedle?=\n\n", 1, "split between encoded words");
  finds("needle", "From: \"nee\rdle\" <a@b.c>\n\n", 1, "a bare CR in quotes");
  finds("needle", "From: n\"eed\"le@b.c\n\n", 1, "quotes in the middle");
  finds("needle", HEAD "Content-Type: message/rfc822\n" QP "\nSubject: =3D?utf-8?Q?=3D6Eeedle?=3D\n\n", 1, "a message in quoted-printable");
  finds("needle", HEAD "Content-Type: multipart/digest; boundary=x\n\n--x\n" QP "\nSubject: =3D?utf-8?Q?=3D6Eeedle?=3D\n\n--x--\n", 1,
    "a message in quoted-printable, by a digest's default");
  finds("needle", HEAD "Content-Type: text/plain; charset*=us-ascii''utf-7\n\n+AG4-eedle", 1, "UTF-7, its name encoded");
  finds("needle", HEAD "Content-Type: text/plain; charset=\"u\\tf-7\"\n\n+AG4-eedle", 1, "UTF-7, its name with a backslash");
  finds("needle", HEAD "Content-Type: text/plain\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nTkVFRExF", 1, "the first type counts");
  finds("needle", HEAD "Content-Type: text/plain\nX: y\nContent-Transfer-Encoding: base64\nContent-Type: image/png\n\nTkVFRExF", 1,
    "the first type counts, with base64 in between");
  finds("needle", HEAD QP "Content-Type: message/rfc822\n\nSubject: =3D?utf-8?Q?=3D6Eeedle?=3D\n\n", 1, "a message in quoted-printable, its type last");
  finds("needle", HEAD "Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: image/png\n\nx\n--x\n"
    "Content-Transfer-Encoding: base64\n\nTkVFRExF\n--x--\n", 1, "the type of another part does not count");
  {
    static char const nul[] = HEAD HTML "\n<style></sty\0le>needle", nul_word[] = HEAD "\nnee\0dle";
    ok(search("needle", nul, sizeof nul - 1, 0) == 1, "NUL in a tag");
    ok(search("needle", nul_word, sizeof nul_word - 1, 0) == 1, "NUL in a word");
  }
  finds("strasse", HEAD "Content-Type: text/plain; charset=utf-8\n\nStra\xc3\x9f" "e", 1, "ss is the sharp s");
  finds("stra\xc3\x9f" "e", HEAD "\nSTRASSE", 1, "the sharp s is ss");
  finds("resume", HEAD "Content-Type: text/plain; charset=iso-8859-1\n\nr\xe9sum\xe9", 1, "marks");
  finds("resume", HEAD "Content-Type: text/plain; charset=iso-8859-1\n" QP "\nr=E9sum=E9", 1, "marks in quoted-printable");
  finds("resume", HEAD HTML "\nr&eacute;sum&#233;", 1, "marks in references");
  finds("resume", HEAD "Content-Type: text/plain; charset=utf-8\n\nre\xcc\x81sume\xcc\x81", 1, "marks by themselves");
  finds("re\xcc\x81sume\xcc\x81", HEAD "Content-Type: text/plain; charset=iso-8859-1\n\nr\xe9sum\xe9", 1, "marks by themselves in the pattern");
  finds("resume", HEAD "Content-Type: text/plain; charset=utf-8\n\nre\xc2\xadsume", 1, "a soft hyphen");
  finds("resume", HEAD HTML "\nre&shy;su&zwnj;me", 1, "what is not seen, as references");
  finds("re\xe2\x80\x8bsume", HEAD "\nresume", 1, "zero width in the pattern");
  finds("abc123", HEAD "Content-Type: text/plain; charset=utf-8\n\n\xef\xbd\x81\xef\xbd\x82\xef\xbd\x83\xef\xbc\x91\xef\xbc\x92\xef\xbc\x93", 1, "full width");
  finds("abc", HEAD "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B#a#b#c\x1b(B", 1, "full width in ISO-2022-JP");
  finds("abc", HEAD "Content-Type: text/plain; charset=shift_jis\n\n\x82\x81\x82\x82\x82\x83", 1, "full width in Shift_JIS");
  finds("oeuvre", HEAD "Content-Type: text/plain; charset=utf-8\n\n\xc5\x93uvre", 1, "oe");
  finds("lodz", HEAD "Content-Type: text/plain; charset=iso-8859-2\n\n\xa3\xf3" "d\xbc", 1, "letters with strokes");
  finds("office", HEAD "Content-Type: text/plain; charset=utf-8\n\no\xef\xac\x83" "ce", 1, "a ligature");
  finds("\xea\xb0\x80", HEAD "Content-Type: text/plain; charset=utf-8\n\n\xe1\x84\x80\xe1\x85\xa1", 1, "Hangul by its letters");
  finds("\xe3\x81\x8c", HEAD "Content-Type: text/plain; charset=utf-8\n\n\xe3\x81\x8b\xe3\x82\x99", 1, "a voiced kana by its parts");
  finds("\xe3\x81\x8b", HEAD "Content-Type: text/plain; charset=utf-8\n\n\xe3\x81\x95", 0, "another kana");
  finds("report-2020", HEAD "Content-Type: application/pdf; name=\"Report-2020.pdf\"\n\nx", 1, "a file name");
  finds("r\xc3\xa9sum\xc3\xa9.pdf", HEAD "Content-Type: application/pdf\nContent-Disposition: attachment; filename*=iso-8859-1''r%E9sum%E9.pdf\n\nx", 1, "one in RFC 2231's form");
  finds("needle.doc", HEAD "Content-Type: application/msword; name*0=nee; name*1=\"dle.doc\"\n\nx", 1, "one in pieces");
  finds("needle.doc", HEAD "Content-Type: application/msword\nContent-Disposition: attachment;\n filename=\"=?utf-8?B?bmVlZGxlLmRvYw==?=\"\n\nx", 1, "one that is an encoded word");
  finds("needle", HEAD "Content-Type: multipart/mixed; boundary=x\n\n--y\nContent-Type: text/html\n\nnee<b>dle</b>\n--y--\n", 1, "behind another boundary");
  finds("needle", HEAD "Content-Type: multipart/mixed\n\nneedle", 1, "a multipart without parts");
  finds("needle", HEAD "Content-Type: text/enriched\n\nnee<bold>dle</bold>", 1, "enriched text");
  finds("needle", HEAD "\n<html><b>nee</b>dle</html>", 1, "HTML without its label");
  finds("bold", HEAD "Content-Type: text/enriched\n\n<bold>x</bold>", 0, "no command of enriched text");
  finds("\xc2\xad", HEAD "\nx", 1, "a pattern of what is not seen");
  random_mails("xyzzyneedle", count);
  random_mails("zebra", count);
  random_mails("aab", count / 4);
  random_mails("2a2b", count / 4);
  random_mails("task list", count);
  random_mails("encyclop\xc3\xa6" "dia", count);
  random_mails("ssn", count / 4);
  random_mails("na\xc3\xafve", count);
  random_mails("\xc3\xa4", count / 4);
  return done();
}
