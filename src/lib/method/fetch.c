/* Fetch: many mails in one call, each with what is asked of it.
 *
 *   what can go wrong                                       the rule for it
 *   all mails together are more than an answer holds        those behind are TOO_LARGE: ask for them again
 *   a mail alone is more, or takes more memory than a       it is TOO_LARGE, and those behind it are answered: its sender or a client's odd request
 *   call has                                                keeps no other mail from being shown
 *   a mail is not there                                     it has its error, the others are answered
 *
 * tests/maildir-fetch.t, tests/maildir-hostile.t */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/text.h>
#include "conversations.h"
#include "fields.h"
#include "filter.h"
#include "heads.h"
#include "scope.h"

typedef struct fetch_s fetch;
struct fetch_s {
  method_call *call;
  Porter__FetchReq const *request;
  scope s;
  mail_named *named; /* what is asked for */
  heads h;
  field_asks asks;
  filter *excerpt;
  int parts_asked;  /* some field is asked of every part */
  uint64_t written; /* octets of the answer */
};

/* --- texts --- */

typedef struct text_out_s text_out;
struct text_out_s {
  arena *a;
  char *s;
  size_t len, room, most;
  int cut;
};

static int take_text(void *context, char const *s, size_t len)
{
  text_out *t = context;
  if (len > t->most - t->len) len = t->most - t->len, t->cut = 1;
  if (len > t->room - t->len) {
    size_t room = t->room ? t->room : 4096;
    char *more;
    while (room < t->len + len) room *= 2;
    if (room > t->most) room = t->most;
    if (!(more = arena_take(t->a, room + 1))) return t->cut = -1, 0;
    if (t->len) memcpy(more, t->s, t->len);
    t->s = more;
    t->room = room;
  }
  if (len) memcpy(t->s + t->len, s, len);
  t->len += len;
  return !t->cut;
}

#define ENTITY_MAX 32 /* octets: no entity's name is longer */

/* Where HTML that was cut at len can end: not inside a tag or an entity. */
static size_t html_end(char const *s, size_t len)
{
  for (size_t i = len; i-- > 0 && s[i] != '>';)
    if (s[i] == '<') return i;
  for (size_t i = len; i-- > 0 && len - i < ENTITY_MAX && s[i] != ';' && s[i] != '>';)
    if (s[i] == '&') return i;
  return len;
}

static size_t text_end(char const *s, size_t len, int html)
{
  len = utf8_valid(s, len);
  return html ? html_end(s, len) : len;
}

static int is_ascii_label(slice label)
{
  return !label.len || (label.len == 8 && !memcmp(label.s, "us-ascii", 8)) || (label.len == 5 && !memcmp(label.s, "ascii", 5));
}

static int check_utf8(void *context, char const *s, size_t len) { return utf8_check(context, s, len); }

/* The charset is not known, octets made no characters, or the transfer encoding was broken. */
static int malformed(mime_part const *part, text_out const *t)
{
  charset const *c = charset_find(part->charset.s, part->charset.len);
  utf8_state st = UTF8_ZERO;
  if (mime_broken(part) || (!c && !is_ascii_label(part->charset))) return 1;
  if (c == charset_utf8) return !mime_decode(part, check_utf8, &st) || !utf8_whole(&st);
  return c && t->len && memmem(t->s, t->len, "\xef\xbf\xbd", 3) != NULL;
}

static char *build_path(arena *a, mime_tree const *tree, size_t i)
{
  char path[MIME_PATH_FMT];
  return build_string(a, (slice){ path, mime_path(tree, i, path) });
}

/* One text; *left is what the mail's texts may have yet. Null where memory fails. */
static Porter__PartText *build_text(fetch *fe, size_t i, size_t *left)
{
  arena *a = &fe->h.scratch;
  mime_part const *part = fe->h.tree.part + i;
  Porter__PartText *text = arena_take(a, sizeof *text);
  uint64_t most = fe->request->text_max && fe->request->text_max < *left ? fe->request->text_max : *left;
  text_out t = { .a = a, .most = (size_t)most };
  if (!text) return NULL;
  *text = (Porter__PartText)PORTER__PART_TEXT__INIT;
  mime_text(part, take_text, &t);
  if (t.cut < 0 || (!t.s && !(t.s = arena_take(a, 1)))) return NULL;
  if (t.cut) t.len = text_end(t.s, t.len, mime_is_html(part));
  t.s[t.len] = 0;
  *left -= t.len;
  text->text = t.s;
  text->cut = t.cut;
  text->malformed = malformed(part, &t);
  text->path = build_path(a, &fe->h.tree, i);
  return text->path ? text : NULL;
}

/* Marks the text parts of a list. */
static void mark(unsigned char *wanted, mime_tree const *tree, size_t const *list, size_t count)
{
  for (size_t i = 0; i < count; i++) wanted[list[i]] = (unsigned char)mime_is_text(tree->part + list[i]);
}

/* All that are not in a message inside. */
static void mark_all(unsigned char *wanted, mime_tree const *tree)
{
  for (size_t i = 0; i < tree->count; i++) wanted[i] = (unsigned char)(mime_is_text(tree->part + i) && !mime_message_of(tree, i));
}

static int add_texts(fetch *fe, mail_body const *body, Porter__Fetched *out)
{
  mime_tree const *tree = &fe->h.tree;
  int which = (int)fe->request->texts;
  unsigned char *wanted = arena_array(&fe->h.scratch, tree->count, 1);
  size_t left = FETCH_TEXTS_MAX, count = 0;
  if (!wanted) return 0;
  if (which == PORTER__FETCH_REQ__TEXTS__ALL) mark_all(wanted, tree);
  if (which == PORTER__FETCH_REQ__TEXTS__TEXT || which == PORTER__FETCH_REQ__TEXTS__TEXT_AND_HTML) mark(wanted, tree, body->text, body->text_count);
  if (which == PORTER__FETCH_REQ__TEXTS__HTML || which == PORTER__FETCH_REQ__TEXTS__TEXT_AND_HTML) mark(wanted, tree, body->html, body->html_count);
  for (size_t i = 0; i < tree->count; i++) count += wanted[i];
  if (!(out->texts = arena_array(&fe->h.scratch, count ? count : 1, sizeof *out->texts))) return 0;
  for (size_t i = 0; i < tree->count; i++)
    if (wanted[i] && !(out->texts[out->n_texts++] = build_text(fe, i, &left))) return 0;
  return 1;
}

/* --- one mail --- */

static int add_paths(fetch *fe, size_t const *list, size_t count, char ***out, size_t *out_count)
{
  *out = arena_array(&fe->h.scratch, count ? count : 1, sizeof **out);
  if (!*out) return 0;
  for (size_t i = 0; i < count; i++)
    if (!((*out)[i] = build_path(&fe->h.scratch, &fe->h.tree, list[i]))) return 0;
  *out_count = count;
  return 1;
}

static int add_tree(fetch *fe, mail_body const *body, Porter__Fetched *out)
{
  out->mail = build_tree(&fe->h.scratch, &fe->h.tree, fe->parts_asked ? &fe->asks : NULL);
  return out->mail && add_paths(fe, body->text, body->text_count, &out->text_body, &out->n_text_body)
    && add_paths(fe, body->html, body->html_count, &out->html_body, &out->n_html_body)
    && add_paths(fe, body->attached, body->attached_count, &out->attachments, &out->n_attachments);
}

/* All that is asked of a mail that was found. 0 with errno. */
static int fetch_mail(fetch *fe, folder *f, mail_entry *e, Porter__Fetched *out)
{
  Porter__FetchReq const *request = fe->request;
  int body_wanted = request->tree || request->texts;
  mail_body body;
  if (!heads_read(&fe->h, f, e, body_wanted || request->preview || request->excerpt)) return 0;
  if ((request->heads || request->excerpt) && !(out->head = heads_of(&fe->h, f, e))) return 0;
  if (!fields_build(&fe->h.scratch, &fe->asks, &fe->h.tree, 0, 0, &out->fields, &out->n_fields)) return 0;
  if (body_wanted && !mail_body_lists(&fe->h.scratch, &fe->h.tree, &body)) return 0;
  return (!request->tree || add_tree(fe, &body, out)) && (!request->texts || add_texts(fe, &body, out));
}

/* --- finding --- */

/* Which folder of the scope is named so. */
static size_t named(fetch const *fe, char const *name)
{
  size_t i = 0;
  while (i < fe->s.count && !slice_is(fe->s.name[i], name)) i++;
  return i;
}

/* Looks into the i-th folder for the mail of that number: 1 found, 0 not there, -1 with errno. The first that has it is where it is read. */
static int look_into(fetch *fe, size_t i, size_t number, folder **f, mail_entry **e, Porter__Fetched *out)
{
  int there = scope_open(&fe->s, i);
  mail_entry *found;
  if (there <= 0) return there;
  folder_expect(fe->s.f[i], fe->named, fe->request->n_mails);
  found = folder_find_named(fe->s.f[i], fe->named + number);
  if (!found) return errno == ENOENT ? 0 : -1;
  if (!*e) *e = found, *f = fe->s.f[i];
  if (!(out->folders[out->n_folders] = build_string(fe->call->a, fe->s.name[i]))) return -1;
  out->n_folders++;
  return 1;
}

/* 1; 0 where it is nowhere; -1 with errno. */
static int find(fetch *fe, size_t number, folder **f, mail_entry **e, Porter__Fetched *out)
{
  size_t first = named(fe, fe->request->mails[number]->folder);
  *e = NULL;
  out->n_folders = 0;
  if (!(out->folders = arena_array(fe->call->a, fe->s.count + 1, sizeof *out->folders))) return -1;
  if (first < fe->s.count && look_into(fe, first, number, f, e, out) < 0) return -1;
  for (size_t i = 0; fe->request->anywhere && i < fe->s.count; i++)
    if (i != first && look_into(fe, i, number, f, e, out) < 0) return -1;
  return *e != NULL;
}

static int fail(fetch *fe, Porter__Fetched *out, Porter__Error__Code code, char const *text, slice of)
{
  out->error = method_error(fe->call, code, text, of, 0);
  return out->error ? EXIT_DONE : method_temporary(fe->call, "take memory");
}

/* The mail's own octets, or what is asked of it, are too much. */
static int fail_alone(fetch *fe, Porter__Fetched *out)
{
  char *const mid = out->mid;
  *out = (Porter__Fetched)PORTER__FETCHED__INIT;
  out->mid = mid;
  return fail(fe, out, PORTER__ERROR__CODE__TOO_LARGE, "more than an answer holds, alone; ask for less of", slice_of(mid));
}

static int fetch_one(fetch *fe, size_t i, Porter__Fetched *out)
{
  Porter__MailName const *name = fe->request->mails[i];
  slice mid = slice_of(name->mid), folder_name = slice_of(name->folder);
  folder *f;
  mail_entry *e;
  int there;
  if (i >= FETCH_MAX || fe->written >= FETCH_OCTETS_MAX)
    return fail(fe, out, PORTER__ERROR__CODE__TOO_LARGE, "more than one answer holds; ask again for", mid);
  there = find(fe, i, &f, &e, out);
  if (there > 0 && fetch_mail(fe, f, e, out)) return EXIT_DONE;
  if (there > 0 && errno == ENOMEM) return fail_alone(fe, out);
  if (there < 0 || (there && errno != ENOENT)) return method_temporary(fe->call, "read mail");
  out->n_folders = 0;
  there = named(fe, name->folder) < fe->s.count ? scope_open(&fe->s, named(fe, name->folder)) : 0;
  if (!there && !fe->request->anywhere) return fail(fe, out, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", folder_name);
  return fail(fe, out, PORTER__ERROR__CODE__NO_SUCH_MAIL, "no such mail", mid);
}

/* The answer stays below its limit. */
static int write_one(fetch *fe, Porter__Fetched *out)
{
  uint64_t const size = protobuf_c_message_get_packed_size(&out->base);
  int code = EXIT_DONE;
  if (size > FETCH_OCTETS_MAX) code = fail_alone(fe, out);
  else if (size > FETCH_OCTETS_MAX - fe->written) {
    char *const mid = out->mid;
    *out = (Porter__Fetched)PORTER__FETCHED__INIT;
    out->mid = mid;
    fe->written = FETCH_OCTETS_MAX;
    code = fail(fe, out, PORTER__ERROR__CODE__TOO_LARGE, "more than one answer holds; ask again for", slice_of(mid));
  } else fe->written += size;
  return code == EXIT_DONE ? method_write_field(fe->call, 1, &out->base) : code;
}

static int begin(fetch *fe)
{
  Porter__FetchReq const *request = fe->request;
  char **names = arena_array(fe->call->a, request->n_mails + 1, sizeof *names);
  size_t count = request->n_mails < FETCH_MAX ? request->n_mails : FETCH_MAX;
  int code;
  if (!names) return method_temporary(fe->call, "take memory");
  for (size_t i = 0; i < request->n_mails; i++) names[i] = request->mails[i]->mid;
  if (!(fe->named = method_named(fe->call, names, request->n_mails))) return method_temporary(fe->call, "take memory");
  if (request->texts > PORTER__FETCH_REQ__TEXTS__ALL)
    return method_fail(fe->call, PORTER__ERROR__CODE__BAD_REQUEST, "no such choice of texts", (slice)SLICE_ZERO, 0);
  for (size_t i = 0; i < count; i++) names[i] = request->mails[i]->folder;
  for (size_t i = 0; i < request->n_fields; i++) fe->parts_asked |= request->fields[i]->parts;
  code = request->anywhere ? scope_from(fe->call, &fe->s, "", 1) : scope_named(fe->call, &fe->s, names, count);
  return code == EXIT_DONE && request->thread && request->heads ? conversations_make(&fe->s, 0) : code;
}

static int begin_excerpt(fetch *fe)
{
  int code;
  if (!fe->request->excerpt) return EXIT_DONE;
  fe->h.excerpt = 1;
  code = filter_make(fe->call, fe->request->excerpt, &fe->excerpt);
  if (code != EXIT_DONE) return code;
  return filter_phrases(fe->excerpt, &fe->h.phrase, &fe->h.phrases) ? EXIT_DONE : method_temporary(fe->call, "take memory");
}

int method_fetch(method_call *call)
{
  Porter__FetchReq const *request = call->request;
  fetch fe = { .call = call,
    .request = request,
    .h = { .call = call, .preview = request->preview, .thread = request->thread },
    .asks = { request->fields, request->n_fields, request->all_fields } };
  int code = fields_check(call, &fe.asks);
  if (code == EXIT_DONE) code = begin_excerpt(&fe);
  if (code == EXIT_DONE && request->n_mails) code = begin(&fe);
  for (size_t i = 0; code == EXIT_DONE && i < request->n_mails; i++) {
    Porter__Fetched out = PORTER__FETCHED__INIT;
    out.mid = request->mails[i]->mid;
    code = fetch_one(&fe, i, &out);
    if (code == EXIT_DONE) code = write_one(&fe, &out);
  }
  heads_end(&fe.h);
  filter_end(fe.excerpt);
  scope_end(&fe.s);
  return code;
}
