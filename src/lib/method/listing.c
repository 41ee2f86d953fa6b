/* What List, Search and ListSearch share: a walk through a folder, and heads written one by one, so that memory does not grow with them. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>
#include "heads.h"

static int match(void *context, folder *f, mail_entry *e, slice const *octets)
{
  listing *l = context;
  int matches, partly;
  if (!octets) return MATCH_UNKNOWN;
  matches = mail_matches(&l->matcher, &l->scratch, *octets, &partly);
  if (matches >= 0) {
    arena_reset(&l->scratch);
    if (partly) errno = EFBIG, folder_unread_file(f, e);
  }
  return matches < 0 ? MATCH_FAILED : matches ? MATCH_YES : MATCH_NO;
}

int listing_begin(method_call *call, listing *l, folder *f, Porter__Sort const *sort, char const *pattern)
{
  *l = (listing){ .f = f, .by = sort ? (enum order_by)sort->parameter : ORDER_DATE };
  if (sort && (sort->parameter > PORTER__SORT__PARAMETER__ARRIVAL || sort->direction > PORTER__SORT__DIRECTION__DESC))
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no such order", (slice)SLICE_ZERO, 0);
  l->descending = sort && sort->direction == PORTER__SORT__DIRECTION__DESC;
  if (*pattern && !mail_matcher_init(&l->matcher, call->a, slice_of(pattern), call->box->fallback)) return method_temporary(call, "take memory");
  if (!cursor_open(&l->c, f, l->by, *pattern ? match : NULL, l)) return method_temporary(call, "read mail");
  if (*pattern) cursor_narrow(l->c, l->matcher.compared);
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

int listing_write(method_call *call, folder *f, order_key const *keys, size_t count, unsigned int number, int preview, int thread)
{
  heads h = { .call = call, .preview = preview, .thread = thread };
  int code = EXIT_DONE;
  for (size_t i = 0; code == EXIT_DONE && i < count; i++) {
    Porter__ListMailHeader *head = heads_build(&h, f, keys[i].mail);
    if (head) code = method_write_field(call, number, &head->base);
    else if (errno != ENOENT) code = method_temporary(call, "read mail");
  }
  heads_end(&h);
  return code;
}
