/* Which folders there are: names on disk (modified UTF-7, or UTF-8 as newer Courier writes it), links, finding, listing. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/closing.h>
#include <porter/text.h>

#include "list.h"
#include "private.h"

#define FOLDER_NAME_MAX 254 /* of an encoded name; with its leading dot it is MAILDIR_NAME_MAX */
#define STEPS_UP_MAX 40     /* from a linked folder up to the directory that it must lie below */

/* --- names --- */

static int plain_name_ok(slice name)
{
  char before = '.';
  if (!name.len || name.s[0] == '~' || name.s[name.len - 1] == '.') return 0;
  if (name.len == 5 && !strncasecmp(name.s, "INBOX", 5)) return 0;
  if (utf8_valid(name.s, name.len) != name.len) return 0;
  for (size_t i = 0; i < name.len; i++) {
    unsigned char c = (unsigned char)name.s[i];
    if (c < 0x20 || c == 0x7f || c == '/' || (c == '.' && before == '.')) return 0;
    /* C1 controls, as UTF-8 */
    if (c == 0xc2 && (unsigned char)name.s[i + 1] < 0xa0) return 0;
    before = (char)c;
  }
  return 1;
}

/* The octets as a name on disk, with a dot and NUL. */
static void raw_name(char *disk, slice raw)
{
  disk[0] = '.';
  memcpy(disk + 1, raw.s, raw.len);
  disk[1 + raw.len] = 0;
}

/* The name on disk, with its dot and NUL. 0 with EINVAL where no folder can have it. */
static int disk_name(slice name, char *disk)
{
  arena a = ARENA_ZERO;
  slice encoded;
  int good = 0;
  if (name.len > FOLDER_NAME_MAX || !plain_name_ok(name)) return errno = EINVAL, 0;
  if (!mutf7_encode(&a, name, &encoded)) return 0;
  if (encoded.len > FOLDER_NAME_MAX) errno = EINVAL;
  else {
    raw_name(disk, encoded);
    good = 1;
  }
  arena_free(&a);
  return good;
}

/* What people read of the name on disk, were there no other folder: 1, 0 where no request could name it, -1 with errno. */
static int read_name(arena *a, char const *disk, slice *name)
{
  slice raw = slice_of(disk + 1);
  if (!mutf7_decode(a, raw, name)) {
    if (errno != EILSEQ) return -1;
    *name = raw;
  }
  return plain_name_ok(*name);
}

/* --- links --- */

static int is_link(mailbox const *box, char const *disk)
{
  struct stat st;
  return !fstatat(box->fd, disk, &st, AT_SYMLINK_NOFOLLOW) && S_ISLNK(st.st_mode);
}

/* Whether the directory lies below the one that the mailbox allows: by going up from it. Closes fd. */
static int is_below(int fd, struct stat const *top)
{
  struct stat here, st;
  int found = 0;
  for (int step = 0; fd >= 0 && !found && step < STEPS_UP_MAX; step++) {
    int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (up >= 0 && (fstat(fd, &here) < 0 || fstat(up, &st) < 0)) {
      close(up);
      up = -1;
    }
    close(fd);
    fd = up;
    if (fd < 0) break;
    found = st.st_dev == top->st_dev && st.st_ino == top->st_ino;
    if (here.st_dev == st.st_dev && here.st_ino == st.st_ino) break; /* the root */
  }
  if (fd >= 0) close(fd);
  return found;
}

/* Says once a call that a link to a directory is passed over. */
static void tell_link(mailbox *box, char const *disk)
{
  struct stat st;
  if (box->links_told || fstatat(box->fd, disk, &st, 0) < 0 || !S_ISDIR(st.st_mode)) return;
  box->links_told = 1;
  mailbox_warn(box,
    box->shared < 0 ? "a folder that is a link is left out:" : "a folder that leads out of the shared directory is left out:", slice_of(disk), 0);
}

/* What the link leads to stays what was looked at: it is open. */
static int open_link(mailbox *box, char const *disk)
{
  struct stat top;
  int fd = -1, at;
  if (box->shared >= 0 && !fstat(box->shared, &top)) {
    at = openat(box->fd, disk, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (at >= 0) {
      if (is_below(dup(at), &top)) fd = openat(at, ".", FOLDER_OPEN);
      else errno = ELOOP;
      fd = close_keeping(at, fd);
      if (fd < 0 && errno != ELOOP) return -1;
    }
  }
  if (fd < 0) {
    tell_link(box, disk);
    errno = ENOENT;
  }
  return fd;
}

int folder_directory(mailbox *box, char const *disk, int *linked)
{
  int fd = openat(box->fd, disk, FOLDER_OPEN);
  *linked = 0;
  if (fd >= 0 || (errno != ENOTDIR && errno != ELOOP)) return fd;
  errno = ENOENT;
  if (!is_link(box, disk)) return -1;
  *linked = 1;
  return open_link(box, disk);
}

/* --- finding and listing --- */

/* Only these say that there is nothing. */
static int is_absence(int error) { return error == ENOENT || error == ENOTDIR || error == ELOOP; }

/* A directory with a cur; new and tmp may be missing; none is a link. st: of these, zeros of what is missing. */
static int look_inside(int fd, struct stat st[3])
{
  int good = 1;
  for (size_t i = 0; good > 0 && i < 3; i++) {
    if (!fstatat(fd, folder_inner[i], st + i, AT_SYMLINK_NOFOLLOW)) good = S_ISDIR(st[i].st_mode);
    else if (!is_absence(errno)) good = -1;
    else good = i != PLACE_CUR && errno == ENOENT;
  }
  return good;
}

/* What is there to be seen of a folder, for those who ask. */
typedef struct closer_s closer;
struct closer_s {
  slice const *top;  /* only this folder and those below it, with their names on disk; null: all */
  folder_seen *seen; /* null: nothing was asked */
  dev_t device;      /* of the mailbox */
  int remote;        /* whether that is a remote file system */
};

static int look_closely(int fd, closer *c)
{
  struct stat st[3] = { { 0 } };
  uint64_t clock;
  int good, remote, elsewhere = 0;
  if (!place_clock(&clock)) return -1;
  good = look_inside(fd, st);
  if (good <= 0) return good;
  for (int p = 0; p < PLACES; p++)
    if (st[p].st_ino && st[p].st_dev != c->device) elsewhere = 1;
  remote = elsewhere ? place_remote(fd) : c->remote;
  c->seen->stamp.settled = 1;
  for (int p = 0; p < PLACES; p++) {
    place_stamp const s = place_stamp_from(st + p);
    folder_stamp_add(&c->seen->stamp, p, &s, clock, remote);
  }
  /* On a remote file system what stat says of a name may be a minute old; what is opened is looked at anew. */
  c->seen->known = !remote;
  return folder_origin_of(fd, &c->seen->origin) ? 1 : -1;
}

static int look(mailbox *box, char const *disk, closer *c, int *linked)
{
  struct stat st[3] = { { 0 } };
  int fd = folder_directory(box, disk, linked);
  if (fd < 0) return is_absence(errno) ? 0 : -1;
  return close_keeping(fd, c->seen ? look_closely(fd, c) : look_inside(fd, st));
}

int folder_look(mailbox *box, char const *disk) { return look(box, disk, &(closer){ .seen = NULL }, &(int){ 0 }); }

static int found(int looked)
{
  if (!looked) errno = ENOENT;
  return looked > 0;
}

int folder_usual_name(slice name, char *disk) { return !(name.len && name.s[0] == '~') && disk_name(name, disk); }

/* '~' and octets on disk. */
static int find_raw(mailbox *box, slice octets, char *disk)
{
  if (octets.len > FOLDER_NAME_MAX || !plain_name_ok(octets)) return errno = EINVAL, 0;
  raw_name(disk, octets);
  if (found(folder_look(box, disk))) return 1;
  if (errno == ENOENT) errno = EINVAL; /* none can be made of that name */
  return 0;
}

int mailbox_disk_name(mailbox *box, slice name, char *disk)
{
  char plain[MAILDIR_NAME_MAX + 1];
  int looked;
  if (name.len && name.s[0] == '~') return find_raw(box, (slice){ name.s + 1, name.len - 1 }, disk);
  if (!disk_name(name, disk)) return 0;
  looked = folder_look(box, disk);
  raw_name(plain, name);
  if (looked || !strcmp(plain, disk)) return found(looked);
  looked = folder_look(box, plain);
  if (looked > 0) strcpy(disk, plain);
  return found(looked);
}

/* What people call the folder with that name on disk: what they would find it by. 1, 0 where no request could name it, -1 with errno. */
static int people_name(mailbox *box, arena *a, char const *disk, slice *name)
{
  char back[MAILDIR_NAME_MAX + 1];
  size_t len = strlen(disk);
  char *s;
  int known = read_name(a, disk, name);
  if (known <= 0) return known;
  /* Most are called what they are; of the others it must be seen whether that name leads here. */
  if (!disk_name(*name, back) || (strcmp(back, disk) && !mailbox_disk_name(box, *name, back))) {
    if (errno != ENOENT && errno != EINVAL) return -1;
    back[0] = 0;
  }
  if (!strcmp(back, disk)) {
    if (name->s != disk + 1) return 1;
    name->s = arena_copy(a, name->s, name->len);
    return name->s ? 1 : -1;
  }
  if (!plain_name_ok((slice){ disk + 1, len - 1 })) return 0;
  s = arena_copy(a, disk, len);
  if (!s) return -1;
  *s = '~';
  *name = (slice){ s, len };
  return 1;
}

static int by_name(void const *x, void const *y)
{
  found_folder const *const a = x, *const b = y;
  return slice_compare(a->name, b->name);
}

int folder_name_below(slice name, slice top) { return name.len > top.len && !memcmp(name.s, top.s, top.len) && name.s[top.len] == '.'; }

static int is_asked(closer const *c, slice name) { return !c->top || slice_same(name, *c->top) || folder_name_below(name, *c->top); }

/* 1: a folder; 0: none, none that may be looked into, or none that was asked for; -1 with errno. */
static int consider(mailbox *box, arena *a, struct dirent const *d, closer *c, found_folder *f)
{
  int good;
  if (d->d_name[0] != '.') return 0;
  if (d->d_type != DT_DIR && d->d_type != DT_UNKNOWN && d->d_type != DT_LNK) return 0;
  good = people_name(box, a, d->d_name, &f->name);
  if (good > 0) good = is_asked(c, f->name) ? look(box, d->d_name, c, &f->linked) : 0;
  if (good > 0 && c->top && !(f->disk = arena_copy(a, d->d_name, strlen(d->d_name)))) return -1;
  if (good >= 0 || (errno != EACCES && errno != EPERM)) return good;
  mailbox_warn(box, "a folder is left out:", slice_of(d->d_name), errno);
  return 0;
}

typedef struct found_list_s found_list;
struct found_list_s {
  found_folder *folder;
  size_t count, room;
};

static int add_found(found_list *list, found_folder f)
{
  if (list->count == list->room) {
    found_folder *more = realloc(list->folder, (list->room = list->room ? 2 * list->room : 32) * sizeof *more);
    if (!more) return 0;
    list->folder = more;
  }
  list->folder[list->count++] = f;
  return 1;
}

static int read_found(mailbox *box, arena *a, DIR *all, found_list *list, closer *c, int seen)
{
  struct dirent const *d;
  struct stat st;
  if (seen) {
    if (fstat(box->fd, &st) < 0) return 0;
    c->device = st.st_dev;
    c->remote = place_remote(box->fd);
  }
  while ((d = list_next(all))) {
    found_folder f = { .disk = NULL };
    int known;
    if (seen && !c->seen && !(c->seen = arena_take(a, sizeof *c->seen))) return 0;
    known = consider(box, a, d, c, &f);
    f.seen = c->seen;
    if (known < 0 || (known && !add_found(list, f))) return 0;
    if (known) c->seen = NULL;
  }
  return !errno;
}

/* Sorted; the list is free's then. */
static int find_all(mailbox *box, arena *a, found_list *list, slice const *top, int seen)
{
  closer c = { .top = top };
  DIR *all = list_open(box->fd, ".");
  if (!all || !list_close(all, read_found(box, a, all, list, &c, seen))) return 0;
  if (list->count) qsort(list->folder, list->count, sizeof *list->folder, by_name);
  return 1;
}

/* As arrays. */
static int hand_out(found_list const *list, arena *a, slice **names, folder_seen ***seen)
{
  *names = arena_array(a, list->count, sizeof **names);
  if (!*names || (seen && !(*seen = arena_array(a, list->count, sizeof **seen)))) return 0;
  for (size_t i = 0; i < list->count; i++) {
    (*names)[i] = list->folder[i].name;
    if (seen) (*seen)[i] = list->folder[i].seen;
  }
  return 1;
}

static int end_found(found_list const *list, size_t *count, int good)
{
  int error = errno;
  *count = list->count;
  free(list->folder);
  return errno = error, good;
}

int mailbox_folders_seen(mailbox *box, arena *a, slice **names, folder_seen ***seen, size_t *count)
{
  found_list list = { NULL, 0, 0 };
  return end_found(&list, count, find_all(box, a, &list, NULL, seen != NULL) && hand_out(&list, a, names, seen));
}

int mailbox_folders(mailbox *box, arena *a, slice **names, size_t *count) { return mailbox_folders_seen(box, a, names, NULL, count); }

int mailbox_folders_below(mailbox *box, arena *a, slice name, found_folder **folders, size_t *count)
{
  found_list list = { NULL, 0, 0 };
  int good = find_all(box, a, &list, &name, 0) && (*folders = arena_array(a, list.count, sizeof **folders)) != NULL;
  if (good && list.count) memcpy(*folders, list.folder, list.count * sizeof **folders);
  return end_found(&list, count, good);
}
