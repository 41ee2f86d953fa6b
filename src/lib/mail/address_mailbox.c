/* A mailbox of an address list: what is made of its words, and when it is an address. See address.c. */
#include <string.h>

#include <porter/mail.h>

#include "address.h"
#include "private.h"

unsigned char const address_class[256] = { ['\t'] = 3,
  ['\n'] = 3,
  ['\v'] = 3,
  ['\f'] = 3,
  ['\r'] = 3,
  [' '] = 3,
  ['('] = 3,
  [')'] = 3,
  ['<'] = 3,
  ['>'] = 3,
  [':'] = 3,
  [';'] = 3,
  ['@'] = 3,
  ['\\'] = 3,
  [','] = 3,
  ['"'] = 3,
  ['.'] = ENDS_ATOM,
  ['['] = NEEDS_QUOTES,
  [']'] = NEEDS_QUOTES };

int address_is_plain(slice v)
{
  char const *const at = v.len ? memchr(v.s, '@', v.len) : NULL;
  if (!at || at == v.s || at + 1 == v.s + v.len) return 0;
  for (size_t i = 0; i < v.len; i++)
    if (address_is(v.s[i], NEEDS_QUOTES) && v.s + i != at) return 0;
  return 1;
}

void address_literal(address_reader *r, int begins, size_t end)
{
  if (begins || r->literal) r->literal = !memchr(r->s + r->pos, ']', end - r->pos);
}

/* "=?utf-8?q?Felix_=3Cfelix=40example=2Eorg=3E?=": all of a mailbox in encoded words, decoded to name. */
static void take_encoded(slice *name, slice *address)
{
  slice v = *name;
  if (address_is_plain(v)) {
    *address = v;
    *name = (slice)SLICE_ZERO;
    return;
  }
  char const *const open = v.len && v.s[v.len - 1] == '>' ? memrchr(v.s, '<', v.len) : NULL;
  if (!open) return;
  slice const inside = { open + 1, v.len - 1 - (size_t)(open + 1 - v.s) };
  if (!address_is_plain(inside)) return;
  *address = inside;
  *name = trim((slice){ v.s, (size_t)(open - v.s) });
  if (name->len > 1 && *name->s == '"' && name->s[name->len - 1] == '"') *name = (slice){ name->s + 1, name->len - 2 };
}

/* "Undisclosed recipients:;"@host: a group that some program took for a local part. */
static int is_group(slice address)
{
  char const *const at = address.len && *address.s == '"' ? memrchr(address.s, '"', address.len) : NULL;
  return at && at - address.s > 3 && at[-1] == ';' && at[-2] == ':';
}

static int add(address_reader *r, mail_address one)
{
  if (!one.name.len && !one.address.len) return 1;
  if (r->count == r->room) {
    size_t const room = r->room ? 2 * r->room : 4;
    mail_address *list = arena_take(r->a, room * sizeof *list);
    if (!list) return 0;
    if (r->count) memcpy(list, r->list, r->count * sizeof *list);
    r->list = list;
    r->room = room;
  }
  r->list[r->count++] = one;
  if (!one.group) r->group_count++;
  return 1;
}

int address_emit_group(address_reader *r, slice name)
{
  return words_decode(r->a, r->charsets, name, WORDS_UTF8, &name) && add(r, (mail_address){ .name = name, .group = 1 });
}

int address_emit(address_reader *r, slice name, slice address, int bare)
{
  int const encoded = name.len > 6 && !memcmp(name.s, "=?", 2) && !memcmp(name.s + name.len - 2, "?=", 2);
  if (is_group(address))
    return address_emit_group(r, (slice){ address.s + 1, (size_t)((char *)memrchr(address.s, '"', address.len) - address.s) - 3 });
  if (name.len && !words_decode(r->a, r->charsets, name, WORDS_UTF8, &name)) return 0;
  if (encoded && !address.len) take_encoded(&name, &address);
  return add(r, (mail_address){ .name = name, .address = address, .bare = bare && !(address.len && memchr(address.s, '@', address.len)) });
}

slice address_make(address_reader *r, char const *spec, size_t len, char const *at)
{
  size_t const local = at ? (size_t)(at - spec) : len;
  char *s = r->out, *p = s;
  size_t i;
  for (i = 0; i < local && !address_is(spec[i], NEEDS_QUOTES); i++)
    ;
  if (i < local) {
    *p++ = '"';
    for (i = 0; i < local; i++) {
      if (spec[i] == '"' || spec[i] == '\\') *p++ = '\\';
      *p++ = spec[i];
    }
    *p++ = '"';
  } else {
    if (local) memcpy(p, spec, local);
    p += local;
  }
  if (local < len) memcpy(p, spec + local, len - local);
  p += len - local;
  r->out = p;
  return (slice){ s, (size_t)(p - s) };
}

/* Whether spec is an address: something on both sides of its "@". */
static int has_address(address_reader const *r) { return r->at && r->at > r->spec && r->at + 1 < r->spec_end; }

char *address_at_word(char *s, size_t *len)
{
  char *const at = memmem(s, *len, " at ", 4);
  size_t const local = at ? (size_t)(at - s) : 0;
  if (!local || memchr(s, ' ', local)) return NULL;
  char const *const domain = at + 4, *const dot = memchr(domain, '.', *len - local - 4);
  if (!dot || dot + 1 == s + *len || memchr(domain, ' ', *len - local - 4)) return NULL;
  *at = '@';
  memmove(at + 1, domain, *len - local - 4);
  *len -= 3;
  return at;
}

int address_run_end(address_reader *r)
{
  if (has_address(r)) {
    /* "a@b c@d", "<a@b> c@d": a comma was forgotten. */
    if (r->found.len && !address_emit(r, r->found_name, r->found, 0)) return 0;
    r->found_name = r->found.len || r->angle ? (slice)SLICE_ZERO : trim((slice){ r->name, r->before });
    /* "[a@b]", but "a@[192.0.2.1]" */
    if (*r->spec == '[' && r->spec_end[-1] == ']' && r->at[1] != '[' && r->at > r->spec + 1) r->spec++, r->spec_end--;
    r->found = address_make(r, r->spec, (size_t)(r->spec_end - r->spec), r->at);
  }
  r->spec = r->spec_end;
  r->at = NULL;
  r->quoted = 0;
  return 1;
}

slice address_comment(address_reader const *r) { return (slice){ r->comment, (size_t)(r->comment_end - r->comment) }; }

void address_mailbox_start(address_reader *r)
{
  r->name = r->name_end;
  r->spec = r->spec_end;
  r->comment = r->comment_end;
  r->at = NULL;
  r->words = 0;
  r->before = 0;
  r->quoted = r->glue = r->angle = r->literal = r->behind_group = 0;
  r->found = r->found_name = (slice)SLICE_ZERO;
}

/* A name that has no address, and a comment beside it, which is lost otherwise. */
static slice name_and_comment(address_reader *r, slice name)
{
  slice const comment = address_comment(r);
  if (!comment.len || !name.len) return name.len ? name : comment;
  char *const s = r->out;
  size_t n = name.len;
  memcpy(s, name.s, n);
  memcpy(s + n, " (", 2), n += 2;
  memcpy(s + n, comment.s, comment.len), n += comment.len;
  s[n++] = ')';
  r->out += n;
  return (slice){ s, n };
}

int address_mailbox_end(address_reader *r)
{
  slice name = trim((slice){ r->name, (size_t)(r->name_end - r->name) });
  int const one = r->words == 1 && !r->quoted && !r->at;
  slice const spec = { r->spec, (size_t)(r->spec_end - r->spec) };
  char *at = NULL;
  if (!r->at && r->words == 1 && r->quoted && spec.len && *spec.s != '=' && !memchr(spec.s, ' ', spec.len)) {
    /* An address, all of it in quotes. */
    r->at = memrchr(spec.s, '@', spec.len);
    if (!has_address(r)) r->at = NULL;
  } else if (r->words == 3 && !r->angle && !r->at && !r->found.len) at = address_at_word(r->name + (name.s - r->name), &name.len);
  int good = address_run_end(r);
  if (!good) return 0;
  if (r->behind_group && one == 0 && r->words == 1 && spec.len && *spec.s == '@') good = 1; /* "undisclosed-recipients:;@host" */
  else if (r->found.len) good = address_emit(r, r->found_name.len ? r->found_name : address_comment(r), r->found, 0);
  else if (r->angle || (!name.len && (r->in_group || r->count))) good = 1; /* a comment alone is a name where there is nothing else */
  else if (one && !(spec.len > 1 && spec.s[0] == '=' && spec.s[1] == '?')) good = address_emit(r, address_comment(r), spec, !address_comment(r).len);
  else if (at) good = address_emit(r, address_comment(r), address_make(r, name.s, name.len, at), 0);
  else good = address_emit(r, name_and_comment(r, name), (slice)SLICE_ZERO, 1);
  address_mailbox_start(r);
  return good;
}

int address_group_end(address_reader *r)
{
  int const empty = r->in_group && !r->group_count;
  int const good = !empty || address_emit_group(r, r->group);
  r->in_group = 0;
  r->behind_group = empty;
  return good;
}
