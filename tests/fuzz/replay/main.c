/* A fuzz target without a fuzzer: each file named is an input; a finding aborts. */
#include <skalibs/djbunix.h>
#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include "../check.h"

int main(int argc, char **argv)
{
  PROG = "replay";
  if (argc < 2) strerr_dieusage(100, "replay file...");
  for (int i = 1; i < argc; i++) {
    stralloc s = STRALLOC_ZERO;
    if (!openslurpclose(&s, argv[i])) strerr_diefu2sys(111, "read ", argv[i]);
    /* A copy of the exact size, so that the sanitizers see a step too far. */
    uint8_t *const copy = malloc(s.len ? s.len : 1);
    if (!copy) strerr_diefu1sys(111, "read");
    if (s.len) memcpy(copy, s.s, s.len);
    LLVMFuzzerTestOneInput(copy, s.len);
    free(copy);
    stralloc_free(&s);
  }
  return 0;
}
