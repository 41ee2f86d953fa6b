/* The state directory itself: made on first use, locked, its head mapped. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/djbunix.h>
#include <skalibs/types.h>

#include "bus_internal.h"

#define HEAD_SIZE 4096
#define HEAD_MAGIC "porterBS"
#define HEAD_FORMAT 2
#define SLOT_WORDS (sizeof(bus_slot) / sizeof(uint64_t))
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

struct bus_head_s {
  char magic[8];
  uint64_t format;
  char boot[BUS_BOOT];
  _Atomic uint64_t sequence;
  _Atomic uint64_t slot[2][SLOT_WORDS];
  _Atomic uint64_t names; /* changes of names, twice; odd while one is under way */
};

static char const *const subdirectories[] = { "log", "conn", "name" };

uint64_t bus_now(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Without /proc there is one boot only; sweeping finds the dead anyway. */
static void boot_read(char *boot, size_t len)
{
  int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (fd_read(fd, boot, len) < 0) boot[0] = 0;
  fd_close(fd);
}

void bus_init(bus *b, char const *path, uint32_t uid, int watch)
{
  /* Not the scratch memory: an idle connection should not own pages that it never used. */
  memset(b, 0, offsetof(bus, scratch));
  b->path = path;
  b->uid = uid;
  b->watch = watch;
  b->dir = b->head_fd = b->bell = b->fifo = b->segment = -1;
  boot_read(b->boot, sizeof b->boot - 1);
}

char const *bus_reason(int e)
{
  switch (e) {
  case ETIMEDOUT: return "state directory is locked";
  case EPERM: return "state directory belongs to somebody else or is open to others";
  case ENOTEMPTY: return "not a state directory";
  case EBADMSG: return "message log is damaged";
  case ESTALE: return "state directory is being removed";
  case EPROTO: return "state directory is damaged";
  default: return strerror(e);
  }
}

int bus_load(bus const *b, bus_slot *slot)
{
  struct bus_head_s *h = b->head;
  uint64_t words[SLOT_WORDS], sequence;
  do {
    sequence = atomic_load_explicit(&h->sequence, memory_order_acquire);
    for (size_t i = 0; i < SLOT_WORDS; i++) words[i] = atomic_load_explicit(&h->slot[sequence & 1][i], memory_order_relaxed);
    atomic_thread_fence(memory_order_acquire);
  } while (atomic_load_explicit(&h->sequence, memory_order_relaxed) != sequence);
  memcpy(slot, words, sizeof *slot);
  if (!slot->next_id || !slot->cur_first || slot->cur_first > slot->next_id || slot->cur_end > BUS_SEGMENT || slot->old_end > BUS_SEGMENT
    || slot->old_first >= slot->cur_first || !slot->next_serial)
    return errno = EPROTO, 0;
  return 1;
}

void bus_commit(bus *b, bus_slot const *slot)
{
  struct bus_head_s *h = b->head;
  uint64_t words[SLOT_WORDS], sequence = atomic_load_explicit(&h->sequence, memory_order_relaxed) + 1;
  memcpy(words, slot, sizeof words);
  /* A reader that copies this slot under the last sequence must see it change before it trusts the copy. */
  atomic_thread_fence(memory_order_release);
  for (size_t i = 0; i < SLOT_WORDS; i++) atomic_store_explicit(&h->slot[sequence & 1][i], words[i], memory_order_relaxed);
  atomic_store_explicit(&h->sequence, sequence, memory_order_release);
}

uint64_t bus_names(bus const *b) { return atomic_load(&b->head->names); }

/* One that was cut short by a kill is taken for begun. */
void bus_names_begin(bus *b) { atomic_store(&b->head->names, bus_names(b) | 1); }

void bus_names_end(bus *b) { atomic_store(&b->head->names, (bus_names(b) | 1) + 1); }

int bus_lock(bus *b)
{
  for (unsigned int tries = 0; flock(b->dir, LOCK_EX | LOCK_NB) < 0; tries++) {
    uint64_t now;
    struct pollfd watch = { .fd = b->watch, .events = POLLIN };
    struct timespec nap = { .tv_sec = 0, .tv_nsec = 50000 };
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return 0;
    if (tries < 4) {
      sched_yield();
      continue;
    }
    now = bus_now();
    if (!b->lock_deadline) b->lock_deadline = now + BUS_LOCK_WAIT;
    else if (now >= b->lock_deadline) return b->lock_deadline = 0, errno = ETIMEDOUT, 0;
    if (ppoll(&watch, 1, &nap, NULL) > 0) return errno = EAGAIN, 0;
  }
  b->lock_deadline = 0;
  return 1;
}

void bus_exit(bus *b)
{
  int e = errno;
  flock(b->dir, LOCK_UN);
  errno = e;
}

void bus_dir_close(bus *b)
{
  if (b->head) munmap(b->head, HEAD_SIZE);
  b->head = NULL;
  if (b->bell >= 0) close(b->bell);
  if (b->head_fd >= 0) close(b->head_fd);
  if (b->dir >= 0) close(b->dir);
  b->bell = b->head_fd = b->dir = -1;
}

struct removal {
  int dir;
  char const *sub;
};

/* Only what bears a name that we give. */
static int remove_entry(void *context, char const *name)
{
  struct removal const *r = context;
  char path[8 + 256];
  int named = !strcmp(r->sub, "name") ? control_name_valid(slice_of(name)) : *name >= '0' && *name <= '9';
  if (!named && strcmp(name, ".new")) return 1;
  stpcpy(stpcpy(stpcpy(path, r->sub), "/"), name);
  unlinkat(r->dir, path, 0);
  return 1;
}

/* What a state directory holds whose making was cut short. */
static int strange_entry(void *context, char const *name)
{
  for (size_t i = 0; i < sizeof subdirectories / sizeof *subdirectories; i++)
    if (!strcmp(name, subdirectories[i])) return 1;
  if (!strcmp(name, "head.new") || !strcmp(name, "bell")) return 1;
  *(int *)context = 1;
  return 0;
}

/* The head that a new state directory starts with; the first segment lies there already. */
static int head_make(int dir, char const *boot)
{
  _Alignas(struct bus_head_s) char page[HEAD_SIZE];
  struct bus_head_s *h = (struct bus_head_s *)page;
  bus_slot slot = { .next_id = 1, .cur_first = 1, .next_serial = 1 };
  uint64_t words[SLOT_WORDS];
  int fd;
  memset(page, 0, sizeof page);
  memcpy(h->magic, HEAD_MAGIC, sizeof h->magic);
  h->format = HEAD_FORMAT;
  memcpy(h->boot, boot, sizeof h->boot);
  memcpy(words, &slot, sizeof words);
  for (size_t i = 0; i < SLOT_WORDS; i++) atomic_init(&h->slot[0][i], words[i]);
  unlinkat(dir, "head.new", 0);
  fd = openat(dir, "head.new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return 0;
  /* Written, not extended: a page that the full disk has no room for must fail here, not as a signal later. */
  if (allwrite(fd, page, sizeof page) < sizeof page) {
    int e = errno;
    close(fd);
    unlinkat(dir, "head.new", 0);
    return errno = e, 0;
  }
  if (close(fd) < 0) return 0;
  return renameat(dir, "head.new", dir, "head") == 0;
}

/* Makes what a state directory holds, head last; under the lock. Nobody is to go on in what it held: its head goes first. */
static int state_make(int dir, char const *boot)
{
  unlinkat(dir, "head", 0);
  for (size_t i = 0; i < sizeof subdirectories / sizeof *subdirectories; i++) {
    struct removal r = { .dir = dir, .sub = subdirectories[i] };
    if (mkdirat(dir, r.sub, 0700) < 0 && (errno != EEXIST || !bus_entries(dir, r.sub, &remove_entry, &r))) return 0;
  }
  unlinkat(dir, "bell", 0);
  return mkfifoat(dir, "bell", 0600) == 0 && bus_segment_make(dir, 1) && head_make(dir, boot);
}

/* Nobody but us may open a state directory: its lock would be theirs too. One that is not filled yet is made so. */
static int check_owner(int dir, int filled)
{
  struct stat st;
  if (fstat(dir, &st) < 0) return 0;
  return st.st_uid != geteuid() || (filled && st.st_mode & 077) ? (errno = EPERM, 0) : 1;
}

/* Under the lock, as who fills it meanwhile leaves what would be strange. */
static int check_empty(int dir)
{
  struct stat st;
  int strange = 0;
  if (fstat(dir, &st) < 0 || !bus_entries(dir, ".", &strange_entry, &strange)) return 0;
  if (strange) return errno = ENOTEMPTY, 0;
  return !(st.st_mode & 077) || fchmod(dir, 0700) == 0;
}

static int bell_open(bus *b)
{
  struct stat st;
  b->bell = openat(b->dir, "bell", O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (b->bell < 0) return errno == ENOENT ? (errno = ESTALE, 0) : 0;
  if (fstat(b->bell, &st) < 0) return 0;
  return S_ISFIFO(st.st_mode) ? 1 : (errno = EPROTO, 0);
}

/* Under the lock: 1 mapped, 0 errno; ENOENT: there is none, ESTALE: it is of another boot, or has no bell, and nobody's. */
static int head_map(bus *b, char const *boot)
{
  struct stat st;
  struct bus_head_s *h;
  b->head_fd = openat(b->dir, "head", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (b->head_fd < 0) return 0;
  if (fstat(b->head_fd, &st) < 0) return 0;
  if (!S_ISREG(st.st_mode) || st.st_size != HEAD_SIZE) return errno = EPROTO, 0;
  h = mmap(NULL, HEAD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, b->head_fd, 0);
  if (h == MAP_FAILED) return 0;
  b->head = h;
  if (memcmp(h->magic, HEAD_MAGIC, sizeof h->magic) || h->format != HEAD_FORMAT) return errno = EPROTO, 0;
  if (memcmp(h->boot, boot, sizeof h->boot)) return errno = ESTALE, 0;
  return bell_open(b);
}

/* Whether that is the state directory still: it may have been wiped, or moved away, while we waited for its lock. */
static int is_there(bus const *b)
{
  struct stat ours, there;
  return fstat(b->dir, &ours) == 0 && stat(b->path, &there) == 0 && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* 1; 0 errno; -1: made, or wiped meanwhile, so try again. */
static int dir_try(bus *b)
{
  struct stat st;
  int filled;
  if (mkdirat(AT_FDCWD, b->path, 0700) < 0 && errno != EEXIST) return 0;
  b->dir = open(b->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (b->dir < 0) return errno == ENOENT ? -1 : 0;
  filled = fstatat(b->dir, "head", &st, AT_SYMLINK_NOFOLLOW) == 0;
  if (!check_owner(b->dir, filled) || !bus_lock(b)) return 0;
  if (!is_there(b)) return -1;
  if (head_map(b, b->boot)) return 1;
  if ((errno == ESTALE || (errno == ENOENT && check_empty(b->dir))) && state_make(b->dir, b->boot)) return -1;
  return errno == ENOENT ? -1 : 0;
}

int bus_dir_open(bus *b)
{
  for (unsigned int tries = 0; tries < BUS_TRIES; tries++) {
    int done = dir_try(b), e = errno;
    if (done == 1) return 1;
    bus_dir_close(b);
    if (!done) return errno = e, 0;
  }
  return errno = ESTALE, 0;
}

/* One that was moved away is only left. */
void bus_dir_anew(bus *b)
{
  if (is_there(b)) state_make(b->dir, b->boot);
  else unlinkat(b->dir, "head", 0);
}
