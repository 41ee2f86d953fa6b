/* What of a Find asks for threads: each mail's, of the folders asked; or, for filters of threads, which threads of the whole mailbox have a mail with
 * some flags. Nothing of it is done where nothing asks for it, as without an index it takes the heads of all mails.
 *
 * What can go wrong, and the rule for it:
 *   a folder that was not asked for has gone, or cannot be read    it has no mails
 *   an index breaks while its lines are told                       all is told once more, from listings (conversations_lines)
 *
 * tests/maildir-threads.t */
#include <string.h>

#include <porter/exit.h>

#include "conversations.h"
#include "find.h"

static int is_asked(find const *fi, slice name) { return slice_find(fi->s.name, fi->s.count, name) < fi->s.count; }

/* The scope's folders, which stay its own, and all others behind them. */
static int all_folders(find *fi, scope *all)
{
  scope every;
  int code = scope_named(fi->call, &every, NULL, 0);
  if (code != EXIT_DONE) return code;
  all->name = arena_array(fi->call->a, fi->s.count + every.count + 1, sizeof *all->name);
  all->f = arena_array(fi->call->a, fi->s.count + every.count + 1, sizeof *all->f);
  if (!all->name || !all->f) return method_temporary(fi->call, "take memory");
  for (size_t i = 0; i < fi->s.count; i++) {
    int const there = scope_open(&fi->s, i);
    if (there <= 0 && fi->request->n_folders) return scope_fail(&fi->s, i);
    if (there < 0) return method_temporary(fi->call, "read folder");
    all->f[all->count] = fi->s.f[i];
    all->name[all->count++] = fi->s.name[i];
  }
  for (size_t i = 0; i < every.count; i++)
    if (!is_asked(fi, every.name[i])) all->name[all->count++] = every.name[i];
  return EXIT_DONE;
}

static int look_into_all(find *fi)
{
  scope all = { .call = fi->call };
  int code = all_folders(fi, &all);
  if (code == EXIT_DONE) code = conversations_make(&all, 0);
  if (code == EXIT_DONE) code = filter_threads(fi->filter, &all);
  for (size_t i = fi->s.count; all.f && i < all.count; i++) scope_shut(&all, i);
  return code;
}

int find_threads(find *fi)
{
  enum filter_wants const wants = filter_wants(fi->filter);
  if (wants == FILTER_OF_THREADS) return look_into_all(fi);
  if (wants == FILTER_THREAD || fi->request->thread || fi->request->one_a_thread) return conversations_make(&fi->s, fi->request->n_folders > 0);
  return EXIT_DONE;
}
