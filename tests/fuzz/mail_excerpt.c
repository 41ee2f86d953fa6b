/* Excerpts: the first line is the phrase, the rest a mail. Marks lie in the text, apart and in order, on whole characters; there is a text just
 * where a search finds the phrase in one. */
#include <porter/mail.h>
#include <porter/search.h>

#include "check.h"

static void check_marks(slice text, uint32_t const *marks, size_t count)
{
  size_t end = 0;
  check_text(text);
  check(count % 2 == 0 && count <= 2 * MAIL_EXCERPT_MARKS && !count == !text.len);
  for (size_t i = 0; i < count; i += 2) {
    check(marks[i] >= end && marks[i + 1]);
    end = marks[i] + marks[i + 1];
    check(end <= text.len && (text.s[marks[i]] & 0xc0) != 0x80 && (end == text.len || (text.s[end] & 0xc0) != 0x80));
  }
}

static int found_in(mail_matcher *m, unsigned int where, slice mail)
{
  arena a = ARENA_ZERO;
  int partly;
  m->where = where;
  int const found = mail_matches(m, &a, mail, &partly);
  m->where = 0;
  arena_free(&a);
  return found;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  uint8_t const *const end = size ? memchr(data, '\n', size) : NULL;
  mail_matcher m, *list = &m;
  mime_tree tree;
  mail_excerpt x;
  slice pattern, mail;
  if (!end || end == data) return 0;
  mail = (slice){ (char const *)end + 1, size - (size_t)(end - data) - 1 };
  check(charset_decode(&a, charset_utf8, (slice){ (char const *)data, (size_t)(end - data) }, &pattern));
  check(mail_matcher_init(&m, &a, pattern, NULL) && mime_parse(&a, mail.s, mail.len, NULL, &tree));
  check(mail_excerpt_make(&a, &tree, &list, 1, &x));
  check_marks(x.subject, x.subject_marks, x.subject_count);
  check_marks(x.text, x.text_marks, x.text_count);
  check(x.text.len <= MAIL_EXCERPT_MAX);
  check(!m.compared.len || (found_in(&m, SEARCH_BODY, mail) == (x.text.len > 0) && found_in(&m, SEARCH_SUBJECT, mail) == (x.subject.len > 0)));
  check(mail_matcher_accents(&m, &a, pattern) && mail_excerpt_make(&a, &tree, &list, 1, &x));
  check_marks(x.text, x.text_marks, x.text_count);
  arena_free(&a);
  return 0;
}
