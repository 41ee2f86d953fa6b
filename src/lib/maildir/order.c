/* Sort keys of mails, and places between them. */
#include <errno.h>
#include <string.h>

#include <skalibs/types.h>

#include <porter/order.h>
#include <porter/text.h>

#include "private.h"

/* At most ORDER_TEXT_MAX octets, cut between characters. */
static slice cut(slice s)
{
  if (s.len > ORDER_TEXT_MAX) {
    s.len = ORDER_TEXT_MAX;
    while (s.len && ((unsigned char)s.s[s.len] & 0xc0) == 0x80) s.len--;
  }
  return s;
}

int order_sender(arena *a, mail_charsets *charsets, slice from, slice *key)
{
  mail_address *list;
  size_t count;
  slice folded;
  *key = (slice)SLICE_ZERO;
  if (!from.s) return 1;
  if (!mail_addresses(a, charsets, FIELD_FROM, from, &list, &count)) return 0;
  while (count && list->group) list++, count--; /* what people are not shown */
  if (!count) return 1;
  if (!text_fold(a, list->name.len ? list->name : list->address, &folded)) return 0;
  *key = cut(folded);
  return 1;
}

static int subject_key(arena *a, slice text, slice *key)
{
  char *copy;
  if (!text_fold(a, text, &text) || !(copy = arena_copy(a, text.s, text.len))) return 0;
  *key = cut(subject_base(copy, text.len));
  return 1;
}

int order_subject(arena *a, mail_charsets *charsets, slice subject, slice *key)
{
  slice text;
  *key = (slice)SLICE_ZERO;
  if (!subject.s) return 1;
  return mail_text(a, charsets, subject, &text) && subject_key(a, text, key);
}

/* Decimal digits; where sign is set, after a minus too. */
static int scan_number(slice s, int sign, int64_t *n)
{
  char text[UINT64_FMT + 2];
  size_t minus = sign && s.len && *s.s == '-';
  if (s.len == minus || s.len >= sizeof text) return 0;
  memcpy(text, s.s, s.len);
  text[s.len] = 0;
  return strspn(text + minus, "0123456789") == s.len - minus && int640_scan(text, n);
}

static int scan_time(slice s, int64_t *n)
{
  mail_date date;
  if (scan_number(s, 1, n)) return 1;
  if (!mail_date_scan(s, &date)) return 0;
  *n = date.seconds;
  return 1;
}

static int bound_number(order_key *k, enum order_by by, slice param)
{
  int good = by == ORDER_SIZE ? scan_number(param, 0, &k->number) : scan_time(param, &k->number);
  return good || (errno = EINVAL, 0);
}

static int bound_text(order_key *k, enum order_by by, arena *a, slice param)
{
  slice text;
  if (by == ORDER_SUBJECT) return subject_key(a, param, &k->text);
  if (!text_fold(a, param, &text)) return 0;
  k->text = cut(text);
  return 1;
}

int order_key_bound(order_key *k, enum order_by by, arena *a, slice param, slice mid)
{
  mail_entry *e = arena_array(a, 1, sizeof *e);
  if (!e) return 0;
  /* A mid that no mail can have is a place all the same: that of its octets. */
  if (!maildir_mid_scan(a, mid, &e->base, &e->inode)) {
    if (errno != EINVAL) return 0;
    e->base = mid;
  }
  *k = (order_key){ .mail = e };
  switch (by) {
  case ORDER_BASE: return 1;
  case ORDER_SENDER:
  case ORDER_SUBJECT: return bound_text(k, by, a, param);
  default: return bound_number(k, by, param);
  }
}

size_t order_key_param(char *s, enum order_by by, order_key const *k)
{
  size_t len;
  if (by == ORDER_SENDER || by == ORDER_SUBJECT) {
    len = k->text.len;
    if (len) memcpy(s, k->text.s, len);
  } else len = by == ORDER_BASE ? 0 : int64_fmt(s, k->number);
  s[len] = 0;
  return len;
}

int order_compare(order_key const *a, order_key const *b)
{
  int r;
  if (a->number != b->number) return a->number < b->number ? -1 : 1;
  r = slice_compare(a->text, b->text);
  return r ? r : mail_entry_compare(a->mail, b->mail);
}

int mail_entry_compare(mail_entry const *a, mail_entry const *b)
{
  int r = slice_compare(a->base, b->base);
  if (r) return r;
  /* A bound that is a plain mid names the one mail of that base; where there are several, it lies before them. */
  if (!a->inode) return b->twin ? -1 : 0;
  if (!b->inode) return a->twin ? 1 : 0;
  return (a->inode > b->inode) - (a->inode < b->inode);
}
