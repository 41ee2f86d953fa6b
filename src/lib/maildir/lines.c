/* All mails of a folder, a line each: from the records of its index, which are read once from front to end, or from its listing. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "indexed.h"

#define PIECE 512 /* records */

typedef struct lines_s lines;
struct lines_s {
  folder *f;
  folder_index *ix;
  thread_set const *only;
  folder_line *each;
  void *context;
  unsigned char *changed; /* a bit for each mail of the image of which segments say something; null: none */
  char const *names;      /* of the image; null where they are not wanted */
  uint64_t name_at, names_len;
};

static int broken(folder_index *ix)
{
  ix->broken = 1;
  return errno = EILSEQ, 0;
}

/* One that has changed since the image. */
static int tell_changed(lines *l, uint32_t number)
{
  index_room room;
  index_mail m;
  if (!index_get(l->ix, number, &m, &room)) return errno == ENOENT && !l->ix->broken;
  return l->each(l->context, l->f, &(mail_line){ .thread = m.r.thread, .arrival = m.r.arrival, .name = m.name, .number = number });
}

/* The next name: they stand in the order of the records. */
static int pass_name(lines *l, slice *name)
{
  *name = (slice)SLICE_ZERO;
  if (!l->names) return 1;
  if (l->name_at >= l->names_len || (unsigned char)l->names[l->name_at] > l->names_len - l->name_at - 1) return broken(l->ix);
  *name = (slice){ l->names + l->name_at + 1, (unsigned char)l->names[l->name_at] };
  l->name_at += 1 + name->len;
  return 1;
}

static int tell_record(lines *l, uint32_t number, char const *packed)
{
  slice name;
  if (!pass_name(l, &name)) return 0;
  if (l->changed && l->changed[number / 8] >> number % 8 & 1) return tell_changed(l, number);
  if (l->only && !thread_set_has(l->only, get64(packed + RECORD_THREAD))) return 1;
  return l->each(l->context, l->f,
    &(mail_line){ .thread = get64(packed + RECORD_THREAD), .arrival = (int64_t)get64(packed + RECORD_ARRIVAL), .name = name, .number = number });
}

static int note_changes(lines *l)
{
  folder_index *const ix = l->ix;
  if (!index_apply(ix)) return 0;
  if (!ix->changes) return 1;
  if (!(l->changed = calloc(ix->h.n / 8 + 1, 1))) return 0;
  for (size_t i = 0; i < ix->changes; i++) {
    uint32_t const number = ix->change[i].mail.number;
    if (number < ix->h.n) l->changed[number / 8] = (unsigned char)(l->changed[number / 8] | 1 << number % 8);
  }
  return 1;
}

static int tell_records(lines *l)
{
  char piece[INDEX_RECORD * PIECE];
  for (uint32_t number = 0; number < l->ix->h.n; number += PIECE) {
    uint32_t const some = l->ix->h.n - number < PIECE ? l->ix->h.n - number : PIECE;
    if (!index_records(l->ix, number, some, piece)) return 0;
    for (uint32_t i = 0; i < some; i++)
      if (!tell_record(l, number + i, piece + INDEX_RECORD * (size_t)i)) return 0;
  }
  for (size_t i = 0; i < l->ix->changes; i++)
    if (l->ix->change[i].mail.number >= l->ix->h.n && !tell_changed(l, l->ix->change[i].mail.number)) return 0;
  return 1;
}

static int tell_index(lines *l, int names)
{
  char *room = NULL;
  int good = note_changes(l);
  if (good && names) {
    l->names_len = l->ix->h.section[SECTION_NAMES].len;
    l->names = index_start(l->ix, SECTION_NAMES, l->names_len, &room);
    good = l->names != NULL;
  }
  good = good && tell_records(l);
  free(room);
  free(l->changed);
  return good;
}

static int tell_listed(lines *l)
{
  folder *const f = l->f;
  if (!folder_know(f)) return 0;
  for (size_t i = 0; i < f->mails.count; i++) {
    mail_entry *const e = f->mails.mail + i;
    mail_line line = { .thread = e->thread, .name = slice_of(e->name), .number = (uint32_t)i };
    if (e->gone) continue;
    if (!folder_arrival(f, e, &line.arrival)) {
      if (errno == ENOENT) continue;
      return 0;
    }
    if (!l->each(l->context, f, &line)) return 0;
  }
  return 1;
}

int folder_lines(folder *f, int names, thread_set const *only, folder_line *each, void *context)
{
  lines l = { .f = f, .ix = folder_index_looked(f), .only = only, .each = each, .context = context };
  return l.ix ? tell_index(&l, names) : tell_listed(&l);
}

int folder_by_index(folder *f) { return folder_index_looked(f) != NULL; }

mail_entry *folder_line_mail(folder *f, uint32_t number)
{
  folder_index *const ix = folder_index_looked(f);
  index_room room;
  index_mail m;
  if (!ix) return number < f->mails.count ? f->mails.mail + number : (errno = ENOENT, NULL);
  return index_get(ix, number, &m, &room) ? folder_index_entry(f, &m) : NULL;
}
