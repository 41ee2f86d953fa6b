/* Base subjects (RFC 5256 2.1). */
#include <stdlib.h>
#include <string.h>

#include <porter/order.h>

#include "tap.h"

static void base(char const *subject, char const *want)
{
  char *copy = malloc(strlen(subject) + 1);
  slice s;
  if (!copy) exit(111);
  strcpy(copy, subject);
  s = subject_base(copy, strlen(copy));
  is_bytes(s.s, s.len, want, strlen(want), subject);
  free(copy);
}

int main(void)
{
  base("hello", "hello");
  base("Re: hello", "hello");
  base("re:re: RE : hello", "hello");
  base("Fwd: FW: hello (fwd)", "hello");
  base("[list] Re: [list] hello", "hello");
  base("Re[2]: hello", "hello");
  base("Re [x]: hello (fwd) (FWD)  ", "hello");
  base("[fwd: hello]", "hello");
  base("[Fwd: Re: [a] hello]", "hello");
  base("[only]", "[only]");
  base("[a][b]", "[b]");
  base("[a] [b] c", "c");
  base("Re: ", "");
  base("", "");
  base("  a \t b\r\n c ", "a b c");
  base("regards", "regards");
  base("Re regards", "Re regards");
  base("[unclosed hello", "[unclosed hello");
  base("[a [b] c", "[a [b] c");
  base("Re: [a] ", "[a]");
  base("(fwd)", "");
  {
    /* Each octet is looked at a bounded number of times: half a second would be quadratic. */
    enum { N = 1 << 20 };
    char *s = malloc(N);
    slice got;
    if (!s) return 111;
    for (size_t i = 0; i < N; i++) s[i] = "[a]"[i % 3];
    got = subject_base(s, N - 1);
    ok(got.len <= 6, "a million octets of blobs");
    memset(s, '[', N);
    got = subject_base(s, N);
    is_int((long long)got.len, N, "a million brackets");
    free(s);
  }
  return done();
}
