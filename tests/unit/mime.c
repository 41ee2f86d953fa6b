#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <porter/mail.h>

#include "tap.h"

static arena a = ARENA_ZERO;
static mime_tree tree;

/* The tree as "type/subtype(child, child)", with what text leaves hold in quotes. */
static void put_tree(char *s, size_t i)
{
  mime_part const *const part = tree.part + i;
  sprintf(s + strlen(s), "%.*s/%.*s", (int)part->type.len, part->type.s, (int)part->subtype.len, part->subtype.s);
  if (part->kind == MIME_LEAF) {
    if (part->body.len < 60) sprintf(s + strlen(s), " \"%.*s\"", (int)part->body.len, part->body.s);
    return;
  }
  strcat(s, "(");
  for (size_t c = part->first; c; c = tree.part[c].next) {
    if (c != part->first) strcat(s, ", ");
    put_tree(s, c);
  }
  strcat(s, ")");
}

static void parse(char const *s, size_t len)
{
  arena_free(&a);
  if (!mime_parse(&a, s, len, NULL, &tree)) abort();
}

static void is_tree(char const *message, char const *want, char const *name)
{
  char got[4096] = "";
  parse(message, strlen(message));
  put_tree(got, 0);
  is_str(got, want, name);
}

static void is_slice(slice v, char const *want, char const *name)
{
  is_bytes(v.s, v.len, want, strlen(want), name);
}

static void file_name_is(char const *field, char const *want)
{
  char message[1000];
  snprintf(message, sizeof message, "Content-Disposition: attachment; %s\n\n", field);
  parse(message, strlen(message));
  is_bytes(tree.part->file_name.s, tree.part->file_name.len, want, strlen(want), field);
}

static void path_is(size_t i, char const *want)
{
  char path[MIME_PATH_FMT];
  size_t const len = mime_path(&tree, i, path);
  is_bytes(path, len, want, strlen(want), "the path of a part");
}

static void find_is(char const *path, size_t want)
{
  is_int((long long)mime_find(&tree, path, strlen(path)), (long long)want, path);
}

static void trees(void)
{
  is_tree("", "text/plain \"\"", "nothing");
  is_tree("Subject: x\n\nbody\n", "text/plain \"body\n\"", "a plain mail");
  is_tree("Content-Type: text\n\n", "text/plain \"\"", "no subtype");
  is_tree("Content-Type: TEXT/Html;charset=x\n\n", "text/html \"\"", "letter case");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n",
          "multipart/mixed(text/plain \"one\", text/html \"two\")", "two parts");
  is_tree("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n\r\n--b--\r\n",
          "multipart/mixed(text/plain \"one\r\n\")", "CRLF");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b--\npost\n", "multipart/mixed(text/plain \"one\")", "more");
  is_slice(tree.part->preamble, "pre", "a preamble");
  is_slice(tree.part->epilogue, "post\n", "an epilogue");
  is_slice(tree.part->body, "pre\n--b\n\none\n--b--\npost\n", "the body of a multipart");
  is_slice(tree.part[1].header, "\n", "a head of nothing");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n", "multipart/mixed(text/plain \"one\")", "never closed");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n", "multipart/mixed(text/plain \"one\")", "an empty part at its end");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\n", "multipart/mixed(text/plain \"one\")", "a blank one");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\n\n--b--\n", "multipart/mixed(text/plain \"one\", text/plain \"\")",
          "an empty part that was closed");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\none\n--b\n--b--\n", "multipart/mixed(text/plain \"one\")", "doubled lines");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\ntext at once\n--b--", "multipart/mixed(text/plain \"text at once\")", "no empty line");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\nFrom a@b Sat Apr 19\nContent-Type: text/x\n\none\n--b\nFrom here\nit is\n--b\nFrom a\n--b--",
          "multipart/mixed(text/x \"one\", text/plain \"From here\nit is\", text/plain \"From a\")", "mbox's line, and what is none");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/x\n--b--", "multipart/mixed(text/x \"\")", "a head alone");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n\n--bb\n--b-\n --b\n--b--x\n--b \t\n\ntwo\n--b--  \n",
          "multipart/mixed(text/plain \"--bb\n--b-\n --b\n--b--x\", text/plain \"two\")", "what is no boundary, and blanks behind one");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\nno parts\n", "multipart/mixed()", "no parts");
  is_slice(tree.part->preamble, "no parts\n", "all is preamble");
  is_tree("Content-Type: multipart/mixed\n\n--\n", "multipart/mixed()", "no boundary");
  is_tree("Content-Type: multipart/mixed; boundary=\"a\n b\"\n\n--a b\n\none\n", "multipart/mixed(text/plain \"one\")", "a folded boundary");
  is_tree("Content-Type: multipart/mixed; boundary==_x ; y=z\n\n--=_x\n\none\n", "multipart/mixed(text/plain \"one\")", "an unquoted one");
  is_tree("Content-Type: multipart/mixed; boundary*0=a; boundary*1=b\n\n--ab\n\none\n", "multipart/mixed(text/plain \"one\")", "a continued one");
  is_tree("Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/alternative; boundary=i\n\n--i\n\none\n--o\n\ntwo\n",
          "multipart/mixed(multipart/alternative(text/plain \"one\"), text/plain \"two\")", "the outer one ends the inner");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\nx\n--b--\n",
          "multipart/mixed(multipart/mixed(text/plain \"one\"))", "the innermost of two that are the same");
  is_tree("Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=a--\n\n--a--\n\none\n--a----\n--a--\n",
          "multipart/mixed(multipart/mixed(text/plain \"one\"))", "one that looks like the other's end");
  is_tree("Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: x\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n",
          "multipart/digest(message/rfc822(text/plain \"one\"), text/html \"two\")", "a digest");
  is_tree("Content-Type: message/rfc822\n\nSubject: x\n\none\n", "message/rfc822(text/plain \"one\n\")", "a message");
  is_slice(tree.part[1].head.field[FIELD_SUBJECT], " x", "has a head");
  is_slice(tree.part->body, "Subject: x\n\none\n", "and is a body");
  is_tree("Content-Type: message/delivery-status\n\nStatus: 5\n", "message/delivery-status \"Status: 5\n\"", "no message");
  is_tree("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeAoKb25lCg==\n",
          "message/rfc822(text/plain \"one\n\")", "an encoded message");
  is_tree("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nSubject: x\n\none\n",
          "message/rfc822(text/plain \"one\n\")", "one that is said to be encoded, and is not");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/global\nContent-Transfer-Encoding: quoted-printable\n\n"
          "Subject:=20x\n\none\n=2D-b\n--b\n\ntwo\n--b--\n",
          "multipart/mixed(message/global(text/plain \"one\n--b\"), text/plain \"two\")", "what is encoded has boundaries of its own");
  is_tree("Content-Type: multipart/mixed; boundary=b\n\n--b\n\taccess-type=x\nContent-Type: text/x\n\none\n--b--\n",
          "multipart/mixed(text/x \"one\")", "a folded line without its field");
}

static void fields(void)
{
  is_tree("Content-Type: image/png; name=\"a.png\"; charset=UTF-8 (x)\nContent-ID: <x@y>\nContent-Transfer-Encoding: Base64 (x)\n"
          "Content-Disposition: INLINE; filename=b.png\n\n", "image/png \"\"", "fields of a part");
  is_slice(tree.part->file_name, "b.png", "the disposition's file name goes first");
  is_slice(tree.part->charset, "utf-8", "charset");
  is_slice(tree.part->content_id, "x@y", "content id");
  is_slice(tree.part->disposition_word, "inline", "disposition");
  is_int(tree.part->disposition, DISPOSITION_INLINE, "inline");
  is_int(tree.part->encoding, ENCODING_BASE64, "encoding");
  is_tree("Content-Disposition: foo\nContent-Type: text/x; name=a\n\n", "text/x \"\"", "more");
  is_int(tree.part->disposition, DISPOSITION_ATTACHMENT, "an unknown disposition is an attachment");
  is_slice(tree.part->file_name, "a", "the type's file name");
  is_tree("Content-Type: x/y\nContent-Type: z/y\n\n", "x/y \"\"", "the first of two");

  file_name_is("filename=a.txt", "a.txt");
  file_name_is("FileName = \"a.txt\" ", "a.txt");
  file_name_is("filename=a b (1).txt; size=1", "a b (1).txt");
  file_name_is("filename=\"a\\\"b\\\\c;d.txt\"", "a\"b\\c;d.txt");
  file_name_is("filename=\"C:\\TEMP\\x.png\"", "C:\\TEMP\\x.png");
  file_name_is("filename=\"a\"b\".txt\"", "a\"b\".txt");
  file_name_is("filename=\"a.txt\" (x)", "a.txt");
  file_name_is("filename=\"a.txt; size=1", "a.txt");
  file_name_is("filename=\"\"", "");
  file_name_is("filename=a; filename=b", "a");
  file_name_is("(x) filename=a", "a");
  file_name_is("filename==?utf-8?Q?=C3=A9?=", "é");
  file_name_is("filename=\"=?utf-8?Q?=C3?=\n =?utf-8?Q?=A9?=\"", "é");
  file_name_is("filename=\"\xe9\"", "é");
  file_name_is("filename=\"\xc3\xa9\"", "é");
  file_name_is("filename*=utf-8'en'%C3%A9.txt", "é.txt");
  file_name_is("filename*=iso-8859-1''%E9%80.txt", "é€.txt");
  file_name_is("filename*=%41.txt", "A.txt");
  file_name_is("filename*=utf-8''%20a%20b%20", "a b");
  file_name_is("filename*=\"utf-8''a\"", "a");
  file_name_is("filename*=''=?utf-8?Q?=C3=A9?=", "é");
  file_name_is("filename*=utf-8''%zz%4", "%zz%4");
  file_name_is("filename*0=a; filename*1=b", "ab");
  file_name_is("filename*1*=%C3%A9; filename*0*=utf-8''a; filename*2=%41", "aé%41");
  file_name_is("filename*0*=utf-8''%C3; filename*1*=%A9", "é");
  file_name_is("filename*10=k; filename*9=j; filename*0=a", "ajk");
  file_name_is("filename*0=\"=?utf-8?Q?=C3=A9?=\"; filename*1=b", "éb");
  file_name_is("filename*999999999999=a; filename*x=b", "");
  file_name_is("filename*0=a; filename=b", "b");
  file_name_is("filename*=utf-8'%C3%A9", "é");
  file_name_is("filename*=o'neil", "o'neil");
  file_name_is("filename*0=\xc3; filename*1=\xa9", "é");
  file_name_is("filename*0=\xe9; filename*1=\xe8", "éè");
  file_name_is("filename*=utf-8''a%2Eb; filename*0=x; filename*1=y", "a.b");
  file_name_is("filename*0=x; filename*1=y; filename*=utf-8''a%2Eb", "a.b");
  file_name_is("filename", "");
}

static void paths(void)
{
  is_tree("Content-Type: multipart/mixed; boundary=a\n\n--a\n\none\n--a\nContent-Type: message/rfc822\n\n"
          "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntwo\n--b\nContent-Type: message/rfc822\n\n\nthree\n--b--\n--a--\n",
          "multipart/mixed(text/plain \"one\", message/rfc822(multipart/mixed(text/plain \"two\", message/rfc822(text/plain \"three\"))))",
          "a tree of all kinds");
  path_is(0, "");
  path_is(1, "1");
  path_is(2, "2");
  path_is(3, "2");
  path_is(4, "2.1");
  path_is(5, "2.2");
  path_is(6, "2.2.1");
  find_is("", 0);
  find_is("1", 1);
  find_is("2", 2);
  find_is("2.1", 4);
  find_is("2.2", 5);
  find_is("2.2.1", 6);
  find_is("0", 7);
  find_is("3", 7);
  find_is("01", 7);
  find_is("1.1", 7);
  find_is("2.2.2", 7);
  find_is("2.2.1.1", 7);
  find_is("2.", 7);
  find_is(".2", 7);
  find_is("2..1", 7);
  find_is("2.x", 7);
  find_is("99999999999999999999999999", 7);
  is_tree("\nx", "text/plain \"x\"", "a plain mail");
  path_is(0, "1");
  find_is("1", 0);
  find_is("", 1);
  find_is("2", 1);
  is_tree("Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\n\nx", "message/rfc822(message/rfc822(text/plain \"x\"))", "messages");
  path_is(0, "1");
  path_is(1, "1.1");
  path_is(2, "1.1.1");
  find_is("1.1", 1);
  find_is("1.1.1", 2);
}

static void bounds(void)
{
  char *s = malloc(2000000), *p = s, path[MIME_PATH_FMT];
  size_t longest = 0;
  unsigned int depth = 0;
  if (!s) abort();
  for (int i = 0; i < 1000; i++) p += sprintf(p, "Content-Type: multipart/mixed; boundary=%d\n\n--%d\n", i, i);
  parse(s, (size_t)(p - s));
  for (size_t i = 0; i < tree.count; i++) {
    size_t const len = mime_path(&tree, i, path);
    if (len > longest) longest = len;
    if (tree.part[i].depth > depth) depth = tree.part[i].depth;
  }
  is_int(depth, MIME_DEPTH_MAX, "no deeper than the bound");
  is_int((long long)tree.count, MIME_DEPTH_MAX + 1, "what lies deeper is one leaf");
  is_int(tree.part[tree.count - 1].kind, MIME_LEAF, "a leaf");
  ok(longest < MIME_PATH_FMT, "its path has room");
  p = s + sprintf(s, "Content-Type: multipart/mixed; boundary=b\n\n");
  for (int i = 0; i < 20000; i++) p += sprintf(p, "--b\n\n%d\n", i);
  parse(s, (size_t)(p - s));
  ok(tree.count == 10000, "as many parts as the bound");
  slice const rest = tree.part->epilogue;
  ok(rest.s + rest.len == p && !strncmp(rest.s, "--b\n\n9999\n", 9), "the rest is kept behind them");
  free(s);
}

int main(void)
{
  trees();
  fields();
  paths();
  bounds();
  arena_free(&a);
  return done();
}
