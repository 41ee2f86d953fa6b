/* The text filter: bits are made, folded, looked up, appended, written anew. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h> /* renameat */
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/closing.h>
#include "filter.h"

#define LOG_MIN 5 /* 32 octets */
#define LOG_MAX 13
#define FULL_PER_CENT 40 /* bits that may be set: beyond it, what is refused for nothing costs more than the octets saved */
#define PIECE 262144
#define PATTERN_THREES_MAX 1024
#define FILE_MAX_OCTETS (UINT64_C(1) << 40)

static unsigned int hash(uint32_t three) { return (three * 0x9e3779b1u) >> 16; }

/* --- a mail's bits --- */

void filter_bits_begin(filter_bits *b) { memset(b, 0, sizeof *b); }

void filter_bits_break(filter_bits *b) { b->have = 0; }

int filter_bits_put(void *context, char const *s, size_t len)
{
  filter_bits *const b = context;
  uint32_t last = b->last;
  if (!s) return filter_bits_break(b), 1;
  size_t i = 0;
  for (; i < len && b->have < 2; i++, b->have++) last = last << 8 | (unsigned char)s[i];
  for (; i < len; i++) {
    unsigned int h;
    last = (last << 8 | (unsigned char)s[i]) & 0xffffff;
    h = hash(last);
    b->set[h / 8] = (unsigned char)(b->set[h / 8] | 1 << h % 8);
  }
  b->last = last;
  return 1;
}

static size_t count_bits(unsigned char const *s, size_t len)
{
  size_t n = 0;
  for (size_t i = 0; i < len; i += 8) {
    uint64_t w;
    memcpy(&w, s + i, 8);
    n += (size_t)__builtin_popcountll(w);
  }
  return n;
}

static int too_full(unsigned char const *s, size_t len) { return count_bits(s, len) * 100 > len * 8 * FULL_PER_CENT; }

static uint16_t entry_check(char const *entry, size_t len)
{
  return (uint16_t)index_check(index_check(0, entry, 6), entry + FILTER_ENTRY, len - FILTER_ENTRY);
}

/* Writes the entry, folded as small as still tells something; returns its length. b is used up. */
static size_t filter_bits_pack(filter_bits *b, char *entry, uint32_t serial)
{
  size_t len = FILTER_OCTETS_MAX;
  unsigned char half[FILTER_OCTETS_MAX / 2];
  unsigned int log = LOG_MAX, flags = 0;
  uint16_t check;
  if (too_full(b->set, len)) {
    filter_bits_begin(b);
    flags = FILTER_FULL;
  }
  for (; log > LOG_MIN; log--, len /= 2) {
    for (size_t i = 0; i < len / 2; i++) half[i] = b->set[i] | b->set[i + len / 2];
    if (too_full(half, len / 2)) break;
    memcpy(b->set, half, len / 2);
  }
  put32(entry, serial);
  entry[4] = (char)log;
  entry[5] = (char)flags;
  memcpy(entry + FILTER_ENTRY, b->set, len);
  check = entry_check(entry, FILTER_ENTRY + len);
  entry[6] = (char)check;
  entry[7] = (char)(check >> 8);
  return FILTER_ENTRY + len;
}

/* --- reading --- */

static int has_bit(unsigned char const *s, uint32_t i) { return s[i / 8] >> i % 8 & 1; }

static void set_bit(unsigned char *s, uint32_t i) { s[i / 8] = (unsigned char)(s[i / 8] | 1 << i % 8); }

/* The threes of all patterns: a mail must have every one. */
typedef struct probe_s probe;
struct probe_s {
  unsigned int three[PATTERN_THREES_MAX];
  size_t count;
};

static void probe_add(probe *p, slice pattern)
{
  for (size_t i = 0; i + FILTER_PATTERN_MIN <= pattern.len && p->count < PATTERN_THREES_MAX; i++) {
    unsigned char const *const s = (unsigned char const *)pattern.s + i;
    p->three[p->count++] = hash((uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2]);
  }
}

static int may_hold(probe const *p, unsigned char const *bits, size_t len)
{
  for (size_t i = 0; i < p->count; i++)
    if (!has_bit(bits, p->three[i] & (unsigned int)(8 * len - 1))) return 0;
  return 1;
}

/* The length of the entry at s, of which there are len octets: 0 where it is not whole, -1 where it is none. */
static long entry_len(char const *s, size_t len)
{
  size_t whole;
  if (len < FILTER_ENTRY) return 0;
  if (s[4] < LOG_MIN || s[4] > LOG_MAX) return -1;
  whole = FILTER_ENTRY + ((size_t)1 << s[4]);
  if (len < whole) return 0;
  return entry_check(s, whole) == ((unsigned char)s[6] | (unsigned char)s[7] << 8) ? (long)whole : -1;
}

static void take_entry(folder_filter *f, probe const *p, char const *s, size_t len)
{
  uint32_t serial;
  serial = get32(s);
  f->entries++;
  if (serial >= f->serials) return;
  set_bit(f->known, serial);
  if (!(s[5] & FILTER_FULL) && !may_hold(p, (unsigned char const *)s + FILTER_ENTRY, len - FILTER_ENTRY)) set_bit(f->without, serial);
}

typedef int entry_func(void *context, char const *s, size_t len);

/* Calls each with every entry up to the first that is not whole; *end: where that begins. 0 where each stopped or memory fails. */
static int each_entry(int fd, uint64_t size, uint64_t *end, entry_func *each, void *context)
{
  char *const buffer = malloc(PIECE + FILTER_ENTRY_MAX);
  size_t have = 0;
  uint64_t at = FILTER_HEADER;
  int good = buffer != NULL;
  *end = FILTER_HEADER;
  while (good && at < size) {
    size_t const want = size - at < PIECE ? (size_t)(size - at) : PIECE;
    ssize_t const r = pread(fd, buffer + have, want, (off_t)at);
    size_t used = 0;
    long len = 0;
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) break;
    at += (uint64_t)r;
    have += (size_t)r;
    while (good && (len = entry_len(buffer + used, have - used)) > 0) {
      good = each(context, buffer + used, (size_t)len);
      used += (size_t)len;
    }
    *end += used;
    if (len < 0) break;
    memmove(buffer, buffer + used, have - used);
    have -= used;
  }
  free(buffer);
  return good;
}

/* Opens the file where it is ours and of this birth. *size is 0 where there is no such. */
static int open_file(folder_filter const *f, int flags, uint64_t *size, uint64_t *inode)
{
  char head[FILTER_HEADER];
  struct stat st;
  uint64_t birth;
  int const fd = openat(f->dir, f->name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  *size = 0;
  if (fd < 0) return -1;
  if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1 && st.st_size >= FILTER_HEADER
    && (uint64_t)st.st_size < FILE_MAX_OCTETS && pread(fd, head, sizeof head, 0) == FILTER_HEADER && !memcmp(head, FILTER_MAGIC, 8)) {
    birth = get64(head + 16);
    if (birth == f->birth) {
      *size = (uint64_t)st.st_size;
      *inode = st.st_ino;
      return fd;
    }
  }
  close(fd);
  return -1;
}

typedef struct reading_s reading;
struct reading_s {
  folder_filter *f;
  probe probe;
};

static int read_entry(void *context, char const *s, size_t len)
{
  reading *const r = context;
  take_entry(r->f, &r->probe, s, len);
  return 1;
}

int filter_read(folder_filter *f, int dir, char const *name, uint64_t birth, uint32_t serials, slice const *pattern, size_t count)
{
  reading r = { .f = f };
  uint64_t size;
  int fd;
  *f = (folder_filter){ .dir = dir, .name = name, .birth = birth, .serials = serials };
  f->known = calloc(serials / 8 + 1, 1);
  f->without = calloc(serials / 8 + 1, 1);
  if (!f->known || !f->without) return 0;
  for (size_t i = 0; i < count; i++) probe_add(&r.probe, pattern[i]);
  fd = open_file(f, O_RDONLY, &size, &f->inode);
  if (fd < 0) return 1;
  return close_keeping(fd, each_entry(fd, size, &f->size, read_entry, &r));
}

int filter_known(folder_filter const *f, uint32_t serial) { return serial < f->serials && has_bit(f->known, serial); }

int filter_without(folder_filter const *f, uint32_t serial) { return serial < f->serials && has_bit(f->without, serial); }

/* --- writing --- */

int filter_add(folder_filter *f, filter_bits *b, uint32_t serial)
{
  if (f->fresh_room - f->fresh_len < FILTER_ENTRY_MAX) {
    size_t const room = 2 * f->fresh_room + 8 * FILTER_ENTRY_MAX;
    char *const more = realloc(f->fresh, room);
    if (!more) return 0;
    f->fresh = more;
    f->fresh_room = room;
  }
  f->fresh_len += filter_bits_pack(b, f->fresh + f->fresh_len, serial);
  f->fresh_count++;
  if (serial < f->serials) set_bit(f->known, serial);
  return 1;
}

static int append_locked(folder_filter *f, int fd)
{
  struct stat st, path;
  if (fstat(fd, &st) < 0 || fstatat(f->dir, f->name, &path, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  if (st.st_ino != f->inode || path.st_ino != f->inode || path.st_dev != st.st_dev || (uint64_t)st.st_size < f->size) return errno = EAGAIN, 0;
  /* Others may have appended whole entries: then these are lost, and made again. What is not whole is cut. */
  if ((uint64_t)st.st_size > f->size) {
    uint64_t end;
    reading r = { .f = f };
    if (!each_entry(fd, (uint64_t)st.st_size, &end, read_entry, &r)) return 0;
    if (end != f->size) return errno = EAGAIN, 0;
    if (ftruncate(fd, (off_t)end) < 0) return 0;
  }
  return index_write_at(fd, f->fresh, f->fresh_len, f->size);
}

typedef struct copying_s copying;
struct copying_s {
  int fd;
  uint64_t at;
  uint32_t serials;
  unsigned char *left; /* serials that are to be kept and were not met yet */
  char *buffer;        /* PIECE octets */
  size_t have;
};

static int copy_flush(copying *c)
{
  if (!index_write_at(c->fd, c->buffer, c->have, c->at)) return 0;
  c->at += c->have;
  c->have = 0;
  return 1;
}

static int copy_entry(void *context, char const *s, size_t len)
{
  copying *const c = context;
  uint32_t serial;
  serial = get32(s);
  if (serial >= c->serials || !has_bit(c->left, serial)) return 1;
  c->left[serial / 8] = (unsigned char)(c->left[serial / 8] & ~(1 << serial % 8));
  if (c->have + len > PIECE && !copy_flush(c)) return 0;
  memcpy(c->buffer + c->have, s, len);
  c->have += len;
  return 1;
}

/* A new file: what alive has of the old one (null: nothing), then what is fresh. */
static int write_new(folder_filter *f, int fd, unsigned char const *alive)
{
  char head[FILTER_HEADER];
  copying c = { .fd = fd, .at = FILTER_HEADER, .serials = f->serials };
  uint64_t size, inode, end;
  int good = 1, old;
  memcpy(head, FILTER_MAGIC, 8);
  if (getrandom(head + 8, 8, 0) != 8) return 0;
  put64(head + 16, f->birth);
  if (alive && (old = open_file(f, O_RDONLY, &size, &inode)) >= 0) {
    c.left = malloc(f->serials / 8 + 1);
    c.buffer = malloc(PIECE);
    if (c.left) memcpy(c.left, alive, f->serials / 8 + 1);
    good = c.left && c.buffer && each_entry(old, size, &end, copy_entry, &c) && copy_flush(&c);
    free(c.left);
    free(c.buffer);
    close(old);
  }
  return good && index_write_at(fd, f->fresh, f->fresh_len, c.at) && index_write_at(fd, head, sizeof head, 0);
}

int filter_rewrite(folder_filter *f, int tmp, char const *unique, unsigned char const *alive)
{
  int const fd = openat(tmp, unique, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  int good, error;
  if (fd < 0) return 0;
  good = write_new(f, fd, alive) && !renameat(tmp, unique, f->dir, f->name);
  error = errno;
  close(fd);
  if (!good) unlinkat(tmp, unique, 0);
  return errno = error, good;
}

int filter_write(folder_filter *f, int tmp, char const *unique)
{
  uint64_t size, inode;
  int fd;
  if (!f->fresh_len) return 1;
  fd = open_file(f, O_RDWR, &size, &inode);
  if (fd < 0) return filter_rewrite(f, tmp, unique, NULL);
  return close_keeping(fd, !flock(fd, LOCK_EX | LOCK_NB) && append_locked(f, fd));
}

void filter_free(folder_filter *f)
{
  free(f->known);
  free(f->without);
  free(f->fresh);
  *f = (folder_filter)FOLDER_FILTER_ZERO;
}
