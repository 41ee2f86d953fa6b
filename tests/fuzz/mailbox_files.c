/* Files in a mailbox that others write: dovecot-keywords, porter.roles, subscriptions. Whatever is in them, names are valid and each is
 * given once, and a name that is added is found again. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/keywords.h>
#include <porter/roles.h>
#include <porter/text.h>

#include "check.h"
#include "directory.h"

static void put(char const *name, uint8_t const *data, size_t size)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  check(fd >= 0 && write(fd, data, size) == (ssize_t)size);
  close(fd);
}

static void names(mailbox *box, arena *a)
{
  slice const more = { "fuzzed", 6 };
  keywords k;
  folder *f;
  check(folder_open(&f, box, (slice){ "", 0 }) && folder_keywords(f, &k, a));
  for (int i = 0; i < KEYWORDS_MAX; i++) {
    if (!k.name[i].len) continue;
    for (size_t j = 0; j < k.name[i].len; j++) check(k.name[i].s[j] >= 0x20 && k.name[i].s[j] < 0x7f);
    check(keywords_letter(&k, k.name[i]) == 'a' + i);
    check(keywords_name(&k, a, (char)('a' + i)).len == k.name[i].len);
  }
  if (folder_keywords_add(f, box, &k, a, &more, 1)) {
    char const letter = keywords_letter(&k, more);
    check(letter && folder_keywords(f, &k, a) && keywords_letter(&k, more) == letter);
  } else for (int i = 0; i < KEYWORDS_MAX; i++) check(k.name[i].len || k.odd[i].len);
  folder_close(f);
}

static void roles(mailbox *box, arena *a)
{
  static slice const all[] = { { "A", 1 }, { "Drafts", 6 }, { "Sent", 4 }, { "X.y", 3 } };
  folder_roles r;
  slice *list;
  size_t count;
  check(roles_read(&r, a, box, all, 4));
  for (size_t i = 0; i < 4; i++) {
    enum folder_role const role = role_of(&r, all[i]);
    check(role == ROLE_NONE || (r.name[role].len == all[i].len && !memcmp(r.name[role].s, all[i].s, all[i].len)));
  }
  check(subscriptions_read(a, box, &list, &count));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static mailbox box;
  static int begun;
  arena a = ARENA_ZERO;
  if (!begun++) {
    fuzz_enter();
    check(!mkdir("cur", 0700) && !mkdir("new", 0700) && !mkdir("tmp", 0700));
    check(mailbox_open(&box));
  }
  if (size > 65536) return 0;
  put("dovecot-keywords", data, size);
  put("porter.roles", data, size);
  put("subscriptions", data, size);
  names(&box, &a);
  roles(&box, &a);
  arena_free(&a);
  return 0;
}
