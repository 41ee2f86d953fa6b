/* Where accounts are described: a Dovecot passwd-file, s/qmail's users/authuser, the system. */
#ifndef PORTER_PASSWD_FILE_H
#define PORTER_PASSWD_FILE_H

#include <skalibs/types.h>

#include <porter/account.h>
#include <porter/password.h>
#include <porter/slice.h>

typedef struct identity_s identity;
struct identity_s {
  secret stored;                       /* SECRET_NONE for who is unknown, locked or expired */
  secret like;                         /* what an unknown user shall cost: the first usable secret of the file */
  slice name;                          /* the user, as the file has it; of wildcards, as he came */
  slice uid, gid, groups, home, shell; /* s is null for what the file does not say */
};

/* All slices point into file, or to user. Both functions read the file to its end, whoever it is that comes.
 * passwd_file_find: doc.dovecot.org, "Passwd-file". user:password:uid:gid:gecos:home:shell:extra. A name that fits
 * octet for octet goes before one that fits but for ASCII letter case, then the first line counts. */
extern void passwd_file_find(slice file, char const *user, identity *id);
/* qmail-authuser(8) and its source: !user: and !@domain: (disabled), user:token, @domain:token, @:token, *:token. In this order;
 * of lines with one name the last. ASCII letter case does not count. */
extern void authuser_file_find(slice file, char const *user, identity *id);

/* The system's account (getpwnam, getspnam); its secret is SECRET_NONE if it, or its password, has expired on that day (since 1970).
 * Slices point into room, name, home and shell to what the next call of getpwnam overwrites.
 * 1, or 0 with errno where the system could not be asked. */
typedef struct system_account_s system_account;
struct system_account_s {
  account a;
  char like[512], hash[512], uid[UID_FMT], gid[GID_FMT], groups[ACCOUNT_GROUPS_MAX * (GID_FMT + 1)];
};
extern int system_account_find(char const *user, long day, system_account *room, identity *id);

#endif
