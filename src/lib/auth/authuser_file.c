/* Accounts in s/qmail's users/authuser. */
#include <string.h>
#include <strings.h>

#include <porter/passwd_file.h>

/* How an entry fits, the strongest last. */
enum fit { FIT_NONE, FIT_ALL, FIT_ANY_DOMAIN, FIT_DOMAIN, FIT_USER, FIT_DISABLED };

static int same(slice s, char const *t, size_t len)
{
  return s.len == len && !memcmp(s.s, t, len);
}

static enum fit fit(slice name, char const *user)
{
  char const *at = strrchr(user, '@');
  if (*name.s == '!') return same((slice){ name.s + 1, name.len - 1 }, user, strlen(user)) ? FIT_DISABLED : FIT_NONE;
  if (same(name, "*", 1)) return FIT_ALL;
  if (same(name, user, strlen(user))) return FIT_USER;
  if (*name.s != '@' || !at) return FIT_NONE;
  if (name.len == 1) return FIT_ANY_DOMAIN;
  return name.len == strlen(at) && !strncasecmp(name.s, at, name.len) ? FIT_DOMAIN : FIT_NONE;
}

void authuser_file_find(slice file, char const *user, identity *id)
{
  enum fit best = FIT_NONE;
  memset(id, 0, sizeof *id);
  while (file.len) {
    char const *end = memchr(file.s, '\n', file.len), *colon;
    slice line = { file.s, end ? (size_t)(end - file.s) : file.len };
    size_t step = line.len + (end != NULL);
    file.s += step;
    file.len -= step;
    while (line.len && strchr(" \t\r", line.s[line.len - 1])) line.len--;
    if (!line.len || *line.s == '#' || !(colon = memchr(line.s, ':', line.len)) || colon == line.s) continue;
    slice name = { line.s, (size_t)(colon - line.s) };
    secret stored = secret_authuser((slice){ colon + 1, line.len - name.len - 1 });
    enum fit f = *user && !strchr("!@*", *user) ? fit(name, user) : FIT_NONE;
    if (id->like.kind == SECRET_NONE) id->like = stored;
    if (f <= best) continue;
    best = f;
    id->stored = f == FIT_DISABLED ? (secret){ SECRET_NONE, SLICE_ZERO } : stored;
    id->name = (slice){ user, strlen(user) };
  }
}
