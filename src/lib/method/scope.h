/* The folders that a call looks into, in the order in which it does. */
#ifndef PORTER_SCOPE_H
#define PORTER_SCOPE_H

#include <porter/method.h>

typedef struct scope_s scope;
struct scope_s {
  method_call *call;
  slice *name;
  folder **f;         /* null: not open (any more) */
  folder_seen **seen; /* null, or of each what was seen of it while folders were listed; null of the inbox */
  size_t count;
};
/* Those named, each once; without names the inbox and all others by name. Nothing is opened yet. Functions
 * give EXIT_DONE, or the code of the failure that was answered; scope_end is due in any case. */
extern int scope_named(method_call *call, scope *s, char *const *names, size_t count);
/* The inbox and all others, with what was seen of them. */
extern int scope_all_seen(method_call *call, scope *s);
/* The folder first, and with all the inbox and all others behind it. */
extern int scope_from(method_call *call, scope *s, char const *first, int all);
/* Opens the i-th, if it is not open. 1; 0 where it has gone, or may not be read (which is told on stderr);
 * -1 with errno. */
extern int scope_open(scope *s, size_t i);
/* The failure of that folder, answered. */
extern int scope_fail(scope *s, size_t i);
/* Whether all that are open are still there, as far as their mails were asked for: the failure of the first that is not. */
extern int scope_still(scope *s);
extern void scope_shut(scope *s, size_t i);
extern void scope_end(scope *s);

#endif
