/* Accounts by name: apart from the rest, so that static programs do without NSS. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <porter/account.h>

int account_find(account *a, char const *name)
{
  struct passwd *pw;
  int n = ACCOUNT_GROUPS_MAX;
  errno = 0;
  pw = getpwnam(name);
  /* For "no such account" the back ends leave all of these (getpwnam(3)). */
  if (!pw && (!errno || errno == ESRCH || errno == EBADF || errno == EPERM)) errno = ENOENT;
  if (!pw) return 0;
  a->uid = pw->pw_uid;
  a->gid = pw->pw_gid;
  if (getgrouplist(name, a->gid, a->groups, &n) < 0) return errno = EINVAL, 0;
  a->group_count = (size_t)n;
  return 1;
}
