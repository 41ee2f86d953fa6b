/* Filters. Each is worked out in three values, cheapest first: what the name of a file says, then what is in it. A mail is read only
 * where that is still open.
 *
 *   ALL    no where one is no, else open where one is open, else yes
 *   ANY    yes where one is yes, else open where one is open, else no; no where there are none
 *   NONE   the opposite of ANY
 *
 * The filter is filter_make.c's to make; what it asks of a mail's thread, filter_thread.c's to say. tests/maildir-find.t */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include <porter/text.h>
#include "filter_internal.h"

/* --- a folder --- */

static int ask_here(filter *fl, node *n, folder *f, keywords *k, slice name)
{
  Porter__Filter const *from = n->from;
  asked_here *const here = fl->here + n->number;
  if (!keywords_letters(fl->call, f, k, n->flags, from->keywords, from->n_keywords, 0, here->yes)) return 0;
  if (!keywords_letters(fl->call, f, k, n->no_flags, from->no_keywords, from->n_no_keywords, 0, here->no)) return 0;
  for (size_t i = 0; i < from->n_keywords; i++) {
    slice word = slice_of(from->keywords[i]);
    here->missing |= !keyword_flag(word) && !keywords_letter(k, word);
    if (keyword_flag(word) == 'P') here->either = keywords_letter(k, word);
  }
  here->elsewhere = (from->n_folders && slice_find(n->folders, from->n_folders, name) == from->n_folders)
    || slice_find(n->no_folders, from->n_no_folders, name) < from->n_no_folders;
  for (unsigned int i = 0; i < INS; i++)
    if (n->in[i] && !ask_here(fl, n->in[i], f, k, name)) return 0;
  for (size_t i = 0; i < n->count; i++)
    if (!ask_here(fl, n->child + i, f, k, name)) return 0;
  return 1;
}

/* Room for what is kept of that folder. */
static int make_room(filter *fl, size_t which)
{
  size_t const room = 2 * which + 16;
  asked_here **more;
  if (which < fl->folders) return 1;
  if (!(more = arena_array(fl->call->a, room, sizeof *more))) return 0;
  if (fl->folders) memcpy(more, fl->kept, fl->folders * sizeof *more);
  fl->kept = more;
  fl->folders = room;
  return 1;
}

int filter_enter(filter *fl, folder *f, keywords *k, slice name, size_t which)
{
  if (fl->all || fl->entered == f) return 1;
  if (!make_room(fl, which)) return 0;
  fl->here = fl->kept[which];
  if (!fl->here) {
    if (!(fl->here = arena_array(fl->call->a, fl->nodes, sizeof *fl->here)) || !ask_here(fl, &fl->root, f, k, name)) return 0;
    fl->kept[which] = fl->here;
  }
  fl->entered = f;
  return 1;
}

void filter_leave(filter *fl)
{
  if (fl->folders) memset(fl->kept, 0, fl->folders * sizeof *fl->kept);
  fl->entered = NULL;
}

/* --- a mail: what its name says --- */

static int within(int64_t t, Porter__Filter const *from, node const *n)
{
  return (!*from->since || t >= n->since) && (!*from->before || t < n->before);
}

/* $Forwarded is either of P and its letter. */
int filter_flags(filter const *fl, node const *n, slice flags)
{
  asked_here const *const here = fl->here + n->number;
  if (here->missing) return 0;
  for (char const *c = here->yes; *c; c++) {
    if (slice_has(flags, *c)) continue;
    if (!here->either || (*c != 'P' && *c != here->either) || !slice_has(flags, *c == 'P' ? here->either : 'P')) return 0;
  }
  for (char const *c = here->no; *c; c++)
    if (slice_has(flags, *c)) return 0;
  return 1;
}

/* -1 with errno. */
static int name_match(filter *fl, node const *n)
{
  Porter__Filter const *from = n->from;
  unsigned int wanted = (from->min_size || from->max_size ? FACT_SIZE : 0) | ((*from->since || *from->before) && !from->sent ? FACT_ARRIVAL : 0);
  mail_facts facts;
  if (fl->here[n->number].elsewhere || !filter_flags(fl, n, mail_flags(fl->e))) return 0;
  if (!wanted) return 1;
  if (!folder_facts(fl->f, fl->e, wanted, &fl->scratch, &facts)) return errno == ENOENT ? 0 : -1;
  if (wanted & FACT_SIZE && (facts.size < from->min_size || (from->max_size && facts.size >= from->max_size))) return 0;
  return !(wanted & FACT_ARRIVAL) || within(facts.arrival, from, n);
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

/* As heads tell an id; as it stands in a mail is as good. */
static int is_id(slice found, char const *asked)
{
  slice id = slice_of(asked);
  if (id.len > 2 && *id.s == '<' && id.s[id.len - 1] == '>') id = (slice){ id.s + 1, id.len - 2 };
  return slice_same(found, id);
}

static int id_match(filter *fl, char const *id)
{
  slice *list, field = fl->tree.part->head.field[FIELD_MESSAGE_ID];
  size_t count;
  if (!field.s) return 0;
  if (!mail_ids(&fl->texts, field, &list, &count)) return -1;
  count = count && is_id(*list, id);
  arena_reset(&fl->texts);
  return (int)count;
}

static int attachment_match(filter *fl, int wanted)
{
  int has;
  if (!mail_has_attachment(&fl->texts, &fl->tree, &has)) return -1;
  arena_reset(&fl->texts);
  return has == wanted;
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
  if (!mail_text(&h->fl->texts, &h->charsets, value, &text) || !filter_form(h->n, &h->fl->texts, text, &text)) return h->found = -1, 0;
  h->found = memmem(text.s, text.len, h->n->header_value.s, h->n->header_value.len) != NULL;
  arena_reset(&h->fl->texts);
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
    matches = mail_matches(n->phrase[i], &fl->texts, *fl->octets, &partly);
    fl->partly |= partly;
    if (matches <= 0) return matches;
    arena_reset(&fl->texts);
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
  if (r > 0) r = filter_in_thread(fl, n);
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
