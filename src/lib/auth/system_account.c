/* Accounts of the system. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <string.h>

#include <skalibs/fmtscan.h>
#include <skalibs/types.h>

#include <porter/account.h>
#include <porter/passwd_file.h>

/* Where nobody on the system has a password: what Debian's passwd(1) makes. */
#define LIKE "$y$j9T$eqsYx33hCGqlZ6V7vxIhn1$"

static slice words(char const *s) { return s && *s ? slice_of(s) : (slice)SLICE_ZERO; }

static secret copy(secret from, char *to, size_t size)
{
  if (from.kind == SECRET_NONE || from.s.len >= size) return (secret){ SECRET_NONE, SLICE_ZERO };
  memcpy(to, from.s.s, from.s.len);
  return (secret){ from.kind, { to, from.s.len } };
}

/* The first password that can be used: what everybody who has none shall cost. 0 where there is nothing to read. */
static int like(secret *s, char *hash, size_t size)
{
  struct spwd *sp;
  int read = 0;
  *s = (secret){ SECRET_NONE, SLICE_ZERO };
  setspent();
  while (s->kind == SECRET_NONE && (sp = getspent())) {
    read = 1;
    *s = copy(secret_crypt(words(sp->sp_pwdp)), hash, size);
  }
  endspent();
  if (s->kind == SECRET_NONE) *s = secret_crypt(words(LIKE));
  return read;
}

/* Days as shadow(5) counts them; -1 is "not set". A password that must be changed cannot be changed here. */
static int expired(struct spwd const *sp, long day)
{
  if (sp->sp_expire != -1 && day >= sp->sp_expire) return 1;
  return !sp->sp_lstchg || (sp->sp_lstchg != -1 && sp->sp_max != -1 && day > sp->sp_lstchg && day - sp->sp_lstchg > sp->sp_max);
}

static size_t group_list(char *s, account const *a)
{
  size_t n = 0;
  for (size_t i = 0; i < a->group_count; i++) {
    if (i) s[n++] = ',';
    n += gid_fmt(s + n, a->groups[i]);
  }
  s[n] = 0;
  return n;
}

int system_account_find(char const *user, long day, system_account *room, identity *id)
{
  memset(id, 0, sizeof *id);
  if (!like(&id->like, room->like, sizeof room->like)) return errno = EACCES, 0;
  errno = 0;
  struct spwd *sp = getspnam(user);
  if (!sp && errno && errno != ENOENT && errno != ESRCH) return 0;
  int over = sp && expired(sp, day);
  secret shadowed = copy(sp ? secret_crypt(words(sp->sp_pwdp)) : id->stored, room->hash, sizeof room->hash);
  if (!account_find(&room->a, user)) return errno == ENOENT;
  struct passwd *pw = getpwnam(user);
  if (!pw) return errno = EAGAIN, 0;
  id->name = words(pw->pw_name);
  id->home = words(pw->pw_dir);
  id->shell = words(pw->pw_shell);
  id->uid = (slice){ room->uid, uid_fmt(room->uid, room->a.uid) };
  id->gid = (slice){ room->gid, gid_fmt(room->gid, room->a.gid) };
  id->groups = (slice){ room->groups, group_list(room->groups, &room->a) };
  if (!over) id->stored = sp ? shadowed : copy(secret_crypt(words(pw->pw_passwd)), room->hash, sizeof room->hash);
  return 1;
}
