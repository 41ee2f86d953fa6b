/* Keywords by name, as requests and answers have them. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/keywords.h>
#include <porter/method.h>

static slice text(char const *s)
{
  return (slice){ s, strlen(s) };
}

static int fail(method_call *call)
{
  switch (errno) {
    case EOVERFLOW: return method_fail(call, PORTER__ERROR__CODE__TOO_MANY_KEYWORDS, "the folder has no letter left for a keyword", (slice)SLICE_ZERO, 0);
    case ENOTSUP: return method_fail(call, PORTER__ERROR__CODE__UNKNOWN, "the names of this folder's keywords are kept elsewhere", (slice)SLICE_ZERO, 0);
    case EAGAIN: return method_temporary(call, "lock the keywords");
    default: return method_fail_store(call, "unable to name a keyword", (slice)SLICE_ZERO);
  }
}

/* Adds c to the NUL-terminated flags, unless it is there. */
static void add_flag(char *flags, char c)
{
  size_t len = strlen(flags);
  if (strchr(flags, c)) return;
  flags[len] = c;
  flags[len + 1] = 0;
}

/* Those of the names that stand for no flag: of them the folder needs letters. */
static slice *lacking(method_call *call, keywords const *k, char *const *names, size_t count, size_t *n)
{
  slice *list = arena_array(call->a, count ? count : 1, sizeof *list);
  *n = 0;
  for (size_t i = 0; list && i < count; i++)
    if (!keyword_flag(text(names[i])) && !keywords_letter(k, text(names[i]))) list[(*n)++] = text(names[i]);
  return list;
}

int keywords_resolve(method_call *call, folder *f, keywords *k, char const *flags, char *const *names, size_t count, int make, char *out)
{
  slice *list;
  size_t n;
  strcpy(out, flags);
  if (!count) return EXIT_DONE;
  for (size_t i = 0; i < count; i++)
    if (!keyword_ok(text(names[i]))) return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no keyword can be called", text(names[i]), 0);
  if (!(list = lacking(call, k, names, count, &n))) return method_temporary(call, "take memory");
  if (make && n && !folder_keywords_add(f, call->box, k, call->a, list, n)) return fail(call);
  for (size_t i = 0; i < count; i++) {
    char flag = keyword_flag(text(names[i])), letter = keywords_letter(k, text(names[i]));
    if (flag) add_flag(out, flag);
    /* $Forwarded as a letter: Dovecot's, beside P. */
    if (letter) add_flag(out, letter);
  }
  return EXIT_DONE;
}

int keywords_flags(method_call *call, folder *f, char const *flags, char *const *names, size_t count, char *out)
{
  keywords k;
  strcpy(out, flags);
  if (!count) return EXIT_DONE;
  if (!folder_keywords(f, &k, call->a)) return method_temporary(call, "read keywords");
  return keywords_resolve(call, f, &k, flags, names, count, 1, out);
}
