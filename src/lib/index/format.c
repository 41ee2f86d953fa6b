/* The octets of an index: packed, unpacked and held to their bounds. */
#include <string.h>

#include <porter/text.h>

#include "format.h"

#define ORDER_MARK 0x01020304u
#define SEGMENT_MAGIC 0x31676573u

/* --- the header --- */

enum {
  AT_FORMAT = 8,
  AT_MARK = 12,
  AT_INSTANCE = 16,
  AT_BIRTH = 24,
  AT_IMAGE = 32,
  AT_N = 40,
  AT_N_NEW = 44,
  AT_SERIAL = 48,
  AT_SECTIONS = 52,
  AT_SEQUENCE = 56,
  AT_GONE_SINCE = 64,
  AT_THREADLESS = 72,
  AT_KEYS_VERSION = 88,
  AT_SECTION = 96,
  AT_CHECK = 504
};

void index_header_pack(char *s, index_header const *h)
{
  memset(s, 0, INDEX_HEADER);
  memcpy(s, INDEX_MAGIC, 8);
  put32(s + AT_FORMAT, INDEX_FORMAT);
  put32(s + AT_MARK, ORDER_MARK);
  put64(s + AT_INSTANCE, h->instance);
  put64(s + AT_BIRTH, h->birth);
  put64(s + AT_IMAGE, h->image);
  put32(s + AT_N, h->n);
  put32(s + AT_N_NEW, h->n_new);
  put32(s + AT_SERIAL, h->serial);
  put32(s + AT_SECTIONS, SECTIONS);
  put64(s + AT_SEQUENCE, h->sequence);
  put64(s + AT_GONE_SINCE, h->gone_since);
  put32(s + AT_THREADLESS, h->threadless);
  put64(s + AT_KEYS_VERSION, h->keys_version);
  for (unsigned int i = 0; i < SECTIONS; i++) {
    put64(s + AT_SECTION + 16 * i, h->section[i].at);
    put64(s + AT_SECTION + 16 * i + 8, h->section[i].len);
  }
  put64(s + AT_CHECK, index_check(0, s, AT_CHECK));
}

/* How long each section must be, where that follows from the number of mails; else how long it may be. */
static int section_fits(index_header const *h, unsigned int i)
{
  index_stretch const *const x = h->section + i;
  uint64_t const n = h->n;
  uint64_t sums = 0;
  if (x->at < INDEX_HEADER || x->at > h->image || x->len > h->image - x->at || x->at % INDEX_ALIGN) return 0;
  if (i >= SECTION_ORDERS && i < SECTION_ORDERS + INDEX_ORDERS) return x->len == 4 * n;
  switch (i) {
  case SECTION_NAMES: return x->len >= 2 * n && x->len <= (INDEX_NAME_MAX + 1) * n;
  case SECTION_INODES: return x->len == 8 * n;
  case SECTION_RECORDS: return x->len == INDEX_RECORD * n;
  case SECTION_TEXT: return x->len >= n && x->len <= (2 * INDEX_TEXT_MAX + 1 + 8 * INDEX_REFERENCES_MAX) * n;
  case SECTION_SUMS:
    for (unsigned int k = 0; k < INDEX_ORDERS; k++) sums += (h->section[SECTION_ORDERS + k].len + INDEX_BLOCK - 1) / INDEX_BLOCK;
    return x->len == 4 * sums;
  case SECTION_PROVISIONAL: return x->len <= 4 * INDEX_PROVISIONAL_MAX && x->len % 4 == 0;
  default: return x->len <= UINT32_MAX;
  }
}

int index_header_unpack(index_header *h, char const *s, uint64_t file_size, uint64_t keys_version)
{
  if (memcmp(s, INDEX_MAGIC, 8) || get32(s + AT_FORMAT) != INDEX_FORMAT || get32(s + AT_MARK) != ORDER_MARK || get32(s + AT_SECTIONS) != SECTIONS
    || get64(s + AT_CHECK) != index_check(0, s, AT_CHECK))
    return 0;
  h->instance = get64(s + AT_INSTANCE);
  h->birth = get64(s + AT_BIRTH);
  h->image = get64(s + AT_IMAGE);
  h->n = get32(s + AT_N);
  h->n_new = get32(s + AT_N_NEW);
  h->serial = get32(s + AT_SERIAL);
  h->sequence = get64(s + AT_SEQUENCE);
  h->gone_since = get64(s + AT_GONE_SINCE);
  h->threadless = get32(s + AT_THREADLESS);
  h->keys_version = get64(s + AT_KEYS_VERSION);
  if ((keys_version != INDEX_KEYS_ANY && h->keys_version != keys_version) || h->n >= INDEX_MAILS_MAX || h->n_new > h->n) return 0;
  if (file_size > INDEX_FILE_MAX || h->image < INDEX_HEADER || h->image > file_size) return 0;
  for (unsigned int i = 0; i < SECTIONS; i++) h->section[i] = (index_stretch){ get64(s + AT_SECTION + 16 * i), get64(s + AT_SECTION + 16 * i + 8) };
  for (unsigned int i = 0; i < SECTIONS; i++)
    if (!section_fits(h, i)) return 0;
  return 1;
}

/* --- records --- */

void index_record_pack(char *s, index_record const *r)
{
  put64(s + RECORD_DATE, (uint64_t)r->date);
  put64(s + RECORD_ARRIVAL, (uint64_t)r->arrival);
  put64(s + RECORD_SIZE, r->size);
  put64(s + RECORD_MESSAGE_ID, r->message_id);
  put32(s + RECORD_SERIAL, r->serial);
  put32(s + RECORD_SEQUENCE, r->sequence);
  put32(s + RECORD_NAME, r->name_at);
  put32(s + RECORD_TEXT, r->text_at);
  put16(s + RECORD_SENDER, (uint16_t)(r->sender_len | (r->provisional ? RECORD_PROVISIONAL : 0)));
  put16(s + RECORD_SUBJECT, (uint16_t)(r->subject_len | (unsigned int)r->flags << RECORD_FLAGS_SHIFT));
  put64(s + RECORD_THREAD, r->thread);
  put32(s + RECORD_CHECK, r->check);
}

void index_record_unpack(index_record *r, char const *s)
{
  uint16_t const sender = get16(s + RECORD_SENDER), subject = get16(s + RECORD_SUBJECT);
  r->date = (int64_t)get64(s + RECORD_DATE);
  r->arrival = (int64_t)get64(s + RECORD_ARRIVAL);
  r->size = get64(s + RECORD_SIZE);
  r->message_id = get64(s + RECORD_MESSAGE_ID);
  r->serial = get32(s + RECORD_SERIAL);
  r->sequence = get32(s + RECORD_SEQUENCE);
  r->name_at = get32(s + RECORD_NAME);
  r->text_at = get32(s + RECORD_TEXT);
  r->subject_len = subject & RECORD_SUBJECT_MASK;
  r->flags = (uint16_t)(subject >> RECORD_FLAGS_SHIFT);
  r->sender_len = sender & (RECORD_PROVISIONAL - 1);
  r->provisional = (sender & RECORD_PROVISIONAL) != 0;
  r->thread = get64(s + RECORD_THREAD);
  r->check = get32(s + RECORD_CHECK);
}

size_t index_record_keys(char const *s)
{
  size_t const sender = get16(s + RECORD_SENDER) & (RECORD_PROVISIONAL - 1u), subject = get16(s + RECORD_SUBJECT) & RECORD_SUBJECT_MASK;
  return sender > INDEX_TEXT_MAX || subject > INDEX_TEXT_MAX ? 0 : sender + subject + 1;
}

static size_t add(char *to, size_t len, char const *s, size_t more)
{
  if (more) memcpy(to + len, s, more);
  return len + more;
}

/* Of all octets at once, as that is three times as fast; not of where name and text lie: other octets there show as well, and a record that goes
 * into another image keeps its check. */
uint32_t index_record_check(char const *packed, uint64_t inode, slice name, slice text)
{
  char all[INDEX_RECORD + INDEX_NAME_MAX + 2 * INDEX_TEXT_MAX + 1 + 8 * INDEX_REFERENCES_MAX];
  size_t len = add(all, 0, packed, RECORD_NAME);
  len = add(all, len, packed + RECORD_NAME + 8, RECORD_CHECK - RECORD_NAME - 8);
  len = add(all, len, text.s, text.len);
  len = add(all, len, name.s, name.len);
  return (uint32_t)index_check(inode, all, len);
}

int index_name_ok(slice name)
{
  return name.len && name.len <= INDEX_NAME_MAX && *name.s != '.' && !memchr(name.s, 0, name.len) && !memchr(name.s, '/', name.len);
}

int index_text_ok(slice text, index_record const *r)
{
  size_t const keys = (size_t)r->sender_len + r->subject_len;
  if (r->sender_len > INDEX_TEXT_MAX || r->subject_len > INDEX_TEXT_MAX || text.len < keys + 1) return 0;
  if (text.len != keys + 1 + 8 * (size_t)(unsigned char)text.s[keys]) return 0;
  if (memchr(text.s, 0, keys)) return 0;
  return utf8_valid(text.s, r->sender_len) == r->sender_len && utf8_valid(text.s + r->sender_len, r->subject_len) == r->subject_len;
}

/* --- segments --- */

static void stamp_pack(char *s, index_stamp const *t)
{
  uint64_t const v[] = { t->changed, t->modified, t->clock, t->inode, t->device, t->flags };
  for (unsigned int i = 0; i < 6; i++) put64(s + 8 * i, v[i]);
}

static void stamp_unpack(index_stamp *t, char const *s)
{
  *t = (index_stamp){ get64(s), get64(s + 8), get64(s + 16), get64(s + 24), get64(s + 32), get64(s + 40) };
}

/* The check counts as 0 while it is made. */
static uint64_t segment_check(char const *s, size_t len, uint64_t instance)
{
  return index_check(index_check(0, s, 16), s + 24, len - 24) ^ instance;
}

void index_segment_head(index_segment *g, char const *s)
{
  g->len = get32(s + 4);
  g->sequence = get64(s + 8);
  g->check = get64(s + 16);
  for (unsigned int p = 0; p < 2; p++) stamp_unpack(g->stamp + p, s + 24 + 48 * p);
  g->mails = get64(s + 120);
  g->unread = get64(s + 128);
  g->octets = get64(s + 136);
  g->operations = get32(s + SEGMENT_OPERATIONS);
  g->threads = get32(s + SEGMENT_THREADS);
}

int index_segment_unpack(index_segment *g, char const *s, size_t len, uint64_t instance)
{
  if (len < INDEX_SEGMENT || get32(s) != SEGMENT_MAGIC) return 0;
  index_segment_head(g, s);
  if (g->len < INDEX_SEGMENT || g->len > len) return 0;
  return g->check == segment_check(s, g->len, instance);
}

void index_segment_pack(char *s, index_segment const *g, uint64_t instance)
{
  put32(s, SEGMENT_MAGIC);
  put32(s + 4, g->len);
  put64(s + 8, g->sequence);
  for (unsigned int p = 0; p < 2; p++) stamp_pack(s + 24 + 48 * p, g->stamp + p);
  put64(s + 120, g->mails);
  put64(s + 128, g->unread);
  put64(s + 136, g->octets);
  put32(s + SEGMENT_OPERATIONS, g->operations);
  put32(s + SEGMENT_THREADS, g->threads);
  put64(s + 16, segment_check(s, g->len, instance));
}

/* An operation: kind, place, length of the name, 0, mail number, inode; then
 *
 *   ADD     record, name, text
 *   GO      nothing
 *   RENAME  name
 *   KEYS    record, text
 *   THREAD  its thread's id
 *
 * The text's length follows from the record's and its own count of references. */
static int has_record(index_operation const *o) { return o->kind == INDEX_ADD || o->kind == INDEX_KEYS; }

static int has_name(index_operation const *o) { return o->kind == INDEX_ADD || o->kind == INDEX_RENAME; }

size_t index_operation_pack(char *s, index_operation const *o)
{
  size_t const name_len = has_name(o) ? o->name.len : 0;
  size_t len = INDEX_OPERATION;
  if (s) {
    s[0] = (char)o->kind;
    s[1] = (char)o->where;
    s[2] = (char)name_len;
    s[3] = 0;
    put32(s + 4, o->number);
    put64(s + 8, o->inode);
  }
  if (has_record(o)) {
    if (s) index_record_pack(s + len, &o->record);
    len += INDEX_RECORD;
  }
  if (name_len) {
    if (s) memcpy(s + len, o->name.s, name_len);
    len += name_len;
  }
  if (has_record(o)) {
    if (s) memcpy(s + len, o->text.s, o->text.len);
    len += o->text.len;
  }
  if (o->kind == INDEX_THREAD) {
    if (s) put64(s + len, o->thread);
    len += 8;
  }
  return len;
}

size_t index_operation_unpack(index_operation *o, char const *s, size_t len)
{
  size_t used = INDEX_OPERATION;
  if (len < used) return 0;
  *o = (index_operation){ .kind = (unsigned char)s[0], .where = (unsigned char)s[1], .number = get32(s + 4), .inode = get64(s + 8) };
  o->name = (slice){ s + used, (unsigned char)s[2] };
  if (o->kind < INDEX_ADD || o->kind > INDEX_THREAD || o->where > 1) return 0;
  if (has_name(o) ? !o->name.len : o->name.len) return 0;
  if (has_record(o)) {
    if (len - used < INDEX_RECORD) return 0;
    index_record_unpack(&o->record, s + used);
    used += INDEX_RECORD;
  }
  if (len - used < o->name.len) return 0;
  o->name.s = s + used;
  used += o->name.len;
  if (has_name(o) && !index_name_ok(o->name)) return 0;
  if (has_record(o)) {
    size_t const keys = (size_t)o->record.sender_len + o->record.subject_len;
    if (len - used < keys + 1) return 0;
    o->text = (slice){ s + used, keys + 1 + 8 * (size_t)(unsigned char)s[used + keys] };
    if (len - used < o->text.len || !index_text_ok(o->text, &o->record)) return 0;
    used += o->text.len;
  }
  if (o->kind == INDEX_THREAD) {
    if (len - used < 8) return 0;
    o->thread = get64(s + used);
    used += 8;
  }
  return used;
}

/* --- checks and hashes --- */

static uint64_t check_word(uint64_t h, char const *s)
{
  uint64_t w;
  memcpy(&w, s, 8);
  h = (h ^ w) * 0xff51afd7ed558ccdu;
  return h ^ h >> 32;
}

/* Four at a time, as each waits for the one before it. Each word, and each of the four, can be told from what comes of it: a change of one shows. */
static uint64_t check_long(uint64_t h, char const **p, size_t *len)
{
  uint64_t lane[4] = { h, h + 1, h + 2, h + 3 };
  char const *s = *p;
  for (; *len >= 32; s += 32, *len -= 32)
    for (unsigned int i = 0; i < 4; i++) lane[i] = check_word(lane[i], s + 8 * i);
  *p = s;
  for (unsigned int i = 0; i < 4; i++) h = (h ^ lane[i]) * 0xff51afd7ed558ccdu, h ^= h >> 32;
  return h;
}

uint64_t index_check(uint64_t seed, void const *p, size_t len)
{
  char const *s = p;
  uint64_t h = (seed + len) * 0x9e3779b97f4a7c15u ^ 0x6a09e667f3bcc908u;
  if (len >= INDEX_CHECK_LONG) h = check_long(h, &s, &len);
  for (; len >= 8; s += 8, len -= 8) h = check_word(h, s);
  if (len) {
    char last[8] = { 0 };
    memcpy(last, s, len);
    h = check_word(h, last);
  }
  h *= 0xc4ceb9fe1a85ec53u;
  return h ^ (h >> 29);
}

static uint64_t rotate(uint64_t x, unsigned int bits) { return x << bits | x >> (64 - bits); }

static inline void sip_round(uint64_t v[4])
{
  v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
  v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
  v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
  v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t w)
{
  v[3] ^= w;
  sip_round(v);
  sip_round(v);
  v[0] ^= w;
}

/* Fewer than eight octets behind the last whole eight of s, the first one lowest. */
static uint64_t sip_rest(char const *s, size_t len)
{
  size_t const rest = len % 8;
  uint64_t w = 0;
  if (rest && len >= 8) return get64(s + len - 8) >> (64 - 8 * rest);
  for (size_t k = 0; k < rest; k++) w |= (uint64_t)(unsigned char)s[k] << (8 * k);
  return w;
}

uint64_t index_siphash(char const key[INDEX_KEY], void const *p, size_t len)
{
  char const *const s = p;
  uint64_t const k0 = get64(key), k1 = get64(key + 8);
  uint64_t v[4] = { k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u };
  for (size_t i = 0; i + 8 <= len; i += 8) sip_word(v, get64(s + i));
  sip_word(v, (uint64_t)len << 56 | sip_rest(s, len));
  v[2] ^= 0xff;
  for (unsigned int k = 0; k < 4; k++) sip_round(v);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t index_id_hash(slice id)
{
  static char const key[INDEX_KEY];
  uint64_t const h = index_siphash(key, id.s, id.len);
  return h ? h : 1;
}
