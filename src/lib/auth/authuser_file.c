/* Accounts in s/qmail's users/authuser. */
#include <string.h>
#include <strings.h>

#include <porter/passwd_file.h>

/* How an entry fits, the strongest last. */
enum fit { FIT_NONE, FIT_ALL, FIT_ANY, FIT_DOMAIN, FIT_USER, FIT_DISABLED };

/* Letter case does not count. */
static int same(slice s, char const *t) { return t && s.len == strlen(t) && !strncasecmp(s.s, t, s.len); }

static enum fit fit(slice name, char const *user)
{
  char const *domain = strrchr(user, '@');
  if (*name.s == '!') {
    slice const whom = { name.s + 1, name.len - 1 };
    return same(whom, user) || same(whom, domain) ? FIT_DISABLED : FIT_NONE;
  }
  return same(name, user) ? FIT_USER : same(name, domain) ? FIT_DOMAIN : same(name, "@") ? FIT_ANY : same(name, "*") ? FIT_ALL : FIT_NONE;
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
    while (line.len && strchr(" \t", line.s[line.len - 1])) line.len--;
    if (!line.len || *line.s == '#' || !(colon = memchr(line.s, ':', line.len)) || colon == line.s) continue;
    slice name = { line.s, (size_t)(colon - line.s) };
    secret stored = secret_authuser((slice){ colon + 1, line.len - name.len - 1 });
    enum fit f = *user && !strchr("!@*", *user) ? fit(name, user) : FIT_NONE;
    if (id->like.kind == SECRET_NONE) id->like = stored;
    if (!f || f < best) continue;
    best = f;
    id->stored = f == FIT_DISABLED ? (secret){ SECRET_NONE, SLICE_ZERO } : stored;
    id->name = f == FIT_USER ? name : slice_of(user);
  }
}
