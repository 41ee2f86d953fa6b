/* Filters. Each is worked out in three values, cheapest first: what the name of a file says, then what is in it. A mail is read only
 * where that is still open.
 *
 *   ALL    no where one is no, else open where one is open, else yes
 *   ANY    yes where one is yes, else open where one is open, else no; no where there are none
 *   NONE   the opposite of ANY */
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <porter/exit.h>
#include <porter/text.h>
#include "conversations.h"
#include "filter.h"

enum { IN_ALL, IN_SOME, IN_NONE, INS }; /* filters of a mail's thread */
enum { PHRASES = 8 };                   /* of one node: text, from, to, cc, bcc, subject, body, file name */

typedef struct node_s node;
struct node_s {
  Porter__Filter const *from;
  node *child; /* the filters in it, one behind the other */
  size_t count;
  mail_matcher *phrase[PHRASES];
  slice header_value; /* as it is compared */
  int64_t since, before;
  char yes[KEYWORDS_LETTERS], no[KEYWORDS_LETTERS]; /* letters, in the folder that was entered */
  char either;                                      /* the letter that is as good as P, for $Forwarded */
  int missing;                                      /* a keyword that is wanted has no letter there: no mail has it */
  int elsewhere;                                    /* the folder is none of those that are wanted */
  uint64_t thread;                                  /* the one that is wanted */
  node *in[INS];                                    /* of the thread's mails; null: none */
  unsigned char *hit, *miss;                        /* of one of these: a bit for each thread that has a mail with it, without it */
};

struct filter_s {
  method_call *call;
  node root;
  int all; /* there is nothing to be matched */
  arena scratch;
  folder *entered;
  folder *f;
  mail_entry *e;
  slice const *octets;
  int parsed, partly;
  mime_tree tree; /* of the octets, once parsed */
  enum filter_wants wants;
  thread_numbers numbers; /* of threads, for the bits */
  scope *threads;         /* whose lines are told */
};

/* --- making --- */

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

static int form_of(node const *n, arena *a, slice text, slice *out)
{
  return n->from->accents ? text_accented(a, text, out) : text_compared(a, text, out);
}

/* What a node itself says, without those in it. */
static int make_node(method_call *call, node *n)
{
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
  if (code == EXIT_DONE) code = make_phrases(call, n);
  if (code == EXIT_DONE && !form_of(n, call->a, slice_of(from->header_value), &n->header_value)) code = method_temporary(call, "take memory");
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
    code = make_node(fl->call, n->in[i]);
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
  code = make_node(call, n);
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
  thread_numbers_free(&fl->numbers);
}

/* --- a folder --- */

static int is_among(char *const *names, size_t count, slice name)
{
  for (size_t i = 0; i < count; i++)
    if (slice_is(name, names[i])) return 1;
  return 0;
}

static int enter(filter *fl, node *n, folder *f, keywords *k, slice name)
{
  Porter__Filter const *from = n->from;
  if (!keywords_letters(fl->call, f, k, from->flags, from->keywords, from->n_keywords, 0, n->yes)) return 0;
  if (!keywords_letters(fl->call, f, k, from->no_flags, from->no_keywords, from->n_no_keywords, 0, n->no)) return 0;
  n->missing = 0;
  n->either = 0;
  for (size_t i = 0; i < from->n_keywords; i++) {
    slice word = slice_of(from->keywords[i]);
    n->missing |= !keyword_flag(word) && !keywords_letter(k, word);
    if (keyword_flag(word) == 'P') n->either = keywords_letter(k, word);
  }
  n->elsewhere = (from->n_folders && !is_among(from->folders, from->n_folders, name)) || is_among(from->no_folders, from->n_no_folders, name);
  for (unsigned int i = 0; i < INS; i++)
    if (n->in[i] && !enter(fl, n->in[i], f, k, name)) return 0;
  for (size_t i = 0; i < n->count; i++)
    if (!enter(fl, n->child + i, f, k, name)) return 0;
  return 1;
}

int filter_enter(filter *fl, folder *f, keywords *k, slice name)
{
  if (fl->all || fl->entered == f) return 1;
  fl->entered = f;
  return enter(fl, &fl->root, f, k, name);
}

/* --- a mail: what its name says --- */

static int within(int64_t t, Porter__Filter const *from, node const *n)
{
  return (!*from->since || t >= n->since) && (!*from->before || t < n->before);
}

/* $Forwarded is either of P and its letter. */
static int flags_match(node const *n, slice flags)
{
  if (n->missing) return 0;
  for (char const *c = n->yes; *c; c++) {
    if (slice_has(flags, *c)) continue;
    if (!n->either || (*c != 'P' && *c != n->either) || !slice_has(flags, *c == 'P' ? n->either : 'P')) return 0;
  }
  for (char const *c = n->no; *c; c++)
    if (slice_has(flags, *c)) return 0;
  return 1;
}

/* -1 with errno. */
static int name_match(filter *fl, node const *n)
{
  Porter__Filter const *from = n->from;
  unsigned int wanted = (from->min_size || from->max_size ? FACT_SIZE : 0) | ((*from->since || *from->before) && !from->sent ? FACT_ARRIVAL : 0);
  mail_facts facts;
  if (n->elsewhere) return 0;
  if (!wanted && !*n->yes && !*n->no && !n->missing) return 1;
  if (!folder_facts(fl->f, fl->e, wanted, &fl->scratch, &facts)) return errno == ENOENT ? 0 : -1;
  if (!flags_match(n, facts.name.flags)) return 0;
  if (wanted & FACT_SIZE && (facts.size < from->min_size || (from->max_size && facts.size >= from->max_size))) return 0;
  return !(wanted & FACT_ARRIVAL) || within(facts.arrival, from, n);
}

/* --- a mail: its thread --- */

static int has_bit(unsigned char const *bits, uint32_t i) { return bits[i / 8] >> i % 8 & 1; }

static void set_bit(unsigned char *bits, uint32_t i) { bits[i / 8] = (unsigned char)(bits[i / 8] | 1 << i % 8); }

static int thread_match(filter const *fl, node const *n)
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
  (void)fl;
  set_bit(flags_match(n, l->flags) ? n->hit : n->miss, l->number);
  return 1;
}

static int enter_of(filter *fl, folder *f)
{
  keywords k;
  size_t i = 0;
  if (fl->entered == f) return 1;
  while (fl->threads->f[i] != f) i++;
  return folder_keywords(f, &k, fl->call->a) && filter_enter(fl, f, &k, fl->threads->name[i]);
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

enum filter_wants filter_wants(filter const *fl) { return fl->wants; }

int filter_threads(filter *fl, scope *all)
{
  int code = conversations_lines(all, 0, NULL, take_number, forget_numbers, fl);
  fl->threads = all;
  if (code == EXIT_DONE && !each_in_thread(fl, &fl->root, make_bits, NULL)) code = method_temporary(fl->call, "take memory");
  if (code == EXIT_DONE) code = conversations_lines(all, 1, NULL, take_flags, forget_bits, fl);
  fl->entered = NULL;
  return code;
}

/* --- a mail: what is in it --- */

static int needs_octets(node const *n)
{
  Porter__Filter const *from = n->from;
  for (size_t i = 0; i < PHRASES; i++)
    if (n->phrase[i]) return 1;
  return *from->header || *from->message_id || from->attachment || (from->sent && (*from->since || *from->before));
}

static int parse(filter *fl)
{
  if (fl->parsed) return 1;
  fl->parsed = mime_parse(&fl->scratch, fl->octets->s, fl->octets->len, fl->call->box->fallback, &fl->tree);
  return fl->parsed;
}

static int date_match(filter *fl, node const *n)
{
  slice field = fl->tree.part->head.field[FIELD_DATE];
  mail_date date;
  mail_facts facts;
  if (field.s && mail_date_parse(field, &date)) return within(date.seconds, n->from, n);
  if (!folder_facts(fl->f, fl->e, FACT_ARRIVAL, &fl->scratch, &facts)) return errno == ENOENT ? 0 : -1;
  return within(facts.arrival, n->from, n);
}

static int id_match(filter *fl, char const *id)
{
  slice *list, field = fl->tree.part->head.field[FIELD_MESSAGE_ID];
  size_t count;
  if (!field.s) return 0;
  if (!mail_ids(&fl->scratch, field, &list, &count)) return -1;
  return count && slice_is(*list, id);
}

static int attachment_match(filter *fl, int wanted)
{
  int has;
  return mail_has_attachment(&fl->scratch, &fl->tree, &has) ? has == wanted : -1;
}

typedef struct header_search_s header_search;
struct header_search_s {
  filter *fl;
  node const *n;
  mail_charsets charsets;
  int found; /* -1 with errno */
};

static int look_at_field(void *context, slice name, slice value)
{
  header_search *h = context;
  size_t len = strlen(h->n->from->header);
  slice text;
  if (name.len != len || strncasecmp(name.s, h->n->from->header, len)) return 1;
  if (!h->n->header_value.len) return h->found = 1, 0;
  if (!mail_text(&h->fl->scratch, &h->charsets, value, &text) || !form_of(h->n, &h->fl->scratch, text, &text)) return h->found = -1, 0;
  h->found = memmem(text.s, text.len, h->n->header_value.s, h->n->header_value.len) != NULL;
  return !h->found;
}

static int header_match(filter *fl, node const *n)
{
  header_search h = { .fl = fl, .n = n, .charsets = mail_charsets_of(&fl->tree, 0) };
  mail_field_walk(fl->tree.part->header, 1, look_at_field, &h);
  return h.found;
}

/* -1 with errno. */
static int phrases_match(filter *fl, node const *n)
{
  for (size_t i = 0; i < PHRASES; i++) {
    int matches, partly = 0;
    if (!n->phrase[i]) continue;
    matches = mail_matches(n->phrase[i], &fl->scratch, *fl->octets, &partly);
    fl->partly |= partly;
    if (matches <= 0) return matches;
  }
  return 1;
}

/* The head first. -1 with errno. */
static int octets_match(filter *fl, node const *n)
{
  Porter__Filter const *from = n->from;
  int r = 1;
  if (*from->header || *from->message_id || from->attachment || from->sent) {
    if (!parse(fl)) return -1;
    if (from->sent && (*from->since || *from->before)) r = date_match(fl, n);
    if (r > 0 && *from->message_id) r = id_match(fl, from->message_id);
    if (r > 0 && *from->header) r = header_match(fl, n);
    if (r > 0 && from->attachment) r = attachment_match(fl, from->attachment == PORTER__FILTER__HAS__YES);
  }
  return r > 0 ? phrases_match(fl, n) : r;
}

/* --- a tree --- */

static int node_match(filter *fl, node const *n);

/* Those in a node, joined. Recurses by FILTERS_DEPTH_MAX. */
static int children_match(filter *fl, node const *n)
{
  int all = n->from->join == PORTER__FILTER__JOIN__ALL, open = 0;
  if (!n->count) return MATCH_YES;
  for (size_t i = 0; i < n->count; i++) {
    int r = node_match(fl, n->child + i);
    if (r == MATCH_FAILED) return r;
    if (r == (all ? MATCH_NO : MATCH_YES)) return n->from->join == PORTER__FILTER__JOIN__ANY ? MATCH_YES : MATCH_NO;
    open |= r == MATCH_UNKNOWN;
  }
  if (open) return MATCH_UNKNOWN;
  return n->from->join == PORTER__FILTER__JOIN__ANY ? MATCH_NO : MATCH_YES;
}

static int node_match(filter *fl, node const *n)
{
  int r = name_match(fl, n), inner;
  if (r > 0) r = thread_match(fl, n);
  if (r <= 0) return r < 0 ? MATCH_FAILED : MATCH_NO;
  inner = children_match(fl, n);
  if (inner == MATCH_NO || inner == MATCH_FAILED) return inner;
  if (!needs_octets(n)) return inner;
  if (!fl->octets) return MATCH_UNKNOWN;
  r = octets_match(fl, n);
  return r < 0 ? MATCH_FAILED : r ? inner : MATCH_NO;
}

int filter_match(void *context, folder *f, mail_entry *e, slice const *octets)
{
  filter *fl = context;
  int r;
  if (fl->all) return MATCH_YES;
  fl->f = f;
  fl->e = e;
  fl->octets = octets;
  fl->parsed = fl->partly = 0;
  r = node_match(fl, &fl->root);
  if (r != MATCH_FAILED) arena_reset(&fl->scratch);
  if (fl->partly && r != MATCH_YES) errno = EFBIG, folder_unread_file(f, e);
  return r;
}
