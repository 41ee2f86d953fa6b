/* Sort keys of mails, and places between them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/types.h>

#include <porter/order.h>
#include <porter/text.h>

/* At most ORDER_TEXT_MAX octets, cut between characters. */
static slice cut(slice s)
{
  if (s.len > ORDER_TEXT_MAX) {
    s.len = ORDER_TEXT_MAX;
    while (s.len && ((unsigned char)s.s[s.len] & 0xc0) == 0x80) s.len--;
  }
  return s;
}

static int sender_key(order_key *k, arena *a, slice from)
{
  mail_address *list;
  size_t count;
  slice folded;
  if (!from.s) return 1;
  if (!mail_addresses(a, from, &list, &count)) return 0;
  if (!count) return 1;
  if (!text_fold(a, list->name.len ? list->name : list->address, &folded)) return 0;
  k->text = cut(folded);
  return 1;
}

static int subject_key(order_key *k, arena *a, slice subject)
{
  slice text;
  char *copy;
  if (!subject.s) return 1;
  if (!mail_text(a, subject, &text)) return 0;
  copy = arena_copy(a, text.s, text.len);
  if (!copy || !text_fold(a, subject_base(copy, text.len), &text)) return 0;
  k->text = cut(text);
  return 1;
}

static enum mail_field const field_of[] = { [ORDER_DATE] = FIELD_DATE, [ORDER_SENDER] = FIELD_FROM, [ORDER_SUBJECT] = FIELD_SUBJECT };

int order_key_make(order_key *k, enum order_by by, arena *a, folder *f, mail_entry *e, mail_file *m, int64_t now)
{
  slice value;
  mail_date date;
  uint64_t size;
  *k = (order_key){ .mail = e };
  if (by == ORDER_SIZE) {
    while (!folder_size(f, e, &size)) if (errno != ENOENT || !folder_find_again(f, e)) return 0;
    k->number = (int64_t)size;
    return 1;
  }
  if (by != ORDER_ARRIVAL) {
    if (mail_file_field(m, f, e, field_of[by], &value)) {
      if (by == ORDER_SENDER) return sender_key(k, a, value);
      if (by == ORDER_SUBJECT) return subject_key(k, a, value);
      if (value.s && mail_date_parse(value, &date)) return k->number = date.seconds, 1;
    } else if (errno == ENOENT || errno == ENOMEM) return 0;
    if (by != ORDER_DATE) return 1;
  }
  while (!folder_time(f, e, now, &k->number))
    if (errno != ENOENT || !folder_find_again(f, e)) return 0;
  return 1;
}

static int scan_number(slice s, int64_t *n)
{
  char text[UINT64_FMT + 2];
  if (!s.len || s.len >= sizeof text) return 0;
  memcpy(text, s.s, s.len);
  text[s.len] = 0;
  return int640_scan(text, n);
}

int order_key_bound(order_key *k, enum order_by by, arena *a, slice param, slice mid)
{
  mail_entry *e = arena_array(a, 1, sizeof *e);
  slice folded;
  if (!e) return 0;
  e->mid = mid;
  *k = (order_key){ .mail = e };
  if (by != ORDER_SENDER && by != ORDER_SUBJECT) return scan_number(param, &k->number) ? 1 : (errno = EINVAL, 0);
  if (!text_fold(a, param, &folded)) return 0;
  k->text = cut(folded);
  return 1;
}

size_t order_key_param(char *s, enum order_by by, order_key const *k)
{
  size_t len;
  if (by == ORDER_SENDER || by == ORDER_SUBJECT) {
    len = k->text.len;
    if (len) memcpy(s, k->text.s, len);
  } else len = int64_fmt(s, k->number);
  s[len] = 0;
  return len;
}

static int compare_octets(slice a, slice b)
{
  size_t n = a.len < b.len ? a.len : b.len;
  int r = n ? memcmp(a.s, b.s, n) : 0;
  return r ? r : (a.len > b.len) - (a.len < b.len);
}

int order_compare(order_key const *a, order_key const *b)
{
  int r;
  if (a->number != b->number) return a->number < b->number ? -1 : 1;
  r = compare_octets(a->text, b->text);
  return r ? r : compare_octets(a->mail->mid, b->mail->mid);
}

static int up(void const *a, void const *b)
{
  return order_compare(a, b);
}

static int down(void const *a, void const *b)
{
  return order_compare(b, a);
}

void order_sort(order_key *list, size_t count, int descending)
{
  if (count) qsort(list, count, sizeof *list, descending ? down : up);
}

size_t order_find(order_key const *list, size_t count, int descending, order_key const *k, int *there)
{
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int r = order_compare(list + middle, k);
    if (descending ? r > 0 : r < 0) low = middle + 1;
    else high = middle;
  }
  *there = low < count && !order_compare(list + low, k);
  return low;
}
