/* Lines of the control protocol, as a server and as a client read them: words lie in the line, a text and a name that pass are printable, what
 * is authenticated was the cookie, and what a client takes for a message it can print. */
#include <string.h>

#include <porter/control_auth.h>
#include <porter/control_client.h>
#include <porter/control_message.h>
#include <porter/control_words.h>

#include "check.h"

static void inside(slice part, slice whole) { check(!part.len || (part.s >= whole.s && part.s + part.len <= whole.s + whole.len)); }

static void printable(slice s)
{
  for (size_t i = 0; i < s.len; i++) check((s.s[i] >= ' ' && s.s[i] <= '~') || s.s[i] == '\t');
}

static void words(slice line)
{
  slice arguments = control_arguments(line), word, destination, text;
  unsigned int count = 0;
  inside(control_word(line), line);
  inside(arguments, line);
  inside(control_chop(line), line);
  if (!control_post_parse(arguments, &destination, &text)) {
    inside(destination, line);
    inside(text, line);
    check(control_text_valid(text));
    check(!destination.len || control_name_valid(destination));
    printable(text);
  }
  unsigned int const counted = control_count(arguments, 1000);
  while (control_next(&arguments, &word)) {
    check(word.len);
    inside(word, line);
    count++;
  }
  check(count == counted || counted == 1000);
}

/* The commands overwrite their line. The cookie is of x; the other nobody can guess. */
static void authenticate(slice line)
{
  control_auth a = CONTROL_AUTH_ZERO;
  control_output o = CONTROL_OUTPUT_ZERO;
  char copy[line.len + 1];
  slice arguments = control_arguments(line);
  memset(a.cookie, 'x', sizeof a.cookie);
  a.cookie_file = "/cookie";
  memcpy(copy, arguments.s, arguments.len);
  if (auth_authenticate(&a, copy, arguments.len, &o) == AUTH_GRANTED) {
    size_t x = 0;
    for (size_t i = 0; i < arguments.len; i++) x += arguments.s[i] == 'x' || arguments.s[i] == '7';
    check(x >= CONTROL_COOKIE_SIZE);
  }
  memcpy(copy, arguments.s, arguments.len);
  check(auth_challenge(&a, copy, arguments.len, &o) != AUTH_GRANTED);
  memcpy(copy, arguments.s, arguments.len);
  if (a.challenged) check(auth_authenticate(&a, copy, arguments.len, &o) != AUTH_GRANTED);
  output_quoted(&o, line);
  for (size_t i = 0; i < o.bytes.len; i++) check((o.bytes.s[i] >= ' ' && o.bytes.s[i] <= '~') || o.bytes.s[i] == '\r' || o.bytes.s[i] == '\n');
  stralloc_free(&o.bytes);
}

static void hear(slice line, unsigned int *block)
{
  control_line heard;
  control_message m;
  if (!control_line_parse(&heard, block, line.s, line.len)) return;
  inside(heard.text, line);
  if (!control_message_parse(&m, heard.text)) return;
  check(m.id);
  inside(m.line, line);
  inside(m.text, m.line);
  inside(m.from, m.line);
  inside(m.to, m.line);
  check(m.from.len && m.from.len <= CONTROL_NAME_MAX && m.to.len && m.to.len <= CONTROL_NAME_MAX && control_text_valid(m.text));
  printable(m.line);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  unsigned int block = 0;
  slice rest = { .s = (char const *)data, .len = size < 16384 ? size : 16384 };
  while (rest.len) {
    char const *end = memchr(rest.s, '\n', rest.len);
    slice line = { .s = rest.s, .len = end ? (size_t)(end - rest.s) + 1 : rest.len };
    words(line);
    authenticate(line);
    hear(control_chop(line), &block);
    rest.s += line.len;
    rest.len -= line.len;
  }
  return 0;
}
