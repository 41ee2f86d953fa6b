/* What an index says of a mail: the image's word, then that of the changes behind it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "index.h"

#define STRETCH 262144 /* octets of one read */

static int broken(folder_index *ix, int error)
{
  ix->broken = 1;
  return errno = error, 0;
}

static int is_order(unsigned int section) { return section >= SECTION_ORDERS && section < SECTION_ORDERS + INDEX_ORDERS; }

/* The check that SUMS has for a block of an order. */
static int sum_right(folder_index *ix, unsigned int section, uint64_t block, char const *s, size_t len)
{
  char sum[4];
  uint32_t const check = (uint32_t)index_check(section, s, len);
  uint64_t at = block;
  for (unsigned int i = SECTION_ORDERS; i < section; i++) at += (ix->h.section[i].len + INDEX_BLOCK - 1) / INDEX_BLOCK;
  return index_bytes(ix, SECTION_SUMS, 4 * at, 4, sum) && get32(sum) == check;
}

/* A place gets its room when it is first used, one behind the other: what is read here and there touches few pages. */
static char *room_of(folder_index *ix, index_cached *kept, int order)
{
  if (!kept->room) kept->room = order ? ++ix->big_used : ++ix->small_used;
  return ix->pieces + (order ? (size_t)INDEX_CACHE * INDEX_PIECE + (kept->room - 1u) * (size_t)INDEX_BLOCK : (kept->room - 1u) * (size_t)INDEX_PIECE);
}

/* A piece of a section, read and kept: orders in blocks, the rest in small pieces, as hardly any two mails lie beside each other. Two pieces may
 * want one place: the later has it. */
static char const *piece_at(folder_index *ix, unsigned int section, uint64_t block, size_t *len)
{
  index_stretch const *const x = ix->h.section + section;
  int const order = is_order(section);
  unsigned int const place = order ? INDEX_CACHE + (unsigned int)block % INDEX_ORDER_CACHE
                                   : (unsigned int)(block * 7 + section * 131) % (ix->bisected ? INDEX_CACHE : INDEX_CACHE_FEW);
  size_t const size = order ? INDEX_BLOCK : INDEX_PIECE;
  uint64_t const at = block * size;
  index_cached *kept;
  char *s;
  if (!ix->pieces && !(ix->pieces = malloc((size_t)INDEX_CACHE * INDEX_PIECE + (size_t)INDEX_ORDER_CACHE * INDEX_BLOCK))) return NULL;
  if (!ix->cached && !(ix->cached = calloc(INDEX_CACHE + INDEX_ORDER_CACHE, sizeof *ix->cached))) return NULL;
  kept = ix->cached + place;
  s = room_of(ix, kept, order);
  *len = x->len - at < size ? (size_t)(x->len - at) : size;
  if (kept->len && kept->section == section && kept->block == block) return s;
  kept->len = 0;
  for (size_t done = 0; done < *len;) {
    ssize_t const r = pread(ix->fd, s + done, *len - done, (off_t)(x->at + at + done));
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return errno = r ? errno : EILSEQ, NULL;
    done += (size_t)r;
  }
  if (order && !sum_right(ix, section, block, s, *len)) return errno = EILSEQ, NULL;
  kept->section = (unsigned short)section;
  kept->block = block;
  kept->len = (unsigned short)*len;
  return s;
}

int index_bytes(folder_index *ix, enum index_section section, uint64_t at, size_t len, char *to)
{
  index_stretch const *const x = ix->h.section + section;
  if (ix->broken || at > x->len || len > x->len - at) return broken(ix, EILSEQ);
  if (ix->memory[section]) {
    if (len) memcpy(to, ix->memory[section] + at, len);
    return 1;
  }
  while (len) {
    size_t const size = is_order(section) ? INDEX_BLOCK : INDEX_PIECE;
    size_t there, from = (size_t)(at % size), some;
    char const *const s = piece_at(ix, section, at / size, &there);
    if (!s || from >= there) return broken(ix, errno);
    some = there - from < len ? there - from : len;
    memcpy(to, s + from, some);
    to += some;
    at += some;
    len -= some;
  }
  return 1;
}

static int read_stretch(folder_index *ix, enum index_section section, uint64_t len, char *s)
{
  for (uint64_t at = 0; at < len;) {
    ssize_t const r = pread(ix->fd, s + at, len - at < STRETCH ? len - at : STRETCH, (off_t)(ix->h.section[section].at + at));
    if (r < 0 && errno == EINTR) continue;
    if (r <= 0) return broken(ix, r ? errno : EILSEQ);
    at += (uint64_t)r;
  }
  return 1;
}

char const *index_start(folder_index *ix, enum index_section section, uint64_t len, char **room)
{
  *room = NULL;
  if (len > ix->h.section[section].len) return broken(ix, EILSEQ), NULL;
  if (ix->memory[section]) return ix->memory[section];
  *room = place_large_take(len);
  return *room && read_stretch(ix, section, len, *room) ? *room : NULL;
}

int index_load(folder_index *ix, enum index_section section, uint64_t most)
{
  index_stretch const *const x = ix->h.section + section;
  char *s;
  if (ix->memory[section]) return 1;
  if (x->len > most) return errno = ENOMEM, 0;
  s = place_large_take(x->len);
  if (!s) return 0;
  if (!read_stretch(ix, section, x->len, s)) return free(s), 0;
  for (uint64_t at = 0; is_order(section) && at < x->len; at += INDEX_BLOCK)
    if (!sum_right(ix, section, at / INDEX_BLOCK, s + at, x->len - at < INDEX_BLOCK ? (size_t)(x->len - at) : INDEX_BLOCK))
      return free(s), broken(ix, EILSEQ);
  ix->memory[section] = s;
  return 1;
}

int index_records(folder_index *ix, uint32_t number, uint32_t count, char *to)
{
  uint64_t const at = (uint64_t)number * INDEX_RECORD;
  size_t const len = INDEX_RECORD * (size_t)count;
  ssize_t r;
  if (ix->broken || at > ix->h.section[SECTION_RECORDS].len || len > ix->h.section[SECTION_RECORDS].len - at) return broken(ix, EILSEQ);
  if (ix->memory[SECTION_RECORDS]) return memcpy(to, ix->memory[SECTION_RECORDS] + at, len), 1;
  do r = pread(ix->fd, to, len, (off_t)(ix->h.section[SECTION_RECORDS].at + at));
  while (r < 0 && errno == EINTR);
  return r == (ssize_t)len || broken(ix, r < 0 ? errno : EILSEQ);
}

int index_mails_load(folder_index *ix)
{
  for (unsigned int i = 0; i < SECTION_ORDERS; i++)
    if (!index_load(ix, (enum index_section)i, INDEX_FILE_MAX)) return 0;
  return 1;
}

int index_column(folder_index *ix, unsigned int at, index_column_func *each, void *context)
{
  char piece[INDEX_RECORD * 512];
  for (uint32_t number = 0; number < ix->h.n; number += 512) {
    uint32_t const some = ix->h.n - number < 512 ? ix->h.n - number : 512;
    if (!index_records(ix, number, some, piece)) return 0;
    for (uint32_t i = 0; i < some; i++)
      if (!each(context, number + i, get32(piece + INDEX_RECORD * (size_t)i + at))) return 0;
  }
  return 1;
}

/* A stretch of a section: where it is in memory, or a copy in room. */
static int stretch_at(folder_index *ix, enum index_section section, uint64_t at, size_t len, char *room, slice *s)
{
  *s = (slice){ room, len };
  if (!ix->memory[section]) return index_bytes(ix, section, at, len, room);
  if (at > ix->h.section[section].len || len > ix->h.section[section].len - at) return broken(ix, EILSEQ);
  s->s = ix->memory[section] + at;
  return 1;
}

slice index_base(slice name, char *room)
{
  maildir_name n;
  maildir_name_split(&n, name.s, name.len);
  if (!n.tail.len) return n.base;
  memcpy(room, n.base.s, n.base.len);
  memcpy(room + n.base.len, n.tail.s, n.tail.len);
  return (slice){ room, n.base.len + n.tail.len };
}

int index_unread(slice name)
{
  maildir_name n;
  maildir_name_info(&n, name.s, name.len);
  return !slice_has(n.flags, 'S');
}

int index_image_base(folder_index *ix, uint32_t number, slice *base, index_room *room)
{
  char at[4], len;
  slice name;
  if (!index_bytes(ix, SECTION_RECORDS, (uint64_t)number * INDEX_RECORD + RECORD_NAME, sizeof at, at)
    || !index_bytes(ix, SECTION_NAMES, get32(at), 1, &len)
    || !stretch_at(ix, SECTION_NAMES, (uint64_t)get32(at) + 1, (unsigned char)len, room->name, &name))
    return 0;
  *base = index_base(name, room->base);
  return 1;
}

int index_image_inode(folder_index *ix, uint32_t number, uint64_t *inode)
{
  char s[8];
  if (!index_bytes(ix, SECTION_INODES, (uint64_t)number * sizeof s, sizeof s, s)) return 0;
  *inode = get64(s);
  return 1;
}

int index_image_raw(folder_index *ix, uint32_t number, index_raw *raw, index_room *room)
{
  char len;
  uint64_t name_at, text_at;
  size_t keys;
  if (number >= ix->h.n) return broken(ix, EILSEQ);
  if (!stretch_at(ix, SECTION_RECORDS, (uint64_t)number * INDEX_RECORD, INDEX_RECORD, room->packed, &raw->packed)
    || !index_image_inode(ix, number, &raw->inode))
    return 0;
  name_at = get32(raw->packed.s + RECORD_NAME);
  text_at = get32(raw->packed.s + RECORD_TEXT);
  keys = index_record_keys(raw->packed.s);
  if (!keys--) return broken(ix, EILSEQ);
  if (!index_bytes(ix, SECTION_NAMES, name_at, 1, &len) || !stretch_at(ix, SECTION_NAMES, name_at + 1, (unsigned char)len, room->name, &raw->name)
    || !index_bytes(ix, SECTION_TEXT, text_at + keys, 1, &len)
    || !stretch_at(ix, SECTION_TEXT, text_at, keys + 1 + 8 * (size_t)(unsigned char)len, room->text, &raw->text))
    return 0;
  raw->where = number >= ix->h.n_new;
  return get32(raw->packed.s + RECORD_CHECK) == index_record_check(raw->packed.s, raw->inode, raw->name, raw->text) || broken(ix, EILSEQ);
}

int index_image_mail(folder_index *ix, uint32_t number, index_mail *m, index_room *room)
{
  index_raw raw;
  if (!index_image_raw(ix, number, &raw, room)) return 0;
  *m = (index_mail){ .number = number, .where = raw.where, .inode = raw.inode, .name = raw.name, .text = raw.text };
  index_record_unpack(&m->r, raw.packed.s);
  if (!index_name_ok(m->name) || !index_text_ok(m->text, &m->r)) return broken(ix, EILSEQ);
  m->base = index_base(m->name, room->base);
  return 1;
}

int index_get(folder_index *ix, uint32_t number, index_mail *m, index_room *room)
{
  index_change const *const c = index_changed(ix, number);
  if (ix->broken) return errno = EILSEQ, 0;
  if (c && c->gone) return errno = ENOENT, 0;
  if (c && c->added) *m = c->mail;
  else if (!index_image_mail(ix, number, m, room)) return 0;
  if (!c) return 1;
  if (c->renamed) m->name = c->mail.name, m->base = c->mail.base, m->where = c->mail.where;
  if (c->keyed) m->text = c->mail.text, m->r = c->mail.r;
  if (c->threaded) m->r.thread = c->thread;
  if (c->sequence) m->r.sequence = c->sequence;
  return 1;
}

int index_order_at(folder_index *ix, unsigned int by, uint32_t i, uint32_t *number)
{
  char s[4];
  if (!index_bytes(ix, (enum index_section)(SECTION_ORDERS + by), (uint64_t)i * 4, 4, s)) return 0;
  *number = get32(s);
  return *number < ix->h.n ? 1 : broken(ix, EILSEQ);
}
