/* An index whose owner changed it and made all checks right again: whatever he wrote, reading it stays inside its bounds, ends, and
 * gives names and texts that can go out. The input is a list of edits, four octets each: where (2), what (1), how (1). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../src/lib/index/compare.h"
#include "../../src/lib/index/filter.h"
#include "check.h"
#include "directory.h"

#define MAILS 16
#define ROOM 65536

static char image[ROOM];
static size_t image_len;
static int dir = -1;

static int head(void *context, index_operation *o, arena *a)
{
  (void)context;
  (void)a;
  o->record = (index_record){ .date = 5, .sender_len = 1, .subject_len = 2 };
  o->text = (slice){ "abc", 4 };
  return 1;
}

static void listing(index_listing *l, unsigned char where, char names[][32], size_t from, size_t to)
{
  l->list = malloc((to - from + 1) * sizeof *l->list);
  l->number = malloc((to - from + 1) * sizeof *l->number);
  l->count = 0;
  for (size_t i = from; i < to; i++) {
    sprintf(names[i], "%u.M%zuP1.h%s", 1700000000u + (unsigned int)(i % 30), i % 30, where ? i % 3 ? ":2,S" : ":2," : "");
    l->list[l->count++] = (place_name){ names[i], 1000 + i };
  }
}

static void look(folder_index *ix, size_t skip)
{
  char names[MAILS + 10][32];
  comparison c = { .ix = ix, .head = head };
  listing(c.listing + PLACE_NEW, PLACE_NEW, names, 0, MAILS / 4);
  listing(c.listing + PLACE_CUR, PLACE_CUR, names, MAILS / 4 + skip, MAILS + skip);
  if (index_compare(&c)) index_segment_write(ix, &c, (index_stamp[PLACES]){ { 0 } });
  for (unsigned int p = 0; p < PLACES; p++) {
    free(c.listing[p].list);
    free(c.listing[p].number);
  }
  index_comparison_free(&c);
}

/* An image with two segments behind it: its octets. */
static void make_image(void)
{
  char names[MAILS][32];
  index_builder b = INDEX_BUILDER_ZERO;
  folder_index ix = FOLDER_INDEX_ZERO;
  int fd;
  fuzz_enter();
  dir = open(".", O_RDONLY | O_DIRECTORY);
  b.h = (index_header){ .instance = 9, .birth = 8, .keys_version = INDEX_KEYS_VERSION };
  for (unsigned char p = 0; p < PLACES; p++) {
    index_listing l;
    listing(&l, p, names, p ? MAILS / 4 : 0, p ? MAILS : MAILS / 4);
    for (size_t i = 0; i < l.count; i++) {
      char text[64] = "";
      index_mail m = { .where = p, .inode = l.list[i].inode, .name = { l.list[i].name, strlen(l.list[i].name) }, .text = { text, 0 } };
      m.r = (index_record){ .date = (int64_t)(i * 7 % 13), .arrival = (int64_t)(i * 5 % 11), .size = i % 9, .sender_len = 3, .subject_len = (uint16_t)(4 + i % 3) };
      m.text.len = (size_t)sprintf(text, "ab%cxyz%c%.*s%c", 'a' + (int)(i % 5), 'a' + (int)(i % 7), (int)(i % 3), "qq", (int)(i % 2)) + (i % 2 ? 8 : 0);
      check(index_builder_add(&b, &m));
    }
    free(l.list);
    free(l.number);
  }
  ix.dir = dir;
  ix.name = INDEX_NAME;
  check(index_builder_finish(&b, &ix) && index_image_write(&ix, dir, "u"));
  look(&ix, 1);
  look(&ix, 2);
  index_close(&ix);
  fd = openat(dir, INDEX_NAME, O_RDONLY);
  image_len = (size_t)read(fd, image, sizeof image);
  close(fd);
}

/* --- checks are made right again, as far as what was edited leads to them --- */

static void mend_records(char *s, size_t len, index_stretch const *x, uint32_t n)
{
  for (uint32_t i = 0; i < n; i++) {
    uint64_t const at = x[SECTION_RECORDS].at + (uint64_t)i * INDEX_RECORD, inode = x[SECTION_INODES].at + 8 * (uint64_t)i;
    uint64_t name, text;
    size_t keys;
    index_record r;
    if (at + INDEX_RECORD > len || inode + 8 > len) return;
    index_record_unpack(&r, s + at);
    keys = (size_t)r.sender_len + r.subject_len;
    name = x[SECTION_NAMES].at + r.name_at;
    text = x[SECTION_TEXT].at + r.text_at;
    if (name >= len || name + 1 + (unsigned char)s[name] > len || text + keys >= len || text + keys + 1 + 8 * (size_t)(unsigned char)s[text + keys] > len) continue;
    put32(s + at + 60, index_record_check(s + at, get64(s + inode), (slice){ s + name + 1, (unsigned char)s[name] },
      (slice){ s + text, keys + 1 + 8 * (size_t)(unsigned char)s[text + keys] }));
  }
}

static void mend_sums(char *s, size_t len, index_stretch const *x)
{
  uint64_t at = x[SECTION_SUMS].at;
  for (unsigned int section = SECTION_ORDERS; section < SECTION_ORDERS + INDEX_ORDERS; section++) {
    for (uint64_t from = 0; from < x[section].len && at + 4 <= len; from += INDEX_BLOCK, at += 4) {
      uint64_t const some = x[section].len - from < INDEX_BLOCK ? x[section].len - from : INDEX_BLOCK;
      if (x[section].at + from + some > len) return;
      put32(s + at, (uint32_t)index_check(section, s + x[section].at + from, some));
    }
  }
}

static void mend(char *s, size_t len)
{
  index_stretch x[SECTIONS];
  uint64_t const instance = get64(s + 16);
  uint64_t at = get64(s + 32);
  for (unsigned int i = 0; i < SECTIONS; i++) {
    x[i] = (index_stretch){ get64(s + 96 + 16 * i), get64(s + 104 + 16 * i) };
    if (x[i].at > len || x[i].len > len) x[i] = (index_stretch){ len, 0 };
  }
  mend_records(s, len, x, get32(s + 40));
  mend_sums(s, len, x);
  put64(s + 504, index_check(0, s, 504));
  while (at < len && len - at >= INDEX_SEGMENT) {
    uint32_t const size = get32(s + at + 4);
    if (size < INDEX_SEGMENT || size > len - at) break;
    put64(s + at + 16, index_check(index_check(0, s + at, 16), s + at + 24, size - 24) ^ instance);
    at += size;
  }
}

/* --- what a call does --- */

static void check_mail(folder_index *ix, uint32_t number)
{
  index_room room;
  index_mail m;
  if (!index_get(ix, number, &m, &room)) return;
  check(index_name_ok(m.name) && m.where < PLACES && m.base.len <= m.name.len);
  check(m.r.sender_len <= INDEX_TEXT_MAX && m.r.subject_len <= INDEX_TEXT_MAX && m.text.len >= (size_t)m.r.sender_len + m.r.subject_len + 1);
  check_text((slice){ m.text.s, m.r.sender_len });
  check_text((slice){ m.text.s + m.r.sender_len, m.r.subject_len });
}

static int heard(void *context, mail_trace const *t)
{
  check(t->base.len <= INDEX_NAME_MAX);
  return ++*(uint64_t *)context < 100000;
}

static int found(void *context, size_t which, mail_trace const *t)
{
  check(which < 3 && !t->gone);
  return ++*(uint64_t *)context < 100000;
}

/* What happened since a moment. */
static void ask_since(folder_index *ix, unsigned int how)
{
  slice const bases[] = { { "1700000012.M12P1.h", 18 }, { "none", 4 }, { "1700000003.M3P1.h", 17 } };
  uint64_t heard_of = 0, hits = 0;
  index_moment m;
  if (index_moment_take(ix, &m)) check(index_follows(ix, &m) || !m.sequence);
  index_reaches(ix, how % 5);
  if (index_touched(ix, (int64_t)(how % 6) - 1, heard, &heard_of)) check(heard_of <= (uint64_t)ix->h.n + ix->changes + ix->h.section[SECTION_GONE].len);
  if (index_kin(ix, (uint64_t[]){ 0, 5, how }, how > 5 ? 3 : 2, heard, &heard_of)) check(heard_of < 100000);
  if (index_look_up(ix, bases, how % 4, found, &hits)) check(hits <= (uint64_t)ix->h.n + ix->added);
}

static void use(folder_index *ix, unsigned int how)
{
  uint32_t numbers[8], number;
  size_t count;
  if (!index_apply(ix)) return;
  for (unsigned int by = 0; by < INDEX_ORDERS; by++) {
    index_cursor c;
    index_key const k = { .number = how % 13, .text = { "aba", 3 }, .base = { "1700000011", 10 } };
    uint64_t steps = 0;
    if (!index_cursor_open(&c, ix, by, (int)how & 1)) return;
    if (how & 2 && !index_cursor_seek(&c, &k, (int)how & 4)) return;
    if (how & 8 && !index_cursor_skip(&c, how % 17, (int)how & 16)) return;
    while ((how & 32 ? index_cursor_next(&c, &number) : index_cursor_previous(&c, &number)) == 1) {
      check(++steps <= (uint64_t)ix->h.n + ix->changes);
      check_mail(ix, number);
    }
  }
  if (index_base_find(ix, (slice){ "1700000012.M12P1.h", 18 }, 0, numbers, 8, &count)) check(count <= 8);
  for (number = 0; number < ix->h.n + ix->added && !ix->broken; number++) check_mail(ix, number);
  if (how & 128) ask_since(ix, how);
  if (how & 64) look(ix, how % 5);
}

/* Another image made of it, as when the segments take too much: what is as it lies in the old one goes over so. */
static int copy_all(folder_index *old, index_builder *b, uint32_t *map)
{
  for (uint32_t i = 0; i < old->h.n + old->added; i++) {
    index_room room;
    index_raw raw;
    index_mail m;
    map[i] = UINT32_MAX;
    if (!index_changed(old, i)) {
      if (!index_image_raw(old, i, &raw, &room) || !index_builder_copy(b, &raw)) return 0;
    } else if (index_get(old, i, &m, &room)) {
      if (!index_builder_add(b, &m)) return 0;
    } else if (old->broken) return 0;
    else continue;
    map[i] = b->h.n - 1;
  }
  return 1;
}

static void renew(folder_index *old)
{
  index_builder b = INDEX_BUILDER_ZERO;
  folder_index ix = FOLDER_INDEX_ZERO;
  uint32_t *const map = malloc(((size_t)old->h.n + old->added + 1) * sizeof *map);
  int good = 1;
  b.merged = 1;
  for (unsigned int i = 0; i < SECTION_ORDERS; i++) good = good && index_load(old, (enum index_section)i, ROOM);
  if (good && copy_all(old, &b, map) && index_merge(&ix, old, map, b.h.n) && index_builder_finish(&b, &ix))
    for (uint32_t i = 0; i < ix.h.n && !ix.broken; i++) check_mail(&ix, i);
  free(map);
  index_builder_free(&b);
  index_close(&ix);
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static char copy[ROOM];
  folder_index ix;
  size_t len = image_len;
  int fd;
  if (size < 2 || size > 4096) return 0;
  if (dir < 0) make_image();
  len = image_len;
  memcpy(copy, image, len);
  for (size_t i = 2; i + 4 <= size; i += 4) {
    /* The header and the segments are small beside the rest: half of all edits go there. */
    size_t const any = (size_t)(data[i] | data[i + 1] << 8), behind = len - 600;
    size_t const at = data[i + 3] & 1 ? any % len : data[i + 3] & 2 ? any % 520 : behind + any % 600;
    if (data[i + 3] & 4) copy[at] = (char)(copy[at] ^ 1 << data[i + 2] % 8);
    else copy[at] = (char)data[i + 2];
  }
  if (data[0] & 1 && size > 3) len = (size_t)(data[1] | data[2] << 8) % (len + 1);
  if (len >= INDEX_HEADER && !(data[0] & 2)) mend(copy, len);
  fd = openat(dir, INDEX_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
  check(write(fd, copy, len) == (ssize_t)len);
  if (index_open(&ix, dir, INDEX_NAME, INDEX_KEYS_VERSION)) {
    use(&ix, data[1] | (unsigned int)(data[0] & 4 ? 64 : 0));
    if (data[0] & 16 && !ix.broken && ix.applied) renew(&ix);
    /* Cut while it is used. */
    if (data[0] & 8 && !ftruncate(fd, (off_t)(len / 2))) use(&ix, data[1]);
    index_close(&ix);
  }
  close(fd);
  return 0;
}
