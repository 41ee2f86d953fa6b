#include <stdio.h>
#include <string.h>

#include <porter/mail.h>

#include "tap.h"

static mail_charsets plain_charsets = MAIL_CHARSETS_ZERO;

/* want: "name <address>, ...", with * in front for a group without members. */
static void are(char const *raw, char const *want)
{
  arena a = ARENA_ZERO;
  mail_address *list;
  size_t count;
  char got[1000] = "";
  if (!ok(mail_addresses(&a, &plain_charsets, FIELD_TO, (slice){ raw, strlen(raw) }, &list, &count), "memory for it")) return;
  for (size_t i = 0; i < count; i++)
    snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s%.*s <%.*s>", i ? ", " : "", list[i].group ? "*" : "",
             (int)list[i].name.len, list[i].name.len ? list[i].name.s : "",
             (int)list[i].address.len, list[i].address.len ? list[i].address.s : "");
  is_str(got, want, raw);
  arena_free(&a);
}

static void ids_are(char const *raw, char const *want)
{
  arena a = ARENA_ZERO;
  slice *list;
  size_t count;
  char got[1000] = "";
  if (!ok(mail_ids(&a, (slice){ raw, strlen(raw) }, &list, &count), "memory for it")) return;
  for (size_t i = 0; i < count; i++)
    snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", i ? " " : "", (int)list[i].len, list[i].s);
  is_str(got, want, raw);
  arena_free(&a);
}

/* Fields of a kind are joined, up to so many addresses, and no field is read behind these. */
static void many(void)
{
  enum { FIELDS = 40, EACH = 100000 };
  static char field[FIELDS * (2 * EACH + 5)];
  arena a = ARENA_ZERO;
  mail_head head;
  mail_address *list;
  size_t count, len = 0;
  for (int i = 0; i < FIELDS; i++) {
    memcpy(field + len, "To: ", 4), len += 4;
    for (int k = 0; k < EACH; k++) memcpy(field + len, i % 2 ? "a:" : "a,", 2), len += 2;
    field[len++] = '\n';
  }
  mail_head_scan(&head, field, len);
  ok(mail_address_fields(&a, &plain_charsets, &head, (slice){ field, len }, FIELD_TO, &list, &count), "memory for four million addresses");
  ok(count >= MAIL_ADDRESSES_MAX && count < MAIL_ADDRESSES_MAX + 10, "of which the first are given");
  arena_free(&a);
}

int main(void)
{
  many();
  /* RFC 5322 3.4 */
  are("", "");
  are(" ", "");
  are("a@b.c", " <a@b.c>");
  are("<a@b.c>", " <a@b.c>");
  are("Foo Bar <a@b.c>", "Foo Bar <a@b.c>");
  are("\"Foo, Bar\" <a@b.c>, d@e.f", "Foo, Bar <a@b.c>,  <d@e.f>");
  are("\"Foo \\\"x\\\" Bar\" <a@b.c>", "Foo \"x\" Bar <a@b.c>");
  are("\"Foo\" Bar \"Baz\" <a@b.c>", "Foo Bar Baz <a@b.c>");
  are("A group: a@b.c, Foo <d@e.f>; x@y.z", " <a@b.c>, Foo <d@e.f>,  <x@y.z>");
  are("undisclosed-recipients:;", "*undisclosed-recipients <>");
  are("Some people: ;, a@b.c", "*Some people <>,  <a@b.c>");
  are("\"a b\"@c.d", " <\"a b\"@c.d>");
  are("\"ab\"@c.d", " <ab@c.d>");
  are("a@[192.0.2.1], b@[IPv6:2001:db8::1]", " <a@[192.0.2.1]>,  <b@[IPv6:2001:db8::1]>");
  are("Foo\n Bar\r\n\t<a@b.c>", "Foo Bar <a@b.c>");
  /* comments */
  are("a@b.c (Name)", "Name <a@b.c>");
  are("(Name) a@b.c", "Name <a@b.c>");
  are("<a@b.c> (Name)", "Name <a@b.c>");
  are("Foo (not) Bar <a@b.c> (this)", "Foo Bar <a@b.c>");
  are("a@b.c (a (b) \\) c)", "a (b) ) c <a@b.c>");
  are("jdoe (John)", "John <jdoe>");
  are("a(x)@(y)b.c", "x y <a@b.c>");
  are("(only)", "only <>");
  /* encoded words */
  are("=?utf-8?Q?J=C3=BCrgen?= <a@b.c>", "Jürgen <a@b.c>");
  are("=?utf-8?Q?J=C3=BCrgen,_X?= <a@b.c>", "Jürgen, X <a@b.c>");
  are("\"=?utf-8?Q?J=C3=BCrgen?=\" <a@b.c>", "Jürgen <a@b.c>");
  are("=?utf-8?Q?J=C3?= =?utf-8?Q?=BC?= <a@b.c>", "Jü <a@b.c>");
  are("=?utf-8?Q?Foo_<a@b.c>?= <d@e.f>", "Foo <a@b.c> <d@e.f>");
  are("a@b.c (=?utf-8?Q?J=C3=BC?=)", "Jü <a@b.c>");
  are("J\xfcrgen <a@b.c>", "Jürgen <a@b.c>");
  are("J\xc3\xbcrgen <\xc3\xbc@b.c>", "Jürgen <ü@b.c>");
  /* RFC 5322 4.4 */
  are("Foo B. Bar <a@b.c>", "Foo B. Bar <a@b.c>");
  are("a @ b . c", " <a@b.c>");
  are(",a@b.c,, d@e.f,", " <a@b.c>,  <d@e.f>");
  are("Foo <@r1,@r2:a@b.c>", "Foo <a@b.c>");
  /* nothing is dropped */
  are("jdoe", " <jdoe>");
  are("Foo, Bar <a@b.c>", " <Foo>, Bar <a@b.c>");
  are("Foo Bar", "Foo Bar <>");
  are("\"x\" <>", "x <>");
  are("<>", "");
  are("a.@b.c, s..palmer@e.com, .a@b.c, a@b..c", " <a.@b.c>,  <s..palmer@e.com>,  <.a@b.c>,  <a@b..c>");
  are("foo@, @bar", "foo@ <>, @bar <>");
  are("a@b.c d@e.f", " <a@b.c>,  <d@e.f>");
  are("a@b.c; d@e.f", " <a@b.c>,  <d@e.f>");
  are("Foo Bar a@b.c", "Foo Bar <a@b.c>");
  are("a@b.c Foo", " <a@b.c>");
  are("Foo <a@b.c> Bar <d@e.f>", "Foo <a@b.c>, Bar <d@e.f>");
  are("Foo <a@b.c> d@e.f", "Foo <a@b.c>,  <d@e.f>");
  are("Foo <a@b.c> Bar", "Foo <a@b.c>");
  are("a@b.c <d@e.f>", "a@b.c <d@e.f>");
  are("Foo <<a@b.c>>", "Foo <a@b.c>");
  are("Foo <a@b.c", "Foo <a@b.c>");
  are("Foo <a@b.c, d@e.f", "Foo <a@b.c>,  <d@e.f>");
  are("Foo a@b.c>", "Foo <a@b.c>");
  are("\"Foo <a@b.c>, d@e.f", "Foo <a@b.c>,  <d@e.f>");
  are("Foo (x <a@b.c>, d@e.f", "Foo (x <a@b.c>,  <d@e.f>");
  are("Foo <mailto:a@b.c>", "Foo <a@b.c>");
  are("Foo <a b@c.d>", "Foo <\"a b\"@c.d>");
  are("Foo <a@b c.d>", "Foo <a@b>");
  are("a@b@c", " <\"a@b\"@c>");
  are("[foo] <a@b.c>", "[foo] <a@b.c>");
  are("Foo: Bar: Baz <a@b.c>;", "Bar: Baz <a@b.c>");
  are("Foo: <a@b.c>", " <a@b.c>");
  are("Foo \\, Bar <a@b.c>", "Foo , Bar <a@b.c>");
  are("a:;b:;", "*a <>, *b <>");
  are(":;", "");
  are("=?utf-8?Q?\?=, a@b.c", " <a@b.c>");
  /* RFC 733's "at", which list archives write so that no address is harvested */
  are("jane at example.org (Jane Doe)", "Jane Doe <jane@example.org>");
  are("jane at example.org, a@b.c", " <jane@example.org>,  <a@b.c>");
  are("\"\ta\" at b.com", " <a@b.com>");
  are("Jane Doe <jane at example.org>", "Jane Doe <jane@example.org>");
  are("Jane at home", "Jane at home <>");
  are("Meet at Joe.", "Meet at Joe. <>");
  are("Jane Doe at example.org", "Jane Doe at example.org <>");
  are("\"a b\" at example.org", "a b at example.org <>");
  /* an address in quotes or brackets alone */
  are("\"a@b.c\"", " <a@b.c>");
  are("\"a@b.c\" (Name)", "Name <a@b.c>");
  are("\"Foo a@b.c\"", "Foo a@b.c <>");
  are("\"a@\"", "a@ <>");
  are("\"=?utf-8?Q?a@b.c?=\"", " <a@b.c>");
  are("[a@b.c]", " <a@b.c>");
  are("Foo [a@b.c]", "Foo <a@b.c>");
  are("[a@[192.0.2.1]", " <\"[a\"@[192.0.2.1]>");
  /* a comment beside a name */
  are("Foo Bar (work)", "Foo Bar (work) <>");
  are("\"Foo Bar\" (=?utf-8?Q?=C3=BC?=)", "Foo Bar (ü) <>");

  ids_are("<a@b>", "a@b");
  ids_are(" <a@b>\n <c@d><e@f> ", "a@b c@d e@f");
  ids_are("Your message of \"Fri, 1 Jan\" <a@b>", "a@b");
  ids_are("<a\n b@c>", "ab@c");
  ids_are("a@b", "a@b");
  ids_are("<a@b", "a@b");
  ids_are("<<a@b>>", "a@b");
  ids_are("no id at all", "");
  ids_are("<>", "");
  /* half of the brackets, or none of one id */
  ids_are("abc@x>", "abc@x");
  ids_are(" abc@x >", "abc@x");
  ids_are("<a@b> c@d>", "a@b c@d");
  ids_are("<a@b>\n <c@d", "a@b c@d");
  ids_are("<a@b <c@d>", "a@b c@d");
  ids_are("a@b> c@d> <e@f>", "a@b c@d e@f");
  ids_are("Your message of Monday a@b>", "a@b");
  ids_are("<story@l.rs> comment@l.rs", "story@l.rs comment@l.rs");
  ids_are("a@b c@d", "a@b c@d");
  ids_are("a@b, c@d,e@f", "a@b c@d e@f");
  ids_are("<a@b>,<c@d>", "a@b c@d");
  ids_are("\"a@b\"", "a@b");
  ids_are("&lt;a@b&gt;", "a@b");
  ids_are("&lt;a@b&gt; &lt;c@d&gt;", "a@b c@d");
  ids_are(">", "");
  ids_are("<", "");
  ids_are("<a@b><", "a@b");
  ids_are("@", "");
  ids_are("a@", "");
  ids_are("@b>", "");
  /* an address in prose is no id */
  ids_are("Message from Peter Z <p@x.nl> \n   of \"Fri, 09 Jun 2006 11:22:13 +0200.\" <1149@lappy> ", "1149@lappy");
  ids_are("Your message from p@x.nl", "");
  ids_are("Message from p@x.nl of 10 Jul 1997 23:28:17 CDT", "");
  ids_are("message from Robert L. Harris on Tuesday July 29", "");
  ids_are("<a@b> (p@x's message of \"Mon\")", "a@b");
  ids_are("<a@b> (p@x)", "a@b");
  ids_are("<a@b> from p@x at Mar 20", "a@b");
  ids_are("<from@x> <a@b>", "from@x a@b");
  /* encoded, as Python's email does with what is long */
  ids_are("=?utf-8?q?=3Ca=40b?=\n =?utf-8?q?=2Ec=3E?=", "a@b.c");
  ids_are("=?utf-8?q?=3Ca=40b=3E_=3Cc=40d=3E?=", "a@b c@d");
  ids_are("<a@b> =?utf-8?q?=3Cc=40d=3E?=", "a@b c@d");
  ids_are("<a=?b@c>", "a=?b@c");
  /* no @: in brackets, or all that there is, and no word */
  ids_are("<19da5f6889905e33>", "19da5f6889905e33");
  ids_are("19da5f6889905e33", "19da5f6889905e33");
  ids_are("1234567", "1234567");
  ids_are("none", "");
  ids_are("undefined", "");
  ids_are("4711", "");
  ids_are("123456 789012", "");
  ids_are("123456>", "");
  ids_are("<\xe9@b>", "é@b");
  return done();
}
