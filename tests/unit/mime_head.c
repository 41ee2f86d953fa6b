/* What a part's head says besides: parameters, location, languages, encodings that are broken; groups and URLs of fields. */
#include <porter/mail.h>

#include "tap.h"

static mail_charsets plain_charsets = MAIL_CHARSETS_ZERO;

static arena a = ARENA_ZERO;

static mime_part const *part_of(char const *mail)
{
  static mime_tree tree;
  mime_parse(&a, mail, strlen(mail), NULL, &tree);
  return tree.part;
}

static void params(char const *field, char const *want)
{
  char mail[1000], got[1000] = "";
  mime_param *list;
  size_t count;
  snprintf(mail, sizeof mail, "Content-Type: %s\n\n", field);
  ok(mime_params(&a, &plain_charsets, part_of(mail), &list, &count), "params of %s", field);
  for (size_t i = 0; i < count; i++)
    snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s=%.*s", i ? "|" : "", (int)list[i].name.len, list[i].name.s, (int)list[i].value.len, list[i].value.s);
  is_str(got, want, "are these");
}

static void words(void)
{
  slice text, *list;
  size_t count;
  ok(mime_location(&a, &plain_charsets, part_of("Content-Location: http://a.example/\n b c\n\n"), &text), "a location");
  is_bytes(text.s, text.len, "http://a.example/bc", 19, "without white space");
  ok(mime_languages(&a, part_of("Content-Language: de, en-GB (English),fr\n\n"), &list, &count) && count == 3, "languages");
  is_bytes(list[1].s, list[1].len, "en-GB", 5, "without comments");
  ok(mime_encoding_word(&a, part_of("Content-Transfer-Encoding: BASE64 (x)\n\n"), &text), "an encoding");
  is_bytes(text.s, text.len, "base64", 6, "in lower case");
  ok(!mime_broken(part_of("Content-Transfer-Encoding: base64\n\nQUJD\nRA==\n")), "whole base64");
  ok(mime_broken(part_of("Content-Transfer-Encoding: base64\n\nQUJD!RA==\n")), "base64 with other octets");
  ok(mime_broken(part_of("Content-Transfer-Encoding: base64\n\nQUJDR\n")), "base64 cut inside an octet");
  ok(mime_broken(part_of("Content-Transfer-Encoding: base64\n\nQUJDRA==QUJD\n")), "base64 behind its end");
  ok(!mime_broken(part_of("Content-Transfer-Encoding: quoted-printable\n\na=3D= \n=e4\n")), "whole quoted-printable");
  ok(mime_broken(part_of("Content-Transfer-Encoding: quoted-printable\n\na=3\n")), "quoted-printable that is cut");
  ok(mime_broken(part_of("Content-Transfer-Encoding: x-own\n\na\n")), "an unknown encoding");
  ok(!mime_broken(part_of("Content-Transfer-Encoding: 8BIT\n\na\n")), "8bit");
}

static void groups(char const *field, char const *want)
{
  char got[1000] = "";
  mail_group *list;
  size_t count;
  ok(mail_groups(&a, &plain_charsets, FIELD_TO, (slice){ field, strlen(field) }, &list, &count), "groups of %s", field);
  for (size_t i = 0; i < count; i++) {
    snprintf(got + strlen(got), sizeof got - strlen(got), "%s[", list[i].name.s ? "" : "-");
    if (list[i].name.s) snprintf(got + strlen(got), sizeof got - strlen(got), "%.*s:", (int)list[i].name.len, list[i].name.s);
    for (size_t k = 0; k < list[i].count; k++)
      snprintf(got + strlen(got), sizeof got - strlen(got), " %.*s", (int)list[i].list[k].address.len, list[i].list[k].address.s);
    strcat(got, "]");
  }
  is_str(got, want, "are these");
}

static void urls(void)
{
  static char const field[] = "<mailto:a@b.example?subject=x>, (comment <no>)\n <http://c.example/\n d>, <open";
  slice *list;
  size_t count;
  ok(mail_urls(&a, (slice){ field, sizeof field - 1 }, &list, &count) && count == 2, "two URLs");
  is_bytes(list[1].s, list[1].len, "http://c.example/d", 18, "without white space");
}

int main(void)
{
  params("text/plain", "");
  params("text/plain; charset=UTF-8; format=flowed; DelSp=yes", "charset=UTF-8|format=flowed|delsp=yes");
  params("a/b; name*=utf-8''%c3%bc; x=\"a;b\\\"c\"; x=2", "name=ü|x=a;b\"c");
  params("a/b; n*0*=iso-8859-1''%fc; n*1=\"b c\"; m", "n=üb c");
  params("a/b; t==?utf-8?q?=C3=A4?=", "t=ä");
  params("a/b; t=\xe4", "t=ä");
  params("a/b; \xe4=1; *=x; b*x=1", "ä=1");
  words();
  groups("a@x.example, b@x.example", "-[ a@x.example b@x.example]");
  groups("A: a@x.example, \"b, c\" <b@x.example>;, d@x.example", "[A: a@x.example b@x.example]-[ d@x.example]");
  groups("e@x.example, \"Und: mehr\" <f@x.example>, B:;", "-[ e@x.example f@x.example][B:]");
  groups("undisclosed recipients:", "[undisclosed recipients:]");
  groups("A:a@x.example;B:b@x.example;", "[A: a@x.example][B: b@x.example]");
  groups("", "");
  urls();
  arena_free(&a);
  return done();
}
