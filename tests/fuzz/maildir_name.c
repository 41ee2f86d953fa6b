/* Names of files: the parts make the whole, flags come out sorted and once, a mid is printable and leads back to its base. */
#include <string.h>

#include <porter/maildir.h>

#include "check.h"

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  char const *s = (char const *)data;
  char name[MAILDIR_NAME_MAX + 1], standard[sizeof MAILDIR_FLAGS];
  arena a = ARENA_ZERO;
  maildir_name n, again;
  uint64_t octets;
  int64_t time;
  slice mid;
  if (size > MAILDIR_NAME_MAX || (size && memchr(s, 0, size))) return 0;
  maildir_name_split(&n, s, size);
  size_t const before = n.base.len + n.uid.len + n.tail.len;
  check(before + (n.separator ? 3 + n.flags.len + n.rest.len : 0) <= size);
  check(n.separator || before == size);
  maildir_name_standard(standard, &n);
  check(strlen(standard) < sizeof standard);
  if (maildir_name_flags(name, &n, "FS", "R", size % 2)) {
    check(strlen(name) <= MAILDIR_NAME_MAX);
    maildir_name_split(&again, name, strlen(name));
    for (size_t i = 1; i < again.flags.len; i++) check((unsigned char)again.flags.s[i - 1] < (unsigned char)again.flags.s[i]);
    check(again.flags.len >= 2 && memchr(again.flags.s, 'F', again.flags.len) && !memchr(again.flags.s, 'R', again.flags.len));
  }
  check(maildir_mid(&a, n.base, size % 3 == 0, size, &mid));
  for (size_t i = 0; i < mid.len; i++) check(mid.s[i] >= 0x21 && mid.s[i] <= 0x7e);
  maildir_name_size(n.base, &octets);
  if (maildir_name_time(n.base, 1700000000, &time)) check(time > 0 && time <= 1700086400);
  arena_free(&a);
  return 0;
}
