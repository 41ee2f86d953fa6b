/* Heads of mails as lists show them. */
#include <errno.h>

#include "conversations.h"
#include "heads.h"

#define START 16384 /* holds the heads of nearly every mail, and those of its parts up to the first attachment */

/* The octets that tell what a list shows, and their tree: of many a mail that is large, its start will do. */
static int read_octets(heads *h, folder *f, mail_entry *e, int whole)
{
  h->whole = 1;
  if (!whole) {
    if (!mail_file_start(&h->m, f, e, START) || !mime_parse(&h->scratch, h->m.s, h->m.len, h->call->box->fallback, &h->tree)) return 0;
    if (h->m.len < START) return 1;
    h->whole = 0;
    if (mail_start_says_all(&h->tree, h->m.s, h->m.len)) return 1;
    arena_reset(&h->scratch);
  }
  h->whole = 1;
  return mail_file_all(&h->m, f, e) && mime_parse(&h->scratch, h->m.s, h->m.len, h->call->box->fallback, &h->tree);
}

int heads_read(heads *h, folder *f, mail_entry *e, int whole)
{
  arena_reset(&h->scratch);
  if (read_octets(h, f, e, whole)) return 1;
  if (!mail_unreadable(errno)) return 0;
  folder_unread_file(f, e);
  arena_reset(&h->scratch);
  h->whole = 1;
  return mime_parse(&h->scratch, "", 0, NULL, &h->tree);
}

static int has_letters(slice flags)
{
  for (size_t i = 0; i < flags.len; i++)
    if (flags.s[i] >= 'a' && flags.s[i] <= 'z') return 1;
  return 0;
}

/* Most mails have none: then the names are not read. */
static int build_keywords(heads *h, folder *f, slice flags, char ***names, size_t *count)
{
  *count = 0;
  if (!has_letters(flags)) return 1;
  if (h->named != f) {
    if (!folder_keywords(f, &h->names, h->call->a)) return 0;
    h->named = f;
  }
  return keywords_names(&h->scratch, &h->names, flags, names, count);
}

static int build_excerpt(heads *h, Porter__Excerpt **out)
{
  Porter__Excerpt *x = arena_take(&h->scratch, sizeof *x);
  mail_excerpt made;
  if (!x || !mail_excerpt_make(&h->scratch, &h->tree, h->phrase, h->phrases, &made)) return 0;
  *x = (Porter__Excerpt)PORTER__EXCERPT__INIT;
  *out = x;
  x->subject_marks = made.subject_marks;
  x->n_subject_marks = made.subject_count;
  x->text_marks = made.text_marks;
  x->n_text_marks = made.text_count;
  return (x->subject = build_string(&h->scratch, made.subject)) && (x->text = build_string(&h->scratch, made.text));
}

Porter__ListMailHeader *heads_build(heads *h, folder *f, mail_entry *e)
{
  return heads_read(h, f, e, h->preview || h->excerpt) ? heads_of(h, f, e) : NULL;
}

Porter__ListMailHeader *heads_of(heads *h, folder *f, mail_entry *e)
{
  Porter__ListMailHeader *head;
  mail_facts facts;
  if (!folder_facts(f, e, FACT_SIZE | FACT_ARRIVAL, &h->scratch, &facts)) return NULL;
  head = build_list_head(&h->scratch, &facts, &h->tree, h->preview);
  if (!head || !build_keywords(h, f, facts.name.flags, &head->keywords, &head->n_keywords)) return NULL;
  if (h->thread && !(head->thread = conversations_build(&h->scratch, folder_thread(f, e)))) return NULL;
  return !h->excerpt || build_excerpt(h, &head->excerpt) ? head : NULL;
}

void heads_end(heads *h)
{
  int error = errno;
  arena_free(&h->scratch);
  mail_file_close(&h->m);
  errno = error;
}
