/* Modified UTF-7: what decodes encodes to itself, and the other way round. */
#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  arena a = ARENA_ZERO;
  slice const from = { (char const *)data, size };
  slice name, disk;
  if (mutf7_decode(&a, from, &name)) {
    check_text(name);
    check(mutf7_encode(&a, name, &disk) && disk.len == size && !memcmp(disk.s, data, size));
  }
  check(charset_decode(&a, charset_utf8, from, &name));
  check(mutf7_encode(&a, name, &disk));
  slice back;
  check(mutf7_decode(&a, disk, &back) && back.len == name.len && !memcmp(back.s, name.s, name.len));
  arena_free(&a);
  return 0;
}
