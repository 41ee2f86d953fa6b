/* porter.states is read: the moments of a mailbox that are kept, each as what differs from the one before (doc/index.md).
 *
 * What can go wrong, and the rule for each:
 * 1. The owner wrote it. It is a regular file of ours with one name, of at most STATES_MAX octets, read once, by pread; an entry's slot is one that is
 *    there, or the next; names are UTF-8, as they go out. Work is linear in its octets.
 * 2. It was cut, or half of a record is there, as another is writing: what lies before the first record that is not whole holds.
 * 3. The machine was started anew: what is read may be older than what was given out, in it or in the indexes, as nothing is synced. It is not used. A
 *    clock that was set by more than started.c allows says so, too.
 *
 * Writing is states_add.c's. Tests: tests/maildir-states.t, tests/fuzz/states.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <porter/closing.h>

#include "../index/format.h"
#include "private.h"
#include "states.h"

uint64_t states_check(uint64_t birth, char const *s, size_t len)
{
  return index_check(index_check(birth, s, RECORD_STATES_CHECK), s + STATES_RECORD, len - STATES_RECORD);
}

/* --- records --- */

/* The length of an entry; 0 where it breaks a bound. *slots: how many there are, and will be. */
static size_t entry_length(char const *s, size_t len, size_t room, size_t *slots)
{
  size_t const name_len = len < 4 ? 0 : (unsigned char)s[1], slot = len < 4 ? 0 : get16(s + 2);
  if (len < 4 || slot > *slots) return 0;
  if (s[0] == ENTRY_GONE) return slot < *slots ? 4 : 0;
  if (s[0] != ENTRY_THERE || len < STATES_ENTRY + name_len || slot == room) return 0;
  if (utf8_valid(s + STATES_ENTRY, name_len) != name_len || memchr(s + STATES_ENTRY, 0, name_len)) return 0;
  if (slot == *slots) ++*slots;
  return STATES_ENTRY + name_len;
}

/* Sets what an entry says; its length. */
static size_t take_entry(states *st, char const *s)
{
  size_t const name_len = (unsigned char)s[1];
  states_folder *const f = st->slot + get16(s + 2);
  if (s[0] == ENTRY_GONE) return f->there = 0, f->changed = st->records, 4;
  *f = (states_folder){ .id = get64(s + 8), .name = { s + STATES_ENTRY, name_len }, .there = 1, .changed = st->records };
  f->at = (folder_moment){ .birth = get64(s + 16),
    .check = get64(s + 24),
    .sequence = get32(s + 32),
    .serial = get32(s + 4),
    .mails = get32(s + 36),
    .unread = get32(s + 40),
    .octets = get64(s + 48) };
  return STATES_ENTRY + name_len;
}

size_t states_entry(char *s, unsigned int kind, size_t slot, states_folder const *f)
{
  memset(s, 0, kind == ENTRY_GONE ? 4 : STATES_ENTRY);
  s[0] = (char)kind;
  put16(s + 2, (uint16_t)slot);
  if (kind == ENTRY_GONE) return 4;
  s[1] = (char)f->name.len;
  put32(s + 4, f->at.serial);
  put64(s + 8, f->id);
  put64(s + 16, f->at.birth);
  put64(s + 24, f->at.check);
  put32(s + 32, f->at.sequence);
  put32(s + 36, f->at.mails);
  put32(s + 40, f->at.unread);
  put64(s + 48, f->at.octets);
  memcpy(s + STATES_ENTRY, f->name.s, f->name.len);
  return STATES_ENTRY + f->name.len;
}

/* All of a record, or nothing. */
static int take_entries(states *st, size_t room, char const *s, size_t len)
{
  uint32_t const entries = get32(s + RECORD_ENTRIES);
  size_t slots = st->slots, at = STATES_RECORD, used;
  for (uint32_t i = 0; i < entries; i++, at += used)
    if (!(used = entry_length(s + at, len - at, room, &slots))) return 0;
  if (at != len) return 0;
  for (at = STATES_RECORD; at < len;) at += take_entry(st, s + at);
  st->slots = slots;
  return 1;
}

/* The length of the record at s; 0 where none is there, whole, that may follow the last. */
static size_t record_length(states const *st, char const *s, size_t len)
{
  size_t const octets = len < STATES_RECORD ? 0 : get32(s + RECORD_LEN);
  uint64_t const number = octets ? get64(s + RECORD_NUMBER) : 0;
  if (octets < STATES_RECORD || octets > len || number > STATES_NUMBER_MAX || states_check(st->birth, s, octets) != get64(s + RECORD_STATES_CHECK))
    return 0;
  if (st->records && number <= states_number(st, st->records - 1)) return 0;
  return octets;
}

/* At most most records. */
static int take_records(states *st, arena *a, size_t size, size_t most)
{
  size_t const room = size / STATES_ENTRY, records = size / STATES_RECORD;
  size_t octets;
  st->slot = arena_array(a, room + 1, sizeof *st->slot);
  st->at = arena_array(a, records + 1, sizeof *st->at);
  if (!st->slot || !st->at) return 0;
  for (st->len = STATES_HEADER; st->records < most && (octets = record_length(st, st->s + st->len, size - st->len)); st->len += octets) {
    if (!take_entries(st, room, st->s + st->len, octets)) break;
    st->at[st->records++] = st->len;
  }
  return 1;
}

int states_take(states *st, arena *a, size_t size) { return take_records(st, a, size, SIZE_MAX); }

/* --- the file --- */

static int header_good(states *st, int fd, size_t size)
{
  if (size < STATES_HEADER || memcmp(st->s, STATES_MAGIC, 8) || get32(st->s + 8) != STATES_FORMAT || get64(st->s + 56) != index_check(0, st->s, 56))
    return 0;
  st->birth = get64(st->s + 16);
  return machine_same_start(fd, get64(st->s + 24));
}

/* What is there of it; -1 where that cannot be read. */
static ssize_t read_file(int fd, char *s, size_t size)
{
  size_t len = 0;
  while (len < size) {
    ssize_t const r = pread(fd, s + len, size - len, (off_t)len);
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return -1;
    if (!r) break;
    len += (size_t)r;
  }
  return (ssize_t)len;
}

static int read_open(states *st, arena *a, int fd)
{
  struct stat of;
  ssize_t len;
  if (fstat(fd, &of) < 0) return 1;
  st->inode = of.st_ino;
  st->device = of.st_dev;
  if (!S_ISREG(of.st_mode) || of.st_uid != geteuid() || of.st_nlink != 1 || of.st_size > STATES_MAX) return 1;
  st->size = (size_t)of.st_size;
  st->s = arena_take(a, st->size + 1);
  if (!st->s) return 0;
  len = read_file(fd, st->s, st->size);
  return len < 0 || !header_good(st, fd, (size_t)len) || states_take(st, a, (size_t)len);
}

int states_read(states *st, mailbox *box, arena *a)
{
  char name[MAILDIR_NAME_MAX + 1];
  int const dir = mailbox_states_place(box, name), fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  *st = (states){ .birth = 0 };
  if (fd < 0) {
    struct stat of;
    if (errno != ENOENT && !fstatat(dir, name, &of, AT_SYMLINK_NOFOLLOW)) st->inode = of.st_ino, st->device = of.st_dev;
    return 1;
  }
  return close_keeping(fd, read_open(st, a, fd));
}

uint64_t states_number(states const *st, size_t record) { return get64(st->s + st->at[record] + RECORD_NUMBER); }

int states_find(states const *st, uint64_t number, size_t *record)
{
  size_t low = 0, high = st->records;
  while (low < high) {
    size_t const middle = low + (high - low) / 2;
    if (states_number(st, middle) < number) low = middle + 1;
    else high = middle;
  }
  *record = low;
  return low < st->records && states_number(st, low) == number;
}

size_t states_landmark(states const *st)
{
  size_t i = st->records - 1;
  while (i && get32(st->s + st->at[i] + RECORD_ORDINAL) % STATES_LANDMARK) i--;
  return i;
}

int states_at(states const *st, size_t record, arena *a, states_folder **slot, size_t *slots)
{
  states then = { .birth = st->birth, .s = st->s };
  if (!take_records(&then, a, st->len, record + 1)) return 0;
  *slot = then.slot;
  *slots = then.slots;
  return 1;
}
