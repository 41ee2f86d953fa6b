/* What is in a folder: the names in new and cur, each mail once, found again by its mid. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/maildir.h>

#define SCANS_MAX 3   /* a folder into which mail pours is taken as the last scan saw it */
#define AGAINS_MAX 10  /* as Dovecot: so often may another client rename a mail under our hands */
#define BATCH 262144  /* octets of names a system call: some 3000 mails */
#define COUNT_MAX (UINT32_MAX / 4)  /* the table holds 32-bit numbers and is at most half full */

/* --- the table: base (and inode, for a twin) to mail --- */

static uint64_t hash(folder const *f, slice base, uint64_t inode)
{
  uint64_t h = f->seed ^ (inode * 0x9e3779b97f4a7c15u);
  size_t i = 0;
  for (; i + 8 <= base.len; i += 8) {
    uint64_t w;
    memcpy(&w, base.s + i, 8);
    h = (h ^ w) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  if (i && i < base.len) {  /* the last octets, some of them once more: they lie in one word */
    uint64_t w;
    memcpy(&w, base.s + base.len - 8, 8);
    h = (h ^ w) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  } else for (; i < base.len; i++) h = (h ^ (unsigned char)base.s[i]) * 0x100000001b3u;
  h *= 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 29);
}

static int same(slice a, slice b)
{
  return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

/* The slot of base's first mail (inode 0) or of the twin with that inode; an empty slot where there is none. */
static uint32_t *slot(folder const *f, slice base, uint64_t inode)
{
  for (size_t i = hash(f, base, inode) & f->mask;; i = (i + 1) & f->mask) {
    mail_entry const *e;
    if (!f->table[i]) return f->table + i;
    e = f->mail + f->table[i] - 1;
    /* A twin is known by the '/' in its mid; no base has one. */
    if (same(e->base, base) && (inode ? e->mid.s && e->inode == inode : !e->mid.s)) return f->table + i;
  }
}

/* While scanning, mid.s marks a twin; the mids themselves are written at the end. */
static char const twin_mark[] = "";

/* Makes room for more mails. */
static int grow(folder *f, size_t more)
{
  size_t room = f->room ? f->room : 64;
  mail_entry *mail;
  uint32_t *table;
  if (more > COUNT_MAX) return errno = EOVERFLOW, 0;
  while (room < f->count + more) room *= 2;
  if (room > COUNT_MAX) return errno = EOVERFLOW, 0;
  if (room == f->room) return 1;
  mail = realloc(f->mail, room * sizeof *mail);
  if (!mail) return 0;
  f->mail = mail;
  table = calloc(2 * room, sizeof *table);
  if (!table) return 0;
  free(f->table);
  f->table = table;
  f->mask = 2 * room - 1;
  f->room = room;
  for (size_t i = 0; i < f->count; i++)
    *slot(f, mail[i].base, mail[i].mid.s ? mail[i].inode : 0) = (uint32_t)(i + 1);
  return 1;
}

/* Same base and inode: one mail, renamed while we read; where it is found later counts (cur is read after new).
 * Same base, other inode: two mails; the one with the lowest inode keeps the plain mid. */
static void insert(folder *f, mail_entry *e)
{
  uint32_t *first = slot(f, e->base, 0);
  uint32_t *twin;
  if (!*first) {
    f->mail[f->count++] = *e;
    *first = (uint32_t)f->count;
    return;
  }
  if (f->mail[*first - 1].inode == e->inode) {
    f->mail[*first - 1] = *e;
    return;
  }
  twin = slot(f, e->base, e->inode);
  if (*twin) {
    e->mid.s = twin_mark;
    f->mail[*twin - 1] = *e;
    return;
  }
  if (e->inode < f->mail[*first - 1].inode) {
    mail_entry older = f->mail[*first - 1];
    f->mail[*first - 1] = *e;
    *e = older;
  }
  e->mid.s = twin_mark;
  f->mail[f->count++] = *e;
  *slot(f, e->base, e->inode) = (uint32_t)f->count;
}

static struct dirent64 const *dirent_at(char const *batch, size_t at)
{
  return (struct dirent64 const *)(void const *)(batch + at);
}

/* Adds a batch of names, which stay where they are. */
static int scan_batch(folder *f, int where, char const *batch, size_t len)
{
  size_t n = 0;
  for (size_t at = 0; at < len; at += dirent_at(batch, at)->d_reclen) n++;
  if (!grow(f, n)) return 0;
  for (size_t at = 0; at < len; at += dirent_at(batch, at)->d_reclen) {
    struct dirent64 const *d = dirent_at(batch, at);
    mail_entry e = { .name = d->d_name, .where = (unsigned char)where, .inode = d->d_ino };
    maildir_name name;
    if (d->d_name[0] == '.') continue;
    if (d->d_type == DT_UNKNOWN) {
      struct stat st;
      if (fstatat(f->place[where], d->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode)) continue;
    } else if (d->d_type != DT_REG) continue;
    maildir_name_split(&name, d->d_name, strlen(d->d_name));
    e.base = name.base;
    insert(f, &e);
  }
  return 1;
}

/* Adds what the directory holds. *batches: how many system calls that took; the kernel keeps changes out of each, so that
 * one batch is what the directory held at one time. */
static int scan_place(folder *f, int where, unsigned int *batches)
{
  int fd = f->place[where];
  *batches = 0;
  if (fd < 0) return 1;
  if (lseek(fd, 0, SEEK_SET) < 0) return 0;
  for (;;) {
    /* Pages that the kernel does not write to are never there. */
    char *batch = arena_take(&f->a, BATCH);
    ssize_t got = batch ? getdents64(fd, batch, BATCH) : -1;
    if (got < 0) return 0;
    arena_shrink(&f->a, batch, BATCH, (size_t)got);
    if (!got) return 1;
    ++*batches;
    if (!scan_batch(f, where, batch, (size_t)got)) return 0;
  }
}

/* --- scanning --- */

static void forget(folder *f)
{
  arena_free(&f->a);
  free(f->mail);
  free(f->table);
  f->mail = NULL;
  f->table = NULL;
  f->count = f->room = f->mask = 0;
}

static int64_t nanoseconds(struct timespec const *t)
{
  return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec;
}

/* When the place last changed, and whether that is so fresh that a change to come could bear the same time. */
static int changed(int fd, int64_t *when, int64_t *fresh)
{
  struct stat st;
  struct timespec now, grain;
  if (fd < 0) return *when = *fresh = 0, 1;
  if (fstat(fd, &st) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0 || clock_getres(CLOCK_REALTIME_COARSE, &grain) < 0) return 0;
  *when = nanoseconds(&st.st_mtim);
  *fresh = *when + nanoseconds(&grain) - nanoseconds(&now);  /* above 0: how much of the grain is left */
  if (*fresh > nanoseconds(&grain)) *fresh = 0;  /* the clock was set back: no use waiting */
  return 1;
}

int folder_scan(folder *f)
{
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) < 0) return 0;
  f->seed = (uint64_t)nanoseconds(&now) ^ ((uint64_t)getpid() << 40);
  for (int scans = 1;; scans++) {
    int64_t before[PLACES], fresh[PLACES], after, late, wait = -1;
    forget(f);
    if (!grow(f, 0)) return 0;
    for (int p = 0; p < PLACES; p++) if (!changed(f->place[p], before + p, fresh + p)) return 0;
    for (int p = 0; p < PLACES; p++) {
      unsigned int batches;
      if (!scan_place(f, p, &batches) || !changed(f->place[p], &after, &late)) return 0;
      /* A mail renamed between two batches may be in neither. If a change shows, or could be hidden in the clock's grain,
       * let that pass and look again. */
      if (late < 0) late = 0;
      if (batches > 1 && (after != before[p] || fresh[p] > 0) && late > wait) wait = late;
    }
    if (wait < 0 || scans == SCANS_MAX) break;
    nanosleep(&(struct timespec){ .tv_nsec = wait }, NULL);
  }
  for (size_t i = 0; i < f->count; i++) {
    mail_entry *e = f->mail + i;
    if (!maildir_mid(&f->a, e->base, e->mid.s == twin_mark, e->inode, &e->mid)) return 0;
  }
  return 1;
}

static int unhex(char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

mail_entry *folder_find(folder const *f, slice mid)
{
  char base[MAILDIR_NAME_MAX];
  char const *slash = mid.len ? memchr(mid.s, '/', mid.len) : NULL;
  size_t len = 0, end = slash ? (size_t)(slash - mid.s) : mid.len;
  for (size_t i = 0; i < end; i++) {
    char c = mid.s[i];
    if (len == sizeof base) return NULL;
    if (c == '%') {
      if (end - i < 3 || unhex(mid.s[i + 1]) < 0 || unhex(mid.s[i + 2]) < 0) return NULL;
      c = (char)(unhex(mid.s[i + 1]) << 4 | unhex(mid.s[i + 2]));
      i += 2;
    }
    base[len++] = c;
  }
  /* With the mids written, a twin has a '/' in its mid and others do not; compare what the caller said with what we would say. */
  for (size_t i = hash(f, (slice){ base, len }, 0) & f->mask; f->table && f->table[i] && !slash; i = (i + 1) & f->mask) {
    mail_entry *e = f->mail + f->table[i] - 1;
    if (same(e->mid, mid)) return e;
  }
  if (f->table && slash) {
    char digits[UINT64_FMT + 1];
    uint64_t inode;
    size_t n = mid.len - end - 1;
    if (!n || n >= sizeof digits) return NULL;
    memcpy(digits, slash + 1, n);
    digits[n] = 0;
    if (!uint640_scan(digits, &inode)) return NULL;
    for (size_t i = hash(f, (slice){ base, len }, inode) & f->mask; f->table[i]; i = (i + 1) & f->mask) {
      mail_entry *e = f->mail + f->table[i] - 1;
      if (same(e->mid, mid)) return e;
    }
  }
  return NULL;
}

int folder_has_base(folder const *f, slice base)
{
  for (size_t i = hash(f, base, 0) & f->mask; f->table && f->table[i]; i = (i + 1) & f->mask)
    if (same(f->mail[f->table[i] - 1].base, base)) return 1;
  return 0;
}

int folder_find_again(folder *f, mail_entry *e)
{
  if (!f->again) {
    f->again = calloc(1, sizeof *f->again);
    if (!f->again) return 0;
    *f->again = (folder)FOLDER_ZERO;
    memcpy(f->again->place, f->place, sizeof f->place);
    f->again_left = AGAINS_MAX;
  }
  for (;;) {
    mail_entry const *now = folder_find(f->again, e->mid);
    /* What the later scan says may be old too: if it says what just failed, scan once more. */
    if (now && (now->where != e->where || strcmp(now->name, e->name))) {
      char *name = arena_copy(&f->a, now->name, strlen(now->name));
      if (!name) return 0;
      e->name = name;
      e->where = now->where;
      return 1;
    }
    if (!f->again_left) return errno = ENOENT, 0;
    f->again_left--;
    if (!folder_scan(f->again)) return 0;
    now = folder_find(f->again, e->mid);
    if (!now) return errno = ENOENT, 0;
    if (now->where == e->where && !strcmp(now->name, e->name)) return 1;  /* it was back at once */
  }
}

void folder_close(folder *f)
{
  if (f->again) {
    forget(f->again);
    free(f->again);
  }
  forget(f);
  for (int p = 0; p < PLACES; p++) if (f->place[p] >= 0) close(f->place[p]);
  if (f->fd >= 0) close(f->fd);
  *f = (folder)FOLDER_ZERO;
}

int mail_entry_unread(mail_entry const *e)
{
  char const *info = e->name + e->base.len;  /* as maildir_name_split has it, which found its start */
  if (e->where == PLACE_NEW || !*info || info[1] != '2') return 1;
  for (info += 3; *info && *info != ','; info++) if (*info == 'S') return 0;
  return 1;
}

int folder_size(folder const *f, mail_entry const *e, uint64_t *size)
{
  struct stat st;
  if (maildir_name_size(e->base, size)) return 1;
  if (fstatat(f->place[e->where], e->name, &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  *size = (uint64_t)st.st_size;
  return 1;
}

int folder_time(folder const *f, mail_entry const *e, int64_t now, int64_t *time)
{
  struct stat st;
  if (maildir_name_time(e->base, now, time)) return 1;
  if (fstatat(f->place[e->where], e->name, &st, AT_SYMLINK_NOFOLLOW) < 0) return 0;
  *time = st.st_mtim.tv_sec;
  return 1;
}
