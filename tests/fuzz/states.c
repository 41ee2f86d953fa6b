/* A porter.states whose owner changed it and made all checks right again; and states as clients send them. Whatever he wrote, reading stays inside its
 * bounds, what is given out can go out, and what is added behind it is found again. The input: how (2), then either a client's state, or edits of four octets
 * each: where (2), what (1), how (1). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/text.h>

#include "../../src/lib/index/format.h"
#include "../../src/lib/maildir/private.h"
#include "../../src/lib/maildir/states.h"
#include "../../src/lib/method/state.h"
#include "check.h"

#define FOLDERS 5
#define RECORDS 40
#define ROOM STATES_MAX

static char path[] = "/dev/shm/porter-fuzz.XXXXXX", whole[ROOM], copy[ROOM];
static size_t whole_len;
static mailbox box = MAILBOX_ZERO;

static void leave(void)
{
  unlinkat(box.fd, "porter.states", 0);
  unlinkat(box.fd, "tmp", AT_REMOVEDIR);
  rmdir(path);
}

/* A moment of some folders. */
static void folders_at(states_folder *list, unsigned int when)
{
  static char const *const names[] = { "", "Sent", "Entwürfe", "a.b", "x" };
  for (unsigned int i = 0; i < FOLDERS; i++) {
    unsigned int const changed = when / (i + 1);
    list[i] = (states_folder){ .id = 1000 + i, .name = slice_of(names[i]), .there = (when + i) % 7 != 0 };
    list[i].at = (folder_moment){ .birth = 7, .check = changed, .sequence = changed, .serial = 2 * changed, .mails = changed, .octets = 10 * changed };
  }
}

static size_t read_states(char *s)
{
  int const fd = openat(box.fd, "porter.states", O_RDONLY);
  ssize_t const len = fd < 0 ? 0 : read(fd, s, ROOM);
  if (fd >= 0) close(fd);
  return len < 0 ? 0 : (size_t)len;
}

static int add(arena *a, states const *st, unsigned int when, uint64_t *number)
{
  states_folder now[FOLDERS];
  uint64_t birth;
  folders_at(now, when);
  return states_add(st, &box, a, now, FOLDERS, when % 50 == 49, &birth, number);
}

static void make(void)
{
  check(mkdtemp(path));
  atexit(leave);
  box.fd = open(path, O_RDONLY | O_DIRECTORY);
  check(!mkdirat(box.fd, "tmp", 0700));
  for (unsigned int i = 1; i <= RECORDS; i++) {
    arena a = ARENA_ZERO;
    states st;
    uint64_t number;
    check(states_read(&st, &box, &a) && add(&a, &st, i, &number));
    arena_free(&a);
  }
  whole_len = read_states(whole);
  check(whole_len > STATES_HEADER);
}

/* Checks are made right again, as far as lengths lead to them; and the time of the start, or nothing would be read. */
static void mend(char *s, size_t len, unsigned int how)
{
  size_t at = STATES_HEADER;
  if (len < STATES_HEADER) return;
  if (!(how & 1)) memcpy(s, STATES_MAGIC, 8), put32(s + 8, STATES_FORMAT), put64(s + 24, machine_started(box.fd));
  put64(s + 56, index_check(0, s, 56));
  while (len - at >= STATES_RECORD) {
    uint32_t const octets = get32(s + at);
    if (octets < STATES_RECORD || octets > len - at) return;
    put64(s + at + RECORD_STATES_CHECK, states_check(get64(s + 16), s + at, octets));
    at += octets;
  }
}

static void check_slots(states_folder const *slot, size_t slots, size_t octets)
{
  check(slots <= octets / STATES_ENTRY + 1);
  for (size_t i = 0; i < slots; i++) check_text(slot[i].name);
}

static void use(unsigned int how)
{
  arena a = ARENA_ZERO;
  states st, then;
  uint64_t number;
  states_folder *slot;
  size_t slots, found;
  check(states_read(&st, &box, &a));
  for (size_t i = 0; i < st.records; i++) {
    check(states_find(&st, states_number(&st, i), &found) && found == i);
    check(!i || states_number(&st, i) > states_number(&st, i - 1));
    if (i == st.records * (how % 16) / 16 || i + 1 == st.records) {
      check(states_at(&st, i, &a, &slot, &slots));
      check_slots(slot, slots, st.len);
    }
  }
  check_slots(st.slot, st.slots, st.size);
  check(!states_find(&st, how, &found) || states_number(&st, found) == how);
  if (st.records) check(states_landmark(&st) < st.records);
  if (add(&a, &st, how, &number)) {
    struct stat of;
    check(states_read(&then, &box, &a) && states_find(&then, number, &found) && found + 1 == then.records);
    check(!fstatat(box.fd, "porter.states", &of, AT_SYMLINK_NOFOLLOW) && of.st_size <= STATES_MAX);
    check_slots(then.slot, then.slots, then.size);
  }
  arena_free(&a);
}

static void scan(char const *s, size_t len)
{
  char text[STATE_MAX + 1], again[STATE_FMT];
  state_asked asked;
  len = len < STATE_MAX ? len : STATE_MAX;
  memcpy(text, s, len);
  text[len] = 0;
  if (!state_scan(&asked, text)) return;
  state_asked_text(&asked, again);
  check(!strcmp(text, again));
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  size_t len;
  int fd;
  if (size < 3 || size > 4096) return 0;
  if (box.fd < 0) make();
  if (data[0] & 1) return scan((char const *)data + 2, size - 2), 0;
  len = whole_len;
  memcpy(copy, whole, len);
  /* A long file, which has to be written anew: the last record again and again. */
  if (data[0] & 2) {
    arena a = ARENA_ZERO;
    states st = { .birth = get64(copy + 16), .s = copy };
    uint64_t number = 0;
    char const *last;
    size_t octets;
    check(states_take(&st, &a, len));
    last = copy + st.at[st.records - 1];
    octets = get32(last);
    for (number = states_number(&st, st.records - 1); len + octets <= ROOM; len += octets) {
      memcpy(copy + len, last, octets);
      put64(copy + len + RECORD_NUMBER, ++number);
    }
    arena_free(&a);
  }
  for (size_t i = 2; i + 4 <= size; i += 4) {
    size_t const any = (size_t)(data[i] | data[i + 1] << 8), at = data[i + 3] & 1 ? any * 4 % len : data[i + 3] & 2 ? any % 300 : (whole_len - any % whole_len) % len;
    if (data[i + 3] & 4) copy[at] = (char)(copy[at] ^ 1 << data[i + 2] % 8);
    else copy[at] = (char)data[i + 2];
  }
  if (data[0] & 4) len = (size_t)(data[1] * 251 + data[0]) % (len + 1);
  if (!(data[0] & 8)) mend(copy, len, data[0] >> 4);
  fd = openat(box.fd, "porter.states", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  check(fd >= 0 && write(fd, copy, len) == (ssize_t)len);
  close(fd);
  use(data[1]);
  return 0;
}
