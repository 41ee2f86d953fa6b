/* Accounts in a Dovecot passwd-file. */
#include <string.h>
#include <strings.h>

#include <porter/passwd_file.h>

enum { USER, PASSWORD, UID, GID, GECOS, HOME, SHELL, EXTRA, FIELDS };

/* Splits a line at its first seven colons; fields that are not there are null. */
static void split(slice line, slice *field)
{
  for (int i = 0; i < FIELDS; i++) {
    char const *colon = line.s && i < EXTRA ? memchr(line.s, ':', line.len) : NULL;
    field[i] = line;
    if (colon) {
      field[i].len = (size_t)(colon - line.s);
      line = (slice){ colon + 1, line.len - field[i].len - 1 };
    } else line = (slice)SLICE_ZERO;
  }
}

/* Extra fields that let a user in only somewhere, some time, or by other means: porter cannot know whether they are met. */
static int restricted(slice extra)
{
  static char const *const words[] = { "nologin", "noauthenticate", "expired", "nopassword", "proxy", "proxy_maybe", "allow_nets", "allow_real_nets",
    "local_name", "delay_until", "fail" };
  char const *s = extra.s, *end = s + extra.len;
  while (s < end) {
    size_t len = 0, name;
    while (s + len < end && s[len] != ' ' && s[len] != '\t') len++;
    char const *equals = memchr(s, '=', len);
    name = equals ? (size_t)(equals - s) : len;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
      if (strlen(words[i]) == name && !strncasecmp(words[i], s, name)) return 1;
    s += len;
    while (s < end && (*s == ' ' || *s == '\t')) s++;
  }
  return 0;
}

static slice given(slice s) { return s.len ? s : (slice)SLICE_ZERO; }

void passwd_file_find(slice file, char const *user, identity *id)
{
  size_t user_len = strlen(user);
  int best = 0; /* 1: but for letter case, 2: exactly */
  memset(id, 0, sizeof *id);
  while (file.len) {
    char const *end = memchr(file.s, '\n', file.len);
    slice line = { file.s, end ? (size_t)(end - file.s) : file.len }, field[FIELDS];
    size_t step = line.len + (end != NULL);
    file.s += step;
    file.len -= step;
    if (line.len && line.s[line.len - 1] == '\r') line.len--;
    if (!line.len || *line.s == '#') continue;
    split(line, field);
    int match = field[USER].len != user_len || strncasecmp(field[USER].s, user, user_len) ? 0 : memcmp(field[USER].s, user, user_len) ? 1 : 2;
    if (id->like.kind != SECRET_NONE && match <= best) continue;
    secret stored = field[PASSWORD].s ? secret_dovecot(field[PASSWORD]) : (secret){ SECRET_NONE, SLICE_ZERO };
    if (id->like.kind == SECRET_NONE) id->like = stored;
    if (match <= best || !user_len) continue;
    best = match;
    id->stored = field[EXTRA].s && restricted(field[EXTRA]) ? (secret){ SECRET_NONE, SLICE_ZERO } : stored;
    id->name = field[USER];
    id->uid = given(field[UID]);
    id->gid = given(field[GID]);
    id->home = given(field[HOME]);
    id->shell = given(field[SHELL]);
  }
}
