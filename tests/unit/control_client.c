/* The lines of the control protocol and the messages in them, as a client reads them. */
#include <porter/control_client.h>

#include "tap.h"

static unsigned int block;

static void line (char const *s, int want, enum control_line_kind kind, unsigned int status, char const *text)
{
  control_line got;
  if (control_line_parse(&got, &block, s, strlen(s)) != want) { ok(0, "%s: accepted or not", s); return; }
  if (!want) { ok(1, "refused: '%s'", s); return; }
  ok(got.kind == kind && got.status == status, "kind and status of '%s'", s);
  is_bytes(got.text.s, got.text.len, text, strlen(text), "its text");
}

static void message (char const *s, int want, uint64_t id, char const *from, char const *to, char const *text)
{
  control_message m;
  if (control_message_parse(&m, (slice){ s, strlen(s) }) != want) { ok(0, "%s: accepted or not", s); return; }
  if (!want) { ok(1, "refused: '%.60s'", s); return; }
  is_int((long long)m.id, (long long)id, s);
  is_bytes(m.from.s, m.from.len, from, strlen(from), "from");
  is_bytes(m.to.s, m.to.len, to, strlen(to), "to");
  is_bytes(m.text.s, m.text.len, text, strlen(text), "text");
}

int main (void)
{
  char long_text[CONTROL_TEXT_MAX + 32] = "POSTMESSAGE 1 a @b ";
  size_t const head = strlen(long_text);

  line("250 OK", 1, CONTROL_END, 250, "OK");
  line("250 ", 1, CONTROL_END, 250, "");
  line("250-version=1", 1, CONTROL_MID, 250, "version=1");
  line("650 BW 1 2", 1, CONTROL_END, 650, "BW 1 2");
  line("", 0, 0, 0, 0);
  line(".", 0, 0, 0, 0);
  line("250", 0, 0, 0, 0);
  line("250x", 0, 0, 0, 0);
  line("25 OK", 0, 0, 0, 0);
  line("2e0 OK", 0, 0, 0, 0);
  line("000 OK", 0, 0, 0, 0);
  line("250+text=", 1, CONTROL_BLOCK, 250, "text=");
  line("250 OK", 1, CONTROL_DATA, 250, "250 OK");
  line("", 1, CONTROL_DATA, 250, "");
  line("..", 1, CONTROL_DATA, 250, ".");
  line(".x", 1, CONTROL_DATA, 250, "x");
  line(".", 1, CONTROL_BLOCK_END, 250, "");
  line("250 OK", 1, CONTROL_END, 250, "OK");

  message("POSTMESSAGE 7 unset @all x", 1, 7, "unset", "all", "x");
  message("650 POSTMESSAGE 18446744073709551615 a_Z9 @b \t \"q\\\" ", 1, UINT64_MAX, "a_Z9", "b", "\t \"q\\\" ");
  message("POSTMESSAGE 7 unset @all  x", 1, 7, "unset", "all", " x");
  message("POSTMESSAGE 7 unset @all ", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7 unset @all", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7 unset all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7 un-set @all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7  @all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 0 a @all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7a a @all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE -7 a @all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 18446744073709551616 a @all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 000000000000000000001 a @all x", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7 a @all x\033[2J", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7 a @all \xc3\xa4", 0, 0, 0, 0, 0);
  message("POSTMESSAGE", 0, 0, 0, 0, 0);
  message("BW 1 2", 0, 0, 0, 0, 0);
  message("POSTMESSAGE 7 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa @all x", 0, 0, 0, 0, 0);
  memset(long_text + head, 'x', CONTROL_TEXT_MAX);
  message(long_text, 1, 1, "a", "b", long_text + head);
  long_text[head + CONTROL_TEXT_MAX] = 'x';
  message(long_text, 0, 0, 0, 0, 0);

  ok(control_name_formed("a_B9") && !control_name_formed("") && !control_name_formed("a b") && !control_name_formed("a\r\nQUIT"), "words");
  ok(control_key_valid("ns/id/$AB") && !control_key_valid("") && !control_key_valid("a b") && !control_key_valid("a\nb"), "keys");
  return done();
}
