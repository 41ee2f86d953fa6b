#include <string.h>

#include <porter/mail.h>

#include "tap.h"

static mail_charsets plain_charsets = MAIL_CHARSETS_ZERO;

static void is_text(char const *raw, char const *want)
{
  arena a = ARENA_ZERO;
  slice out;
  if (ok(mail_text(&a, &plain_charsets, (slice){ raw, strlen(raw) }, &out), "memory for it")) is_bytes(out.s, out.len, want, strlen(want), raw);
  arena_free(&a);
}

int main(void)
{
  is_text("", "");
  is_text("  \t ", "");
  is_text(" plain text ", "plain text");
  is_text(" a\n b\r\n\tc", "a b\tc");
  is_text("=?utf-8?Q?caf=C3=A9?=", "café");
  is_text("=?UTF-8?q?a_b=20c?=", "a b c");
  is_text("=?utf-8?B?w6k=?=", "é");
  is_text("=?utf-8?b?w6k?=", "é");
  is_text("a =?utf-8?Q?b?= c", "a b c");
  is_text("=?utf-8?Q?a?= =?utf-8?Q?b?=", "ab");
  is_text("=?utf-8?Q?a?=\n =?koi8-r?B?wcE=?=", "aаа");
  is_text("=?utf-8?Q?a?=b=?utf-8?Q?c?=", "abc");
  is_text("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c");
  /* what lies split between words */
  is_text("=?utf-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café");
  is_text("=?utf-8?B?ww==?= =?utf-8?B?qQ==?=", "é");
  is_text("=?ISO-2022-JP?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=", "日本");
  is_text("=?utf-8?Q?=C3?= =?iso-8859-1?Q?=E9?=", "Ãé");
  /* what senders mean */
  is_text("=?iso-8859-1?Q?=80?=", "€");
  is_text("=?gb2312?B?xOO6ww==?=", "你好");
  is_text("=?ks_c_5601-1987?B?uvG3zg==?=", "비로");
  is_text("=?us-ascii?Q?=C3=A9?=", "é");
  is_text("=?x-unknown?Q?=E9?=", "é");
  is_text("=?utf-8*en?Q?x?=", "x");
  is_text("=??Q?x=C3=A9?=", "xé");
  /* words that are not quite right */
  is_text("=?utf-8?Q?two words?=", "two words");
  is_text("\"=?utf-8?Q?x?=\"", "\"x\"");
  is_text("=?utf-8?Q?a=zz=4?=", "a=zz=4");
  is_text("=?utf-8?B?w*6!k=?=", "é");
  is_text("=?utf-8?Q?\?=", "");
  is_text("=?utf-8?Q?a", "=?utf-8?Q?a");
  is_text("=?utf-8?X?a?=", "=?utf-8?X?a?=");
  is_text("=? utf-8?Q?a?=", "=? utf-8?Q?a?=");
  is_text("=?=?utf-8?Q?a?=", "=?a");
  is_text("=?", "=?");
  is_text("x=?y?=", "x=?y?=");
  /* raw octets */
  is_text("caf\xc3\xa9", "café");
  is_text("caf\xe9", "café");
  is_text("\x93quoted\x94", "“quoted”");
  is_text("\xe9 =?utf-8?Q?=C3=A9?= \xc3\xa9", "é é é");
  {
    arena a = ARENA_ZERO;
    slice out;
    ok(mail_text(&a, &plain_charsets, (slice){ "a\0b=?utf-8?Q?=00?=c", 19 }, &out), "NUL");
    is_bytes(out.s, out.len, "abc", 3, "NUL is dropped");
    arena_free(&a);
  }
  return done();
}
