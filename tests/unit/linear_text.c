/* Input made to cost more than linear time: with arguments PREFIX N does what is called so, for tests/linear-text.t, which counts
 * the instructions of each run_thing(); with PREFIX, its names. Without, everything once, small. */
#include <stdlib.h>
#include <string.h>

#include <porter/mail.h>
#include <porter/search.h>
#include <porter/text.h>
#include "../../src/lib/mail/html.h"
#include "../../src/lib/method/conversations.h"
#include "tap.h"

static int drop(void *context, char const *s, size_t len)
{
  *(size_t *)context += len + (unsigned char)s[0];
  return 1;
}

static void html_text(slice s, size_t *sum)
{
  html h;
  html_open(&h, drop, sum);
  html_feed(&h, s.s, s.len);
  html_finish(&h);
}

static void decode(char const *label, slice s, size_t *sum)
{
  charset_stream cs;
  charset_open(&cs, charset_find(label, strlen(label)));
  for (size_t i = 0; i < s.len; i += 7) charset_feed(&cs, s.s + i, s.len - i < 7 ? s.len - i : 7, drop, sum);
  charset_finish(&cs, drop, sum);
}

static void search(slice s, size_t *sum)
{
  arena a = ARENA_ZERO;
  mail_matcher m;
  int partly;
  if (mail_matcher_init(&m, &a, (slice){ "xyzzyneedle", 11 }, NULL)) *sum += (size_t)mail_matches(&m, &a, s, &partly);
  arena_free(&a);
}

static void accented(slice s, size_t *sum)
{
  arena a = ARENA_ZERO;
  slice out;
  if (text_accented(&a, s, &out)) *sum += out.len;
  arena_free(&a);
}

static void search_accents(slice s, size_t *sum)
{
  slice const pattern = { "xyzzyn\xc3\xa9\xc3\xa9" "dle", 13 };
  arena a = ARENA_ZERO;
  mail_matcher m, *list = &m;
  mime_tree tree;
  mail_excerpt x;
  int partly;
  if (mail_matcher_init(&m, &a, pattern, NULL) && mail_matcher_accents(&m, &a, pattern)) *sum += (size_t)mail_matches(&m, &a, s, &partly);
  if (mime_parse(&a, s.s, s.len, NULL, &tree) && mail_excerpt_make(&a, &tree, &list, 1, &x)) *sum += x.text.len;
  arena_free(&a);
}

static void excerpt(slice s, size_t *sum)
{
  arena a = ARENA_ZERO;
  mail_matcher m, *list = &m;
  mime_tree tree;
  mail_excerpt x;
  if (mail_matcher_init(&m, &a, (slice){ "xyzzyneedle", 11 }, NULL) && mime_parse(&a, s.s, s.len, NULL, &tree) && mail_excerpt_make(&a, &tree, &list, 1, &x))
    *sum += x.text.len;
  arena_free(&a);
}

static void preview(slice s, size_t *sum)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  slice out;
  if (mime_parse(&a, s.s, s.len, NULL, &tree) && mail_preview(&a, &tree, &out)) *sum += out.len;
  arena_free(&a);
}

static void attached(slice s, size_t *sum)
{
  arena a = ARENA_ZERO;
  mime_tree tree;
  int has;
  if (mime_parse(&a, s.s, s.len, NULL, &tree) && mail_has_attachment(&a, &tree, &has)) *sum += (size_t)has;
  arena_free(&a);
}

static void compared(slice s, size_t *sum)
{
  arena a = ARENA_ZERO;
  slice out;
  if (text_compared(&a, s, &out)) *sum += out.len;
  arena_free(&a);
}

static void qp(slice s, size_t *sum)
{
  char *const out = malloc(s.len + TRANSFER_ROOM);
  qp_state st = QP_ZERO;
  if (out) *sum += qp_decode(&st, out, s.s, s.len);
  free(out);
}

static void base64(slice s, size_t *sum)
{
  char *const out = malloc(s.len + TRANSFER_ROOM);
  base64_state st = BASE64_ZERO;
  if (out) *sum += base64_decode(&st, out, s.s, s.len);
  free(out);
}

static void uu(slice s, size_t *sum)
{
  slice lines;
  if (uu_find(s, &lines)) uu_decode(lines, drop, sum);
}

static void utf7(slice s, size_t *sum) { decode("utf-7", s, sum); }
static void gb18030(slice s, size_t *sum) { decode("gb18030", s, sum); }
static void iso2022(slice s, size_t *sum) { decode("iso-2022-jp", s, sum); }
static void utf8(slice s, size_t *sum) { decode("utf-8", s, sum); }

static void mutf7(slice s, size_t *sum)
{
  arena a = ARENA_ZERO;
  slice out;
  if (mutf7_encode(&a, s, &out) && mutf7_decode(&a, out, &out)) *sum += out.len;
  arena_free(&a);
}

/* Threads with ids as a sender finds them who knows how a table without a secret places them: by the upper half of what a product with the golden ratio
 * is, here the same for all. */
static void threads(slice s, size_t *sum)
{
  uint64_t const inverse = 0xf1de83e19937733d;
  thread_numbers t = { .id = NULL };
  for (size_t i = 0; i < s.len; i++) *sum += thread_number(&t, (i + 1) * inverse);
  for (size_t i = 0; i < s.len; i++) *sum += thread_number_find(&t, (i + 1) * inverse);
  thread_numbers_free(&t);
}

/* n times again; with behind, as often as the root of n, and then a field's name of n octets and behind. */
static struct {
  char const *name;
  void (*run)(slice s, size_t *sum);
  char const *begin, *again, *behind;
} const things[] = {
  { "html-less", html_text, "", "<", NULL },
  { "html-comments", html_text, "", "<!--", NULL },
  { "html-references", html_text, "", "&aaaaaaaaa", NULL },
  { "html-style", html_text, "<style>", "</styl", NULL },
  { "html-quotes", html_text, "", "<a b=\"", NULL },
  { "html-blockquotes", html_text, "", "<blockquote>x", NULL },
  { "utf7", utf7, "", "+AA", NULL },
  { "gb18030", gb18030, "", "\x81\x30\x81", NULL },
  { "iso2022", iso2022, "", "\x1b$\x1b", NULL },
  { "utf8", utf8, "", "\xe2\x82", NULL },
  { "qp", qp, "", "= \t", NULL },
  { "base64", base64, "", "A-B\n", NULL },
  { "uu-begins", uu, "", "begin 644 x\n", NULL },
  { "mutf7", mutf7, "", "\xc3\xa4&", NULL },
  { "search-words", search, "Subject: ", "=?a?q?z ", NULL },
  { "search-open-words", search, "Subject: ", "=?a?q?", NULL },
  { "search-addresses", search, "From: ", "\"x\\\"(y", NULL },
  { "search-types", search, "", "Content-Type: image/png\n", NULL },
  { "search-encodings", search, "Content-Type: image/png\n", "Content-Transfer-Encoding: base64\n", NULL },
  { "search-mixed-fields", search, "Content-Type: image/png\n", "Content-Transfer-Encoding: base64\nContent-Type: image/png\n", NULL },
  { "search-prefixes", search, "Content-Type: text/html\n\n", "xyzzyneedl<b>", NULL },
  { "search-name-behind-encodings", search, "", "Content-T: base64\n", ": v\nContent-Type: application/x\n\nhello\n" },
  { "search-name-behind-types", search, "", "Content-Type: image/x\n", ": v\nContent-Type: application/x\n\nhello\n" },
  { "search-name-behind-name", search, "", "Content-Type: image/x\n", " \n\nx" },
  { "search-quotes", search, "\n", "\"", NULL },
  { "search-backslashes", search, "\n", "\\", NULL },
  { "search-nearly", search, "\n", "xyzzyneedlxyzzy", NULL },
  { "search-beyond", search, "\n", "\xc3\xa9xyzz", NULL },
  { "search-beyond-run", search, "\n", "\xc3\xa9", NULL },
  { "search-beyond-escapes", search, "Content-Transfer-Encoding: quoted-printable\n\n", "=C3=A9", NULL },
  { "search-beyond-soft", search, "Content-Transfer-Encoding: quoted-printable\n\n", "=C3=\n", NULL },
  { "search-references", search, "Content-Type: text/html\n\n", "&eacute;xyz", NULL },
  { "search-japanese", search, "\n", "\x1b$B!!!!", NULL },
  { "compared", compared, "", "\xef\xac\x83\xea\xb0\x81", NULL },
  { "accented-marks", accented, "e", "\xcc\x82\xcc\xa3", NULL },
  { "accented-letters", accented, "", "\xe1\xbb\x87 ", NULL },
  { "accents-others", search_accents, "Subject: xyzzyneedle\n\n", "xyzzyneedle ", NULL },
  { "accents-marks", search_accents, "\n", "xyzzyn\xcc\x82\xcc\xa3\xcc\x82\xcc\xa3", NULL },
  { "excerpt-subject", excerpt, "Subject: ", "xyzzyneedle ", NULL },
  { "excerpt-nearly", excerpt, "\n", "xyzzyneedlxyzzy", NULL },
  { "excerpt-unseen", excerpt, "\n", "\xc3\xa9\xc2\xad\xc2\xad\xc2\xad\xc2\xad\xc2\xad\xc2\xad", NULL },
  { "excerpt-html", excerpt, "Content-Type: text/html; charset=utf-8\n\n\xc3\xa9", "xyzzy&shy;need<b>", NULL },
  { "attached-pictures", attached, "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n<img src=cid:x>\n", "--b\nContent-Type: image/png\nContent-ID: <x>\n\nx\n", NULL },
  { "attached-references", attached, "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: image/png\nContent-ID: <x>\n\nx\n--b\nContent-Type: text/html\n\n", "<a href=\"", NULL },
  { "attached-messages", attached, "Content-Type: multipart/digest; boundary=b\n\n", "--b\n\nx: y\n\nx\n", NULL },
  { "preview-alternatives", preview, "Content-Type: multipart/alternative; boundary=x\n\n", "--x\n\nno HTML\n--x\nContent-Type: text/html\n\n<p>\n",
    NULL },
  { "preview-enriched", preview, "Content-Type: text/enriched\n\n", "<param>", NULL },
  { "preview-html-in-text", preview, "\n<p>", "< /p", NULL },
  { "preview-quotes", preview, "\n", "On 2020 x:\n> y\n", NULL },
  { "threads", threads, "", "x", NULL },
  { "preview-parts", preview, "Content-Type: multipart/mixed; boundary=x\n\n", "--x\n\n", NULL },
};

/* The input for a thing, in memory of the caller's. */
static slice make_input(size_t i, size_t n)
{
  char const *const behind = things[i].behind;
  size_t const begin = strlen(things[i].begin), again = strlen(things[i].again);
  char *const s = malloc(begin + n * (again + 1) + 100), *p = s;
  if (!s) return (slice)SLICE_ZERO;
  p = mempcpy(p, things[i].begin, begin);
  for (size_t k = 0; behind ? k * k < n : k < n; k++) p = mempcpy(p, things[i].again, again);
  if (behind) {
    p = stpcpy(p, "content-");
    p = stpcpy((char *)memset(p, 'x', n) + n, behind);
  }
  return (slice){ s, (size_t)(p - s) };
}

void __attribute__((noinline)) run_thing(size_t i, slice input, size_t *sum);
void run_thing(size_t i, slice input, size_t *sum) { things[i].run(input, sum); }

int main(int argc, char **argv)
{
  size_t const n = argc == 3 ? strtoul(argv[2], NULL, 10) : 100;
  size_t sum = 0;
  for (size_t i = 0; i < sizeof things / sizeof *things; i++) {
    slice input;
    if (argc > 1 && strncmp(argv[1], things[i].name, strlen(argv[1]))) continue;
    if (argc == 2) {
      puts(things[i].name);
      continue;
    }
    input = make_input(i, n);
    if (!input.s) return 111;
    run_thing(i, input, &sum);
    free((void *)(uintptr_t)input.s);
    if (argc == 1) ok(1, "%s ends", things[i].name);
  }
  return argc == 1 ? done() : sum == (size_t)-1;
}
