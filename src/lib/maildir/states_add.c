/* A record is added to porter.states: behind what is there, or in a file that is written anew.
 *
 * What can go wrong, and the rule for each:
 * 1. Two calls add one: each writes under the file's lock, and only where the file is, record for record, what it read before it looked at the folders. So
 *    every record is later than all before it. The lock is held for no longer than the write takes.
 * 2. A call is killed, or the disk is full, while it writes: half of a record is not whole, and the next call writes over it.
 * 3. The file has become long: it is written anew with the last records, in tmp, and renamed over the old one under its lock. Who has the old one open sees
 *    that the name leads elsewhere.
 * 4. Something else has its name: it is renamed over; where that cannot be, there are no states of this kind.
 * 5. Somebody holds the lock for good: a call waits LOCK_MS, and then does without.
 * 6. A record that was given out was lost (2; a power failure; an old file that was put back): numbers are the clock's and random, so that none is given
 *    twice.
 *
 * Tests: tests/maildir-states.t. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat2 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/locking.h>

#include "../index/index.h"
#include "private.h"
#include "states.h"

#define LOCK_MS 2000
#define RANDOM_BITS 20

typedef struct adding_s adding;
struct adding_s {
  states const *st;
  mailbox *box;
  int dir;
  char name[MAILDIR_NAME_MAX + 1];
  arena *a;
  states_folder const *now;
  size_t count;
  uint64_t birth, number;
  char *s; /* what will be written */
  size_t len;
};

/* --- a record --- */

int states_same(states_folder const *a, states_folder const *b)
{
  return a->at.birth == b->at.birth && a->at.check == b->at.check && a->at.sequence == b->at.sequence && a->at.mails == b->at.mails
    && a->at.unread == b->at.unread && a->at.octets == b->at.octets && slice_same(a->name, b->name);
}

static int by_id(void const *x, void const *y)
{
  states_folder const *const a = *(states_folder const *const *)x, *const b = *(states_folder const *const *)y;
  return (a->id > b->id) - (a->id < b->id);
}

/* Those that are there, by id. */
static states_folder const **sorted(arena *a, states_folder const *list, size_t count, size_t *there)
{
  states_folder const **const s = arena_array(a, count + 1, sizeof *s);
  *there = 0;
  for (size_t i = 0; s && i < count; i++)
    if (list[i].there) s[(*there)++] = list + i;
  if (s && *there) qsort(s, *there, sizeof *s, by_id);
  return s;
}

static size_t room_for(states_folder const *list, size_t count)
{
  size_t octets = STATES_RECORD;
  for (size_t i = 0; i < count; i++) octets += STATES_ENTRY + list[i].name.len;
  return octets;
}

static void end_record(char *s, size_t len, uint32_t entries, uint64_t birth, uint64_t number, uint32_t ordinal)
{
  memset(s, 0, STATES_RECORD);
  put32(s + RECORD_LEN, (uint32_t)len);
  put32(s + RECORD_ENTRIES, entries);
  put64(s + RECORD_NUMBER, number);
  put32(s + RECORD_ORDINAL, ordinal);
  put64(s + RECORD_STATES_CHECK, states_check(birth, s, len));
}

/* What now differs from the last record, as one. */
static int make_record(adding *w, uint32_t ordinal)
{
  states const *const st = w->st;
  size_t olds, news, i = 0, k = 0, slots = st->slots, len = STATES_RECORD;
  states_folder const **const old = sorted(w->a, st->slot, st->slots, &olds), **const now = sorted(w->a, w->now, w->count, &news);
  char *const s = arena_take(w->a, room_for(w->now, w->count) + 4 * st->slots);
  uint32_t entries = 0;
  if (!old || !now || !s) return 0;
  while (i < olds || k < news) {
    int const order = i == olds ? 1 : k == news ? -1 : by_id(old + i, now + k);
    if (order < 0) len += states_entry(s + len, ENTRY_GONE, (size_t)(old[i] - st->slot), NULL);
    else if (order > 0) {
      if (slots > UINT16_MAX) return errno = EFBIG, 0;
      len += states_entry(s + len, ENTRY_THERE, slots++, now[k]);
    } else if (!states_same(old[i], now[k])) len += states_entry(s + len, ENTRY_THERE, (size_t)(old[i] - st->slot), now[k]);
    else entries--;
    entries++;
    i += order <= 0;
    k += order >= 0;
  }
  end_record(s, len, entries, w->birth, w->number, ordinal);
  w->s = s;
  w->len = len;
  return 1;
}

static int take_number(adding *w)
{
  uint64_t const last = w->st->records ? states_number(w->st, w->st->records - 1) : 0;
  struct timespec now;
  uint64_t bits;
  if (clock_gettime(CLOCK_REALTIME, &now) < 0 || getrandom(&bits, sizeof bits, 0) != sizeof bits) return 0;
  w->number = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
  if (w->number <= last) w->number = last + 1;
  w->number += bits % (UINT64_C(1) << RANDOM_BITS);
  return w->number <= STATES_NUMBER_MAX ? 1 : (errno = EOVERFLOW, 0);
}

/* --- a file that is written anew --- */

static void make_header(char *s, uint64_t birth, int dir)
{
  memset(s, 0, STATES_HEADER);
  memcpy(s, STATES_MAGIC, 8);
  put32(s + 8, STATES_FORMAT);
  put64(s + 16, birth);
  put64(s + 24, machine_started(dir));
  put64(s + 56, index_check(0, s, 56));
}

/* The record from which on they are kept; none where even the last would be too much. */
static size_t first_kept(states const *st)
{
  size_t i = st->records;
  while (i && st->records - i < STATES_KEPT && st->len - st->at[i - 1] <= STATES_LEFT) i--;
  return i;
}

/* The folders that are there get the slots from 0 on, in the order of their old ones; so do those that come later. */
static size_t copy_record(char *to, char const *from, uint64_t birth, uint16_t *map, size_t *slots)
{
  size_t const len = get32(from + RECORD_LEN);
  memcpy(to, from, len);
  for (size_t at = STATES_RECORD; at < len; at += to[at] == ENTRY_GONE ? 4 : STATES_ENTRY + (size_t)(unsigned char)to[at + 1]) {
    uint16_t *const slot = map + get16(to + at + 2);
    if (*slot == UINT16_MAX) *slot = (uint16_t)(*slots)++;
    put16(to + at + 2, *slot);
  }
  put64(to + RECORD_STATES_CHECK, states_check(birth, to, len));
  return len;
}

/* The first record that is kept has all its folders; the others are copied. */
static int copy_kept(adding *w, char **s, size_t *len)
{
  states const *const st = w->st;
  size_t const from = first_kept(st);
  uint16_t *const map = arena_array(w->a, st->slots + 1, sizeof *map);
  states_folder *slot;
  size_t slots = 0, all;
  char *first;
  if (!map || from == st->records || !states_at(st, from, w->a, &slot, &all)) return 0;
  memset(map, 0xff, (st->slots + 1) * sizeof *map);
  *s = arena_take(w->a, STATES_HEADER + room_for(slot, all) + st->len - st->at[from]);
  if (!*s) return 0;
  first = *s + STATES_HEADER;
  *len = STATES_RECORD;
  for (size_t i = 0; i < all; i++) {
    if (!slot[i].there) continue;
    map[i] = (uint16_t)slots++;
    *len += states_entry(first + *len, ENTRY_THERE, map[i], slot + i);
  }
  end_record(first, *len, (uint32_t)slots, st->birth, states_number(st, from), get32(st->s + st->at[from] + RECORD_ORDINAL));
  *len += STATES_HEADER;
  for (size_t i = from + 1; i < st->records; i++) *len += copy_record(*s + *len, st->s + st->at[i], st->birth, map, &slots);
  return 1;
}

/* The last records and the new one, which is made anew, as slots are others now. */
static int make_shorter(adding *w)
{
  states short_of = { .birth = w->st->birth, .inode = w->st->inode, .device = w->st->device };
  states const *const old = w->st;
  uint32_t const ordinal = get32(old->s + old->at[old->records - 1] + RECORD_ORDINAL) + 1;
  char *s;
  int good;
  if (!copy_kept(w, &short_of.s, &short_of.len) || !states_take(&short_of, w->a, short_of.len)) return 0;
  w->st = &short_of;
  good = make_record(w, ordinal);
  w->st = old;
  if (!good || short_of.len + w->len > STATES_MAX || !(s = arena_take(w->a, short_of.len + w->len))) return 0;
  memcpy(s, short_of.s, short_of.len);
  memcpy(s + short_of.len, w->s, w->len);
  make_header(s, w->birth, w->dir);
  w->s = s;
  w->len += short_of.len;
  return 1;
}

/* This moment alone. */
static int make_first(adding *w)
{
  states const none = { .birth = w->birth }, *const old = w->st;
  char *s;
  int good;
  w->st = &none;
  good = make_record(w, 1);
  w->st = old;
  if (!good) return 0;
  if (STATES_HEADER + w->len > STATES_LEFT) return errno = EFBIG, 0;
  if (!(s = arena_take(w->a, STATES_HEADER + w->len))) return 0;
  make_header(s, w->birth, w->dir);
  memcpy(s + STATES_HEADER, w->s, w->len);
  w->s = s;
  w->len += STATES_HEADER;
  return 1;
}

static int write_new(int tmp, char const *unique, char const *s, size_t len)
{
  int const fd = openat(tmp, unique, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  int good;
  if (fd < 0) return 0;
  good = close_keeping(fd, index_write_at(fd, s, len, 0));
  if (!good) unlinkat(tmp, unique, 0);
  return good;
}

/* Under the name: over what has it, which is locked where that can be, or only where nothing has it. */
static int rename_new(adding const *w, int tmp, char const *unique)
{
  int const there = w->st->inode != 0;
  int good = there ? !renameat(tmp, unique, w->dir, w->name) : !renameat2(tmp, unique, w->dir, w->name, RENAME_NOREPLACE);
  if (!good && !there && (errno == EINVAL || errno == ENOSYS)) good = !renameat(tmp, unique, w->dir, w->name);
  if (!good && errno == EEXIST) errno = EAGAIN;
  return good;
}

static int leave_new(adding *w)
{
  char unique[MAILDIR_NAME_MAX + 1];
  int const tmp = w->box->index_dir >= 0 ? w->dir : openat(w->box->fd, "tmp", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  int good, error;
  if (tmp < 0) return 0;
  mailbox_unique(w->box, unique, 0, 0);
  good = write_new(tmp, unique, w->s, w->len);
  if (good && !rename_new(w, tmp, unique)) {
    error = errno;
    unlinkat(tmp, unique, 0);
    errno = error, good = 0;
  }
  return tmp == w->dir ? good : close_keeping(tmp, good);
}

/* --- behind what is there --- */

static int append(adding *w, int fd)
{
  states const *const st = w->st;
  if (!make_record(w, get32(st->s + st->at[st->records - 1] + RECORD_ORDINAL) + 1)) return 0;
  if (st->records >= STATES_RECORDS || st->len + w->len > STATES_MAX) return make_shorter(w) ? leave_new(w) : make_first(w) && leave_new(w);
  if (st->size != st->len && ftruncate(fd, (off_t)st->len) < 0) return 0;
  return index_write_at(fd, w->s, w->len, st->len);
}

static int is_current(adding const *w, int fd)
{
  struct stat of, named;
  return !fstat(fd, &of) && !fstatat(w->dir, w->name, &named, AT_SYMLINK_NOFOLLOW) && of.st_ino == named.st_ino && of.st_dev == named.st_dev;
}

/* Rule 1. */
static int is_as_read(adding const *w)
{
  states now;
  states const *const st = w->st;
  if (!states_read(&now, w->box, w->a)) return 0;
  if (now.inode != st->inode || now.device != st->device || now.birth != st->birth || now.records != st->records) return errno = EAGAIN, 0;
  return !st->records || states_number(&now, now.records - 1) == states_number(st, st->records - 1) ? 1 : (errno = EAGAIN, 0);
}

static int write_locked(adding *w, int fd, int anew)
{
  if (!lock_within(fd, LOCK_MS)) return errno = EBUSY, 0;
  if (!is_current(w, fd)) return errno = EAGAIN, 0;
  if (!is_as_read(w)) return 0;
  return anew ? make_first(w) && leave_new(w) : append(w, fd);
}

int states_add(states const *st, mailbox *box, arena *a, states_folder const *now, size_t count, int anew, uint64_t *birth, uint64_t *number)
{
  adding w = { .st = st, .box = box, .a = a, .now = now, .count = count, .birth = st->birth };
  int fd, good;
  w.dir = mailbox_states_place(box, w.name);
  if (!st->records) anew = 1;
  if (anew && getrandom(&w.birth, sizeof w.birth, 0) != sizeof w.birth) return 0;
  if (!take_number(&w)) return 0;
  fd = openat(w.dir, w.name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd >= 0) good = close_keeping(fd, write_locked(&w, fd, anew));
  else if (anew) good = make_first(&w) && leave_new(&w);
  else good = 0, errno = errno == ENOENT ? EAGAIN : errno;
  *birth = w.birth;
  *number = w.number;
  return good;
}
