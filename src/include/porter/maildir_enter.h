/* The way into a mailbox: a template becomes a path, and the path is walked without being led astray. */
#ifndef PORTER_MAILDIR_ENTER_H
#define PORTER_MAILDIR_ENTER_H

#include <limits.h>
#include <stddef.h>

typedef struct mailbox_path_s mailbox_path;
struct mailbox_path_s {
  char s[PATH_MAX]; /* the whole path, NUL-terminated */
  size_t fixed;     /* octets of it that the administrator wrote (or HOME): links in them are his business */
};

/* Whether s can be one component of a path and nothing else: 1 to 255 octets, no leading dot, no slash, no control bytes. */
extern int mailbox_component(char const *s, size_t len);
/* Fills the template: %u is user, %n what precedes its last @ (all of it without one), %d what follows that @, %h home, %% a
 * percent sign. user and home may be null where the template does not ask for them. An absolute path comes out.
 * 1, or 0 with errno: EINVAL for a template that is not absolute, has an unknown %, or .. or %h where they do not belong;
 * EPERM for a value that is missing or harmful; ENAMETOOLONG. */
extern int mailbox_expand(mailbox_path *path, char const *template, char const *user, char const *home);
/* Goes there. What lies below the fixed part is walked without following links, and never leaves it. With make, what is missing
 * below the fixed part is made, for the owner alone, and the mailbox gets its cur, new and tmp. Otherwise they must be there.
 * 1, or 0 with errno: ENOTDIR or ELOOP where something is no directory, ENOENT, EACCES and so on as the system says. */
extern int mailbox_enter(mailbox_path const *path, int make);
/* Whether an errno of it is the system's trouble, which may pass; else there is no mailbox for whoever asks. */
extern int mailbox_trouble(int e);

#endif
