/* What a filter asks of a mail's thread. Before mails are matched, the lines of all folders are told twice: once to number the threads, once to note for
 * each filter of a thread's mails which threads have a mail that it matches, and which one that it does not.
 *
 *   what can go wrong                              the rule for it
 *   an index breaks while its lines are told       what was noted is forgotten, and all is told once more, from listings
 *   a thread comes between the two times           it has no number, and no mail of it is noted
 *   a mail has no thread, or one of no number      nothing matches it that asks of a thread's mails, none_in_thread neither
 *
 * tests/maildir-threads.t */
#include <string.h>

#include <porter/exit.h>
#include "filter_internal.h"

static int has_bit(unsigned char const *bits, uint32_t i) { return bits[i / 8] >> i % 8 & 1; }

static void set_bit(unsigned char *bits, uint32_t i) { bits[i / 8] = (unsigned char)(bits[i / 8] | 1 << i % 8); }

int filter_in_thread(filter const *fl, node const *n)
{
  uint64_t thread;
  uint32_t i;
  if (!*n->from->thread && !n->in[IN_ALL] && !n->in[IN_SOME] && !n->in[IN_NONE]) return 1;
  thread = folder_thread(fl->f, fl->e);
  if (*n->from->thread && (!thread || thread != n->thread)) return 0;
  i = thread_number_find(&fl->numbers, thread);
  if (i == UINT32_MAX) return !n->in[IN_ALL] && !n->in[IN_SOME] && !n->in[IN_NONE];
  if (n->in[IN_ALL] && has_bit(n->in[IN_ALL]->miss, i)) return 0;
  if (n->in[IN_SOME] && !has_bit(n->in[IN_SOME]->hit, i)) return 0;
  return !n->in[IN_NONE] || !has_bit(n->in[IN_NONE]->hit, i);
}

/* Does to every node that is of threads, in the tree from n on: 1, or what is not 1. */
typedef int thread_node_func(filter *fl, node *n, void *context);

static int each_in_thread(filter *fl, node *n, thread_node_func *each, void *context)
{
  for (unsigned int i = 0; i < INS; i++)
    if (n->in[i] && !each(fl, n->in[i], context)) return 0;
  for (size_t i = 0; i < n->count; i++)
    if (!each_in_thread(fl, n->child + i, each, context)) return 0;
  return 1;
}

static int take_number(void *context, folder *f, mail_line const *line)
{
  filter *const fl = context;
  (void)f;
  return thread_number(&fl->numbers, line->thread) != UINT32_MAX;
}

static void forget_numbers(void *context) { thread_numbers_free(&((filter *)context)->numbers); }

static int make_bits(filter *fl, node *n, void *context)
{
  size_t const octets = fl->numbers.count / 8 + 1;
  (void)context;
  n->hit = arena_array(fl->call->a, octets, 1);
  n->miss = arena_array(fl->call->a, octets, 1);
  return n->hit && n->miss;
}

static int clear_bits(filter *fl, node *n, void *context)
{
  size_t const octets = fl->numbers.count / 8 + 1;
  (void)context;
  memset(n->hit, 0, octets);
  memset(n->miss, 0, octets);
  return 1;
}

static void forget_bits(void *context)
{
  filter *const fl = context;
  filter_leave(fl);
  each_in_thread(fl, &fl->root, clear_bits, NULL);
}

typedef struct thread_line_s thread_line;
struct thread_line_s {
  uint32_t number;
  slice flags;
};

static int note_line(filter *fl, node *n, void *context)
{
  thread_line const *const l = context;
  set_bit(filter_flags(fl, n, l->flags) ? n->hit : n->miss, l->number);
  return 1;
}

static int enter_of(filter *fl, folder *f)
{
  keywords k;
  size_t i = 0;
  if (fl->entered == f) return 1;
  while (fl->threads->f[i] != f) i++;
  return folder_keywords(f, &k, fl->call->a) && filter_enter(fl, f, &k, fl->threads->name[i], i);
}

static int take_flags(void *context, folder *f, mail_line const *line)
{
  filter *const fl = context;
  maildir_name name;
  thread_line l = { .number = thread_number_find(&fl->numbers, line->thread) };
  if (l.number == UINT32_MAX) return 1;
  if (!enter_of(fl, f)) return 0;
  maildir_name_split(&name, line->name.s, line->name.len);
  l.flags = name.flags;
  return each_in_thread(fl, &fl->root, note_line, &l);
}

int filter_threads(filter *fl, scope *all)
{
  int code = conversations_lines(all, 0, NULL, take_number, forget_numbers, fl);
  fl->threads = all;
  if (code == EXIT_DONE && !each_in_thread(fl, &fl->root, make_bits, NULL)) code = method_temporary(fl->call, "take memory");
  if (code == EXIT_DONE) code = conversations_lines(all, 1, NULL, take_flags, forget_bits, fl);
  filter_leave(fl);
  return code;
}
