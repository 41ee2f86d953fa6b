/* Becoming an account, for good. */
#include <errno.h>
#include <sys/types.h>
#include <unistd.h>

#include <skalibs/setgroups.h>
#include <skalibs/types.h>

#include <porter/account.h>

/* gid_scanlist would take a number that is too large for two that are not. */
static int scan_groups(account *a, char const *s)
{
  while (a->group_count < ACCOUNT_GROUPS_MAX) {
    size_t n = gid_scan(s, a->groups + a->group_count);
    if (!n || (s[n] && s[n] != ',')) return 0;
    a->group_count++;
    if (!s[n]) return 1;
    s += n + 1;
  }
  return 0;
}

int account_scan(account *a, char const *uid, char const *gid, char const *gidlist)
{
  errno = EINVAL;
  a->group_count = 0;
  if (!uid || !gid || !uid0_scan(uid, &a->uid) || !gid0_scan(gid, &a->gid)) return 0;
  if (a->uid == (uid_t)-1 || a->gid == (gid_t)-1) return 0;
  return !gidlist || !*gidlist || scan_groups(a, gidlist);
}

static int is(account const *a)
{
  uid_t r, e, s;
  gid_t gr, ge, gs;
  if (getresuid(&r, &e, &s) < 0 || getresgid(&gr, &ge, &gs) < 0) return 0;
  return r == a->uid && e == a->uid && s == a->uid && gr == a->gid && ge == a->gid && gs == a->gid;
}

int account_become(account const *a)
{
  if (!a->uid) return errno = EPERM, 0;
  if (!is(a) || !geteuid()) {
    if (setgroups_and_gid(a->gid, a->group_count ? a->group_count : 1, a->group_count ? a->groups : &a->gid) < 0) return 0;
    if (setresgid(a->gid, a->gid, a->gid) < 0 || setresuid(a->uid, a->uid, a->uid) < 0) return 0;
  }
  /* A capability or a saved id that was left over would show here. */
  if (!is(a) || !setuid(0) || !seteuid(0) || !setresuid(0, 0, 0)) return errno = EPERM, 0;
  return 1;
}
