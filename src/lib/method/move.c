/* Move and Copy: from any folder to any folder, with flags and keywords. */
#include <string.h>

#include <porter/exit.h>
#include "changes.h"

typedef int carry_func(folder *f, folder *to, mail_entry *e, char const *add, char const *remove, mail_entry **now);

typedef struct move_s move;
struct move_s {
  folder *to;
  Porter__MoveReq const *request; /* what is changed on the way; null: nothing */
  carry_func *carry;
  keywords from_names, names; /* names: the target's */
  int named;
  int same; /* the folder that is looked into is the target */
  char add[KEYWORDS_LETTERS], remove[KEYWORDS_LETTERS];
  char dropped[KEYWORDS_LETTERS]; /* what does not come along, in letters of the folder that is looked into */
};

/* What the request changes, in the target's letters. */
static int prepare(method_call *call, folder *f, void *context)
{
  move *m = context;
  Porter__MoveReq const *r = m->request;
  m->same = folder_same(f, m->to);
  if (!m->named && !(m->named = folder_keywords(m->to, &m->names, call->a))) return 0;
  if (!folder_keywords(f, &m->from_names, call->a)) return 0;
  *m->add = *m->remove = *m->dropped = 0;
  return !r
    || (keywords_letters(call, f, &m->from_names, "", r->remove_keywords, r->n_remove_keywords, 0, m->dropped)
      && keywords_letters(call, m->to, &m->names, r->add, r->add_keywords, r->n_add_keywords, 1, m->add)
      && keywords_letters(call, m->to, &m->names, r->remove, r->remove_keywords, r->n_remove_keywords, 0, m->remove));
}

/* The keywords that come along. */
static slice kept(char *s, slice flags, char const *dropped)
{
  size_t len = 0;
  for (size_t i = 0; i < flags.len && len < KEYWORDS_MAX; i++)
    if (flags.s[i] >= 'a' && flags.s[i] <= 'z' && !strchr(dropped, flags.s[i])) s[len++] = flags.s[i];
  return (slice){ s, len };
}

/* Within a folder letters keep their meaning, also those that have no name. */
static void add_letters(char *out, slice letters)
{
  for (size_t i = 0; i < letters.len; i++) {
    size_t len = strlen(out);
    if (strchr(out, letters.s[i])) continue;
    out[len] = letters.s[i];
    out[len + 1] = 0;
  }
}

static int carry_one(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *context)
{
  move *m = context;
  char add[KEYWORDS_LETTERS], letters[KEYWORDS_MAX];
  slice keywords;
  mail_facts facts;
  if (m->same && m->request) return folder_set_flags(f, e, m->add, m->remove, now);
  strcpy(add, m->add);
  if (!folder_facts(f, e, 0, call->a, &facts)) return 0;
  keywords = kept(letters, facts.name.flags, m->dropped);
  if (m->same) add_letters(add, keywords);
  else if (!keywords_translate(call, &m->from_names, m->to, &m->names, keywords, add)) return 0;
  return m->carry(f, m->to, e, add, m->remove, now);
}

/* The target first: a mail that is in two places is not lost. */
static int finish(method_call *call, folder *f, void *context)
{
  move *m = context;
  if (!folder_settle(m->to)) return method_temporary(call, "look at the target again");
  return folder_sync(m->to) && (m->same || folder_sync(f)) ? EXIT_DONE : method_temporary(call, "sync folder");
}

static int carry_all(method_call *call, changes *c, move *m, char const *to_folder)
{
  int code = method_folder(call, &m->to, to_folder);
  c->target = to_folder;
  c->prepare = prepare;
  c->change = carry_one;
  c->finish = finish;
  c->context = m;
  if (code == EXIT_DONE) code = changes_make(call, c);
  folder_close(m->to);
  return code;
}

int method_move(method_call *call)
{
  Porter__MoveReq const *request = call->request;
  move m = { .request = request, .carry = folder_move };
  changes c = {
    .folder = request->from_folder, .mids = request->mids, .count = request->n_mids, .anywhere = request->anywhere ? CHANGE_FIRST : CHANGE_HERE
  };
  int code = keywords_check(call, request->add, request->add_keywords, request->n_add_keywords);
  if (code == EXIT_DONE) code = keywords_check(call, request->remove, request->remove_keywords, request->n_remove_keywords);
  return code == EXIT_DONE ? carry_all(call, &c, &m, request->to_folder) : code;
}

int method_copy(method_call *call)
{
  Porter__CopyReq const *request = call->request;
  move m = { .carry = folder_copy };
  changes c = {
    .folder = request->from_folder, .mids = request->mids, .count = request->n_mids, .anywhere = request->anywhere ? CHANGE_FIRST : CHANGE_HERE
  };
  return carry_all(call, &c, &m, request->to_folder);
}
