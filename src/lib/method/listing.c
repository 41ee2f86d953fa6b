/* What List, Search and ListSearch share: a walk through a folder, and heads written one by one, so that memory does not grow with them. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

static int match(void *context, folder *f, mail_entry *e, slice const *octets)
{
  listing *l = context;
  int matches;
  (void)f;
  (void)e;
  if (!octets) return MATCH_UNKNOWN;
  matches = mail_matches(&l->matcher, &l->scratch, *octets);
  arena_reset(&l->scratch);
  return matches < 0 ? MATCH_FAILED : matches ? MATCH_YES : MATCH_NO;
}

int listing_begin(method_call *call, listing *l, folder *f, Porter__Sort const *sort, char const *pattern)
{
  *l = (listing){ .f = f, .by = sort ? (enum order_by)sort->parameter : ORDER_DATE };
  if (sort && (sort->parameter > PORTER__SORT__PARAMETER__ARRIVAL || sort->direction > PORTER__SORT__DIRECTION__DESC))
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such order", (slice)SLICE_ZERO, 0);
  l->descending = sort && sort->direction == PORTER__SORT__DIRECTION__DESC;
  if (*pattern && !mail_matcher_init(&l->matcher, call->a, (slice){ pattern, strlen(pattern) })) return method_temporary(call, "take memory");
  if (!cursor_open(&l->c, f, l->by, *pattern ? match : NULL, l)) return method_temporary(call, "read mail");
  cursor_seek(l->c, NULL, l->descending, 0);
  return EXIT_DONE;
}

void listing_end(listing *l)
{
  int error = errno;
  cursor_close(l->c);
  arena_free(&l->scratch);
  l->c = NULL;
  errno = error;
}

int listing_take(method_call *call, listing *l, size_t count, order_key **keys, size_t *taken)
{
  size_t room = 0;
  order_key k, *list = NULL;
  int there = 0;
  *taken = 0;
  while (*taken < count && (there = cursor_next(l->c, &k)) > 0) {
    if (*taken == room) {
      order_key *more = arena_array(call->a, room = room ? 2 * room : 64, sizeof *more);
      if (!more) return method_temporary(call, "take memory");
      if (list) memcpy(more, list, *taken * sizeof *more);
      list = more;
    }
    list[(*taken)++] = k;
  }
  *keys = list;
  return there < 0 ? method_temporary(call, "read mail") : EXIT_DONE;
}

#define START 16384  /* holds the heads of nearly every mail, and those of its parts up to the first attachment */

/* The octets that tell what a list shows, and their tree: of many a mail that is large, its start will do. 1; 0 where it
 * cannot be read; -1 where memory fails. */
static int read_for_list(arena *a, folder *f, mail_entry *e, mail_file *m, int preview, mime_tree *tree)
{
  if (!preview) {
    if (!mail_file_start(m, f, e, START)) return 0;
    if (!mime_parse(a, m->s, m->len, tree)) return -1;
    if (m->len < START || mail_start_says_all(tree, m->s, m->len)) return 1;
    arena_reset(a);
  }
  if (!mail_file_all(m, f, e)) return 0;
  return mime_parse(a, m->s, m->len, tree) ? 1 : -1;
}

/* Writes one head. A mail that has gone is passed over; one that cannot be read is shown with what its name says. */
static int write_head(method_call *call, folder *f, mail_entry *e, arena *scratch, mail_file *m, unsigned int number, int preview)
{
  Porter__ListMailHeader *h;
  mail_facts facts;
  mime_tree tree;
  int good = read_for_list(scratch, f, e, m, preview, &tree);
  if (!good && errno == ENOENT) return EXIT_DONE;
  if (!good && mail_unreadable(errno)) {
    folder_unread_file(f, e);
    arena_reset(scratch);
    good = mime_parse(scratch, "", 0, &tree) ? 1 : -1;
  }
  if (good <= 0) return method_temporary(call, "read mail");
  if (!folder_facts(f, e, FACT_SIZE | FACT_ARRIVAL, scratch, &facts)) return errno == ENOENT ? EXIT_DONE : method_temporary(call, "look at mail");
  h = build_list_head(scratch, &facts, &tree, preview);
  return h ? method_write_field(call, number, &h->base) : method_temporary(call, "take memory");
}

int listing_write(method_call *call, folder *f, order_key const *keys, size_t count, unsigned int number, int preview)
{
  arena scratch = ARENA_ZERO;
  mail_file m = MAIL_FILE_ZERO;
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < count; i++) {
    code = write_head(call, f, keys[i].mail, &scratch, &m, number, preview);
    arena_reset(&scratch);
  }
  arena_free(&scratch);
  mail_file_close(&m);
  return code;
}
