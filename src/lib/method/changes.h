/* Calls that change mails which they name. */
#ifndef PORTER_CHANGES_H
#define PORTER_CHANGES_H

#include <porter/method.h>

/* Where a mail is looked for that is not in the folder named: nowhere; in all folders, the first one counts; in all folders, and all of
 * its copies are changed. */
enum change_where { CHANGE_HERE, CHANGE_FIRST, CHANGE_COPIES };

/* Called once for each folder in which mails were found: 1, or 0 with errno, which then is what became of them. */
typedef int prepare_func(method_call *call, folder *f, void *context);
/* Makes one change and sets what the mail is afterwards, in whatever folder (null where it is no more); 0 with errno. */
typedef int change_func(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *context);
/* Makes what was done in a folder last. EXIT_DONE or EXIT_TEMPORARY. */
typedef int finish_func(method_call *call, folder *f, void *context);

typedef struct changes_s changes;
struct changes_s {
  char const *folder;
  char *const *mids;
  size_t count;
  int every; /* every mail of the folder instead */
  enum change_where anywhere;
  char const *target;    /* the folder in which they are afterwards; null: where they were */
  prepare_func *prepare; /* may be null, as finish may */
  change_func *change;
  finish_func *finish;
  void *context;
};
/* Writes the outcomes (field 1), and where nothing could be done the first error (field 15). */
extern int changes_make(method_call *call, changes const *c);
/* A finish_func: syncs the folder. */
extern int changes_sync(method_call *call, folder *f, void *context);
/* Removes that mail: its outcome, in the arena; null where memory fails. */
extern Porter__Outcome *changes_remove(method_call *call, slice folder_name, slice mid);

#endif
