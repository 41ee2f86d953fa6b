/* Keywords by name, as requests and answers have them. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/method.h>

int keywords_check(method_call *call, char const *flags, char *const *names, size_t count)
{
  if (flags[strspn(flags, MAILDIR_FLAGS)])
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "flags are of " MAILDIR_FLAGS ", not", slice_of(flags), 0);
  for (size_t i = 0; i < count; i++)
    if (!keyword_ok(slice_of(names[i])))
      return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no keyword can be called", slice_of(names[i]), 0);
  return EXIT_DONE;
}

int keywords_fail(method_call *call)
{
  switch (errno) {
  case EOVERFLOW:
    return method_fail(call, PORTER__ERROR__CODE__TOO_MANY_KEYWORDS, "the folder has no letter left for a keyword", (slice)SLICE_ZERO, 0);
  case ENOTSUP:
    return method_fail(call, PORTER__ERROR__CODE__UNKNOWN, "the names of this folder's keywords are kept elsewhere", (slice)SLICE_ZERO, 0);
  case EAGAIN: return method_temporary(call, "lock the keywords");
  default: return method_fail_store(call, "unable to name a keyword", (slice)SLICE_ZERO);
  }
}

/* Adds c to the NUL-terminated flags, unless it is there. */
static void add_flag(char *flags, char c)
{
  size_t len = strlen(flags);
  if (!c || strchr(flags, c)) return;
  flags[len] = c;
  flags[len + 1] = 0;
}

/* Gives letters to those of the names that stand for no flag and have none. */
static int name_letters(method_call *call, folder *f, keywords *k, char *const *names, size_t count)
{
  slice *list = arena_array(call->a, count ? count : 1, sizeof *list);
  size_t n = 0;
  if (!list) return 0;
  for (size_t i = 0; i < count; i++)
    if (!keyword_flag(slice_of(names[i])) && !keywords_letter(k, slice_of(names[i]))) list[n++] = slice_of(names[i]);
  return !n || folder_keywords_add(f, call->box, k, call->a, list, n);
}

int keywords_letters(method_call *call, folder *f, keywords *k, char const *flags, char *const *names, size_t count, int make, char *out)
{
  *out = 0;
  if (count && k->error) return errno = k->error, 0;
  for (char const *c = MAILDIR_FLAGS; *c; c++)
    if (strchr(flags, *c)) add_flag(out, *c);
  if (make && !name_letters(call, f, k, names, count)) return 0;
  for (size_t i = 0; i < count; i++) {
    add_flag(out, keyword_flag(slice_of(names[i])));
    add_flag(out, keywords_letter(k, slice_of(names[i]))); /* $Forwarded has P, and may have a letter: Dovecot's */
  }
  return 1;
}

int keywords_translate(method_call *call, keywords const *from, folder *to, keywords *k, slice flags, char *out)
{
  slice lacking[KEYWORDS_MAX];
  size_t n = 0;
  for (size_t i = 0; i < flags.len; i++) {
    slice name;
    if (flags.s[i] < 'a' || flags.s[i] > 'z') continue;
    /* What it means must not be lost. */
    if (from->error || k->error) return errno = from->error ? from->error : k->error, 0;
    name = from->name[flags.s[i] - 'a'];
    if (name.len && !keywords_letter(k, name)) lacking[n++] = name;
    if (n == KEYWORDS_MAX) break;
  }
  if (n && !folder_keywords_add(to, call->box, k, call->a, lacking, n)) return 0;
  for (size_t i = 0; i < flags.len; i++)
    if (flags.s[i] >= 'a' && flags.s[i] <= 'z' && from->name[flags.s[i] - 'a'].len) add_flag(out, keywords_letter(k, from->name[flags.s[i] - 'a']));
  return 1;
}

int keywords_names(arena *a, keywords const *k, slice flags, char ***out, size_t *count)
{
  *count = 0;
  for (size_t i = 0; i < flags.len; i++) {
    if (flags.s[i] < 'a' || flags.s[i] > 'z') continue;
    if (!*count && !(*out = arena_array(a, flags.len, sizeof **out))) return 0;
    if (!((*out)[*count] = build_string(a, keywords_name(k, a, flags.s[i])))) return 0;
    ++*count;
  }
  return 1;
}
