/* bench/mailbox DIR COUNT [small]: makes a Maildir++ of COUNT mails, .Sent of a twentieth and .Archive of a tenth of that
 * (of a 200th and a 100th where small), for benchmarks. The same arguments make the same octets on every machine.
 *
 * A mail has on average 19 KB, 2.4 KB where small: plain text, text beside HTML, or either with attachments; English,
 * German in ISO-8859-1 or UTF-8, Japanese in ISO-2022-JP; names and subjects in encoded words where they need it; as many
 * Received fields as mail has today. One mail in 500 holds the word xyzzyneedle, in its text or in its subject. One in
 * twenty lies in new. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/djbunix.h>
#include <skalibs/strerr.h>
#include <skalibs/stralloc.h>
#include <skalibs/types.h>

#define COUNTOF(a) (sizeof(a) / sizeof *(a))
#define FIRST_DATE INT64_C(1577836800) /* 2020-01-01 */
#define SPAN (5 * 365 * 86400)
#define NEEDLE "xyzzyneedle "
#define PEOPLE 400

char const *PROG = "mailbox";

static char const *const english[] = {
  "the", "of", "and", "to", "in", "that", "is", "was", "for", "with", "on", "as", "have", "but", "they", "which", "you", "all", "would", "there",
  "their", "been", "has", "when", "who", "will", "more", "out", "about", "into", "could", "other", "than", "some", "time", "very", "then", "work",
  "year", "good", "make", "people", "world", "because", "still", "between", "never", "under", "last", "place", "great", "right", "where", "after",
  "project", "meeting", "invoice", "budget", "release", "server", "deadline", "report", "schedule", "contract", "update", "review", "draft",
  "customer", "network", "backup", "storage", "certificate", "migration", "password", "attached", "proposal", "agenda", "minutes", "quarterly",
  "holiday", "delivery", "order", "shipping", "harbour", "berth", "needle", "smith", "garden", "kitchen", "window", "letter", "answer"
};
static char const *const german[] = {
  "der", "die", "und", "in", "den", "von", "zu", "mit", "auf", "nicht", "auch", "nach", "Größe", "Übung", "Straße", "schöne", "Grüße", "Rechnung",
  "über", "Änderung", "möglich", "nächste", "Bestätigung", "Anhänge", "Verfügung", "Köln", "München", "bitte", "morgen", "Angebot", "Termin"
};
/* In ISO-2022-JP: ESC $ B ... ESC ( B. Notice of a meeting; invoice; please confirm; next week's plan; materials; urgent. */
static char const *const japanese[] = {
  "\033$B2q5D$N$*CN$i$;\033(B", "\033$B@A5a=q\033(B", "\033$B$43NG'$/$@$5$$\033(B", "\033$BMh=5$NM=Dj\033(B", "\033$B;qNA\033(B", "\033$B;j5^\033(B"
};
static char const *const first_names[] = { "Anna", "Bob", "Carlos", "Dörte", "Eve", "Frank", "Grace", "Heidi", "Ivan", "Jürgen", "Lena", "Mario",
  "Nina", "Olaf", "Petra", "Rosa", "Søren", "Tom", "Ursula", "Viktor", "Wanda", "Zoë" };
static char const *const last_names[] = { "Smith", "Müller", "García", "Tanaka", "Kowalski", "O'Brien", "Jensen", "Petrov", "Rossi", "Dubois",
  "Schäfer", "Nguyen", "Kim", "Lee", "Silva", "Brown", "Meyer" };
static char const *const domains[] = { "example.org", "example.com", "mail.example.net", "lists.example.org", "corp.example", "uni.example.edu" };
static char const *const flags[] = { "S", "S", "S", "RS", "FS", "S", "", "FRS" };

enum language { ENGLISH, GERMAN, JAPANESE };

struct person { char const *first, *last, *domain; };
struct maker {
  uint64_t seed;      /* of the numbers to come */
  int small;
  struct person people[PEOPLE];
  stralloc text, part, mail; /* what is being made: a text before its encoding, a part, the mail */
};

/* --- numbers: splitmix64 --- */

static uint64_t next(struct maker *m)
{
  uint64_t z = m->seed += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}
static unsigned int below(struct maker *m, unsigned int n) { return (unsigned int)(next(m) % n); }
static unsigned int between(struct maker *m, unsigned int low, unsigned int high) { return low + below(m, high - low + 1); }
static int one_in(struct maker *m, unsigned int n) { return !below(m, n); }
#define PICK(m, table) ((table)[below(m, COUNTOF(table))])

/* --- octets --- */

static void put(stralloc *sa, char const *s)
{
  if (!stralloc_cats(sa, s)) strerr_diefu1sys(111, "allocate");
}
static void put_octets(stralloc *sa, char const *s, size_t len)
{
  if (!stralloc_catb(sa, s, len)) strerr_diefu1sys(111, "allocate");
}
static void putf(stralloc *sa, char const *format, ...)
{
  char line[512];
  va_list args;
  va_start(args, format);
  int const n = vsnprintf(line, sizeof line, format, args);
  va_end(args);
  if (n < 0 || (size_t)n >= sizeof line) strerr_dief1x(111, "a line is too long");
  put_octets(sa, line, (size_t)n);
}

static int is_ascii(char const *s)
{
  while (*s) if ((unsigned char)*s++ > 127) return 0;
  return 1;
}

/* UTF-8 of the Latin-1 range, which is all that this file has, as ISO-8859-1. */
static void to_latin1(stralloc *sa)
{
  size_t n = 0;
  for (size_t i = 0; i < sa->len; i++) {
    unsigned char const c = (unsigned char)sa->s[i];
    sa->s[n++] = c < 0x80 ? (char)c : (char)((c & 0x03) << 6 | ((unsigned char)sa->s[++i] & 0x3f));
  }
  sa->len = n;
}

static void put_base64(stralloc *to, char const *s, size_t len, size_t line)
{
  static char const digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0, column = 0; i < len; i += 3) {
    unsigned char in[3] = { 0, 0, 0 };
    size_t const n = len - i < 3 ? len - i : 3;
    memcpy(in, s + i, n);
    char const out[4] = { digits[in[0] >> 2], digits[(in[0] & 3) << 4 | in[1] >> 4], n > 1 ? digits[(in[1] & 15) << 2 | in[2] >> 6] : '=', n > 2 ? digits[in[2] & 63] : '=' };
    put_octets(to, out, 4);
    column += 4;
    if (line && (column == line || i + 3 >= len)) { put(to, "\n"); column = 0; }
  }
}

static void put_quoted_printable(stralloc *to, char const *s, size_t len)
{
  static char const hex[] = "0123456789ABCDEF";
  size_t column = 0;
  for (size_t i = 0; i < len; i++) {
    unsigned char const c = (unsigned char)s[i];
    if (c == '\n') { put(to, "\n"); column = 0; continue; }
    if (column > 72) { put(to, "=\n"); column = 0; }
    if (c > 126 || c == '=') {
      char const escape[3] = { '=', hex[c >> 4], hex[c & 15] };
      put_octets(to, escape, 3);
      column += 3;
    } else {
      put_octets(to, s + i, 1);
      column++;
    }
  }
}

/* --- fields --- */

static void put_word(stralloc *to, char const *charset, char const *s, size_t len)
{
  putf(to, "=?%s?B?", charset);
  put_base64(to, s, len, 0);
  put(to, "?=");
}

/* A name or a subject: as it is, or in encoded words of at most 30 octets of text, cut between words. */
static void put_words(struct maker *m, stralloc *to, stralloc *words)
{
  if (!stralloc_0(words)) strerr_diefu1sys(111, "allocate");
  words->len--;
  if (is_ascii(words->s)) { put_octets(to, words->s, words->len); return; }
  int const latin1 = one_in(m, 2);
  for (size_t i = 0; i < words->len;) {
    size_t end = words->len - i > 30 ? i + 30 : words->len;
    while (end < words->len && words->s[end - 1] != ' ') end++;
    stralloc piece = STRALLOC_ZERO;
    put_octets(&piece, words->s + i, end - i);
    if (latin1) to_latin1(&piece);
    if (i) put(to, "\n ");
    put_word(to, latin1 ? "iso-8859-1" : "utf-8", piece.s, piece.len);
    stralloc_free(&piece);
    i = end;
  }
}

static void put_address(struct maker *m, stralloc *to, struct person const *p)
{
  stralloc name = STRALLOC_ZERO;
  put(&name, p->first);
  put(&name, " ");
  put(&name, p->last);
  put_words(m, to, &name);
  stralloc_free(&name);
  putf(to, " <p%u@%s>", (unsigned int)(p - m->people), p->domain);
}

static void put_addresses(struct maker *m, char const *field, unsigned int count)
{
  for (unsigned int i = 0; i < count; i++) {
    put(&m->mail, i ? ",\n " : field);
    put_address(m, &m->mail, m->people + below(m, PEOPLE));
  }
  if (count) put(&m->mail, "\n");
}

static void put_date(struct maker *m, time_t when)
{
  static int const offsets[] = { -480, -300, 0, 60, 120, 330, 540 };
  int const minutes = PICK(m, offsets);
  time_t const there = when + minutes * 60;
  struct tm tm;
  char line[64];
  strftime(line, sizeof line, "%a, %d %b %Y %H:%M:%S", gmtime_r(&there, &tm));
  putf(&m->mail, "%s %c%02d%02d", line, minutes < 0 ? '-' : '+', abs(minutes) / 60, abs(minutes) % 60);
}

static void put_subject(struct maker *m, enum language language, int needle)
{
  static char const *const fronts[] = { "", "", "Re: ", "Fwd: ", "[list] " };
  stralloc words = STRALLOC_ZERO;
  put(&m->mail, "Subject: ");
  if (needle) put(&words, NEEDLE);
  put(&words, PICK(m, fronts));
  if (language == JAPANESE) {
    put_octets(&m->mail, words.s, words.len);
    char const *const s = PICK(m, japanese);
    put_word(&m->mail, "ISO-2022-JP", s, strlen(s));
  } else {
    for (unsigned int n = between(m, 2, 9); n; n--) {
      put(&words, language == GERMAN ? PICK(m, german) : PICK(m, english));
      if (n > 1) put(&words, " ");
    }
    put_words(m, &m->mail, &words);
  }
  stralloc_free(&words);
  put(&m->mail, "\n");
}

static void put_received(struct maker *m, time_t when, unsigned int hop)
{
  unsigned int const mx = below(m, 9), last = below(m, 254);
  char const *const from = PICK(m, domains), *const by = PICK(m, domains);
  putf(&m->mail, "Received: from mx%u.%s (mx%u.%s [192.0.2.%u])\n\tby relay%u.%s with ESMTPS id %010llX\n\tfor <user@example.org>; ", mx, from, mx, from, last, hop, by,
    (unsigned long long)(next(m) >> 24));
  put_date(m, when - hop);
  put(&m->mail, "\n");
}

static void put_signature(struct maker *m)
{
  char random[80];
  for (size_t i = 0; i < sizeof random; i += 8) { uint64_t const r = next(m); memcpy(random + i, &r, 8); }
  putf(&m->mail, "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=%s; s=sel;\n\th=from:to:subject:date;\n\tb=", PICK(m, domains));
  put_base64(&m->mail, random, sizeof random, 0);
  put(&m->mail, "\n");
}

/* --- parts: each appends its fields and its octets to `to` --- */

/* Paragraphs of `words` words, lines of at most 72 octets, into m->text. */
static void make_text(struct maker *m, enum language language, unsigned int words, int html)
{
  size_t column = 0;
  m->text.len = 0;
  if (html) put(&m->text, "<html><head><meta charset=\"utf-8\"></head><body>\n<p>");
  while (words--) {
    char const *const word = language == GERMAN ? PICK(m, german) : PICK(m, english);
    if (one_in(m, 60)) { put(&m->text, html ? ".</p>\n<p>" : ".\n\n"); column = 0; }
    if (column) { put(&m->text, column + strlen(word) > 71 ? "\n" : " "); column = column + strlen(word) > 71 ? 0 : column + 1; }
    put(&m->text, word);
    column += strlen(word);
  }
  put(&m->text, html ? ".</p>\n</body></html>\n" : ".\n");
}

static void put_text(struct maker *m, stralloc *to, enum language language, int html)
{
  char const *const sub = html ? "html" : "plain";
  if (language == JAPANESE) {
    putf(to, "Content-Type: text/%s; charset=ISO-2022-JP\nContent-Transfer-Encoding: 7bit\n\n", sub);
    for (unsigned int n = between(m, 8, 30); n; n--) { put(to, PICK(m, japanese)); put(to, one_in(m, 2) ? "\n" : " "); }
    put(to, "\n");
    return;
  }
  make_text(m, language, m->small ? between(m, 40, 200) : between(m, 100, 500), html);
  if (language == ENGLISH) {
    putf(to, "Content-Type: text/%s; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n", sub);
    put_octets(to, m->text.s, m->text.len);
  } else if (one_in(m, 3)) {
    to_latin1(&m->text);
    putf(to, "Content-Type: text/%s; charset=\"iso-8859-1\"\nContent-Transfer-Encoding: 8bit\n\n", sub);
    put_octets(to, m->text.s, m->text.len);
  } else if (one_in(m, 3)) {
    putf(to, "Content-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: base64\n\n", sub);
    put_base64(to, m->text.s, m->text.len, 76);
  } else {
    putf(to, "Content-Type: text/%s; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n", sub);
    put_quoted_printable(to, m->text.s, m->text.len);
  }
}

/* 1 to 200 KB (to 4 KB where small), most of them small. */
static void put_attachment(struct maker *m, stralloc *to)
{
  static char const *const types[][2] = { { "application/pdf", "pdf" }, { "image/png", "png" }, { "image/jpeg", "jpg" }, { "application/zip", "zip" } };
  unsigned int const type = below(m, COUNTOF(types));
  size_t len = (size_t)1024 << (m->small ? below(m, 2) : below(m, 7));
  len += below(m, (unsigned int)len);
  char name[64];
  snprintf(name, sizeof name, "%s-%u.%s", PICK(m, english), below(m, 10000), types[type][1]);
  putf(to, "Content-Type: %s;\n name=\"%s\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment;\n filename=\"%s\"\n\n", types[type][0], name, name);
  m->text.len = 0;
  for (size_t i = 0; i < len; i += 8) { uint64_t const r = next(m); put_octets(&m->text, (char const *)&r, 8); }
  put_base64(to, m->text.s, m->text.len, 76);
}

static void put_multipart(struct maker *m, stralloc *to, char const *kind, char *boundary)
{
  sprintf(boundary, "=_%016llx", (unsigned long long)next(m));
  putf(to, "Content-Type: multipart/%s;\n boundary=\"%s\"\n\n", kind, boundary);
}

static void put_alternative(struct maker *m, stralloc *to, enum language language)
{
  char boundary[32];
  put_multipart(m, to, "alternative", boundary);
  for (int html = 0; html < 2; html++) {
    putf(to, "--%s\n", boundary);
    put_text(m, to, language, html);
  }
  putf(to, "--%s--\n", boundary);
}

static void put_body(struct maker *m, enum language language)
{
  unsigned int const kind = below(m, 100), plain = m->small ? 55 : 50, alternative = m->small ? 88 : 80;
  if (kind < plain) { put_text(m, &m->mail, language, 0); return; }
  if (kind < alternative) { put_alternative(m, &m->mail, language); return; }
  char boundary[32];
  put_multipart(m, &m->mail, "mixed", boundary);
  putf(&m->mail, "This is a multi-part message in MIME format.\n--%s\n", boundary);
  if (one_in(m, 2)) put_text(m, &m->mail, language, 0);
  else put_alternative(m, &m->mail, language);
  for (unsigned int n = m->small ? 1 : between(m, 1, 3); n; n--) {
    putf(&m->mail, "--%s\n", boundary);
    put_attachment(m, &m->mail);
  }
  putf(&m->mail, "--%s--\n", boundary);
}

/* --- mails and folders --- */

enum needle { NO_NEEDLE, IN_TEXT, IN_SUBJECT };

static void make_mail(struct maker *m, time_t when, unsigned int number, enum needle needle)
{
  unsigned int const k = below(m, 100);
  enum language const language = needle || k < 75 ? ENGLISH : k < 90 ? GERMAN : JAPANESE;
  m->mail.len = 0;
  put(&m->mail, "Return-Path: <sender@example.org>\nDelivered-To: user@example.org\n");
  for (unsigned int hops = between(m, 1, m->small ? 3 : 5), i = 0; i < hops; i++) put_received(m, when, i);
  if (!m->small || one_in(m, 3)) put_signature(m);
  put(&m->mail, "Date: ");
  put_date(m, when);
  put(&m->mail, "\n");
  put_addresses(m, "From: ", 1);
  put_addresses(m, "To: ", one_in(m, 3) ? between(m, 2, 3) : 1);
  put_addresses(m, "Cc: ", one_in(m, 3) ? between(m, 1, 4) : 0);
  put_subject(m, language, needle == IN_SUBJECT);
  putf(&m->mail, "Message-ID: <%lld.%llx.%u@%s>\n", (long long)when, (unsigned long long)(next(m) >> 16), number, PICK(m, domains));
  if (below(m, 5) < 2) {
    unsigned long long const id = next(m) >> 24;
    putf(&m->mail, "In-Reply-To: <%llx@example.org>\nReferences: <%llx@example.com>\n <%llx@example.org>\n", id, (unsigned long long)(next(m) >> 24), id);
  }
  put(&m->mail, "MIME-Version: 1.0\n");
  if (needle == IN_TEXT) {
    put(&m->mail, "Content-Type: text/plain; charset=us-ascii\n\n" NEEDLE);
    make_text(m, ENGLISH, 200, 0);
    put_octets(&m->mail, m->text.s, m->text.len);
  } else {
    put_body(m, language);
  }
}

static void write_mail(struct maker *m, char const *path, time_t when)
{
  struct timespec const times[2] = { { .tv_sec = when }, { .tv_sec = when } };
  if (!openwritenclose_unsafe(path, m->mail.s, m->mail.len)) strerr_diefu2sys(111, "write ", path);
  if (utimensat(AT_FDCWD, path, times, 0) < 0) strerr_diefu2sys(111, "set the time of ", path);
}

static void make_folder(struct maker *m, char const *path, unsigned int count, unsigned int first, int in_new)
{
  static char const *const places[] = { "", "/cur", "/new", "/tmp" };
  char name[4300];
  for (size_t i = 0; i < COUNTOF(places); i++) {
    snprintf(name, sizeof name, "%s%s", path, places[i]);
    if (mkdir(name, 0700) < 0) strerr_diefu2sys(111, "make directory ", name);
  }
  for (unsigned int i = 0; i < count; i++) {
    time_t const when = FIRST_DATE + below(m, SPAN);
    make_mail(m, when, first + i, i % 1000 == 500 ? IN_TEXT : i % 1000 == 250 ? IN_SUBJECT : NO_NEEDLE);
    char base[128];
    snprintf(base, sizeof base, "%lld.M%06uP%uQ%u.host,S=%zu", (long long)when, below(m, 1000000), 1000 + i % 30000, i, m->mail.len);
    if (in_new && one_in(m, 20)) snprintf(name, sizeof name, "%s/new/%s", path, base);
    else snprintf(name, sizeof name, "%s/cur/%s:2,%s", path, base, PICK(m, flags));
    write_mail(m, name, when);
  }
}

int main(int argc, char const *const *argv)
{
  static struct { char const *name; unsigned int fraction, first; } const folders[] = { { "", 1, 0 }, { "/.Sent", 20, 1u << 30 }, { "/.Archive", 10, 1u << 31 } };
  static struct maker m;
  unsigned int count;
  if (argc < 3 || !uint0_scan(argv[2], &count)) strerr_dieusage(100, "mailbox DIR COUNT [small]");
  m.small = argc > 3;
  m.seed = count * 2 + (unsigned int)m.small;
  umask(077);
  for (unsigned int i = 0; i < PEOPLE; i++) m.people[i] = (struct person){ PICK(&m, first_names), PICK(&m, last_names), PICK(&m, domains) };
  for (size_t i = 0; i < COUNTOF(folders); i++) {
    char path[4000];
    if (snprintf(path, sizeof path, "%s%s", argv[1], folders[i].name) >= (int)sizeof path) strerr_dief1x(100, "the path is too long");
    make_folder(&m, path, count / folders[i].fraction / (m.small && i ? 10 : 1), folders[i].first, !i);
    if (!i) continue;
    memcpy(path + strlen(path), "/maildirfolder", 15);
    if (!openwritenclose_unsafe(path, "", 0)) strerr_diefu2sys(111, "write ", path);
  }
}
