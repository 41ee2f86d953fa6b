/* Version 1's modes. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <skalibs/stralloc.h>

#include <porter/exit.h>
#include <porter/text.h>
#include <porter/version1.h>
#include "internal.h"

/* --- answers --- */

static void fault_add(version1 *v, char const *s, size_t len)
{
  size_t have = strlen(v->fault);
  if (len > VERSION1_FAULT_SIZE - 1 - have) len = VERSION1_FAULT_SIZE - 1 - have;
  memcpy(v->fault + have, s, len);
  v->fault[have + len] = 0;
}

static int fail_arguments(version1 *v, char const *what, char const *outside)
{
  char safe[TEXT_ESCAPE_MAX + 1];
  fault_add(v, what, strlen(what));
  fault_add(v, safe, text_escape(safe, outside, strlen(outside)));
  return EXIT_REQUEST;
}

int fail_system(version1 *v, char const *what)
{
  char const *reason = strerror(errno);
  fault_add(v, "unable to ", 10);
  fault_add(v, what, strlen(what));
  fault_add(v, ": ", 2);
  fault_add(v, reason, strlen(reason));
  return EXIT_TEMPORARY;
}

void answer_start(version1 *v, json_output *out) { json_put_start(out, v->sink, v->context, 1); }

int answer_end(version1 *v, json_output *out) { return json_put_end(out) ? EXIT_DONE : fail_system(v, "write the answer"); }

int answer_error(version1 *v, char const *text, size_t len)
{
  json_output out;
  int code;
  answer_start(v, &out);
  json_put_text(&out, "{\"error\":");
  json_put_string(&out, text, len);
  json_put_text(&out, ",\"mode\":");
  json_put_string(&out, v->argv[0], strlen(v->argv[0]));
  json_put_text(&out, "}\n");
  code = answer_end(v, &out);
  return code == EXIT_DONE ? EXIT_ERROR : code;
}

int answer_failed(version1 *v, answer const *response)
{
  if (response->code == EXIT_REQUEST || (response->code == EXIT_ERROR && response->error == PORTER__ERROR__CODE__INVALID_FOLDER)) {
    if (response->text.len) fault_add(v, response->text.s, response->text.len);
    return EXIT_REQUEST;
  }
  return response->code == EXIT_ERROR ? answer_error(v, response->text.s, response->text.len) : response->code;
}

/* --- modes --- */

/* An argument that may be left out: shells drop an empty word that was quoted by backslashes only. */
static char *argument(version1 const *v, unsigned int i) { return (char *)(i < v->argc ? v->argv[i] : ""); }

/* date, sender, subject or size, or nothing, with ! in front for the other way round. */
static int sort_find(char const *word, Porter__Sort *sort)
{
  static struct {
    char const *word;
    Porter__Sort__Parameter parameter;
  } const words[] = { { "", PORTER__SORT__PARAMETER__DATE }, { "date", PORTER__SORT__PARAMETER__DATE }, { "sender", PORTER__SORT__PARAMETER__SENDER },
    { "subject", PORTER__SORT__PARAMETER__SUBJECT }, { "size", PORTER__SORT__PARAMETER__SIZE } };
  if (*word == '!') {
    sort->direction = PORTER__SORT__DIRECTION__DESC;
    word++;
  }
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcmp(words[i].word, word)) continue;
    sort->parameter = words[i].parameter;
    return 1;
  }
  return 0;
}

/* A number; what is beyond 32 bits, where no folder reaches, is their end. */
static int number_scan(char const *s, uint32_t *number)
{
  uint32_t const most = UINT32_MAX - 1;
  uint64_t n = 0;
  if (!*s) return 0;
  for (; *s; s++) {
    if (*s < '0' || *s > '9') return 0;
    n = 10 * n + (uint64_t)(*s - '0');
    if (n > most) n = most;
  }
  *number = (uint32_t)n;
  return 1;
}

static int keep(void *context, char const *s, size_t len) { return stralloc_catb(context, s, len); }

/* An array of heads is gathered before any of it is written, as a later page may still fail. */
typedef struct array_s array;
struct array_s {
  stralloc text;
  json_output out;
  size_t count;
};

static void array_start(array *list)
{
  list->text = (stralloc)STRALLOC_ZERO;
  list->count = 0;
  json_put_start(&list->out, &keep, &list->text, 1);
  json_put_text(&list->out, "[");
}

static void array_heads(array *list, Porter__ListMailHeader *const *heads, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (list->count++) json_put_text(&list->out, ",");
    put_list_head(&list->out, heads[i]);
  }
}

static int array_end(version1 *v, array *list, int code)
{
  if (code == EXIT_DONE) {
    json_put_text(&list->out, "]\n");
    if (!json_put_end(&list->out)) code = fail_system(v, "make the answer");
    else if (!v->sink(v->context, list->text.s, list->text.len)) code = fail_system(v, "write the answer");
  }
  stralloc_free(&list->text);
  return code;
}

static int list(version1 *v)
{
  Porter__ListReq request = PORTER__LIST_REQ__INIT;
  Porter__Sort sort = PORTER__SORT__INIT;
  array heads;
  uint32_t start, end;
  int more;
  int code = EXIT_DONE;
  if (!number_scan(v->argv[1], &start)) return fail_arguments(v, "START is no number: ", v->argv[1]);
  if (!number_scan(v->argv[2], &end)) return fail_arguments(v, "END is no number: ", v->argv[2]);
  if (end < start) return fail_arguments(v, "END is before START: ", v->argv[2]);
  if (!sort_find(argument(v, 3), &sort)) return fail_arguments(v, "no order is called ", argument(v, 3));
  request.sort = &sort;
  request.folder = argument(v, 4);
  array_start(&heads);
  end++; /* END is inclusive */
  do {
    answer response = ANSWER_ZERO;
    request.start = start;
    request.end = end;
    more = 0;
    code = ask_method(v, "List", &request.base, &response);
    if (code != EXIT_DONE) {
      code = answer_failed(v, &response);
    } else if ((code = answer_unpack(v, &response, &porter__list_resp__descriptor)) == EXIT_DONE) {
      Porter__ListResp const *page = response.message;
      array_heads(&heads, page->mail_heads, page->n_mail_heads);
      start += (uint32_t)page->n_mail_heads;
      more = page->cut && page->n_mail_heads;
    }
    ask_free(&response);
  } while (code == EXIT_DONE && more);
  return array_end(v, &heads, code);
}

static int search(version1 *v)
{
  Porter__SearchReq request = PORTER__SEARCH_REQ__INIT;
  answer response = ANSWER_ZERO;
  array heads;
  int code;
  request.pattern = argument(v, 1);
  request.folder = argument(v, 2);
  array_start(&heads);
  code = ask_method(v, "Search", &request.base, &response);
  if (code != EXIT_DONE) {
    code = answer_failed(v, &response);
  } else if ((code = answer_unpack(v, &response, &porter__search_resp__descriptor)) == EXIT_DONE) {
    Porter__SearchResp const *found = response.message;
    for (size_t i = found->n_found; i--;) array_heads(&heads, found->found + i, 1); /* a client shows the first, and has no second page */
  }
  ask_free(&response);
  return array_end(v, &heads, code);
}

static int count(version1 *v)
{
  Porter__StatsReq request = PORTER__STATS_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code;
  request.folder = argument(v, 1);
  code = ask_method(v, "Stats", &request.base, &response);
  if (code != EXIT_DONE) {
    code = answer_failed(v, &response);
  } else if ((code = answer_unpack(v, &response, &porter__stats_resp__descriptor)) == EXIT_DONE) {
    Porter__StatsResp const *stats = response.message;
    json_output out;
    answer_start(v, &out);
    json_put_text(&out, "{\"count\":");
    json_put_number(&out, stats->mail_count);
    json_put_text(&out, ",\"size\":");
    json_put_number(&out, stats->byte_size);
    json_put_text(&out, ",\"new\":");
    json_put_number(&out, stats->unread_count);
    json_put_text(&out, "}\n");
    code = answer_end(v, &out);
  }
  ask_free(&response);
  return code;
}

static int folders(version1 *v)
{
  Porter__FoldersReq const request = PORTER__FOLDERS_REQ__INIT;
  answer response = ANSWER_ZERO;
  int code = ask_method(v, "Folders", &request.base, &response);
  if (code != EXIT_DONE) {
    code = answer_failed(v, &response);
  } else if ((code = answer_unpack(v, &response, &porter__folders_resp__descriptor)) == EXIT_DONE) {
    Porter__FoldersResp const *names = response.message;
    json_output out;
    answer_start(v, &out);
    json_put_text(&out, "[");
    for (size_t i = 0; i < names->n_folders; i++) {
      if (i) json_put_text(&out, ",");
      json_put_string(&out, names->folders[i], strlen(names->folders[i]));
    }
    json_put_text(&out, "]\n");
    code = answer_end(v, &out);
  }
  ask_free(&response);
  return code;
}

typedef struct mode_s mode;
struct mode_s {
  char const *name;
  unsigned int least, most; /* arguments */
  int (*run)(version1 *v);
};

static mode const modes[] = {
  { "list", 2, 4, &list },
  { "count", 0, 1, &count },
  { "read-mail", 1, 1, &read_mail },
  { "search", 0, 2, &search },
  { "folders", 0, 0, &folders },
  { "move", 1, 2, &move_mail },
  { "raw", 1, 2, &raw_mail },
};

int version1_answer(
  char const *prog, char const *charset, char const *const *argv, char const *const *envp, sink_func *sink, void *context, char *fault)
{
  version1 v = { .prog = prog, .charset = charset, .argv = argv, .argc = 1, .envp = envp, .sink = sink, .context = context, .fault = fault };
  *fault = 0;
  while (argv[v.argc]) v.argc++;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(modes[i].name, argv[0])) continue;
    if (v.argc - 1 < modes[i].least) return fail_arguments(&v, "too few arguments for ", argv[0]);
    if (v.argc - 1 > modes[i].most) return fail_arguments(&v, "too many arguments for ", argv[0]);
    return modes[i].run(&v);
  }
  return answer_error(&v, "no such mode", 12);
}
