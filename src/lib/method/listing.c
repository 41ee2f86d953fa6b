/* What List, Search and ListSearch share: a folder in order, and heads written one by one, so that memory does not grow with them. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include <porter/exit.h>
#include <porter/method.h>
#include <porter/search.h>

/* Makes the key in scratch memory, and keeps of that the text. */
static int make_key(method_call *call, order_key *k, enum order_by by, arena *scratch, folder *f, mail_entry *e, mail_file *m, int64_t now)
{
  if (!order_key_make(k, by, scratch, f, e, m, now)) return 0;
  if (k->text.len && !(k->text.s = arena_copy(call->a, k->text.s, k->text.len))) return 0;
  arena_reset(scratch);
  return 1;
}

/* 1: the mail belongs to the list and has a key; 0: it does not; -1 with errno: trouble that is not the mail's. */
static int consider(method_call *call, order_key *k, enum order_by by, mail_matcher *matcher, arena *scratch, folder *f, mail_entry *e, mail_file *m, int64_t now)
{
  if (matcher) {
    int matches;
    /* What cannot be read matches nothing. */
    if (!mail_file_octets(m, f, e)) return errno == ENOMEM || errno == EMFILE || errno == ENFILE ? -1 : 0;
    matches = mail_matches(matcher, scratch, (slice){ m->s, m->len });
    arena_reset(scratch);
    if (matches <= 0) return matches;
  }
  if (make_key(call, k, by, scratch, f, e, m, now)) return 1;
  return errno == ENOENT ? 0 : -1;
}

int listing_make(method_call *call, folder *f, Porter__Sort const *sort, char const *pattern, order_key **list, size_t *count)
{
  enum order_by by = sort ? (enum order_by)sort->parameter : ORDER_DATE;
  arena scratch = ARENA_ZERO;
  mail_file m = MAIL_FILE_ZERO;
  mail_matcher matcher;
  int64_t now = time(NULL);
  int one = 0;
  *count = 0;
  if (sort && (sort->parameter > PORTER__SORT__PARAMETER__ARRIVAL || sort->direction > PORTER__SORT__DIRECTION__DESC))
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such order", (slice)SLICE_ZERO, 0);
  *list = arena_array(call->a, f->count, sizeof **list);
  if (!*list || !mail_matcher_init(&matcher, call->a, (slice){ pattern, strlen(pattern) })) return method_temporary(call, "take memory");
  for (size_t i = 0; one >= 0 && i < f->count; i++) {
    one = consider(call, *list + *count, by, *pattern ? &matcher : NULL, &scratch, f, f->mail + i, &m, now);
    if (one > 0) ++*count;
  }
  arena_free(&scratch);
  mail_file_close(&m);
  if (one < 0) return method_temporary(call, "read mail");
  order_sort(*list, *count, sort && sort->direction == PORTER__SORT__DIRECTION__DESC);
  return EXIT_DONE;
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

int listing_write(method_call *call, folder *f, order_key const *list, size_t count, unsigned int number, int preview)
{
  arena scratch = ARENA_ZERO;
  mail_file m = MAIL_FILE_ZERO;
  int64_t now = time(NULL);
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < count; i++) {
    mail_entry *e = list[i].mail;
    Porter__ListMailHeader *h = NULL;
    mime_tree tree;
    int good = read_for_list(&scratch, f, e, &m, preview, &tree);
    if (!good) {
      /* It has gone, or it cannot be read: then its name and size are shown. */
      if (errno == ENOENT || fstatat(f->place[e->where], e->name, &m.st, AT_SYMLINK_NOFOLLOW) < 0) continue;
      good = mime_parse(&scratch, "", 0, &tree);
    }
    if (good > 0) h = build_list_head(&scratch, f, e, &m, &tree, preview, now);
    code = h ? method_write_field(call, number, &h->base) : method_temporary(call, "take memory");
    arena_reset(&scratch);
  }
  arena_free(&scratch);
  mail_file_close(&m);
  return code;
}
