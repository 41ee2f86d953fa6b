/* Users files of both forms, and who asks: what is found lies in the file, an unknown user has no secret. */
#include <string.h>

#include <porter/passwd_file.h>

#include "check.h"

static void look(slice file, char const *user, identity const *id)
{
  slice const *all[] = { &id->uid, &id->gid, &id->groups, &id->home, &id->shell };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    check(!all[i]->s || (all[i]->s >= file.s && all[i]->s + all[i]->len <= file.s + file.len));
  check(!id->name.s || id->name.s == user || (id->name.s >= file.s && id->name.s + id->name.len <= file.s + file.len));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  char user[64];
  size_t len = size ? data[0] % 40 : 0;
  slice file;
  identity id;
  if (size < len + 1) return 0;
  memcpy(user, data + 1, len);
  user[len] = 0;
  if (strlen(user) != len || !len) return 0;
  file = (slice){ (char const *)data + 1 + len, size - 1 - len };
  passwd_file_find(file, user, &id);
  look(file, user, &id);
  authuser_file_find(file, user, &id);
  look(file, user, &id);
  return 0;
}
