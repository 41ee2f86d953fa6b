/* What an index and its folder say of one mail: the record that is made from its head, the entry that is handed out for it, and keys that are
 * made anew by each call, as they may become others without a change in the directory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <porter/text.h>

#include "../index/threads.h"
#include "indexed_internal.h"

#define FACTS (FACT_SIZE | FACT_ARRIVAL | FACT_DATE | FACT_SENDER | FACT_SUBJECT | FACT_IDS)

/* --- a mail's record from its head --- */

uint64_t mailbox_keys_version(mailbox const *box)
{
  char const *const fallback = box->fallback ? charset_name(box->fallback) : NULL;
  return INDEX_KEYS_VERSION + (fallback ? index_check(0, fallback, strlen(fallback)) << 8 : 0);
}

/* Sender, subject, a count, the hashes of references: as TEXT has it. */
static int pack_text(mail_facts const *facts, arena *a, index_record *r, slice *text)
{
  size_t const refs = facts->reference_count, keys = facts->sender.len + facts->subject.len;
  char *const s = arena_take(a, keys + 1 + 8 * refs);
  if (!s) return 0;
  if (facts->sender.len) memcpy(s, facts->sender.s, facts->sender.len);
  if (facts->subject.len) memcpy(s + facts->sender.len, facts->subject.s, facts->subject.len);
  s[keys] = (char)refs;
  for (size_t i = 0; i < refs; i++) put64(s + keys + 1 + 8 * i, index_id_hash(facts->references[i]));
  r->sender_len = (uint16_t)facts->sender.len;
  r->subject_len = (uint16_t)facts->subject.len;
  *text = (slice){ s, keys + 1 + 8 * refs };
  return 1;
}

/* Whether its arrival is its file's mtime only because the time in its name lies in the future: it will not stay so. */
static int arrival_provisional(mail_entry const *e, int64_t now)
{
  int64_t t;
  return !maildir_name_time(e->base, now, &t) && maildir_name_time(e->base, INT64_MAX - 86400, &t);
}

int indexed_record(folder *f, mail_entry *e, arena *a, index_record *r, slice *text)
{
  mail_facts facts;
  if (!folder_facts_quietly(f, e, FACTS, a, &facts)) return 0;
  *r = (index_record){ .date = facts.date, .arrival = facts.arrival, .size = facts.size };
  r->provisional = (unsigned char)(facts.unreadable || arrival_provisional(e, f->now));
  if (facts.message_id.len) r->message_id = index_id_hash(facts.message_id);
  if (e->also) r->flags |= INDEX_LINKED;
  return pack_text(&facts, a, r, text);
}

int indexed_head(void *context, index_operation *o, arena *a)
{
  folder *const f = context;
  mail_entry *e;
  char name[INDEX_NAME_MAX + 1];
  memcpy(name, o->name.s, o->name.len);
  name[o->name.len] = 0;
  e = folder_entry(f, name, o->where, o->inode);
  if (!e) return -1;
  if (indexed_record(f, e, a, &o->record, &o->text)) return 1;
  return errno == ENOENT ? 0 : -1;
}

/* --- entries --- */

static size_t place_of(folder_indexed const *x, uint32_t number) { return (size_t)((uint64_t)number * 0x9e3779b97f4a7c15u >> 20) & x->mask; }

static int grow_entries(folder_indexed *x)
{
  size_t const room = x->mask ? 2 * (x->mask + 1) : 256;
  mail_entry **const old = x->entry;
  size_t const old_room = old ? x->mask + 1 : 0;
  x->entry = calloc(room, sizeof *x->entry);
  if (!x->entry) return x->entry = old, 0;
  x->mask = room - 1;
  for (size_t i = 0; i < old_room; i++) {
    size_t k;
    if (!old[i]) continue;
    for (k = place_of(x, old[i]->number - 1); x->entry[k]; k = (k + 1) & x->mask)
      ;
    x->entry[k] = old[i];
  }
  free(old);
  return 1;
}

void indexed_forget_numbers(folder_indexed *x)
{
  for (size_t i = 0; x->entry && i <= x->mask; i++)
    if (x->entry[i]) x->entry[i]->number = 0;
  free(x->entry);
  x->entry = NULL;
  x->entries = x->mask = 0;
}

mail_entry *folder_index_entry(folder *f, index_mail const *m)
{
  folder_indexed *const x = f->indexed;
  char name[INDEX_NAME_MAX + 1];
  mail_entry *e;
  size_t i;
  if (2 * (x->entries + 1) > x->mask && !grow_entries(x)) return NULL;
  for (i = place_of(x, m->number); x->entry[i]; i = (i + 1) & x->mask)
    if (x->entry[i]->number == m->number + 1) return x->entry[i];
  memcpy(name, m->name.s, m->name.len);
  name[m->name.len] = 0;
  e = folder_entry(f, name, m->where, m->inode);
  if (!e) return NULL;
  e->twin = (m->r.flags & INDEX_TWIN) != 0;
  e->linked = (m->r.flags & INDEX_LINKED) != 0;
  e->number = m->number + 1;
  x->entry[i] = e;
  x->entries++;
  return e;
}

mail_entry *folder_index_find(folder *f, folder_index *ix, slice base, uint64_t inode)
{
  uint32_t numbers[2];
  size_t count;
  index_room room;
  index_mail m;
  if (index_hint(ix, base, inode, &m, &room)) return folder_index_entry(f, &m);
  if (!index_base_find(ix, base, inode, numbers, 2, &count)) return NULL;
  errno = ENOENT;
  if (!count || (!inode && count > 1) || !index_get(ix, numbers[0], &m, &room) || (inode && m.inode != inode)) return NULL;
  return folder_index_entry(f, &m);
}

int folder_index_record(folder *f, mail_entry const *e, index_mail *m, index_room *room)
{
  folder_indexed *const x = f->indexed;
  return x && x->state == FRESH && e->number && index_get(&x->ix, e->number - 1, m, room);
}

/* --- what is provisional --- */

uint64_t indexed_thread_kept(index_mail const *before)
{
  return before->r.provisional && before->r.thread == thread_key(index_id_hash(before->base), (slice){ "", 0 }) ? 0 : before->r.thread;
}

/* Of one that had the thread of its base, as it could not be read, and joins now. */
static uint64_t thread_again(index_mail const *before, index_operation const *now)
{
  index_record const *const r = &now->record;
  int const has_keys = r->message_id || r->subject_len || now->text.s[r->sender_len + r->subject_len];
  return has_keys && !r->provisional ? indexed_thread_kept(before) : before->r.thread;
}

static int remake_one(folder *f, uint32_t number, arena *a)
{
  folder_index *const ix = &f->indexed->ix;
  index_operation o = { .kind = INDEX_KEYS, .number = number };
  index_room room;
  index_mail m;
  mail_entry *e;
  if (!index_get(ix, number, &m, &room)) return errno == ENOENT && !ix->broken;
  e = folder_index_entry(f, &m);
  if (!e) return 0;
  if (!indexed_record(f, e, a, &o.record, &o.text)) return errno == ENOENT;
  o.where = m.where;
  o.inode = m.inode;
  o.record.serial = m.r.serial;
  o.record.thread = thread_again(&m, &o);
  o.record.flags = (uint16_t)(o.record.flags | (m.r.flags & (INDEX_TWIN | INDEX_LINKED)));
  return index_change_make(ix, &o, (uint32_t)ix->last.sequence);
}

int folder_index_remake(folder *f, int count_unreadable)
{
  folder_indexed *const x = f->indexed;
  uint32_t numbers[INDEX_PROVISIONAL_MAX];
  size_t count;
  arena a = ARENA_ZERO;
  int good = index_provisional(&x->ix, numbers, &count);
  for (size_t i = 0; good && i < count && !x->remade; i++) good = remake_one(f, numbers[i], &a);
  x->remade = 1;
  for (size_t i = 0; good && i < count && count_unreadable; i++) {
    index_room room;
    index_mail m;
    mail_facts facts;
    mail_entry *e;
    if (!index_get(&x->ix, numbers[i], &m, &room)) continue;
    e = folder_index_entry(f, &m);
    good = e != NULL;
    if (e && m.r.provisional) folder_facts(f, e, FACT_SENDER, &a, &facts);
  }
  arena_free(&a);
  if (!good) x->ix.broken = 1;
  return good;
}
