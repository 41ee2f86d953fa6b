/* The index's file: a model of a folder is changed at random; what the index says must be what the model says, after each look, after the
 * file was opened anew, and after its tail was cut. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../src/lib/index/compare.h"
#include "tap.h"

#define MAILS_MAX 3000

typedef struct model_mail_s model_mail;
struct model_mail_s {
  char name[64];
  unsigned char where;
  uint64_t inode;
  index_record r;
  char text[600];
  size_t text_len;
};
static model_mail model[MAILS_MAX];
static size_t count;
static uint64_t next_inode = 100;
static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
  seed = seed * 1103515245u + 12345u;
  return (seed >> 8) % below;
}

/* A mail's keys follow from its inode, as those of a real one follow from its octets. */
static void facts(uint64_t inode, index_record *r, char *text, size_t *len)
{
  uint64_t const h = index_check(7, &inode, sizeof inode);
  unsigned int const references = (unsigned int)(h >> 40 & 3);
  size_t n;
  *r = (index_record){ .date = (int64_t)(h % 50) - 10, .arrival = 1700000000 + (int64_t)(h >> 8) % 90, .size = h >> 16 & 127, .message_id = h };
  n = (size_t)sprintf(text, "%.*s", (int)(h >> 20 & 7), "anna smith");
  r->sender_len = (uint16_t)n;
  n += (size_t)sprintf(text + n, "%.*s%u", (int)(h >> 23 & 15), "eight octets and more", (unsigned int)(h >> 30 & 3));
  r->subject_len = (uint16_t)(n - r->sender_len);
  text[n++] = (char)references;
  memset(text + n, 'r', 8 * references);
  *len = n + 8 * references;
}

static int head(void *context, index_operation *o, arena *a)
{
  char text[600];
  size_t len;
  (void)context;
  facts(o->inode, &o->record, text, &len);
  o->text = (slice){ arena_copy(a, text, len), len };
  return o->text.s ? 1 : -1;
}

static void deliver(unsigned char where)
{
  model_mail *const m = model + count;
  if (count == MAILS_MAX) return;
  *m = (model_mail){ .where = where, .inode = ++next_inode };
  if (count && !any(12)) {  /* a twin */
    memcpy(m->name, model[any((uint32_t)count)].name, sizeof m->name);
    strcpy(m->name + strcspn(m->name, ":"), ":2,T");
  } else sprintf(m->name, "%u.M%uP1.host%s", 1700000000 + any(100), any(100000), where ? ":2," : "");
  facts(m->inode, &m->r, m->text, &m->text_len);
  count++;
}

static void set_flags(model_mail *m)
{
  char *colon = strchr(m->name, ':');
  if (colon) *colon = 0;
  sprintf(m->name + strlen(m->name), ":2,%.*s", (int)any(4), "FRS");
  m->where = PLACE_CUR;
}

static void step(void)
{
  size_t const i = count ? any((uint32_t)count) : 0;
  switch (any(8)) {
    case 0: case 1: deliver(PLACE_NEW); break;
    case 2: deliver(PLACE_CUR); break;
    case 3:
      if (count < 20) break;
      model[i] = model[--count];
      break;
    default: if (count) set_flags(model + i);
  }
}

/* The directory's order hangs on names alone, as ext4's does. */
static int by_hash(void const *a, void const *b)
{
  char const *const x = ((place_name const *)a)->name, *const y = ((place_name const *)b)->name;
  uint64_t const h = index_check(1, x, strlen(x)), i = index_check(1, y, strlen(y));
  return h != i ? h < i ? -1 : 1 : 0;
}

static void list(index_listing *l, unsigned char where)
{
  l->list = malloc((count + 1) * sizeof *l->list);
  l->number = malloc((count + 1) * sizeof *l->number);
  l->count = 0;
  for (size_t i = 0; i < count; i++)
    if (model[i].where == where) l->list[l->count++] = (place_name){ model[i].name, model[i].inode };
  qsort(l->list, l->count, sizeof *l->list, by_hash);
}

static void list_free(comparison *c)
{
  for (unsigned int p = 0; p < PLACES; p++) {
    free(c->listing[p].list);
    free(c->listing[p].number);
  }
}

/* --- the model's word --- */

static unsigned int model_by;

static void model_key(index_key *k, model_mail const *m)
{
  char room[INDEX_NAME_MAX];
  index_mail x = { .inode = m->inode, .name = { m->name, strlen(m->name) }, .text = { m->text, m->text_len }, .r = m->r };
  x.base = index_base(x.name, room);
  index_mail_key(k, model_by, &x);
}

static int by_key(void const *a, void const *b)
{
  index_key x, y;
  model_key(&x, *(model_mail *const *)a);
  model_key(&y, *(model_mail *const *)b);
  return index_key_compare(&x, &y);
}

/* Marks those whose neighbours in the order of bases have their base. */
static unsigned char twin[MAILS_MAX];

static void find_twins(model_mail **sorted)
{
  model_by = INDEX_BY_BASE;
  qsort(sorted, count, sizeof *sorted, by_key);
  memset(twin, 0, sizeof twin);
  for (size_t i = 1; i < count; i++) {
    index_key a, b;
    model_key(&a, sorted[i - 1]);
    model_key(&b, sorted[i]);
    if (a.base.len == b.base.len && !memcmp(a.base.s, b.base.s, a.base.len)) twin[sorted[i - 1] - model] = twin[sorted[i] - model] = 1;
  }
}

static int same_mail(folder_index *ix, uint32_t number, model_mail const *m)
{
  index_room room;
  index_mail got;
  return index_get(ix, number, &got, &room) && got.inode == m->inode && got.where == m->where && got.name.len == strlen(m->name)
    && !memcmp(got.name.s, m->name, got.name.len) && got.text.len == m->text_len && !memcmp(got.text.s, m->text, m->text_len)
    && got.r.date == m->r.date && got.r.size == m->r.size && got.r.message_id == m->r.message_id && got.r.thread == m->r.thread
    && !(got.r.flags & INDEX_TWIN) == !twin[m - model];
}

/* A walk from a place, against the model's. */
static int walk_right(folder_index *ix, model_mail **sorted, size_t from, int upwards, int by_seek)
{
  index_cursor c;
  uint32_t number;
  if (!index_cursor_open(&c, ix, model_by, !upwards)) return 0;
  if (by_seek && count) {
    index_key k;
    model_key(&k, sorted[from]);
    if (!index_cursor_seek(&c, &k, !upwards)) return 0;
    if (!upwards) from = count - 1 - from;
  } else if (!index_cursor_skip(&c, from, upwards)) return 0;
  for (size_t i = from; i < count && i < from + 60; i++) {
    if ((upwards ? index_cursor_next(&c, &number) : index_cursor_previous(&c, &number)) != 1) return 0;
    if (!same_mail(ix, number, sorted[upwards ? i : count - 1 - i])) return 0;
  }
  return count > from + 60 || (upwards ? index_cursor_next(&c, &number) : index_cursor_previous(&c, &number)) == 0;
}

static int says_the_same(folder_index *ix)
{
  static model_mail *sorted[MAILS_MAX];
  uint64_t unread = 0, octets = 0;
  for (size_t i = 0; i < count; i++) sorted[i] = model + i, unread += !strchr(model[i].name, 'S'), octets += model[i].r.size;
  if (ix->last.mails != count || ix->last.unread != unread || ix->last.octets != octets) return 0;
  find_twins(sorted);
  for (model_by = 0; model_by < INDEX_ORDERS; model_by++) {
    qsort(sorted, count, sizeof *sorted, by_key);
    for (int way = 0; way < 4; way++)
      if (!walk_right(ix, sorted, count ? any((uint32_t)count) : 0, way & 1, way & 2)) return printf("# order %u, way %d\n", model_by, way), 0;
  }
  for (size_t i = 0; i < count; i++) {
    char room[INDEX_NAME_MAX];
    uint32_t number;
    size_t found;
    if (!index_base_find(ix, index_base((slice){ model[i].name, strlen(model[i].name) }, room), model[i].inode, &number, 1, &found)
     || found != 1 || !same_mail(ix, number, model + i)) return 0;
  }
  return 1;
}

/* --- looks --- */

static void build(folder_index *ix, int dir)
{
  index_builder b = INDEX_BUILDER_ZERO;
  b.h = (index_header){ .instance = any(UINT32_MAX), .birth = 5, .keys_version = INDEX_KEYS_VERSION };
  for (unsigned char p = 0; p < PLACES; p++) {
    index_listing l;
    list(&l, p);
    for (size_t k = 0; k < l.count; k++) {
      index_mail m = { .where = p, .inode = l.list[k].inode, .name = { l.list[k].name, strlen(l.list[k].name) } };
      char text[600];
      facts(m.inode, &m.r, text, &m.text.len);
      m.text.s = text;
      for (size_t i = 0; i < count; i++)
        if (model[i].inode == m.inode) m.r.thread = model[i].r.thread;
      m.r.serial = b.h.serial++;
      index_builder_add(&b, &m);
    }
    free(l.list);
    free(l.number);
  }
  *ix = (folder_index)FOLDER_INDEX_ZERO;
  ix->dir = dir;
  ix->name = INDEX_NAME;
  ok(index_builder_finish(&b, ix) && index_image_write(ix, dir, "unique"), "an image of %zu mails is built and written", count);
}

/* Compares and leaves the segment behind; 0 where something failed. */
static int look(folder_index *ix, int both)
{
  comparison c = { .ix = ix, .head = head };
  int good;
  list(c.listing + PLACE_NEW, PLACE_NEW);
  if (both) list(c.listing + PLACE_CUR, PLACE_CUR);
  good = index_compare(&c) && index_segment_write(ix, &c, (index_stamp[PLACES]){ { 0 } });
  list_free(&c);
  index_comparison_free(&c);
  return good;
}

/* Some mails get another thread; 0 where something failed. */
static int give_threads(folder_index *ix)
{
  comparison c = { .ix = ix, .total = ix->last };
  index_operation o[5];
  int good = 1;
  for (c.operation = o; count && c.count < 5; c.count++) {
    model_mail *const m = model + any((uint32_t)count);
    char room[INDEX_NAME_MAX];
    size_t found;
    m->r.thread = any(UINT32_MAX) * UINT64_C(0x100000001) + 1;
    o[c.count] = (index_operation){ .kind = INDEX_THREAD, .where = m->where, .inode = m->inode, .thread = m->r.thread };
    good &= index_base_find(ix, index_base((slice){ m->name, strlen(m->name) }, room), m->inode, &o[c.count].number, 1, &found) && found == 1
      && index_change_make(ix, o + c.count, (uint32_t)ix->last.sequence + 1);
    c.octets += index_operation_pack(NULL, o + c.count);
  }
  return good && index_segment_write(ix, &c, ix->last.stamp);
}

static int reopened_right(folder_index *ix, int dir)
{
  index_close(ix);
  return index_open(ix, dir, INDEX_NAME, INDEX_KEYS_VERSION) && says_the_same(ix);
}

/* How many places in the image's orders hang on which place was found before. */
static size_t places_wrong(folder_index *ix)
{
  size_t wrong = 0;
  for (size_t i = 0; i < 2000 && ix->h.n; i++) {
    unsigned int const by = any(INDEX_ORDERS);
    uint32_t first = 0, then = 0;
    index_room room;
    index_mail m;
    index_key k;
    if (!index_image_mail(ix, any(ix->h.n), &m, &room)) return SIZE_MAX;
    index_mail_key(&k, by, &m);
    k.inode += any(3);
    k.number += (int64_t)any(3) - 1;
    ix->near[by] = 0;
    wrong += !index_order_before(ix, by, &k, &first);
    ix->near[by] = any(ix->h.n + 1);
    wrong += !index_order_before(ix, by, &k, &then) || first != then || ix->near[by] != first;
  }
  return wrong;
}

static void model_test(int dir, size_t start, size_t rounds)
{
  folder_index ix;
  size_t wrong = 0, failed = 0, reopened = 0, made = 1;
  count = 0;
  for (size_t i = 0; i < start; i++) deliver((unsigned char)any(2));
  build(&ix, dir);
  ok(says_the_same(&ix), "it says in memory what is there");
  ok(reopened_right(&ix, dir), "and from the file");
  is_int((long long)places_wrong(&ix), 0, "a place is the same, whichever was found before");
  for (size_t i = 0; i < rounds; i++) {
    for (size_t steps = 1 + any(any(10) ? 5 : 200); steps--;) step();
    if (!look(&ix, 1) || !give_threads(&ix)) {
      failed++;
      break;
    }
    wrong += !says_the_same(&ix);
    reopened += !reopened_right(&ix, dir);
    if (ix.segments_len > INDEX_SEGMENTS_MAX / 2) {
      index_close(&ix);
      build(&ix, dir);
      made++;
    }
  }
  is_int((long long)failed, 0, "no look fails");
  is_int((long long)wrong, 0, "each look says what is there");
  is_int((long long)reopened, 0, "and so does the file, opened anew");
  index_close(&ix);
}

static void tail_test(int dir)
{
  folder_index ix;
  struct stat st;
  uint64_t const mails = count;
  size_t wrong = 0, none = 0;
  int fd;
  build(&ix, dir);
  step(), look(&ix, 1);
  deliver(PLACE_NEW), look(&ix, 1);
  index_close(&ix);
  ok(!index_open(&ix, dir, INDEX_NAME, INDEX_KEYS_VERSION - 1), "an index of another version is none");
  ok(index_open(&ix, dir, INDEX_NAME, INDEX_KEYS_ANY), "but to who asks for any");
  index_close(&ix);
  fd = openat(dir, INDEX_NAME, O_RDWR);
  fstat(fd, &st);
  for (off_t len = st.st_size; len-- > 0;) {
    if (ftruncate(fd, len) < 0) break;
    if (!index_open(&ix, dir, INDEX_NAME, INDEX_KEYS_VERSION)) {
      none++;
      if (len > INDEX_HEADER) len -= any(50);
      continue;
    }
    wrong += !index_apply(&ix) || ix.last.mails + 1 < mails;
    index_close(&ix);
  }
  close(fd);
  is_int((long long)wrong, 0, "a cut tail is as if it were not there");
  ok(none > 0, "and a cut image is no index");
}

/* An owner writes a name with a NUL: it is not the name that ends there, whatever lies behind that in memory. */
static void nul_test(int dir)
{
  folder_index ix;
  count = 0;
  deliver(PLACE_CUR);
  strcpy(model->name, "17.a.host");
  build(&ix, dir);
  ix.memory[SECTION_NAMES][1 + strlen("17.a")] = 0;
  model->name[strlen("17.a")] = 0;
  ok(!look(&ix, 1) && ix.broken, "a name with a NUL in it is no mail's name");
  index_close(&ix);
}

/* One octet of a record or a name is wrong: a mail is found, or the index is of no use, but none is said not to be there. */
static void wrong_octet_test(int dir)
{
  static enum index_section const sections[] = { SECTION_RECORDS, SECTION_NAMES, SECTION_INODES };
  folder_index ix;
  size_t wrong = 0, broken = 0;
  count = 0;
  for (unsigned int i = 0; i < 60; i++) deliver(PLACE_CUR);
  build(&ix, dir);
  for (size_t trials = 0; trials < 20000; trials++) {
    enum index_section const section = sections[any(3)];
    char *const octet = ix.memory[section] + any((uint32_t)ix.h.section[section].len), was = *octet;
    model_mail const *const m = model + any((uint32_t)count);
    char room[INDEX_NAME_MAX];
    uint32_t number;
    size_t found;
    *octet = (char)((unsigned char)*octet ^ (1 + any(255)));
    ix.near[INDEX_BY_BASE] = any(ix.h.n + 1);
    if (!index_base_find(&ix, index_base((slice){ m->name, strlen(m->name) }, room), m->inode, &number, 1, &found)) broken++;
    else wrong += !found || ix.broken;
    ix.broken = 0;
    *octet = was;
  }
  is_int((long long)wrong, 0, "with a wrong octet no mail is said not to be there");
  ok(broken > 0 && broken < 10000, "and most are found");
  index_close(&ix);
}

/* Of what went only the last is kept: GONE is complete since the last of the others, whatever order they are met in. */
static void gone_test(int dir)
{
  folder_index ix;
  index_builder b = INDEX_BUILDER_ZERO;
  count = 0;
  for (unsigned int i = 0; i < 10; i++) deliver(PLACE_CUR);
  build(&ix, dir);
  index_change_make(&ix, &(index_operation){ .kind = INDEX_RENAME, .where = PLACE_CUR, .number = 5, .name = { "17.b.host:2,F", 13 } }, 2);
  index_change_make(&ix, &(index_operation){ .kind = INDEX_GO, .number = 6 }, 3);
  index_change_make(&ix, &(index_operation){ .kind = INDEX_GO, .number = 7 }, 5);
  index_change_make(&ix, &(index_operation){ .kind = INDEX_GO, .number = 5 }, 4);
  ok(index_changes_gone(&ix, &b, 2), "what went is given to an image, but for two");
  ok(b.gone_len > 0 && b.h.gone_since == 4, "which says since when that is all");
  index_builder_free(&b);
  index_close(&ix);
}

typedef struct heard_s heard;
struct heard_s {
  size_t there, gone, bases, wrong;
  int64_t since;
};

static int hear(void *context, mail_trace const *t)
{
  heard *const h = context;
  if (t->gone) h->gone++;
  else h->there++;
  h->wrong += (int64_t)t->sequence <= h->since && h->since >= 0;
  return 1;
}

static int hear_base(void *context, size_t which, mail_trace const *t)
{
  heard *const h = context;
  (void)which;
  h->bases++;
  h->wrong += t->gone;
  return 1;
}

static heard listen(folder_index *ix, int64_t since)
{
  heard h = { .since = since };
  if (!index_touched(ix, since, hear, &h)) h.wrong++;
  return h;
}

/* How many mails have one of these bases. */
static size_t have(slice const *bases, size_t n)
{
  size_t mails = 0;
  for (size_t i = 0; i < count; i++)
    for (size_t k = 0; k < n; k++) mails += slice_same((slice){ model[i].name, strcspn(model[i].name, ":") }, bases[k]);
  return mails;
}

/* What happened since a moment, told from the changes behind an image, and from the image that is made of them. */
static void since_test(int dir)
{
  folder_index ix;
  index_moment before, after;
  slice bases[40];
  heard h = { .since = -1 };
  count = 0;
  for (unsigned int i = 0; i < 30; i++) deliver(PLACE_CUR);
  build(&ix, dir);
  ok(index_moment_take(&ix, &before) && before.check == ix.h.instance, "the moment of an image");
  h = listen(&ix, before.sequence);
  ok(!h.there && !h.gone && !h.wrong, "nothing has happened since");
  look(&ix, 1);
  ok(index_moment_take(&ix, &after) && after.sequence == before.sequence && after.check == before.check,
    "a segment without operations is no other moment");
  deliver(PLACE_NEW);
  set_flags(model + 3);
  model[7] = model[--count];
  look(&ix, 1);
  ok(index_moment_take(&ix, &after) && after.sequence > before.sequence && index_follows(&ix, &after), "one with some is");
  h = listen(&ix, before.sequence);
  ok(h.there >= 1 && h.gone == 1 && !h.wrong, "what came, was changed and went");
  h = listen(&ix, after.sequence);
  ok(!h.there && !h.gone && !h.wrong, "and nothing since");
  h = listen(&ix, -1);
  ok(h.there == count && h.gone == 1, "all that is there");
  after.check++;
  ok(!index_follows(&ix, &after), "a segment with another check is another moment");
  ok(index_reaches(&ix, 0) && index_reaches(&ix, -1), "GONE reaches back");
  ix.h.gone_since = 1;
  ok(!index_reaches(&ix, 0) && index_reaches(&ix, 1) && index_reaches(&ix, -1), "or not");
  for (size_t i = 0; i < count; i++) bases[i] = slice_of(model[i].name), bases[i].len = strcspn(model[i].name, ":");
  h = (heard){ .since = -1 };
  ok(index_look_up(&ix, bases, count, hear_base, &h) && h.bases == count && !h.wrong, "bases are looked up, in one pass");
  h = (heard){ .since = -1 };
  ix.h.gone_since = 0;
  index_close(&ix);
  count = 0;
  for (unsigned int i = 0; i < 2000; i++) deliver(PLACE_CUR);
  build(&ix, dir);
  bases[0] = (slice){ "none", 4 };
  for (size_t i = 1; i < 4; i++) bases[i] = slice_of(model[i].name), bases[i].len = strcspn(model[i].name, ":");
  ok(index_look_up(&ix, bases, 3, hear_base, &h) && h.bases == have(bases, 3) && !h.wrong, "and by bisection");
  index_close(&ix);
}

/* Bases that are looked up one by one, but are known before: those that several have are not known so. */
static void expect_test(int dir, char const *odd, char const *what)
{
  static model_mail *sorted[MAILS_MAX];
  static slice bases[MAILS_MAX];
  static char room[MAILS_MAX][INDEX_NAME_MAX];
  char own[INDEX_NAME_MAX];
  folder_index ix;
  index_room text;
  index_mail m;
  size_t wrong = 0, twins = 0, all;
  count = 0;
  for (unsigned int i = 0; i < 300; i++) deliver(PLACE_CUR);
  strcpy(model[5].name, odd);
  build(&ix, dir);
  for (unsigned int i = 0; i < 30; i++) deliver(PLACE_NEW);
  for (size_t i = 0; i < count; i++) bases[i] = index_base(slice_of(model[i].name), room[i]);
  all = count;
  strcpy(room[all], bases[7].s);
  bases[7].s = room[all];
  model[7] = model[--count];
  set_flags(model + 9);
  bases[all] = slice_of("1700000000.M1P1.somewhere else");
  for (size_t i = 0; i < count; i++) sorted[i] = model + i;
  ok(look(&ix, 1) && index_expect(&ix, bases, all + 1), "bases are expected, %s", what);
  find_twins(sorted);
  for (size_t i = 0; i < count; i++) {
    slice const base = index_base(slice_of(model[i].name), own);
    int const found = index_hint(&ix, base, any(2) ? model[i].inode : 0, &m, &text);
    wrong += twin[i] ? found : !found || m.inode != model[i].inode || !same_mail(&ix, m.number, model + i);
    twins += twin[i];
  }
  is_int((long long)wrong, 0, "all that have a base of their own are known");
  ok(twins && twins < count / 2 && !index_hint(&ix, bases[all], 0, &m, &text), "and no others");
  ok(!index_hint(&ix, bases[9], 1, &m, &text), "nor is one with another inode");
  index_close(&ix);
}

static void hash_test(void)
{
  char key[INDEX_KEY], text[15];
  for (unsigned int i = 0; i < INDEX_KEY; i++) key[i] = (char)i;
  for (unsigned int i = 0; i < sizeof text; i++) text[i] = (char)i;
  ok(index_siphash(key, text, sizeof text) == UINT64_C(0xa129ca6149be45e5), "SipHash-2-4 as its authors' example has it");
}

static void sort_test(void)
{
  static index_item list[5000], spare[5000];
  size_t wrong = 0;
  for (size_t n = 0; n < 5000; n = n * 3 / 2 + 1) {
    for (size_t i = 0; i < n; i++) list[i] = (index_item){ any(any(2) ? 10 : UINT32_MAX) * UINT64_C(0x100000001), (uint32_t)i };
    index_sort(list, n, spare);
    for (size_t i = 1; i < n; i++) wrong += list[i - 1].key > list[i].key || (list[i - 1].key == list[i].key && list[i - 1].number > list[i].number);
  }
  is_int((long long)wrong, 0, "sorting is right and stable, few and many");
}

int main(void)
{
  char path[] = "/tmp/porter-index.XXXXXX";
  int dir;
  if (!mkdtemp(path) || (dir = open(path, O_RDONLY | O_DIRECTORY)) < 0) return 111;
  hash_test();
  sort_test();
  model_test(dir, 0, 60);
  model_test(dir, 300, 40);
  model_test(dir, 1500, 12);
  tail_test(dir);
  nul_test(dir);
  wrong_octet_test(dir);
  gone_test(dir);
  since_test(dir);
  expect_test(dir, "1700000000.M5P1.host:2,", "all of them long");
  expect_test(dir, "short:2,", "one of them short");
  expect_test(dir, "1700,U=12,behind the uid:2,", "one with a uid where it begins");
  unlinkat(dir, INDEX_NAME, 0);
  close(dir);
  ok(!rmdir(path), "nothing is left but the index");
  return done();
}
