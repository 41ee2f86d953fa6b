/* Base subjects (RFC 5256 2.1), and what programs write in front of subjects in other languages. */
#include <stdlib.h>
#include <string.h>

#include <porter/order.h>
#include <porter/text.h>

#include "tap.h"

/* want: in lower case, as the text is folded before. */
static void base(char const *subject, char const *want)
{
  arena a = ARENA_ZERO;
  slice s, again;
  char *copy;
  if (!text_fold(&a, (slice){ subject, strlen(subject) }, &s) || !(copy = arena_copy(&a, s.s, s.len))) exit(111);
  s = subject_base(copy, s.len);
  is_bytes(s.s, s.len, want, strlen(want), subject);
  if (!(copy = arena_copy(&a, s.s, s.len))) exit(111);
  again = subject_base(copy, s.len);
  if (!slice_same(s, again)) ok(0, "a base subject is its own");
  arena_free(&a);
}

/* What programs write in front, alone, in capitals as they have it, and several of them. */
static void other_languages(void)
{
  static char const *const mark[] = { "AW", "Aw", "Antw", "Antwort", "WG", "Wtrlt", "Doorst", "SV", "VS", "VB", "VL", "TR", "Tr", "Réf", "RÉF", "Rép",
    "RV", "RES", "ENC", "Rif", "RIF", "R", "I", "Odp", "ODP", "PD", "Odg", "Vá", "VÁ", "Válasz", "Továbbítás", "ΑΠ", "Απ", "ΣΧΕΤ", "Σχετ", "ΠΡΘ", "YNT",
    "Ynt", "İLT", "İlt", "ILT", "На", "НА", "Ответ", "תגובה", "השב", "הועבר", "رد", "إعادة توجيه", "回复", "答复", "转发", "回覆", "轉寄", "返信", "転送",
    "회신", "Bls", "Trs", "ATB", "YML" };
  static char const *const words[] = { "FYI", "RFC", "FS", "Ref", "Betr", "Betreff", "Ang", "Frage", "Termin", "Einladung", "Accepted", "Was", "OT", "NEU",
    "Info", "II", "A", "C", "Git", "aw-shucks", "Awe", "wgs", "Svar på", "Antworten", "回", "複" };
  char subject[100];
  for (size_t i = 0; i < sizeof mark / sizeof *mark; i++) {
    snprintf(subject, sizeof subject, "%s: Hello", mark[i]);
    base(subject, "hello");
    snprintf(subject, sizeof subject, "RE: %s: Fwd: %s : hello", mark[i], mark[i]);
    base(subject, "hello");
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    arena a = ARENA_ZERO;
    slice folded;
    char want[100];
    snprintf(subject, sizeof subject, "%s: hello", words[i]);
    if (!text_fold(&a, slice_of(subject), &folded)) exit(111);
    snprintf(want, sizeof want, "%.*s", (int)folded.len, folded.s);
    base(subject, want);
    arena_free(&a);
  }
}

int main(void)
{
  base("hello", "hello");
  base("Re: hello", "hello");
  base("re:re: RE : hello", "hello");
  base("Fwd: FW: hello (fwd)", "hello");
  base("[list] Re: [list] hello", "hello");
  base("Re[2]: hello", "hello");
  base("Re [x]: hello (fwd) (FWD)  ", "hello");
  base("[fwd: hello]", "hello");
  base("[Fwd: Re: [a] hello]", "hello");
  base("[only]", "[only]");
  base("[a][b]", "[b]");
  base("[a] [b] c", "c");
  base("Re: ", "");
  base("", "");
  base("  a \t b\r\n c ", "a b c");
  base("regards", "regards");
  base("Re regards", "re regards");
  base("[unclosed hello", "[unclosed hello");
  base("[a [b] c", "[a [b] c");
  base("Re: [a] ", "[a]");
  base("(fwd)", "");
  other_languages();
  base("AW: [liste] AW: Umzug", "umzug");
  base("[liste] AW: WG: Umzug", "umzug");
  base("Antw: [EXT] Re: x", "x");
  base("Aw[3]: x", "x");
  base("AW", "aw");
  base("AW:", "");
  base("AW:x", "x");
  base("AW Umzug", "aw umzug");
  base("Antw.: x", "x");
  base("Re(2): x", "x");
  base("RE (12) : x", "x");
  base("Re^2: x", "x");
  base("Re^2 [x]: y", "y");
  base("Re(): x", "re(): x");
  base("Re(x): y", "re(x): y");
  base("Re(1234): x", "re(1234): x");
  base("Re2: x", "re2: x");
  base("Re..: x", "re..: x");
  /* Colons and blanks of other scripts: French has a blank before the colon that does not break. */
  base("回复：会议", "会议");
  base("Re：Fw： x", "x");
  base("Réf.\302\240: x", "x");
  base("TR\342\200\257: x", "x");
  base("Re:\302\240\302\240a\343\200\200b", "a b");
  /* The longest, and a colon far behind. */
  base("\330\245\330\271\330\247\330\257\330\251 \330\252\331\210\330\254\331\212\331\207.   (123)   : x", "x");
  base("Re [a blob that is longer than a mark with all that can be in it can ever be]: x", "x");
  base("aw what lies behind this colon is as it is, however far that may be: x", "aw what lies behind this colon is as it is, however far that may be: x");
  /* One letter counts with a blank behind it: neither a drive nor a ratio. */
  base("I:\\daten", "i:\\daten");
  base("R:1", "r:1");
  base("R: R: I: saluti", "saluti");
  base("R:", "r:");
  base("R.: x", "r.: x");
  {
    /* Each octet is looked at a bounded number of times: half a second would be quadratic. */
    enum { N = 1 << 20 };
    char *s = malloc(N);
    slice got;
    if (!s) return 111;
    for (size_t i = 0; i < N; i++) s[i] = "[a]"[i % 3];
    got = subject_base(s, N - 1);
    ok(got.len <= 6, "a million octets of blobs");
    for (size_t i = 0; i < N; i++) s[i] = "re[a]"[i % 5];
    got = subject_base(s, N - 1);
    ok(got.len + 1 == N, "a million octets of marks without a colon");
    for (size_t i = 0; i < N; i++) s[i] = "\345\233\236\345\244\215\357\274\232"[i % 9];
    got = subject_base(s, N - N % 9);
    ok(!got.len, "a million octets of marks");
    memset(s, '[', N);
    got = subject_base(s, N);
    is_int((long long)got.len, N, "a million brackets");
    free(s);
  }
  return done();
}
