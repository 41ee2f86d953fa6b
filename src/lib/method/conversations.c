/* Which mails belong together. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <skalibs/blake2s.h>

#include <porter/exit.h>
#include <porter/hex.h>
#include "conversations.h"

void conversations_id(uint64_t id, char *s)
{
  for (int i = 0; i < THREAD_ID_LEN; i++) s[i] = HEX_LOWER[id >> (60 - 4 * i) & 15];
  s[THREAD_ID_LEN] = 0;
}

/* --- keys --- */

static uint64_t key_of(slice id, slice subject)
{
  unsigned char digest[32];
  blake2s_ctx ctx;
  uint64_t key = 0;
  blake2s_init(&ctx, 32);
  if (id.len) blake2s_update(&ctx, id.s, id.len);
  blake2s_update(&ctx, "", 1);
  if (subject.len) blake2s_update(&ctx, subject.s, subject.len);
  blake2s_final(&ctx, (char *)digest);
  for (int i = 0; i < 8; i++) key = key << 8 | digest[i];
  return key;
}

/* The base subject, which is folded already, without white space. */
static int bare_subject(arena *a, slice *subject)
{
  char *s = arena_take(a, subject->len + 1);
  size_t len = 0;
  if (!s) return 0;
  for (size_t i = 0; i < subject->len; i++)
    if (subject->s[i] != ' ' && subject->s[i] != '\t') s[len++] = subject->s[i];
  *subject = (slice){ s, len };
  return 1;
}

static int take_keys(arena *a, threaded *t, mail_facts const *facts, slice subject)
{
  t->key = arena_array(a, facts->reference_count + 1, sizeof *t->key);
  if (!t->key) return 0;
  for (size_t i = 0; i < facts->reference_count; i++) t->key[t->keys++] = key_of(facts->references[i], subject);
  if (facts->message_id.len) t->key[t->keys++] = key_of(facts->message_id, subject);
  if (!t->keys) t->key[t->keys++] = key_of(t->mid, subject);
  return 1;
}

/* 1; 0 where the mail has gone; -1 with errno. */
static int take_mail(method_call *call, threaded *t, folder *f, mail_entry *e, arena *scratch)
{
  mail_facts facts;
  slice subject;
  if (!folder_facts(f, e, FACT_ARRIVAL | FACT_IDS | FACT_SUBJECT, scratch, &facts)) return errno == ENOENT ? 0 : -1;
  subject = facts.subject;
  *t = (threaded){ .e = e, .arrival = facts.arrival, .unread = (unsigned char)facts.unread };
  maildir_name_standard(t->flags, &facts.name);
  t->mid.len = facts.mid.len;
  if (!(t->mid.s = arena_copy(call->a, facts.mid.s, facts.mid.len))) return -1;
  return bare_subject(scratch, &subject) && take_keys(call->a, t, &facts, subject) ? 1 : -1;
}

/* --- all mails --- */

static int make_room(method_call *call, conversations *c, size_t *room)
{
  threaded *more;
  if (c->count < *room) return 1;
  *room = *room ? 2 * *room : 256;
  more = arena_array(call->a, *room, sizeof *more);
  if (!more) return 0;
  if (c->count) memcpy(more, c->mail, c->count * sizeof *more);
  c->mail = more;
  return 1;
}

static int take_folder(scope *s, size_t i, conversations *c, size_t *room)
{
  arena scratch = ARENA_ZERO;
  cursor *walk = NULL;
  order_key k;
  int there = cursor_open(&walk, s->f[i], ORDER_BASE, NULL, NULL) ? 1 : -1;
  while (there > 0 && (there = cursor_next(walk, &k)) > 0) {
    int taken = make_room(s->call, c, room) ? take_mail(s->call, c->mail + c->count, s->f[i], k.mail, &scratch) : -1;
    if (taken < 0) there = -1;
    if (taken > 0) c->mail[c->count++].folder = i;
    arena_reset(&scratch);
  }
  arena_free(&scratch);
  cursor_close(walk);
  return there >= 0;
}

static int by_arrival(void const *x, void const *y)
{
  threaded const *a = x, *b = y;
  int r;
  if (a->arrival != b->arrival) return a->arrival < b->arrival ? -1 : 1;
  r = slice_compare(a->mid, b->mid);
  return r ? r : (a->folder > b->folder) - (a->folder < b->folder);
}

/* --- threads --- */

typedef struct slot_s slot;
struct slot_s {
  uint64_t key;
  unsigned int thread; /* and 1; 0: empty */
};

static slot *find_slot(slot *table, size_t mask, uint64_t key)
{
  size_t i = key & mask;
  while (table[i].thread && table[i].key != key) i = (i + 1) & mask;
  return table + i;
}

/* The oldest thread that has one of the mail's keys, else a new one. */
static void join(conversations *c, slot *table, size_t mask, threaded *t)
{
  unsigned int oldest = 0;
  for (unsigned int i = 0; i < t->keys; i++) {
    unsigned int thread = find_slot(table, mask, t->key[i])->thread;
    if (thread && (!oldest || thread < oldest)) oldest = thread;
  }
  if (!oldest) {
    c->id[c->threads] = t->key[0];
    oldest = ++c->threads;
  }
  for (unsigned int i = 0; i < t->keys; i++) {
    slot *s = find_slot(table, mask, t->key[i]);
    if (!s->thread) *s = (slot){ t->key[i], oldest };
  }
  t->thread = oldest - 1;
}

static int join_all(method_call *call, conversations *c)
{
  size_t keys = 0, size = 64;
  slot *table;
  for (size_t i = 0; i < c->count; i++) keys += c->mail[i].keys;
  while (size < 2 * keys) size *= 2;
  table = calloc(size, sizeof *table);
  c->id = arena_array(call->a, c->count ? c->count : 1, sizeof *c->id);
  if (table && c->id)
    for (size_t i = 0; i < c->count; i++) {
      threaded *t = c->mail + i;
      t->again = i && slice_same(t[-1].mid, t->mid) && t[-1].arrival == t->arrival;
      join(c, table, size - 1, t);
    }
  free(table);
  return table && c->id;
}

int conversations_make(scope *s, int named, conversations *c)
{
  size_t room = 0;
  *c = (conversations){ .mail = NULL };
  for (size_t i = 0; i < s->count; i++) {
    int there = scope_open(s, i);
    if (there <= 0 && named) return scope_fail(s, i);
    if (there < 0 || (there && !take_folder(s, i, c, &room))) return method_temporary(s->call, "read mail");
  }
  if (c->count) qsort(c->mail, c->count, sizeof *c->mail, by_arrival);
  return join_all(s->call, c) ? EXIT_DONE : method_temporary(s->call, "take memory");
}

/* --- by entry --- */

static size_t place_of(conversations const *c, mail_entry const *e)
{
  size_t i = ((uintptr_t)e >> 4) * 0x9e3779b97f4a7c15u >> 20 & c->mask;
  while (c->index[i] && c->mail[c->index[i] - 1].e != e) i = (i + 1) & c->mask;
  return i;
}

int conversations_index(arena *a, conversations *c)
{
  size_t size = 64;
  while (size < 2 * c->count) size *= 2;
  c->mask = size - 1;
  c->index = arena_array(a, size, sizeof *c->index);
  for (size_t i = 0; c->index && i < c->count; i++) c->index[place_of(c, c->mail[i].e)] = (unsigned int)(i + 1);
  return c->index != NULL;
}

threaded const *conversations_find(conversations const *c, mail_entry const *e)
{
  unsigned int at = c->index[place_of(c, e)];
  return at ? c->mail + at - 1 : NULL;
}
