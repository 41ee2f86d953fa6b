/* Places in an order: the image's list of mail numbers, without those that have gone or stand elsewhere now, and between them
 * the few that stand for themselves (change.c). */
#include <errno.h>
#include <string.h>

#include "index.h"

void index_mail_key(index_key *k, unsigned int by, index_mail const *m)
{
  *k = (index_key){ .base = m->base, .inode = m->inode };
  switch (by) {
  case ORDER_DATE: k->number = m->r.date; break;
  case ORDER_SIZE: k->number = (int64_t)m->r.size; break;
  case ORDER_ARRIVAL: k->number = m->r.arrival; break;
  case ORDER_SENDER: k->text = (slice){ m->text.s, m->r.sender_len }; break;
  case ORDER_SUBJECT: k->text = (slice){ m->text.s + m->r.sender_len, m->r.subject_len }; break;
  default: break;
  }
}

int index_key_compare(index_key const *a, index_key const *b)
{
  int r;
  if (a->number != b->number) return a->number < b->number ? -1 : 1;
  r = slice_compare(a->text, b->text);
  if (!r) r = slice_compare(a->base, b->base);
  return r ? r : (a->inode > b->inode) - (a->inode < b->inode);
}

/* The same by base, of a mail whose check is not looked at: half of it need not be read then. */
static int base_before(folder_index *ix, uint32_t number, index_key const *k)
{
  index_room room;
  index_key key = { .inode = k->inode };
  int r;
  if (!index_image_base(ix, number, &key.base, &room)) return -1;
  r = index_key_compare(&key, k);
  if (!r && !index_image_inode(ix, number, &key.inode)) return -1;
  return r ? r < 0 : key.inode < k->inode;
}

/* Whether the mail at place i of the image's order lies before k: 1, 0, -1. */
static int lies_before(folder_index *ix, unsigned int by, uint32_t i, index_key const *k, int checked)
{
  uint32_t number;
  index_room room;
  index_mail m;
  index_key key;
  if (!index_order_at(ix, by, i, &number)) return -1;
  if (by == INDEX_BY_BASE && !checked) return base_before(ix, number, k);
  if (!index_image_mail(ix, number, &m, &room)) return -1;
  index_mail_key(&key, by, &m);
  return index_key_compare(&key, k) < 0;
}

/* A place that was found without looking at checks is right where those on both sides of it are: the order has a check of its own. */
static int is_place(folder_index *ix, unsigned int by, index_key const *k, uint32_t place)
{
  if (by != INDEX_BY_BASE) return 1;
  if ((!place || lies_before(ix, by, place - 1, k, 1) > 0) && (place == ix->h.n || !lies_before(ix, by, place, k, 1))) return 1;
  ix->broken = 1;
  return errno = EILSEQ, 0;
}

/* What came together mostly belongs together: the place that was found last is tried before all are bisected. */
int index_order_before(folder_index *ix, unsigned int by, index_key const *k, uint32_t *count)
{
  uint32_t const near = ix->near[by];
  uint32_t low = 0, high = ix->h.n;
  int before;
  ix->bisected |= by == INDEX_BY_BASE;
  if (near) {
    if ((before = lies_before(ix, by, near - 1, k, 0)) < 0) return 0;
    if (before) low = near;
    else high = near - 1;
    if (before && near < high) {
      if ((before = lies_before(ix, by, near, k, 0)) < 0) return 0;
      if (before) low = near + 1;
      else high = near;
    }
  }
  /* In the same halves for every key: what the last one read is read no more. */
  for (uint32_t from = 0, to = ix->h.n; low < high;) {
    uint32_t const middle = from + (to - from) / 2;
    if (middle >= low && middle < high) {
      if ((before = lies_before(ix, by, middle, k, 0)) < 0) return 0;
      if (before) low = middle + 1;
      else high = middle;
    }
    if (middle < low) from = middle + 1;
    else to = middle;
  }
  ix->near[by] = low;
  *count = low;
  return is_place(ix, by, k, low);
}

static uint32_t extra_number(folder_index const *ix, unsigned int by, size_t i) { return ix->change[ix->extra[by][i]].mail.number; }

/* Of extras that have gone since they were sorted the key is still there. */
static int extra_key(folder_index *ix, unsigned int by, size_t i, index_key *key, index_room *room)
{
  index_mail m;
  if (!index_get_gone(ix, ix->change + ix->extra[by][i], &m, room)) return 0;
  index_mail_key(key, by, &m);
  return 1;
}

/* How many of the extras lie before k. */
static int extra_before(folder_index *ix, unsigned int by, index_key const *k, size_t *count)
{
  size_t low = 0, high;
  if (!index_extra(ix, by)) return 0;
  high = ix->extras[by];
  while (low < high) {
    size_t const middle = low + (high - low) / 2;
    index_room room;
    index_key key;
    if (!extra_key(ix, by, middle, &key, &room)) return 0;
    if (index_key_compare(&key, k) < 0) low = middle + 1;
    else high = middle;
  }
  *count = low;
  return 1;
}

/* --- the cursor --- */

int index_cursor_open(index_cursor *c, folder_index *ix, unsigned int by, int at_end)
{
  *c = (index_cursor){ .ix = ix, .by = by };
  if (ix->broken || !index_apply(ix) || !index_extra(ix, by)) return 0;
  if (at_end) c->at = ix->h.n, c->extra = ix->extras[by];
  return 1;
}

int index_cursor_seek(index_cursor *c, index_key const *k, int behind)
{
  index_key key = *k;
  if (behind && key.inode != UINT64_MAX) key.inode++;
  else if (behind) return index_cursor_open(c, c->ix, c->by, 1);
  return index_order_before(c->ix, c->by, &key, &c->at) && extra_before(c->ix, c->by, &key, &c->extra);
}

static int visible_extra(index_cursor const *c, size_t i) { return !c->ix->change[c->ix->extra[c->by][i]].gone; }

/* The next of the image's mails, or of those before: its place in the order is left in c->at. 1, 0, -1. */
static int image_next(index_cursor *c, int upwards, uint32_t *number)
{
  for (; upwards ? c->at < c->ix->h.n : c->at > 0; upwards ? c->at++ : c->at--) {
    if (!index_order_at(c->ix, c->by, upwards ? c->at : c->at - 1, number)) return -1;
    if (!index_hidden(c->ix, c->by, *number)) return 1;
  }
  return 0;
}

static int extra_next(index_cursor *c, int upwards)
{
  for (; upwards ? c->extra < c->ix->extras[c->by] : c->extra > 0; upwards ? c->extra++ : c->extra--)
    if (visible_extra(c, upwards ? c->extra : c->extra - 1)) return 1;
  return 0;
}

/* The place in the image's order where the next extra belongs, found once for each. */
static int find_turn(index_cursor *c, int upwards)
{
  size_t const extra = upwards ? c->extra : c->extra - 1;
  index_room room;
  index_key key;
  if (c->turn_known && c->turn_of == extra) return 1;
  if (!extra_key(c->ix, c->by, extra, &key, &room) || !index_order_before(c->ix, c->by, &key, &c->turn)) return 0;
  c->turn_of = extra;
  return c->turn_known = 1;
}

static int step(index_cursor *c, int upwards, uint32_t *number)
{
  int const image = image_next(c, upwards, number), extra = extra_next(c, upwards);
  if (image < 0 || (!image && !extra)) return image;
  if (extra && image && !find_turn(c, upwards)) return -1;
  if (!image || (extra && (upwards ? c->at >= c->turn : c->at <= c->turn))) {
    *number = extra_number(c->ix, c->by, upwards ? c->extra : c->extra - 1);
    if (upwards) c->extra++;
    else c->extra--;
  } else if (upwards) c->at++;
  else c->at--;
  return 1;
}

int index_cursor_next(index_cursor *c, uint32_t *number) { return step(c, 1, number); }

int index_cursor_previous(index_cursor *c, uint32_t *number) { return step(c, 0, number); }

/* Passes over so many of the image's mails, at most up to place end of its order. */
static int skip_image(index_cursor *c, uint64_t *count, uint32_t end, int upwards)
{
  uint32_t const there = upwards ? end - c->at : c->at - end;
  if (!c->ix->hidden) {
    uint32_t const some = *count < there ? (uint32_t)*count : there;
    if (upwards) c->at += some;
    else c->at -= some;
    *count -= some;
    return 1;
  }
  while (*count && c->at != end) {
    uint32_t number;
    if (!index_order_at(c->ix, c->by, upwards ? c->at : c->at - 1, &number)) return 0;
    if (!index_hidden(c->ix, c->by, number)) --*count;
    if (upwards) c->at++;
    else c->at--;
  }
  return 1;
}

/* From one extra to the next: what lies between is only counted, so that few keys are looked at. */
int index_cursor_skip(index_cursor *c, uint64_t count, int upwards)
{
  while (count && extra_next(c, upwards)) {
    uint32_t end;
    if (!find_turn(c, upwards)) return 0;
    end = c->turn;
    if (upwards ? end < c->at : end > c->at) end = c->at;
    if (!skip_image(c, &count, end, upwards)) return 0;
    if (!count) return 1;
    if (upwards) c->extra++;
    else c->extra--;
    count--;
  }
  return skip_image(c, &count, upwards ? c->ix->h.n : 0, upwards);
}

/* --- by base --- */

int index_base_find(folder_index *ix, slice base, uint64_t inode, uint32_t *numbers, size_t room, size_t *count)
{
  index_key const k = { .base = base, .inode = inode };
  index_cursor c;
  *count = 0;
  if (!index_cursor_open(&c, ix, INDEX_BY_BASE, 0) || !index_cursor_seek(&c, &k, 0)) return 0;
  while (*count < room) {
    index_room text;
    index_mail m;
    uint32_t number;
    int const there = index_cursor_next(&c, &number);
    if (there <= 0) return !there;
    if (!index_get(ix, number, &m, &text)) return 0;
    if (!slice_same(m.base, base)) return 1;
    numbers[(*count)++] = number;
  }
  return 1;
}
