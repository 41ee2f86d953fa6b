/* HMAC-SHA256 against the vectors of RFC 4231. */
#include <stdlib.h>

#include <skalibs/fmtscan.h>

#include <porter/hmac.h>

#include "tap.h"

static void check (char const *name, slice key, slice const *piece, size_t n, char const *want)
{
  char got[HMAC_SHA256_SIZE], hex[2 * HMAC_SHA256_SIZE];
  hmac_sha256(got, key, piece, n);
  ucharn_fmt(hex, got, sizeof got);
  is_bytes(hex, sizeof hex, want, strlen(want), name);
}

int main (void)
{
  char key[131], data[50];
  memset(key, 0x0b, sizeof key);
  check("case 1", (slice){ key, 20 }, &(slice){ "Hi There", 8 }, 1,
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  slice const cut[] = { { "what do ya", 10 }, { 0, 0 }, { " want for nothing?", 18 } };
  check("case 2, in pieces", (slice){ "Jefe", 4 }, cut, 3,
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  memset(key, 0xaa, sizeof key);
  memset(data, 0xdd, sizeof data);
  check("case 3", (slice){ key, 20 }, &(slice){ data, 50 }, 1,
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  check("case 6: a key longer than a block", (slice){ key, 131 },
    &(slice){ "Test Using Larger Than Block-Size Key - Hash Key First", 54 }, 1,
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  check("an empty key and no piece", (slice)SLICE_ZERO, 0, 0,
    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  ok(hmac_equal("abc", "abc", 3) && !hmac_equal("abc", "abd", 3) && !hmac_equal("xbc", "abc", 3), "hmac_equal");
  return done();
}
