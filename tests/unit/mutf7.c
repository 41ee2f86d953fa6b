/* Modified UTF-7 (RFC 3501 5.1.3). With an argument (encode, decode) a filter for tests/charset.t. */
#include <errno.h>

#include <porter/text.h>
#include "hexfilter.h"

static void both(char const *name, char const *disk)
{
  converts(mutf7_encode, name, disk);
  converts(mutf7_decode, disk, name);
}

static void refused(char const *disk, char const *why)
{
  arena a = ARENA_ZERO;
  slice out = SLICE_ZERO;
  errno = 0;
  ok(!mutf7_decode(&a, (slice){ disk, strlen(disk) }, &out) && errno == EILSEQ, "refused: %s", why);
  arena_free(&a);
}

int main(int argc, char **argv)
{
  if (argc > 1) return hex_filter(argv[1][0] == 'e' ? mutf7_encode : mutf7_decode);
  both("", "");
  both("Sent Mail", "Sent Mail");
  both("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
  both("Entwürfe", "Entw&APw-rfe");
  both("R&D", "R&-D");
  both("&-", "&--");
  both("ü&ü", "&APw-&-&APw-");
  both("😀", "&2D3eAA-");
  both("\x01", "&AAE-");
  refused("a&", "a & that nothing follows");
  refused("&APw", "a run without its end");
  refused("&AP-", "half a character");
  refused("&APwA-", "six bits too many");
  refused("&APx-", "bits that are not zero");
  refused("&AGE-", "ASCII that needs no run");
  refused("&ACY-", "& in a run");
  refused("&APw-&APw-", "two runs for one");
  refused("&AP/8-", "/ in a run");
  refused("&AP!8-", "a character that base64 has not");
  refused("&2D0-", "half a surrogate pair");
  refused("&3gA-", "the other half");
  refused("&2D0A4Q-", "half a pair and a letter");
  refused("&AAA-", "NUL");
  refused("Entw\xc3\xbcrfe", "8 bits");
  refused("a\x7f", "a control character");
  return done();
}
