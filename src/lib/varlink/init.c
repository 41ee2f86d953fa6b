/* Init, checked and not believed: whoever has taken over the web program writes what he likes here. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <porter/maildir_enter.h>
#include <porter/varlink.h>

static char const *text_of(json_t const *parameters, char const *name)
{
  json_t const *value = json_object_get(parameters, name);
  return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value) ? json_string_value(value) : NULL;
}

/* What base and s have in common, in whole components, is passed over: 1 where that is all of base. */
static int pass_base(char const **s, char const *base)
{
  if (**s != '/') return 0;
  for (;;) {
    size_t len;
    base += strspn(base, "/");
    *s += strspn(*s, "/");
    len = strcspn(base, "/");
    if (!len) return 1;
    if (strcspn(*s, "/") != len || memcmp(*s, base, len)) return 0;
    base += len;
    *s += len;
  }
}

/* The path of a mailbox below base: links in base are the administrator's business, below it there are none. */
static int below(mailbox_path *path, char const *base, char const *s)
{
  size_t n = strlen(base), len;
  if (!pass_base(&s, base) || !*s || n + strlen(s) + 2 > sizeof path->s) return 0;
  memcpy(path->s, base, n);
  path->s[n++] = '/';
  path->fixed = n;
  for (; *s; s += strspn(s, "/")) {
    len = strcspn(s, "/");
    if (!mailbox_component(s, len)) return 0;
    if (n > path->fixed) path->s[n++] = '/';
    memcpy(path->s + n, s, len);
    n += len;
    s += len;
  }
  path->s[n] = 0;
  return 1;
}

/* Whether the mailbox is that of who was authenticated: BASE/user@domain or BASE/domain/user. */
static int is_of(mailbox_path const *path, char const *who)
{
  char const *s = path->s + path->fixed, *at = strrchr(who, '@');
  size_t domain = at ? strlen(at + 1) : 0, local = at ? (size_t)(at - who) : 0;
  if (!strcmp(s, who)) return 1;
  return at && strlen(s) == domain + 1 + local && s[domain] == '/' && !memcmp(s, at + 1, domain) && !memcmp(s + domain + 1, who, local);
}

static int is_here(char const *s)
{
  struct stat here, there;
  if (!*s || !strcmp(s, ".")) return 1;
  return stat(".", &here) == 0 && stat(s, &there) == 0 && here.st_dev == there.st_dev && here.st_ino == there.st_ino;
}

/* All refusals look the same to the client. */
static int refused(void) { return errno = mailbox_trouble(errno) ? EIO : EACCES, 0; }

int varlink_init(json_t const *parameters, varlink_door const *door, char const **invalid)
{
  mailbox_path path;
  char const *mailbox = text_of(parameters, "mailbox_path"), *asked = text_of(parameters, "unix_user");
  *invalid = door->user && !asked ? "unix_user" : mailbox ? NULL : "mailbox_path";
  if (*invalid) return errno = EINVAL, 0;
  errno = EACCES;
  if (door->user && strcmp(door->user, asked)) return refused();
  if (!door->base) return is_here(mailbox) || refused();
  return (below(&path, door->base, mailbox) && (!door->who || is_of(&path, door->who)) && mailbox_enter(&path, 0)) || refused();
}
