/* A search reads only mails that the text filter (src/lib/index/filter.c) leaves, and makes filters for those it had to read. What a filter leaves out
 * has not got the pattern: results are the scan's.
 *
 * A word that half of all mails hold fills a page from the first mails that are read, and the filter would cost more than that: so it is loaded
 * after a few. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <porter/search.h>

#include "indexed.h"
#include "sieve.h"

#define READ_FIRST 24  /* mails, before the filter is loaded */
#define ASK_FIRST 1000 /* mails that the filter is asked for by their records, before all records are gone through for it */
#define SHARE 4        /* making filters takes at most that part of what the walk has taken */
#define REWRITE_FLOOR 1000

static int64_t now(void)
{
  struct timespec t;
  if (clock_gettime(CLOCK_MONOTONIC, &t) < 0) return 0;
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void set_bit(unsigned char *s, uint32_t i) { s[i / 8] = (unsigned char)(s[i / 8] | 1 << i % 8); }

static int take_serial(void *context, uint32_t number, uint32_t serial)
{
  sieve *const s = context;
  if (filter_without(&s->filter, serial)) set_bit(s->without, number);
  return 1;
}

/* Nothing that goes wrong here is an error: more is read then. */
static void load(sieve *s)
{
  folder_index *const ix = folder_index_fresh(s->f);
  char const *name;
  int dir;
  s->loaded = -1;
  if (!ix || !folder_index_saved(s->f)) return;
  dir = folder_filter_place(s->f, &name);
  if (filter_read(&s->filter, dir, name, ix->h.birth, ix->h.serial, s->pattern, s->patterns)) s->loaded = 1;
}

/* Asks for all mails of the image at once. 0 where that cannot be: then the filter says nothing. */
static int ask_all(sieve *s, folder_index *ix)
{
  s->without = calloc(ix->h.n / 8 + 1, 1);
  if (s->without && index_column(ix, RECORD_SERIAL, take_serial, s)) return 1;
  s->loaded = -1;
  return 0;
}

int sieve_without(sieve *s, uint32_t number)
{
  folder_index *ix;
  index_change const *c;
  char serial[4];
  if (s->loaded <= 0 || !s->filter.entries) return 0;
  ix = folder_index_fresh(s->f);
  if (number >= ix->h.n) {
    c = index_changed(ix, number);
    return c && filter_without(&s->filter, c->mail.r.serial);
  }
  if (!s->without && s->asked++ == ASK_FIRST && !ask_all(s, ix)) return 0;
  if (s->without) return s->without[number / 8] >> number % 8 & 1;
  return index_bytes(ix, SECTION_RECORDS, (uint64_t)number * INDEX_RECORD + RECORD_SERIAL, sizeof serial, serial)
    && filter_without(&s->filter, get32(serial));
}

void sieve_learn(sieve *s, mail_entry *e, slice octets)
{
  filter_bits bits;
  index_room room;
  index_mail m;
  int64_t begun;
  int partly;
  if (!s->patterns) return;
  if (!s->read++) s->begun = now();
  if (s->read == READ_FIRST) load(s);
  if (s->loaded <= 0 || !folder_index_record(s->f, e, &m, &room) || filter_known(&s->filter, m.r.serial)) return;
  begun = now();
  if (SHARE * s->making > begun - s->begun) return;
  filter_bits_begin(&bits);
  /* A mail that is not searched wholly gets no filter: it is read each time, and counted. */
  if (mail_texts(&s->scratch, octets, s->f->box->fallback, filter_bits_put, &bits, &partly) && !partly) filter_add(&s->filter, &bits, m.r.serial);
  arena_reset(&s->scratch);
  s->making += now() - begun;
}

typedef struct alive_s alive;
struct alive_s {
  unsigned char *bits;
  uint32_t serials;
};

static int mark_alive(void *context, uint32_t number, uint32_t serial)
{
  alive *const a = context;
  (void)number;
  if (serial < a->serials) set_bit(a->bits, serial);
  return 1;
}

/* Half of the file is of mails that have gone: it is written anew. */
static void rewrite(sieve *s, folder_index *ix, int tmp, char const *unique)
{
  alive a = { calloc(s->filter.serials / 8 + 1, 1), s->filter.serials };
  if (a.bits && index_column(ix, RECORD_SERIAL, mark_alive, &a)) {
    for (size_t i = 0; i < ix->changes; i++)
      if (ix->change[i].added && !ix->change[i].gone) mark_alive(&a, 0, ix->change[i].mail.r.serial);
    filter_rewrite(&s->filter, tmp, unique, a.bits);
  }
  free(a.bits);
}

void sieve_close(sieve *s)
{
  folder_index *const ix = s->loaded > 0 ? folder_index_fresh(s->f) : NULL;
  int const stale = ix && s->filter.entries > 2 * ix->last.mails + REWRITE_FLOOR;
  char unique[MAILDIR_NAME_MAX + 1];
  if (ix && (s->filter.fresh_len || stale)) {
    int const tmp = folder_tmp(s->f, unique);
    if (tmp >= 0 && stale) rewrite(s, ix, tmp, unique);
    else if (tmp >= 0) filter_write(&s->filter, tmp, unique);
    if (tmp >= 0) folder_tmp_close(s->f, tmp);
  }
  free(s->without);
  filter_free(&s->filter);
  arena_free(&s->scratch);
}
