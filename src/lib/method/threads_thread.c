/* One thread, as the answer has it: what its mails have together, and the head of the newest.
 *
 *   what can go wrong                        the rule for it
 *   a mail has gone when its head is read    it is left out of what heads say
 *   a thread of more mails, or people        THREAD_MAILS_MAX are listed, all are counted; THREAD_PEOPLE_MAX are named
 *
 * tests/maildir-threads.t */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include "threads_internal.h"

/* A mail of the thread that is written. */
typedef struct mail_s mail;
struct mail_s {
  member const *m;
  mail_entry *e;
  slice mid;
};

static int has_person(Porter__Thread const *t, slice address)
{
  for (size_t i = 0; i < t->n_people; i++)
    if (strlen(t->people[i]->address) == address.len && !memcmp(t->people[i]->address, address.s, address.len)) return 1;
  return 0;
}

static int add_people(view *v, arena *a, Porter__Thread *t)
{
  mime_part const *part = v->h.tree.part;
  mail_charsets charsets = mail_charsets_of(&v->h.tree, 0);
  mail_address *list;
  size_t count;
  if (!part->head.field[FIELD_FROM].s) return 1;
  if (!mail_address_fields(&v->h.scratch, &charsets, &part->head, part->header, FIELD_FROM, &list, &count)) return 0;
  for (size_t i = 0; i < count && t->n_people < THREAD_PEOPLE_MAX; i++) {
    Porter__MailAddr *p;
    if (list[i].group || has_person(t, list[i].address)) continue;
    if (!(p = build_address(a, list + i))) return 0;
    t->people[t->n_people++] = p;
  }
  return 1;
}

/* What one mail adds; again: it was met before, in another folder. 1, 0 with errno. */
static int add_mail(view *v, arena *a, mail const *m, int again, Porter__Thread *t, char *flags)
{
  folder *const f = v->s.f[m->m->folder];
  Porter__MailName *name;
  mail_facts facts;
  char standard[sizeof MAILDIR_FLAGS];
  int attached;
  if (!folder_facts(f, m->e, 0, a, &facts)) return errno == ENOENT;
  maildir_name_standard(standard, &facts.name);
  for (char const *c = standard; *c; c++)
    if (!strchr(flags, *c)) flags[strlen(flags) + 1] = 0, flags[strlen(flags)] = *c;
  if (again) return 1;
  t->mail_count++;
  t->unread_count += (uint32_t)facts.unread;
  if (t->n_mails == THREAD_MAILS_MAX) return 1;
  if (!(name = arena_take(a, sizeof *name))) return 0;
  *name = (Porter__MailName)PORTER__MAIL_NAME__INIT;
  if (!(name->folder = build_string(a, v->s.name[m->m->folder])) || !(name->mid = build_string(a, m->mid))) return 0;
  t->mails[t->n_mails++] = name;
  if (!heads_read(&v->h, f, m->e, 0)) return errno == ENOENT;
  if (!mail_has_attachment(&v->h.scratch, &v->h.tree, &attached)) return 0;
  t->has_attachment |= attached;
  return add_people(v, a, t);
}

/* The flags in order: those of any of its mails. */
static char *sorted(char *flags)
{
  char all[sizeof MAILDIR_FLAGS] = "";
  size_t n = 0;
  for (char const *c = MAILDIR_FLAGS; *c; c++)
    if (strchr(flags, *c)) all[n++] = *c;
  all[n] = 0;
  return strcpy(flags, all);
}

static int add_head(view *v, mail const *newest, Porter__Thread *t)
{
  size_t const i = newest->m->folder;
  t->head = heads_build(&v->h, v->s.f[i], newest->e);
  if (!t->head) return errno == ENOENT;
  t->head->thread = t->thread;
  t->head->folder = build_string(&v->h.scratch, v->s.name[i]);
  return t->head->folder != NULL;
}

static int by_arrival(void const *x, void const *y)
{
  mail const *a = x, *b = y;
  int r;
  if (a->m->arrival != b->m->arrival) return a->m->arrival < b->m->arrival ? -1 : 1;
  r = slice_compare(a->mid, b->mid);
  return r ? r : (a->m->folder > b->m->folder) - (a->m->folder < b->m->folder);
}

/* The mails of a thread, in order of arrival. 0 with errno. */
static int list_mails(view *v, arena *a, row const *r, mail **list, size_t *count)
{
  *count = 0;
  if (!(*list = arena_array(a, r->count, sizeof **list))) return 0;
  for (uint32_t i = r->first; i != MEMBER_NONE; i = v->member[i].next) {
    mail *const m = *list + *count;
    m->m = v->member + i;
    if (!(m->e = folder_line_mail(v->s.f[m->m->folder], m->m->number)) || !mail_mid(a, m->e, &m->mid)) return 0;
    ++*count;
  }
  qsort(*list, *count, sizeof **list, by_arrival);
  return 1;
}

static int fill_thread(view *v, arena *a, row const *r, Porter__Thread *t)
{
  char flags[sizeof MAILDIR_FLAGS] = "";
  mail *list = NULL, *newest = NULL;
  size_t count, most = r->count < THREAD_MAILS_MAX ? r->count : THREAD_MAILS_MAX;
  t->mails = arena_array(a, most, sizeof *t->mails);
  t->people = arena_array(a, THREAD_PEOPLE_MAX, sizeof *t->people);
  if (!t->mails || !t->people || !list_mails(v, a, r, &list, &count)) return 0;
  for (size_t i = 0; i < count; i++) {
    int const again = i && slice_same(list[i - 1].mid, list[i].mid) && list[i - 1].m->arrival == list[i].m->arrival;
    if (!add_mail(v, a, list + i, again, t, flags)) return 0;
    if (list[i].m->folder < v->asked) newest = list + i;
  }
  t->flags = build_string(a, slice_of(sorted(flags)));
  return t->flags && (!v->request->heads || !newest || add_head(v, newest, t));
}

int threads_write(view *v, row const *chosen)
{
  row const *const r = v->row + thread_number_find(&v->numbers, chosen->id);
  Porter__Thread t = PORTER__THREAD__INIT;
  char id[THREAD_ID_LEN + 1], newest[MAIL_DATE_FMT + 1];
  mail_date date = { r->newest, 0 };
  arena a = ARENA_ZERO;
  int code;
  conversations_id(r->id, id);
  newest[mail_date_fmt(newest, &date)] = 0;
  t.thread = id;
  t.newest = newest;
  code = fill_thread(v, &a, r, &t) ? method_write_field(v->call, 1, &t.base) : method_temporary(v->call, "read mail");
  arena_free(&a);
  return code;
}
