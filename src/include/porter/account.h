/* Becoming an account, for good. */
#ifndef PORTER_ACCOUNT_H
#define PORTER_ACCOUNT_H

#include <stddef.h>
#include <sys/types.h>

#define ACCOUNT_GROUPS_MAX 4096

/* Who to become. groups are the supplementary ones; where group_count is 0, gid alone. */
typedef struct account_s account;
struct account_s {
  uid_t uid;
  gid_t gid;
  size_t group_count;
  gid_t groups[ACCOUNT_GROUPS_MAX];
};

/* The account of that name (NSS), with its groups. 1, or 0 with errno: ENOENT where there is none, EINVAL where it is in too
 * many groups, or what NSS says. */
extern int account_find(account *a, char const *name);
/* The account that the values of UID, GID and GIDLIST say (decimal; GIDLIST with commas, null or empty for none).
 * 1, or 0 with errno EINVAL: a value is missing, is no number, or is one that means "leave as it is" to the kernel. */
extern int account_scan(account *a, char const *uid, char const *gid, char const *gidlist);
/* The process becomes the account: real, effective and saved. Root, or a uid with that right, takes the account's groups; who is
 * the account already stays it. Then tries to come back. 1, or 0 with errno: EPERM also for uid 0, and where coming back worked. */
extern int account_become(account const *a);

#endif
