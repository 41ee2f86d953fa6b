/* What every fuzz target of the mail reader holds its results to. */
#ifndef PORTER_FUZZ_CHECK_H
#define PORTER_FUZZ_CHECK_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <porter/arena.h>
#include <porter/slice.h>
#include <porter/text.h>

#define check(what) do { if (!(what)) abort(); } while (0)

/* Valid UTF-8 without NUL, as protobuf and JSON need it. */
static inline void check_text(slice v)
{
  check(utf8_valid(v.s, v.len) == v.len);
  check(!v.len || !memchr(v.s, 0, v.len));
}

extern int LLVMFuzzerTestOneInput (uint8_t const *, size_t);

#endif
