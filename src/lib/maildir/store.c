/* A mail that was written is named and placed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <porter/store.h>

#include "private.h"

#define FRESH_MAX 10 /* unique names that turn out to be taken */

int folder_deliver(folder *f, mailbox *box, delivery *d) { return mailbox_deliver(d, box, f->fd, 0); }

static int name_it(mailbox *box, char *name, char const *flags, int64_t const *date, uint64_t size)
{
  maildir_name n = { .base = SLICE_ZERO };
  char base[MAILDIR_NAME_MAX + 1];
  if (date) mailbox_unique_at(box, base, *date, 1, size);
  else mailbox_unique(box, base, 1, size);
  if (!*flags) return strcpy(name, base), 1;
  n.base = slice_of(base);
  return maildir_name_flags(name, &n, flags, "", 0) > 0;
}

int folder_store(folder *f, mailbox *box, delivery *d, char const *flags, int64_t const *date, uint64_t size, char *name)
{
  int place = *flags || f->place[PLACE_NEW] < 0 ? PLACE_CUR : PLACE_NEW;
  struct timespec times[2];
  clock_gettime(CLOCK_REALTIME, times);
  times[1] = times[0];
  if (date) {
    times[1] = (struct timespec){ .tv_sec = *date };
    if (*date > times[0].tv_sec) date = NULL;
  }
  if (!mailbox_deliver_written(d, box->mode & 0666, times)) return 0;
  for (int tries = 0; tries < FRESH_MAX; tries++) {
    if (!name_it(box, name, flags, date, size)) return 0;
    if (mailbox_deliver_place(d, f->place[place], name)) return 1;
    if (errno != EEXIST) return 0;
  }
  return 0;
}

void folder_unstore(folder *f, char const *name)
{
  int error = errno;
  for (int p = 0; p < PLACES; p++)
    if (f->place[p] >= 0) unlinkat(f->place[p], name, 0);
  errno = error;
}

int folder_is_there(folder const *f, mailbox *box, slice folder_name)
{
  folder *now;
  int good;
  if (!folder_open(&now, box, folder_name)) return errno == ENOENT ? 0 : -1;
  good = folder_same(f, now);
  folder_close(now);
  return good;
}
