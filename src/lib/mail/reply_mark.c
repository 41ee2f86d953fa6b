/* What stands in front of a subject since it was answered or forwarded: the "Re:" of a language.
 *
 * A mark is taken where a program writes it of its own and people do not begin subjects with it: Outlook's and OWA's of each language, those of GMX,
 * GroupWise, Notes, Apple's, Tencent's and Yahoo's. Not taken: words that people write themselves (Ref, Betr, Ang: "concerning"; FS: "for
 * sale", though Outlook's Icelandic has it), and what says something of its own (Automatic reply, Accepted, Undeliverable). R and I are one letter,
 * but each answer of an Italian Outlook has them: they count with a blank behind the colon.
 *
 * A mark too many does little harm: a conversation has one subject and ids in common, so mails that have nothing to do with each other do not meet.
 * A mark too few cuts an answer off. Any word before a colon, as Cyrus has it, would do for that, but no list in order of subjects could be read.
 *
 * Behind it: a dot, how often it was answered ("(2)", "^2"; "[2]" is a blob), a blob, blanks before the colon, which may be a wide one. */
#include <porter/order.h>

#include "private.h"

#define MARK(word) \
  { \
    word, sizeof(word) - 1 \
  }

/* Folded. */
static slice const marks[] = {
  MARK("re"), MARK("fw"), MARK("fwd"),                                  /* RFC 5256 */
  MARK("aw"), MARK("antw"), MARK("antwort"), MARK("wg"), MARK("wtrlt"), /* German, Dutch */
  MARK("doorst"),                                                       /* Dutch */
  MARK("sv"), MARK("vs"), MARK("vb"), MARK("vl"),                       /* Danish, Finnish, Icelandic, Norwegian, Swedish */
  MARK("tr"), MARK("réf"), MARK("rép"),                                 /* French */
  MARK("r"), MARK("i"), MARK("rif"),                                    /* Italian */
  MARK("rv"), MARK("res"), MARK("enc"),                                 /* Spanish, Portuguese */
  MARK("odp"), MARK("pd"), MARK("odg"),                                 /* Polish, Croatian, Slovene */
  MARK("vá"), MARK("válasz"), MARK("továbbítás"),                       /* Hungarian */
  MARK("απ"), MARK("σχετ"), MARK("πρθ"),                                /* Greek */
  MARK("ynt"), MARK("ilt"), MARK("İlt"),                                /* Turkish: İ is folded into itself */
  MARK("на"), MARK("ответ"),                                            /* Russian */
  MARK("תגובה"), MARK("השב"), MARK("הועבר"),                            /* Hebrew */
  MARK("رد"), MARK("إعادة توجيه"),                                      /* Arabic */
  MARK("回复"), MARK("答复"), MARK("转发"), MARK("回覆"), MARK("轉寄"), /* Chinese */
  MARK("返信"), MARK("転送"), MARK("회신"),                             /* Japanese, Korean */
  MARK("bls"), MARK("trs"),                                             /* Indonesian */
  MARK("atb"), MARK("yml"),                                             /* Welsh, Latvian */
};

#define WIDE_COLON "\xef\xbc\x9a" /* U+FF1A */

static size_t blanks(char const *s, size_t len)
{
  size_t i = 0;
  while (i < len && s[i] == ' ') i++;
  return i;
}

/* The length of "(" 1*3DIGIT ")" or "^" 1*3DIGIT, 0 for none. */
static size_t times(char const *s, size_t len)
{
  size_t i = 1;
  if (!len || (*s != '(' && *s != '^')) return 0;
  while (i < len && i < 4 && s[i] >= '0' && s[i] <= '9') i++;
  if (i == 1) return 0;
  if (*s == '^') return i;
  return i < len && s[i] == ')' ? i + 1 : 0;
}

/* Behind the word of a mark of word octets: where its colon ends, 0 where it has none. */
static size_t mark_end(char const *s, size_t len, size_t word)
{
  size_t i = word;
  if (word > 1 && i < len && s[i] == '.') i++;
  i += blanks(s + i, len - i);
  i += times(s + i, len - i);
  i += blanks(s + i, len - i);
  i += subject_blob(s + i, len - i);
  if (len - i >= 3 && !memcmp(s + i, WIDE_COLON, 3)) return i + 3;
  if (i == len || s[i] != ':') return 0;
  return word > 1 || (i + 1 < len && s[i + 1] == ' ') ? i + 1 : 0;
}

/* Octets in which a mark has its colon, or a blob before it. */
#define MARK_MAX 40

/* Most subjects have none: what is not there need not be looked for sixty times. */
static int has_colon(char const *s, size_t len)
{
  if (len > MARK_MAX) len = MARK_MAX;
  return len && (memchr(s, ':', len) || memchr(s, '[', len) || memchr(s, *WIDE_COLON, len));
}

size_t reply_mark(char const *s, size_t len)
{
  if (!has_colon(s, len)) return 0;
  for (size_t k = 0; k < sizeof marks / sizeof *marks; k++) {
    slice const m = marks[k];
    size_t const end = len > m.len && *s == *m.s && !memcmp(s, m.s, m.len) ? mark_end(s, len, m.len) : 0;
    if (end) return end;
  }
  return 0;
}
