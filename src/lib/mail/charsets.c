/* What raw octets of fields are read as: porter/mail.h, mail_charsets. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

static int some_raw(char const *s, size_t len)
{
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)s[i] > 127 || !s[i] || s[i] == 0x1b) return 1;
  return 0;
}

/* Whether one is above 127, or is below a blank, where TAB and line ends are looked at one by one. */
static int eight_raw(char const *s)
{
  uint64_t const w = eight(s);
  return ((w | (w - EIGHT(0x20))) & EIGHT(0x80)) && some_raw(s, 8);
}

int is_raw(slice v)
{
  if (v.len < 8) return some_raw(v.s, v.len);
  for (size_t i = 0; i + 8 <= v.len; i += 8)
    if (eight_raw(v.s + i)) return 1;
  return v.len % 8 && eight_raw(v.s + v.len - 8);
}

int mail_field_is_raw(slice raw) { return is_raw(cut_field(raw)); }

mail_charsets mail_charsets_of(mime_tree const *tree, size_t i)
{
  return (mail_charsets){ .tree = tree, .message = mime_message_of(tree, i), .fallback = tree->part[i].fallback };
}

/* A charset that a field can be in: one that keeps ASCII. */
static charset const *usable(charset const *c) { return c && charset_kind(c) == CHARSET_OTHER ? NULL : c; }

static charset const *label_of(mime_part const *part) { return usable(charset_find(part->charset.s, part->charset.len)); }

/* What the message at part i declares. */
static charset const *declared_by(mime_tree const *tree, size_t i)
{
  mime_part const *const message = tree->part + i;
  charset const *c = label_of(message);
  for (size_t k = i + 1; !c && k < tree->count && tree->part[k].depth > message->depth; k++) {
    mime_part const *const part = tree->part + k;
    if (part->kind == MIME_MESSAGE && !part->signed_data) {
      while (k + 1 < tree->count && tree->part[k + 1].depth > part->depth) k++;
    } else if (mime_is_text(part)) c = label_of(part);
  }
  return c ? c : usable(words_charset(message->header));
}

/* Of a mail that is larger, the first octets are read by themselves: so do all who see no more of it. */
static void look_for_declared(arena *a, mail_charsets *c)
{
  mime_tree start;
  c->looked = 1;
  if (c->message || c->tree->octets.len <= MAIL_DECLARED_MAX) c->declared = declared_by(c->tree, c->message);
  else if (mime_parse(a, c->tree->octets.s, MAIL_DECLARED_MAX, c->fallback, &start)) c->declared = declared_by(&start, 0);
}

charset const *charset_of_field(arena *a, mail_charsets *charsets, slice raw)
{
  if (!is_raw(raw)) return charset_utf8;
  charset const *const guess = charset_judge(a, NULL, charsets->fallback, raw);
  if (charset_kind(guess) != CHARSET_SAME) return guess;
  if (!charsets->looked) look_for_declared(a, charsets);
  charset const *const declared = charsets->declared;
  if (!declared || declared == charset_utf8) return guess;
  if (utf8_valid(raw.s, raw.len) == raw.len)
    return charset_is_asian(declared) && charset_allows(a, declared, raw) ? charset_judge(a, declared, NULL, raw) : charset_utf8;
  return charset_allows(a, declared, raw) ? declared : guess;
}
