/* A mail that was written is named and placed. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/store.h>

#define FRESH_MAX 10  /* unique names that turn out to be taken */

int folder_deliver(folder *f, mailbox *box, delivery *d)
{
  return mailbox_deliver(d, box, f->fd, 0);
}

/* A base for a mail that was received in a second long gone, where M, P and the counter no longer make it unique: its seconds,
 * and R with 32 random bits behind the counter. */
static int unique_of(mailbox *box, char *s, int64_t seconds, uint64_t size)
{
  static char const hex[] = "0123456789abcdef";
  char now[MAILDIR_NAME_MAX + 1], *host;
  char const *rest;
  unsigned char bits[4];
  size_t len;
  if (getrandom(bits, sizeof bits, 0) != sizeof bits) return 0;
  mailbox_unique(box, now, 1, size);
  rest = strchr(now, '.');
  host = strchr(rest + 1, '.');
  len = int64_fmt(s, seconds > 0 ? seconds : 0);
  memcpy(s + len, rest, (size_t)(host - rest));
  len += (size_t)(host - rest);
  s[len++] = 'R';
  for (size_t i = 0; i < sizeof bits; i++) s[len++] = hex[bits[i] >> 4], s[len++] = hex[bits[i] & 15];
  strcpy(s + len, host);
  return 1;
}

static int name_it(mailbox *box, char *name, char const *flags, int64_t const *date, uint64_t size)
{
  maildir_name n = { .flags = SLICE_ZERO, .rest = SLICE_ZERO };
  char base[MAILDIR_NAME_MAX + 1];
  if (!date) mailbox_unique(box, base, 1, size);
  else if (!unique_of(box, base, *date, size)) return 0;
  if (!*flags) return strcpy(name, base), 1;
  n.base = (slice){ base, strlen(base) };
  n.flags = n.rest = (slice){ "", 0 };
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
  for (int p = 0; p < PLACES; p++) if (f->place[p] >= 0) unlinkat(f->place[p], name, 0);
  errno = error;
}

int folder_is_there(folder const *f, mailbox const *box, slice folder_name)
{
  folder now;
  struct stat a, b;
  int good;
  if (!folder_open(&now, box, folder_name)) return errno == ENOENT ? 0 : -1;
  good = fstat(f->fd, &a) < 0 || fstat(now.fd, &b) < 0 ? -1 : a.st_dev == b.st_dev && a.st_ino == b.st_ino;
  folder_close(&now);
  return good;
}
