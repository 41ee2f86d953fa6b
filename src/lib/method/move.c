/* Move and Copy: from any folder to any folder, with flags and keywords. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/store.h>
#include "changes.h"

typedef int carry_func(folder *f, folder *to, mail_entry *e, mail_carried const *with, mail_entry **now);

typedef struct move_s move;
struct move_s {
  method_call *call;
  folder *from, *to;
  slice to_name;
  Porter__MoveReq const *request; /* what is changed on the way; null: nothing */
  carry_func *carry;
  keywords from_names, names; /* names: the target's */
  int named;
  int same; /* the folder that is looked into is the target */
  char add[KEYWORDS_LETTERS], remove[KEYWORDS_LETTERS];
  char dropped[KEYWORDS_LETTERS]; /* what does not come along, in letters of the folder that is looked into */
};

/* What errno says, unless the target has gone: then the mail is where it was, and has not gone (ENOTDIR: changes.c). */
static int fail(method_call *call, move const *m)
{
  int error = errno;
  if (error == ENOENT && !folder_is_there(m->to, call->box, m->to_name)) error = ENOTDIR;
  return errno = error, 0;
}

/* What the request changes, in the target's letters. */
static int prepare_letters(method_call *call, folder *f, move *m)
{
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

static int prepare(method_call *call, folder *f, void *context)
{
  move *const m = context;
  return prepare_letters(call, f, m) || fail(call, m);
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

/* Whether each keyword has a name. */
static int all_named(keywords const *k, slice letters)
{
  for (size_t i = 0; i < letters.len; i++)
    if (!k->name[letters.s[i] - 'a'].len) return 0;
  return 1;
}

/* What a mail with these flags gets in the target. A letter may have got its name since the names were read. */
static int carried_letters(void *context, slice flags, char *add)
{
  move *m = context;
  char letters[KEYWORDS_MAX];
  slice const keywords = kept(letters, flags, m->dropped);
  strcpy(add, m->add);
  if (m->same) return add_letters(add, keywords), 1;
  if (!m->from_names.error && !all_named(&m->from_names, keywords) && !folder_keywords(m->from, &m->from_names, m->call->a)) return 0;
  return keywords_translate(m->call, &m->from_names, m->to, &m->names, keywords, add);
}

static int carry_one(method_call *call, folder *f, mail_entry *e, mail_entry **now, void *context)
{
  move *m = context;
  mail_carried const with = { carried_letters, m, m->remove, m->same };
  m->call = call;
  m->from = f;
  if (m->same && m->request) return folder_set_flags(f, e, m->add, m->remove, now);
  return m->carry(f, m->to, e, &with, now) || fail(call, m);
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
  mail_named *mids;
  int code = method_folder(call, &m->to, to_folder);
  c->target = to_folder;
  m->to_name = slice_of(to_folder);
  c->prepare = prepare;
  c->change = carry_one;
  c->finish = finish;
  c->context = m;
  if (code == EXIT_DONE && !(mids = method_named(call, c->mids, c->count))) code = method_temporary(call, "take memory");
  if (code == EXIT_DONE) folder_expect(m->to, mids, c->count), code = changes_make(call, c);
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
