/* An image is made in memory: sections grow as mails are added; orders, twins and checks are made at the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"

#define GONE_HEAD 17 /* octets before the base */

/* Room for so many octets, of which the first len are kept. What is large is copied, not moved: memory in large pages stays that only where it lies. */
static int enlarge(char **s, size_t len, size_t want)
{
  char *const larger = place_large_take(want);
  if (!larger) return 0;
  if (len) memcpy(larger, *s, len);
  free(*s);
  *s = larger;
  return 1;
}

/* Room for more octets behind len. */
static int grow(char **s, size_t *room, size_t len, size_t more)
{
  size_t want = 2 * *room;
  if (len + more <= *room) return 1;
  if (want < len + more) want = len + more + 65536;
  return enlarge(s, len, want) && (*room = want, 1);
}

static int enlarge_mails(index_builder *b, size_t room)
{
  size_t const n = b->h.n;
  return enlarge(&b->inodes, n * 8, room * 8) && enlarge(&b->records, n * INDEX_RECORD, room * INDEX_RECORD) && (b->room = room, 1);
}

static int grow_mails(index_builder *b)
{
  if (b->h.n < b->room) return 1;
  if ((size_t)b->h.n + 1 >= INDEX_MAILS_MAX) return errno = EOVERFLOW, 0;
  return enlarge_mails(b, b->room ? 2 * b->room : 256);
}

int index_builder_room(index_builder *b, size_t mails, size_t names, size_t text)
{
  if (mails > b->room && !enlarge_mails(b, mails)) return 0;
  return (names <= b->names_room || grow(&b->names, &b->names_room, 0, names)) && (text <= b->text_room || grow(&b->text, &b->text_room, 0, text));
}

/* Where the record of that mail lies. */
static char *record_of(index_builder *b, uint32_t number) { return b->records + INDEX_RECORD * (size_t)number; }

static void make_check(index_builder *b, uint32_t number)
{
  char *const record = record_of(b, number);
  char const *const name = b->names + get32(record + RECORD_NAME), *const text = b->text + get32(record + RECORD_TEXT);
  size_t const keys = index_record_keys(record);
  put32(record + RECORD_CHECK,
    index_record_check(record, get64(b->inodes + 8 * (size_t)number), (slice){ name + 1, (unsigned char)*name },
      (slice){ text, keys + 8 * (size_t)(unsigned char)text[keys - 1] }));
}

int index_builder_copy(index_builder *b, index_raw const *raw)
{
  char *record;
  unsigned int const provisional = get16(raw->packed.s + RECORD_SENDER) & RECORD_PROVISIONAL;
  if (b->names_len > UINT32_MAX - 256 || b->text_len > UINT32_MAX - INDEX_MAIL_TEXT_MAX || (provisional && b->provisionals == INDEX_PROVISIONAL_MAX))
    return errno = EOVERFLOW, 0;
  if (!grow_mails(b) || !grow(&b->names, &b->names_room, b->names_len, raw->name.len + 1)
    || !grow(&b->text, &b->text_room, b->text_len, raw->text.len))
    return 0;
  record = memcpy(record_of(b, b->h.n), raw->packed.s, INDEX_RECORD);
  put32(record + RECORD_NAME, (uint32_t)b->names_len);
  put32(record + RECORD_TEXT, (uint32_t)b->text_len);
  b->names[b->names_len] = (char)raw->name.len;
  memcpy(b->names + b->names_len + 1, raw->name.s, raw->name.len);
  memcpy(b->text + b->text_len, raw->text.s, raw->text.len);
  b->names_len += raw->name.len + 1;
  b->text_len += raw->text.len;
  put64(b->inodes + 8 * (size_t)b->h.n, raw->inode);
  if (provisional) b->provisional[b->provisionals++] = b->h.n;
  else if (!get64(record + RECORD_THREAD)) b->h.threadless++;
  if (raw->where == PLACE_NEW) b->h.n_new++;
  b->unread += (uint64_t)index_unread(raw->name);
  b->octets += get64(record + RECORD_SIZE);
  b->h.n++;
  return 1;
}

int index_builder_add(index_builder *b, index_mail const *m)
{
  char packed[INDEX_RECORD];
  index_record r = m->r;
  index_raw const raw = { { packed, sizeof packed }, m->name, m->text, m->inode, m->where };
  if (!b->merged) r.flags &= (uint16_t)~INDEX_TWIN;
  index_record_pack(packed, &r);
  if (!index_builder_copy(b, &raw)) return 0;
  make_check(b, b->h.n - 1);
  return 1;
}

int index_builder_gone(index_builder *b, index_gone const *g)
{
  char *s;
  if (!grow(&b->gone, &b->gone_room, b->gone_len, GONE_HEAD + g->base.len)) return 0;
  s = b->gone + b->gone_len;
  put32(s, g->sequence);
  put32(s + 4, g->serial);
  put64(s + 8, g->thread);
  s[16] = (char)g->base.len;
  memcpy(s + GONE_HEAD, g->base.s, g->base.len);
  b->gone_len += GONE_HEAD + g->base.len;
  return 1;
}

void index_gone_forget(index_builder *b, uint64_t sequence)
{
  if (b->h.gone_since < sequence) b->h.gone_since = sequence;
}

size_t index_gone_unpack(index_gone *g, char const *s, size_t len)
{
  if (len < GONE_HEAD || len - GONE_HEAD < (unsigned char)s[16]) return 0;
  g->sequence = get32(s);
  g->serial = get32(s + 4);
  g->thread = get64(s + 8);
  g->base = (slice){ s + GONE_HEAD, (unsigned char)s[16] };
  return GONE_HEAD + g->base.len;
}

/* --- the end --- */

/* What is sorted: the records and names, and where a base is put together (,U= in the middle) that. */
typedef struct sorting_s sorting;
struct sorting_s {
  index_builder *b;
  arena a;
  slice *base;
  index_item *list, *spare;
};

static slice text_of(void const *context, uint32_t number, unsigned int by)
{
  index_builder const *const b = ((sorting const *)context)->b;
  char const *const record = b->records + INDEX_RECORD * (size_t)number, *const text = b->text + get32(record + RECORD_TEXT);
  size_t const sender_len = get16(record + RECORD_SENDER) & (RECORD_PROVISIONAL - 1);
  return by == ORDER_SENDER ? (slice){ text, sender_len } : (slice){ text + sender_len, get16(record + RECORD_SUBJECT) & RECORD_SUBJECT_MASK };
}

static slice sender_of(void const *context, uint32_t number) { return text_of(context, number, ORDER_SENDER); }

static slice subject_of(void const *context, uint32_t number) { return text_of(context, number, ORDER_SUBJECT); }

static slice base_of(void const *context, uint32_t number) { return ((sorting const *)context)->base[number]; }

static int same_base(sorting const *s, size_t i, size_t k) { return slice_same(s->base[s->list[i].number], s->base[s->list[k].number]); }

/* Mails of one base lie together: they are twins, and their inodes order them. */
static void order_twins(sorting *s)
{
  index_builder *const b = s->b;
  for (size_t i = 0, run; i < b->h.n; i += run) {
    for (run = 1; i + run < b->h.n && same_base(s, i, i + run); run++)
      ;
    if (run == 1) continue;
    for (size_t k = i; k < i + run; k++) {
      char *const r = b->records + INDEX_RECORD * (size_t)s->list[k].number;
      put16(r + RECORD_SUBJECT, (uint16_t)(get16(r + RECORD_SUBJECT) | INDEX_TWIN << RECORD_FLAGS_SHIFT));
      make_check(b, s->list[k].number);
      s->list[k].key = get64(b->inodes + 8 * (size_t)s->list[k].number);
    }
    index_sort(s->list + i, run, s->spare);
  }
}

static int sort_bases(sorting *s)
{
  index_builder *const b = s->b;
  size_t at = 0;
  for (uint32_t i = 0; i < b->h.n; i++) {
    char room[INDEX_NAME_MAX];
    slice const name = { b->names + at + 1, (unsigned char)b->names[at] }, base = index_base(name, room);
    s->base[i] = base;
    if (base.s == room && !(s->base[i].s = arena_copy(&s->a, base.s, base.len))) return 0;
    s->list[i].number = i;
    at += 1 + name.len;
  }
  index_sort_text(s->list, b->h.n, s->spare, base_of, s);
  order_twins(s);
  return 1;
}

/* The number that a record sorts by, with its sign turned so that unsigned comparison does. */
static uint64_t number_of(char const *record, unsigned int by)
{
  if (by == ORDER_SIZE) return get64(record + RECORD_SIZE);
  return get64(record + (by == ORDER_DATE ? RECORD_DATE : RECORD_ARRIVAL)) ^ UINT64_C(1) << 63;
}

/* Sorting is stable, and begins with the order of bases: ties are right. */
static char *sort_order(sorting *s, unsigned int by, char const *bases)
{
  size_t const n = s->b->h.n;
  char *const order = malloc(n ? 4 * n : 1);
  if (!order) return NULL;
  for (size_t i = 0; i < n && bases; i++) s->list[i].number = get32(bases + 4 * i);
  if (by == ORDER_SENDER) index_sort_text(s->list, n, s->spare, sender_of, s);
  else if (by == ORDER_SUBJECT) index_sort_text(s->list, n, s->spare, subject_of, s);
  else if (by != INDEX_BY_BASE) {
    for (size_t i = 0; i < n; i++) s->list[i].key = number_of(s->b->records + INDEX_RECORD * (size_t)s->list[i].number, by);
    index_sort(s->list, n, s->spare);
  }
  for (size_t i = 0; i < n; i++) put32(order + 4 * i, s->list[i].number);
  return order;
}

static int make_orders(index_builder *b, folder_index *ix)
{
  size_t const n = b->h.n;
  sorting s = {
    .b = b, .base = malloc(n * sizeof *s.base + 1), .list = malloc((n + 1) * sizeof *s.list), .spare = malloc((n + 1) * sizeof *s.spare)
  };
  char **const order = ix->memory + SECTION_ORDERS;
  int good = s.base && s.list && s.spare && sort_bases(&s) && (order[INDEX_BY_BASE] = sort_order(&s, INDEX_BY_BASE, NULL));
  for (unsigned int by = 0; good && by < INDEX_BY_BASE; by++) good = (order[by] = sort_order(&s, by, order[INDEX_BY_BASE])) != NULL;
  arena_free(&s.a);
  free(s.base);
  free(s.list);
  free(s.spare);
  return good;
}

static int make_sums(folder_index *ix)
{
  uint64_t const len = ix->h.section[SECTION_ORDERS].len, blocks = (len + INDEX_BLOCK - 1) / INDEX_BLOCK;
  char *s = malloc(4 * INDEX_ORDERS * blocks + 1);
  ix->memory[SECTION_SUMS] = s;
  ix->h.section[SECTION_SUMS].len = 4 * INDEX_ORDERS * blocks;
  if (!s) return 0;
  for (unsigned int section = SECTION_ORDERS; section < SECTION_ORDERS + INDEX_ORDERS; section++)
    for (uint64_t at = 0; at < len; at += INDEX_BLOCK, s += 4)
      put32(s, (uint32_t)index_check(section, ix->memory[section] + at, len - at < INDEX_BLOCK ? (size_t)(len - at) : INDEX_BLOCK));
  return 1;
}

/* Gives the sections to ix, each at least an octet of memory. */
static int hand_over(index_builder *b, folder_index *ix)
{
  char **const from[] = { &b->names, &b->inodes, &b->records, &b->text, &b->gone };
  uint64_t const len[] = { b->names_len, 8 * (uint64_t)b->h.n, INDEX_RECORD * (uint64_t)b->h.n, b->text_len, b->gone_len };
  static unsigned int const to[] = { SECTION_NAMES, SECTION_INODES, SECTION_RECORDS, SECTION_TEXT, SECTION_GONE };
  for (unsigned int i = 0; i < 5; i++) {
    if (!*from[i] && !(*from[i] = malloc(1))) return 0;
    ix->memory[to[i]] = *from[i];
    ix->h.section[to[i]].len = len[i];
    *from[i] = NULL;
  }
  for (unsigned int by = 0; by < INDEX_ORDERS; by++) ix->h.section[SECTION_ORDERS + by].len = 4 * (uint64_t)b->h.n;
  ix->memory[SECTION_PROVISIONAL] = malloc(4 * INDEX_PROVISIONAL_MAX);
  if (!ix->memory[SECTION_PROVISIONAL]) return 0;
  for (size_t i = 0; i < b->provisionals; i++) put32(ix->memory[SECTION_PROVISIONAL] + 4 * i, b->provisional[i]);
  ix->h.section[SECTION_PROVISIONAL].len = 4 * b->provisionals;
  return make_sums(ix);
}

static void place_sections(index_header *h)
{
  uint64_t at = INDEX_HEADER;
  for (unsigned int i = 0; i < SECTIONS; i++) {
    h->section[i].at = at;
    at = (at + h->section[i].len + INDEX_ALIGN - 1) / INDEX_ALIGN * INDEX_ALIGN;
  }
  h->image = at;
}

int index_builder_finish(index_builder *b, folder_index *ix)
{
  if (!b->merged && !make_orders(b, ix)) return 0;
  ix->h = b->h;
  if (!hand_over(b, ix)) return 0;
  place_sections(&ix->h);
  if (ix->h.image > INDEX_FILE_MAX - INDEX_SEGMENTS_MAX) return errno = EOVERFLOW, 0;
  ix->last = (index_segment){ .len = INDEX_SEGMENT, .sequence = ix->h.sequence + 1, .mails = ix->h.n, .unread = b->unread, .octets = b->octets };
  ix->applied = 1;
  index_builder_free(b);
  return 1;
}

void index_builder_free(index_builder *b)
{
  free(b->names);
  free(b->inodes);
  free(b->records);
  free(b->text);
  free(b->gone);
  *b = (index_builder)INDEX_BUILDER_ZERO;
}
