/* What the control port's clients ask of their arguments. One that is otherwise ends the program. How long a name may be the server says;
 * what would break its line it never sees. */
#ifndef PORTER_CTLMSG_ARGUMENTS_H
#define PORTER_CTLMSG_ARGUMENTS_H

#include <skalibs/stralloc.h>
#include <skalibs/strerr.h>

#include <porter/control_message.h>
#include <porter/exit.h>

/* Of -n; null where that was not given. */
static inline void check_name(char const *name)
{
  if (name && !control_name_formed(name)) strerr_dief1x(EXIT_USAGE, "a name is letters, digits and _");
}

static inline void check_destination(char const *name)
{
  if (!control_name_formed(name)) strerr_dief1x(EXIT_USAGE, "a destination is @ and letters, digits and _");
}

/* The words with a space between each, which is the text of a message. */
static inline void join_text(stralloc *text, char const *const *words)
{
  for (size_t i = 0; words[i]; i++)
    if ((i && !stralloc_catb(text, " ", 1)) || !stralloc_cats(text, words[i])) strerr_diefu1sys(EXIT_TEMPORARY, "join the text");
  if (!control_text_valid((slice){ text->s, text->len }))
    strerr_dief1x(EXIT_USAGE, "a text is 1 to 8192 printable ASCII characters, spaces and tabs");
}

#endif
