/* A filter is made of what a client sent, which is checked here: nothing is refused later.
 *
 *   what can go wrong                          the rule for it
 *   filters in filters without end             FILTERS_DEPTH_MAX deep, FILTERS_MAX in all: what recurses over them is bounded
 *   a phrase that costs as much as mails do    PHRASE_MAX octets
 *   a value of no field, a join of no name     refused
 *   of a thread's mails what needs reading     refused: flags and keywords can be asked, which names of files tell
 *
 * tests/maildir-find.t */
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/text.h>
#include "filter_internal.h"

static int refuse(method_call *call, char const *why, char const *of)
{
  return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, why, slice_of(of), 0);
}

static int make_phrase(method_call *call, node *n, unsigned int i, char const *text, unsigned int where)
{
  if (!*text) return EXIT_DONE;
  if (strlen(text) > PHRASE_MAX) return refuse(call, "the phrase is too long:", text);
  n->phrase[i] = arena_take(call->a, sizeof *n->phrase[i]);
  if (!n->phrase[i] || !mail_matcher_init(n->phrase[i], call->a, slice_of(text), call->box->fallback)) return method_temporary(call, "take memory");
  if (n->from->accents && !mail_matcher_accents(n->phrase[i], call->a, slice_of(text))) return method_temporary(call, "take memory");
  n->phrase[i]->where = where;
  return EXIT_DONE;
}

static int make_phrases(method_call *call, node *n)
{
  Porter__Filter const *from = n->from;
  char const *const text[PHRASES] = { from->text, from->from, from->to, from->cc, from->bcc, from->subject, from->body, from->file_name };
  static unsigned int const where[PHRASES] = { 0, SEARCH_FROM, SEARCH_TO, SEARCH_CC, SEARCH_BCC, SEARCH_SUBJECT, SEARCH_BODY, SEARCH_NAMES };
  int code = EXIT_DONE;
  for (unsigned int i = 0; code == EXIT_DONE && i < PHRASES; i++) code = make_phrase(call, n, i, text[i], where[i]);
  return code;
}

int filter_form(node const *n, arena *a, slice text, slice *out)
{
  return n->from->accents ? text_accented(a, text, out) : text_compared(a, text, out);
}

static int by_octets(void const *x, void const *y) { return slice_compare(*(slice const *)x, *(slice const *)y); }

static int sort_names(arena *a, char *const *names, size_t count, slice **out)
{
  *out = arena_array(a, count + 1, sizeof **out);
  for (size_t i = 0; *out && i < count; i++) (*out)[i] = slice_of(names[i]);
  if (*out && count) qsort(*out, count, sizeof **out, by_octets);
  return *out != NULL;
}

static void once(char *to, char const *flags)
{
  for (char const *c = MAILDIR_FLAGS; *c; c++)
    if (strchr(flags, *c)) *to++ = *c;
  *to = 0;
}

/* What a node itself says, without those in it. */
static int make_node(filter *fl, node *n)
{
  method_call *const call = fl->call;
  Porter__Filter const *from = n->from;
  int code;
  if (from->join > PORTER__FILTER__JOIN__NONE || from->attachment > PORTER__FILTER__HAS__YES) return refuse(call, "no such filter", "");
  if (*from->header_value && !*from->header) return refuse(call, "a value of no field:", from->header_value);
  if (strlen(from->header) > PHRASE_MAX || strlen(from->header_value) > PHRASE_MAX || strlen(from->message_id) > PHRASE_MAX)
    return refuse(call, "the phrase is too long:", from->header);
  code = *from->since ? method_date(call, from->since, &n->since) : EXIT_DONE;
  if (code == EXIT_DONE && *from->before) code = method_date(call, from->before, &n->before);
  if (code == EXIT_DONE) code = keywords_check(call, from->flags, from->keywords, from->n_keywords);
  if (code == EXIT_DONE) code = keywords_check(call, from->no_flags, from->no_keywords, from->n_no_keywords);
  once(n->flags, from->flags);
  once(n->no_flags, from->no_flags);
  n->number = fl->nodes++;
  if (code == EXIT_DONE
    && (!sort_names(call->a, from->folders, from->n_folders, &n->folders)
      || !sort_names(call->a, from->no_folders, from->n_no_folders, &n->no_folders)))
    code = method_temporary(call, "take memory");
  if (code == EXIT_DONE) code = make_phrases(call, n);
  if (code == EXIT_DONE && !filter_form(n, call->a, slice_of(from->header_value), &n->header_value)) code = method_temporary(call, "take memory");
  return code;
}

/* Nothing but flags and keywords, which names of files tell. */
static int is_of_names(Porter__Filter const *f)
{
  Porter__Filter only = PORTER__FILTER__INIT;
  only.flags = f->flags, only.no_flags = f->no_flags;
  only.keywords = f->keywords, only.n_keywords = f->n_keywords;
  only.no_keywords = f->no_keywords, only.n_no_keywords = f->n_no_keywords;
  return protobuf_c_message_get_packed_size(&f->base) == protobuf_c_message_get_packed_size(&only.base);
}

/* What is asked of its thread. */
static int make_in_thread(filter *fl, node *n, size_t *left)
{
  Porter__Filter const *const from = n->from, *const of[INS] = { from->all_in_thread, from->some_in_thread, from->none_in_thread };
  if (*from->thread && fl->wants == FILTER_NO_THREADS) fl->wants = FILTER_THREAD;
  n->thread = conversations_scan(from->thread);
  for (unsigned int i = 0; i < INS; i++) {
    int code;
    if (!of[i]) continue;
    if (!*left || !is_of_names(of[i])) return refuse(fl->call, "of a thread's mails flags and keywords can be asked, nothing else", "");
    --*left;
    fl->wants = FILTER_OF_THREADS;
    if (!(n->in[i] = arena_array(fl->call->a, 1, sizeof *n->in[i]))) return method_temporary(fl->call, "take memory");
    n->in[i]->from = of[i];
    code = make_node(fl, n->in[i]);
    if (code != EXIT_DONE) return code;
  }
  return EXIT_DONE;
}

/* Recurses as deep as filters lie in one another: FILTERS_DEPTH_MAX. */
static int make_tree(filter *fl, node *n, unsigned int depth, size_t *left)
{
  method_call *const call = fl->call;
  int code;
  if (depth > FILTERS_DEPTH_MAX || !*left) return refuse(call, "too many filters", "");
  --*left;
  code = make_node(fl, n);
  if (code == EXIT_DONE) code = make_in_thread(fl, n, left);
  n->count = n->from->n_filters;
  if (code == EXIT_DONE && n->count && !(n->child = arena_array(call->a, n->count, sizeof *n->child))) return method_temporary(call, "take memory");
  for (size_t i = 0; code == EXIT_DONE && i < n->count; i++) {
    n->child[i].from = n->from->filters[i];
    code = make_tree(fl, n->child + i, depth + 1, left);
  }
  return code;
}

int filter_make(method_call *call, Porter__Filter const *from, filter **out)
{
  size_t left = FILTERS_MAX;
  filter *fl = arena_array(call->a, 1, sizeof *fl);
  *out = fl;
  if (!fl) return method_temporary(call, "take memory");
  fl->call = call;
  fl->all = !from;
  fl->root.from = from;
  return from ? make_tree(fl, &fl->root, 1, &left) : EXIT_DONE;
}

enum filter_wants filter_wants(filter const *fl) { return fl->wants; }

/* The phrases that every mail must have: a node's own, and those of nodes in it that must all hold. Each is looked for in texts that mail_matches
 * looks at where it looks in all. Recurses by FILTERS_DEPTH_MAX. */
static void narrow(node const *n, cursor *c)
{
  for (size_t i = 0; i < PHRASES; i++)
    if (n->phrase[i] && n->phrase[i]->compared.len) cursor_narrow(c, n->phrase[i]->compared);
  if (n->from->join != PORTER__FILTER__JOIN__ALL) return;
  for (size_t i = 0; i < n->count; i++) narrow(n->child + i, c);
}

void filter_narrow(filter const *fl, cursor *c)
{
  if (!fl->all) narrow(&fl->root, c);
}

/* Recurses by FILTERS_DEPTH_MAX. */
static size_t count_phrases(node const *n, mail_matcher **to)
{
  size_t count = 0;
  for (size_t i = 0; i < PHRASES; i++) {
    if (!n->phrase[i]) continue;
    if (to) to[count] = n->phrase[i];
    count++;
  }
  if (n->from->join == PORTER__FILTER__JOIN__NONE) return count;
  for (size_t i = 0; i < n->count; i++) count += count_phrases(n->child + i, to ? to + count : NULL);
  return count;
}

int filter_phrases(filter const *fl, mail_matcher ***phrase, size_t *count)
{
  *count = fl->all ? 0 : count_phrases(&fl->root, NULL);
  if (!(*phrase = arena_array(fl->call->a, *count + 1, sizeof **phrase))) return 0;
  if (*count) count_phrases(&fl->root, *phrase);
  return 1;
}

void filter_end(filter *fl)
{
  if (!fl) return;
  arena_free(&fl->scratch);
  arena_free(&fl->texts);
  thread_numbers_free(&fl->numbers);
}
