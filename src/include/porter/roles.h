/* What folders are for, and what of them is known besides their mails. */
#ifndef PORTER_ROLES_H
#define PORTER_ROLES_H

#include <porter/folder.h>

enum folder_role { ROLE_NONE, ROLE_INBOX, ROLE_DRAFTS, ROLE_SENT, ROLE_TRASH, ROLE_JUNK, ROLE_ARCHIVE, ROLES };

/* Which folder has which role: name[r] is that of r, s null where none has it. First porter.roles beside cur counts (a line each:
 * a role, a blank, a folder; people write it), then names that are usual, of the top level alone. names: all folders of the mailbox, as
 * mailbox_folders has them. */
typedef struct folder_roles_s folder_roles;
struct folder_roles_s {
  slice name[ROLES];
};
extern int roles_read(folder_roles *roles, arena *a, mailbox const *box, slice const *names, size_t count);
extern enum folder_role role_of(folder_roles const *roles, slice name);

/* The folders that Dovecot's subscriptions names, in the order of slice_compare; none where there is no such file. 0 with errno. */
extern int subscriptions_read(arena *a, mailbox const *box, slice **names, size_t *count);

/* Whether its mails can be changed. */
extern int folder_writable(folder const *f);

#endif
