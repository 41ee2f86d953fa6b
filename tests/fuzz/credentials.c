/* What stands between a stranger and an account: the credentials that he sends, and the password fields of both users files. Fields lie in the
 * octets and have no NUL; a plain secret is passed by itself and by no other password, and no secret at all by none. */
#include <string.h>

#include <porter/credentials.h>
#include <porter/password.h>

#include "check.h"

static void passes(secret const *stored, credentials const *c)
{
  static secret const none = { .kind = SECRET_NONE };
  size_t len = strlen(c->password);
  if (stored->kind == SECRET_PLAIN)
    check((secret_check(stored, &none, c, 0) == 1) == (len && len == stored->s.len && !memcmp(stored->s.s, c->password, len)));
}

static void secrets(slice field, credentials const *c)
{
  secret both[] = { secret_dovecot(field), secret_authuser(field) };
  for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
    check(both[i].kind == SECRET_NONE || (both[i].s.s >= field.s && both[i].s.s + both[i].s.len <= field.s + field.len));
    if (both[i].kind != SECRET_CRYPT) passes(both + i, c);
  }
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static credentials c;
  size_t len = size < CREDENTIALS_MAX + 1 ? size : CREDENTIALS_MAX + 1;
  memcpy(c.s, data, len);
  c.len = len;
  if (!credentials_parse(&c)) return 0;
  char const *all[] = { c.user, c.password, c.challenge };
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) check(!*all[i] || (all[i] >= c.s && all[i] + strlen(all[i]) < c.s + len));
  /* What he sent is what is stored, too. */
  secrets((slice){ .s = (char const *)data, .len = len }, &c);
  secrets(slice_of(c.password), &c);
  return 0;
}
