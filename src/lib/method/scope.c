/* The folders that a call looks into. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <porter/exit.h>
#include "scope.h"

static int by_name(void const *x, void const *y)
{
  slice const *const *const a = x, *const *const b = y;
  int const r = slice_compare(**a, **b);
  return r ? r : (*a > *b) - (*a < *b);
}

/* Leaves each name where it comes first, and only there: a client can name thousands. */
static int each_once(scope *s)
{
  slice const **const sorted = arena_array(s->call->a, s->count + 1, sizeof *sorted);
  unsigned char *const again = arena_array(s->call->a, s->count + 1, 1);
  size_t kept = 0;
  if (!sorted || !again) return method_temporary(s->call, "take memory");
  for (size_t i = 0; i < s->count; i++) sorted[i] = s->name + i;
  if (s->count) qsort(sorted, s->count, sizeof *sorted, by_name);
  for (size_t i = 1; i < s->count; i++) again[sorted[i] - s->name] = (unsigned char)slice_same(*sorted[i], *sorted[i - 1]);
  for (size_t i = 0; i < s->count; i++)
    if (!again[i]) s->name[kept++] = s->name[i];
  s->count = kept;
  return EXIT_DONE;
}

/* Room for so many, those of the mailbox besides where all. */
static int make_room(scope *s, size_t count, int all, slice **names, size_t *there)
{
  *there = 0;
  if (all && !mailbox_folders(s->call->box, s->call->a, names, there)) return method_temporary(s->call, "read mailbox");
  s->name = arena_array(s->call->a, count + *there + 1, sizeof *s->name);
  s->f = arena_array(s->call->a, count + *there + 1, sizeof *s->f);
  return s->name && s->f ? EXIT_DONE : method_temporary(s->call, "take memory");
}

/* first is "", unless it is another folder than the inbox; that one is not met again. */
static void add_all(scope *s, slice const *names, size_t count)
{
  slice first = s->count ? s->name[0] : (slice){ "", 0 };
  if (!s->count || first.len) s->name[s->count++] = (slice){ "", 0 };
  for (size_t i = 0; i < count; i++)
    if (names[i].len != first.len || memcmp(names[i].s, first.s, first.len)) s->name[s->count++] = names[i];
}

int scope_named(method_call *call, scope *s, char *const *names, size_t count)
{
  slice *all;
  size_t n;
  int code;
  *s = (scope){ .call = call };
  code = make_room(s, count, !count, &all, &n);
  if (code != EXIT_DONE) return code;
  if (!count) return add_all(s, all, n), EXIT_DONE;
  for (size_t i = 0; i < count; i++) s->name[s->count++] = slice_of(names[i]);
  return each_once(s);
}

int scope_all_seen(method_call *call, scope *s)
{
  slice *names;
  folder_seen **seen;
  size_t n;
  *s = (scope){ .call = call };
  if (!mailbox_folders_seen(call->box, call->a, &names, &seen, &n)) return method_temporary(call, "read mailbox");
  s->name = arena_array(call->a, n + 1, sizeof *s->name);
  s->f = arena_array(call->a, n + 1, sizeof *s->f);
  s->seen = arena_array(call->a, n + 1, sizeof *s->seen);
  if (!s->name || !s->f || !s->seen) return method_temporary(call, "take memory");
  add_all(s, names, n);
  for (size_t i = 0; i < n; i++) s->seen[i + 1] = seen[i];
  return EXIT_DONE;
}

int scope_from(method_call *call, scope *s, char const *first, int all)
{
  slice *names = NULL;
  size_t n;
  int code;
  *s = (scope){ .call = call };
  code = make_room(s, 1, all, &names, &n);
  if (code != EXIT_DONE) return code;
  s->name[s->count++] = slice_of(first);
  if (all) add_all(s, names, n);
  return EXIT_DONE;
}

int scope_open(scope *s, size_t i)
{
  int error;
  if (s->f[i] || folder_open(s->f + i, s->call->box, s->name[i])) return 1;
  s->f[i] = NULL;
  if (errno == ENOENT || errno == EINVAL) return 0;
  if (errno != EACCES && errno != EPERM) return -1;
  error = errno;
  mailbox_warn(s->call->box, "unable to read folder", s->name[i], error);
  return errno = error, 0;
}

int scope_fail(scope *s, size_t i) { return method_fail_folder(s->call, s->name[i]); }

int scope_still(scope *s)
{
  for (size_t i = 0; i < s->count; i++)
    if (s->f[i] && folder_gone(s->f[i])) return errno = ENOENT, scope_fail(s, i);
  return EXIT_DONE;
}

void scope_shut(scope *s, size_t i)
{
  folder_close(s->f[i]);
  s->f[i] = NULL;
}

void scope_end(scope *s)
{
  for (size_t i = 0; s->f && i < s->count; i++) scope_shut(s, i);
}
