#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <porter/mail.h>

#include "tap.h"

static mail_head head;
static char const *message;

static void find_never_lies(char const *s, size_t len, char const *name);

static void scan(char const *s)
{
  message = s;
  mail_head_scan(&head, s, strlen(s));
  find_never_lies(s, strlen(s), "the start of a head, however short, is never misread");
}

/* What mail_head_find says of a start of the message, in memory of its own, against what the whole says. */
static void find_never_lies(char const *s, size_t len, char const *name)
{
  static enum mail_field const fields[] = { FIELD_DATE, FIELD_FROM, FIELD_SUBJECT };
  unsigned int lies = 0;
  mail_head all;
  mail_head_scan(&all, s, len);
  for (size_t i = 0; i <= len; i++) {
    char *copy = malloc(i + 1);
    memcpy(copy, s, i);
    for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
      slice const want = all.field[fields[k]];
      slice value;
      int const found = mail_head_find(&value, fields[k], copy, i, i == len);
      if (found < 0 ? i == len : found != (want.s != NULL)) lies++;
      else if (found > 0 && (value.len != want.len || value.s - copy != want.s - s || memcmp(value.s, want.s, value.len))) lies++;
    }
    free(copy);
  }
  is_int(lies, 0, name);
}

static void mails(void)
{
  glob_t g;
  if (glob("tests/mail/*.eml", 0, NULL, &g)) abort();
  for (size_t i = 0; i < g.gl_pathc; i++) {
    static char s[8192];
    FILE *f = fopen(g.gl_pathv[i], "r");
    size_t const len = f ? fread(s, 1, sizeof s, f) : 0;
    if (!f || fclose(f)) abort();
    find_never_lies(s, len, g.gl_pathv[i]);
  }
  globfree(&g);
}

static unsigned int count_fields(void)
{
  unsigned int count = 0;
  for (size_t i = 0; i < FIELD_COUNT; i++) count += head.field[i].s != NULL;
  return count;
}

/* Names are looked at eight octets at a time: one that differs anywhere is another's, or ends the head. */
static void near_names(void)
{
  static char const *const names[] = { "To", "Bcc", "From", "Sender", "Subject", "Reply-To", "Message-ID", "In-Reply-To", "Content-Type",
    "Content-Location", "Content-Disposition", "Content-Transfer-Encoding" };
  unsigned int wrong = 0;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    for (size_t at = 0; names[i][at]; at++)
      for (int c = 1; c < 256; c++) {
        char s[40];
        int const right = (unsigned char)names[i][at], same = c == right || (right != '-' && c == (right ^ 0x20));
        if (c == '\n') continue; /* "In\nReply-To" */
        sprintf(s, "%s: a\n\nbody", names[i]);
        s[at] = (char)c;
        mail_head_scan(&head, s, strlen(s));
        wrong += count_fields() != (unsigned int)same;
        wrong += c > 32 && c < 127 && c != ':' && strcmp(s + head.body, "body");
      }
  is_int(wrong, 0, "names that differ in one octet");
}

static void field_is(enum mail_field i, char const *want, char const *name)
{
  if (!want) ok(!head.field[i].s, "%s", name);
  else is_bytes(head.field[i].s, head.field[i].len, want, strlen(want), name);
}

static void body_is(char const *want, char const *name)
{
  is_str(message + head.body, want, name);
}

static int join(void *context, char const *s, size_t len)
{
  strncat(context, s, len);
  strcat(context, "|");
  return 1;
}

static int stop(void *context, char const *s, size_t len)
{
  (void)s;
  (void)len;
  ++*(int *)context;
  return 0;
}

int main(void)
{
  char all[100] = "";
  int calls = 0;

  scan("From: a@b\nSubject: x\n y\n\tz\nTo:b\n\nbody\n");
  field_is(FIELD_FROM, " a@b", "a field");
  field_is(FIELD_SUBJECT, " x\n y\n\tz", "a folded field");
  field_is(FIELD_TO, "b", "no blank behind the colon");
  field_is(FIELD_CC, NULL, "a field that is not there");
  body_is("body\n", "the body");
  is_int(head.complete, 1, "the end was seen");

  scan("SUBJECT: x\r\ncontent-TRANSFER-encoding: y\r\n\r\nbody\r\n");
  field_is(FIELD_SUBJECT, " x", "CRLF, letter case");
  field_is(FIELD_CONTENT_ENCODING, " y", "a long name");
  body_is("body\r\n", "the body behind CRLF");

  scan("Subject: one\nSubject: two\nComments: a\nSubject : three\nComments: b\n\n");
  field_is(FIELD_SUBJECT, " one", "the first of repeated fields counts");
  is_int(mail_field_each(message, strlen(message), FIELD_COMMENTS, &join, all), 1, "each of them");
  is_str(all, " a| b|", "in order");
  is_int(mail_field_each(message, strlen(message), FIELD_SUBJECT, &stop, &calls), 0, "a sink that stops");
  is_int(calls, 1, "is not called again");

  scan("Subject : x\nSubjects: y\nSub: z\n\n");
  field_is(FIELD_SUBJECT, " x", "a blank before the colon");

  scan("");
  is_int((long long)head.body, 0, "an empty message");
  is_int(head.complete, 0, "has no end of its head");
  scan("\nbody");
  body_is("body", "no fields");
  scan("just text\nmore\n\nend");
  body_is("just text\nmore\n\nend", "no head: all is text");
  is_int(head.complete, 1, "more would not change that");
  scan("junk\nmore junk\n");
  is_int(head.complete, 0, "a field may follow junk at the end of what was read");

  scan("Received: x\nfolded badly\n yes\nFrom: a\n\nbody");
  field_is(FIELD_FROM, " a", "junk among fields is skipped");
  scan("From: a\ntext at once\nand more\n\nTo: no\n");
  body_is("text at once\nand more\n\nTo: no\n", "junk behind the last field is text");
  field_is(FIELD_TO, NULL, "text has no fields");
  scan("From: a\njunk\nhttp://example.org/\n\n");
  body_is("junk\nhttp://example.org/\n\n", "an address of the web is no field");
  scan("From: a\n--b\nTo: b\n\n");
  body_is("--b\nTo: b\n\n", "a boundary is not skipped");
  scan(" folded from nothing\nFrom: a\n\n");
  field_is(FIELD_FROM, " a", "a folded line without a field");
  scan("From: a\n: nameless\n more\nTo: b\n\nbody");
  field_is(FIELD_TO, " b", "a field without a name");

  scan("From x@y Fri Oct  2 2026\nFrom: a\n\n");
  field_is(FIELD_FROM, " a", "mbox's line");
  scan(">From x@y Fri Oct  2 2026\nFrom: a\n\n");
  field_is(FIELD_FROM, " a", "mbox's line, quoted");
  scan("From : a\n\n");
  field_is(FIELD_FROM, " a", "not mbox's line");
  scan("\xef\xbb\xbf""From: a\n\n");
  field_is(FIELD_FROM, " a", "a byte-order mark");
  scan("\xef\xbb\xbf\r\nFrom: a\n\nb");
  field_is(FIELD_FROM, " a", "a byte-order mark alone on its line");
  body_is("b", "and what follows");

  scan("Subject: x\n \nbody?\n");
  body_is("body?\n", "a line of blanks is folded, what is behind it is text");
  scan("Subject: cut o");
  field_is(FIELD_SUBJECT, " cut o", "a field that was cut");
  is_int(head.complete, 0, "is not complete");
  scan("Subject: x\r");
  field_is(FIELD_SUBJECT, " x", "a CR at the end");
  scan("Bcc:\nCc: \n\n");
  field_is(FIELD_BCC, "", "an empty field is there");
  field_is(FIELD_CC, " ", "so is a blank one");
  mails();
  near_names();
  return done();
}
