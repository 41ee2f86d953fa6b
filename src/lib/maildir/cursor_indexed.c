/* A walk along the order that a folder's index has: nothing is made or sorted, and a mail is matched when it is reached. What the index says may break
 * under way: cursor.c goes on without it. */
#include "cursor_internal.h"

/* What cannot be read counts where the order's keys would be read from mails. */
folder_index *cursor_index(cursor *c)
{
  folder_index *const ix = c->by == ORDER_BASE || c->match ? folder_index_fresh(c->f) : folder_index_made(c->f);
  if (!ix || !folder_index_remake(c->f, !cursor_is_free(c->by))) return NULL;
  return ix;
}

static int is_text(enum order_by by) { return by == ORDER_SENDER || by == ORDER_SUBJECT; }

/* A bound that is a plain mid names the one mail of its base: the walk goes on behind that. 0: broken. */
static int pass_plain(cursor *c, index_key const *k)
{
  index_cursor ahead = c->walk;
  index_room room;
  index_mail m;
  index_key key;
  uint32_t number;
  int const there = index_cursor_next(&ahead, &number);
  if (there <= 0) return !there;
  if (!index_get(c->index, number, &m, &room)) return 0;
  index_mail_key(&key, (unsigned int)c->by, &m);
  key.inode = 0;
  if (!(m.r.flags & INDEX_TWIN) && !index_key_compare(&key, k)) c->walk = ahead;
  return 1;
}

int cursor_seek_index(cursor *c, order_key const *from)
{
  index_key k = { 0 };
  if (!from || !from->mail) return index_cursor_open(&c->walk, c->index, (unsigned int)c->by, c->backwards);
  if (!index_cursor_open(&c->walk, c->index, (unsigned int)c->by, 0)) return 0;
  k = (index_key){ .number = from->number, .text = from->text, .base = from->mail->base, .inode = from->mail->inode };
  if (c->by == ORDER_BASE) k.number = 0;
  if (!index_cursor_seek(&c->walk, &k, k.inode && c->backwards == c->with_place)) return 0;
  return k.inode || c->backwards != c->with_place || pass_plain(c, &k);
}

/* The next of the index: 1, 0, -1; 2: one that is not wanted. */
static int take_indexed(cursor *c, order_key *k)
{
  uint32_t number;
  index_room room;
  index_mail m;
  int const there = c->index->broken ? -1 : c->backwards ? index_cursor_previous(&c->walk, &number) : index_cursor_next(&c->walk, &number);
  if (there <= 0) return there;
  if (sieve_without(&c->sieve, number)) return 2;
  if (!index_get(c->index, number, &m, &room)) return -1;
  *k = (order_key){ .mail = folder_index_entry(c->f, &m) };
  if (!k->mail) return -1;
  if (is_text(c->by)) {
    slice const text = { m.text.s + (c->by == ORDER_SENDER ? 0 : m.r.sender_len), c->by == ORDER_SENDER ? m.r.sender_len : m.r.subject_len };
    k->text = (slice){ arena_copy(&c->a, text.s, text.len), text.len };
    if (!k->text.s) return -1;
  } else if (c->by != ORDER_BASE) k->number = c->by == ORDER_DATE ? m.r.date : c->by == ORDER_ARRIVAL ? m.r.arrival : (int64_t)m.r.size;
  return 1;
}

int cursor_next_indexed(cursor *c, order_key *k)
{
  for (;;) {
    int answer = MATCH_YES;
    int const there = take_indexed(c, k);
    if (there <= 0) return there ? -2 : 0;
    if (there > 1) continue;
    if (c->match) answer = c->match(c->context, c->f, k->mail, NULL);
    if (answer == MATCH_UNKNOWN) {
      answer = cursor_ask(c, k->mail, answer);
      if (answer >= 0 && c->file.len) sieve_learn(&c->sieve, k->mail, (slice){ c->file.s, c->file.len });
    }
    if (answer == MATCH_FAILED) return -1;
    c->last = *k;
    c->with_place = 0;
    c->skipped = 0;
    if (answer == MATCH_YES) return 1;
  }
}
