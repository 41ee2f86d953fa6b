/* Mails that join, or of which a new table is made: their keys, and where they are found. threads.c opens with what a key is for.
 *
 * What can go wrong, and the rule for each:
 * 1. A mail goes meanwhile: it does not join.
 * 2. A mail that could not be read, or has no ids, has the key of its base.
 * 3. A folder's index breaks on the way: what it said is forgotten, and the folder is listed, where the call asks for it.
 * 4. A folder that the call does not ask for cannot be opened, or is a link: its mails do not join. Without memory or descriptors the call fails.
 *
 * Tests: tests/maildir-threads.t, tests/index-threads.t, tests/index-model.t. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "threads_internal.h"

#define FACTS (FACT_ARRIVAL | FACT_IDS | FACT_SUBJECT)

/* --- a mail's keys --- */

static int bare_subject(arena *a, slice *subject)
{
  slice const from = *subject;
  char *s = arena_take(a, from.len + 1);
  size_t len = 0;
  if (!s) return 0;
  for (size_t i = 0; i < from.len; i++)
    if (from.s[i] != ' ' && from.s[i] != '\t') s[len++] = from.s[i];
  *subject = (slice){ s, len };
  return 1;
}

static newcomer *add(joining *j, newcomer const *n, size_t keys)
{
  newcomer *to;
  if (j->count == j->room) {
    size_t const room = j->room ? 2 * j->room : 256;
    newcomer *more = realloc(j->list, room * sizeof *more);
    if (!more) return NULL;
    j->list = more;
    j->room = room;
  }
  to = j->list + j->count;
  *to = *n;
  to->base.s = arena_copy(&j->a, n->base.s, n->base.len);
  to->key = arena_array(&j->a, keys + 1, sizeof *to->key);
  if (!to->base.s || !to->key) return NULL;
  j->count++;
  return to;
}

static int finish(joining *j, newcomer *n, uint64_t message_id, slice subject)
{
  if (message_id) n->key[n->keys++] = thread_key(message_id, subject);
  if (!n->keys) n->key[n->keys++] = thread_key(index_id_hash(n->base), subject);
  j->keys += n->keys;
  return 1;
}

static int add_record(joining *j, size_t at, index_mail const *m)
{
  char const *const references = m->text.s + m->r.sender_len + m->r.subject_len;
  size_t const count = (unsigned char)*references;
  slice subject = { m->text.s + m->r.sender_len, m->r.subject_len };
  newcomer *const n =
    add(j, &(newcomer){ .arrival = m->r.arrival, .base = m->base, .thread = m->r.thread, .folder = at, .number = m->number }, count + 1);
  if (!n || !bare_subject(&j->scratch, &subject)) return 0;
  for (size_t i = 0; i < count; i++) n->key[n->keys++] = thread_key(get64(references + 1 + 8 * i), subject);
  finish(j, n, m->r.message_id, subject);
  arena_reset(&j->scratch);
  return 1;
}

/* 1, also where the mail has gone; 0 with errno. */
static int add_entry(joining *j, size_t at, mail_entry *e)
{
  mail_facts facts;
  newcomer *n;
  if (!folder_facts(j->f[at], e, FACTS, &j->scratch, &facts)) return errno == ENOENT;
  n = add(j, &(newcomer){ .arrival = facts.arrival, .base = e->base, .folder = at, .e = e }, facts.reference_count + 1);
  if (!n || !bare_subject(&j->scratch, &facts.subject)) return 0;
  for (size_t i = 0; i < facts.reference_count; i++) n->key[n->keys++] = thread_key(index_id_hash(facts.references[i]), facts.subject);
  finish(j, n, facts.message_id.len ? index_id_hash(facts.message_id) : 0, facts.subject);
  arena_reset(&j->scratch);
  return 1;
}

/* --- a folder's mails --- */

static int wanted(joining const *j, index_record const *r) { return !r->thread || r->provisional || j->known_too; }

static int add_number(joining *j, size_t at, folder_index *ix, uint32_t number)
{
  index_room room;
  index_mail m;
  if (!index_get(ix, number, &m, &room)) return errno == ENOENT && !ix->broken;
  return !wanted(j, &m.r) || add_record(j, at, &m);
}

/* Of the image those in [0, n) where all are looked at, else the provisional ones; then those that came since. */
static int add_indexed(joining *j, size_t at, folder_index *ix)
{
  uint32_t provisional[INDEX_PROVISIONAL_MAX];
  size_t count = 0;
  int const all = ix->h.threadless || j->known_too;
  int good = index_apply(ix) && (!all || index_mails_load(ix));
  if (good) good = folder_index_remake(j->f[at], 0);
  if (good && !all) good = index_provisional(ix, provisional, &count);
  for (uint32_t i = 0; good && all && i < ix->h.n; i++) good = add_number(j, at, ix, i);
  for (size_t i = 0; good && i < count; i++) good = provisional[i] >= ix->h.n || add_number(j, at, ix, provisional[i]);
  for (size_t i = 0; good && i < ix->changes; i++) good = ix->change[i].mail.number < ix->h.n || add_number(j, at, ix, ix->change[i].mail.number);
  return good;
}

static int add_listed(joining *j, size_t at)
{
  folder *const f = j->f[at];
  if (!folder_know(f)) return 0;
  for (size_t i = 0; i < f->mails.count; i++)
    if (!f->mails.mail[i].gone && !f->mails.mail[i].thread && !add_entry(j, at, f->mails.mail + i)) return 0;
  return 1;
}

/* What broke on the way is forgotten, and the folder is listed. */
static int add_folder(joining *j, size_t i)
{
  folder_index *const ix = folder_index_kept(j->f[i]);
  size_t const before = j->count;
  uint64_t const keys = j->keys;
  if (ix && add_indexed(j, i, ix)) return 1;
  if (ix && !ix->broken && errno == ENOMEM) return 0;
  j->count = before;
  j->keys = keys;
  if (ix) ix->broken = 1;
  return i >= j->asked || add_listed(j, i);
}

/* --- all folders, for a new table --- */

#define FOLDERS_AT_ONCE 1000 /* of the descriptors that a call may have, four are a folder's with its index */

static int is_there(joining const *j, folder const *f)
{
  for (size_t i = 0; i < j->folders; i++)
    if (!strcmp(j->f[i]->disk, f->disk)) return 1;
  return 0;
}

/* A folder that cannot be opened has no mails for us. */
static int open_other(joining *j, slice name)
{
  folder *f;
  if (!folder_open(&f, j->box, name)) return errno != ENOMEM && errno != EMFILE;
  if (f->linked || is_there(j, f)) folder_close(f);
  else j->f[j->folders++] = f;
  return 1;
}

static int open_others(joining *j)
{
  slice *names;
  size_t count, i;
  folder **f;
  if (!mailbox_folders(j->box, &j->a, &names, &count)) return 0;
  if (count > FOLDERS_AT_ONCE) return errno = EMFILE, 0;
  f = arena_array(&j->a, j->folders + count + 1, sizeof *f);
  if (!f) return 0;
  memcpy(f, j->f, j->folders * sizeof *f);
  j->f = f;
  if (!open_other(j, (slice){ "", 0 })) return 0;
  for (i = 0; i < count; i++)
    if (!open_other(j, names[i])) return 0;
  return 1;
}

/* --- for joining --- */

int joining_has_news(joining *j, size_t i)
{
  folder_index *const ix = folder_index_kept(j->f[i]);
  int news = 0;
  if (!ix) return 1;
  if (ix->h.threadless || ix->h.section[SECTION_PROVISIONAL].len || !index_apply(ix)) return 1;
  for (size_t k = 0; k < ix->changes && !news; k++) {
    index_change const *const c = ix->change + k;
    news = !c->gone && (c->added || c->keyed) && (c->mail.r.provisional || !(c->threaded ? c->thread : c->mail.r.thread));
  }
  return news;
}

int joining_gather(joining *j)
{
  for (size_t i = 0; i < j->folders; i++)
    if (!add_folder(j, i)) return 0;
  return 1;
}

int joining_gather_all(joining *j, int lasting)
{
  j->known_too = 1;
  j->count = 0;
  j->keys = 0;
  return (!lasting || open_others(j)) && joining_gather(j);
}

void joining_forget_others(joining *j)
{
  while (j->folders > j->asked) folder_close(j->f[--j->folders]);
}
