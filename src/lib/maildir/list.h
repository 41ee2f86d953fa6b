/* Reading a small directory, entry by entry. A place, which may have a million, is read by place.c. */
#ifndef PORTER_MAILDIR_LIST_H
#define PORTER_MAILDIR_LIST_H

#include <dirent.h>

/* Opens the directory of that name in dir, which is no link; "." is dir itself, from its start. Null with errno. */
extern DIR *list_open(int dir, char const *name);
/* The next entry but . and .. ; null at the end (errno 0) and where reading fails. */
extern struct dirent *list_next(DIR *list);
/* Closes it and keeps errno; gives result. */
extern int list_close(DIR *list, int result);

#endif
