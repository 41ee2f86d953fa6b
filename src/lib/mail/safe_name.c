/* A file name that a person can save to, made of what a mail says. */
#include <string.h>

#include <porter/mail.h>
#include <porter/text.h>

#include "private.h"

#define NAME_MAX_OCTETS 255 /* of a name on Linux, and at most as many characters elsewhere */
#define EXTENSION_MAX 32    /* with its dot; a longer one is none, and cut like the rest of the name */

/* What no name may hold: controls, also those that turn text around and make exe.txt of txt.exe; separators of paths; what Windows
 * reserves. */
static int is_bad(uint32_t c)
{
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c < 0x80 && strchr("/\\:*?\"<>|", (int)c)) || (c >= 0x200b && c <= 0x200f)
    || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || c == 0xfffd;
}

/* CON, PRN, AUX, NUL, COM0 to COM9, LPT0 to LPT9, CONIN$, CONOUT$, with any extension, are devices on Windows. */
static int is_device(slice name)
{
  char const *const dot = memchr(name.s, '.', name.len);
  if (dot) name.len = (size_t)(dot - name.s);
  while (name.len && name.s[name.len - 1] == ' ') name.len--;
  if (is_word(name, "con") || is_word(name, "prn") || is_word(name, "aux") || is_word(name, "nul") || is_word(name, "conin$")
    || is_word(name, "conout$"))
    return 1;
  if (name.len < 4) return 0;
  slice const stem = { name.s, 3 }, number = { name.s + 3, name.len - 3 };
  return (is_word(stem, "com") || is_word(stem, "lpt"))
    && ((number.len == 1 && number.s[0] >= '0' && number.s[0] <= '9') || is_word(number, "\xc2\xb9") || is_word(number, "\xc2\xb2")
      || is_word(number, "\xc2\xb3"));
}

/* The longest start of s that has at most max octets and cuts no character. */
static size_t cut(char const *s, size_t len, size_t max)
{
  if (len <= max) return len;
  while (max && ((unsigned char)s[max] & 0xc0) == 0x80) max--;
  return max;
}

static int is_slash(char c) { return c == '/' || c == '\\'; }

/* /x, ~/x, ./x, ../x, X:\x, \\x */
static int is_path(slice name)
{
  size_t i = 0;
  if (name.len > 2 && name.s[1] == ':' && ((name.s[0] | 0x20) >= 'a' && (name.s[0] | 0x20) <= 'z')) return is_slash(name.s[2]);
  if (name.len && *name.s == '/') return 1;
  if (name.len > 1 && name.s[0] == '\\' && name.s[1] == '\\') return 1;
  if (name.len && *name.s == '~') return name.len > 1 && is_slash(name.s[1]);
  while (i < 2 && i < name.len && name.s[i] == '.') i++;
  return i && i < name.len && is_slash(name.s[i]);
}

/* The ending that files of a type have. */
static slice ending_of(mime_part const *part)
{
  static char const *const endings[][2] = { { "plain", "txt" }, { "rfc822", "eml" }, { "global", "eml" }, { "jpeg", "jpg" }, { "calendar", "ics" },
    { "octet-stream", "bin" }, { "markdown", "md" }, { "svg+xml", "svg" }, { "mpeg", "mp3" }, { "vcard", "vcf" }, { "x-vcard", "vcf" },
    { "msword", "doc" }, { "gzip", "gz" }, { "x-gzip", "gz" }, { "pkcs7-mime", "p7m" }, { "x-pkcs7-mime", "p7m" }, { "pkcs7-signature", "p7s" },
    { "pgp-signature", "asc" }, { "javascript", "js" } };
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (is_word(part->subtype, endings[i][0])) return slice_of(endings[i][1]);
  size_t n = 0;
  while (
    n < part->subtype.len && ((part->subtype.s[n] >= 'a' && part->subtype.s[n] <= 'z') || (part->subtype.s[n] >= '0' && part->subtype.s[n] <= '9')))
    n++;
  return n == part->subtype.len && n <= 8 ? part->subtype : (slice){ "bin", 3 };
}

int mail_part_name(arena *a, mime_tree const *tree, size_t i, slice *out)
{
  mime_part const *const part = tree->part + i;
  text t = { .a = a };
  char path[MIME_PATH_FMT];
  slice const ending = ending_of(part);
  *out = (slice)SLICE_ZERO;
  if (part->kind == MIME_MULTIPART) return 1;
  if (part->file_name.len) return mail_safe_name(a, part->file_name, out);
  if (!text_put(&t, "part-", 5) || !text_put(&t, path, mime_path(tree, i, path)) || !text_put(&t, ".", 1)) return 0;
  if (!text_put(&t, ending.s, ending.len)) return 0;
  *out = (slice){ t.s, t.len };
  return 1;
}

int mail_safe_name(arena *a, slice file_name, slice *out)
{
  slice name = file_name;
  char *s;
  size_t n = 1, from, extension;
  /* The last component of what is a path for certain, be it of Unix or of Windows; "AC/DC live" is a title. */
  if (is_path(name))
    for (size_t i = name.len; i--;)
      if (is_slash(name.s[i])) {
        name.s += i + 1;
        name.len -= i + 1;
        break;
      }
  s = arena_take(a, name.len + 8);
  if (!s) return 0;
  s[0] = '_';
  for (size_t i = 0; i < name.len;) {
    uint32_t c;
    size_t const size = utf8_get(&c, name.s + i, name.len - i);
    if (is_bad(c)) s[n++] = '_';
    else memcpy(s + n, name.s + i, size), n += size;
    i += size;
  }
  /* No dots or blanks in front (hidden, an option's minus neither), none at the end (Windows drops them). */
  for (from = 1; from < n && strchr(". -", s[from]); from++)
    ;
  while (n > from && strchr(". ", s[n - 1])) n--;
  if (from < n && is_device((slice){ s + from, n - from })) s[--from] = '_';
  for (extension = n; extension > from && s[extension - 1] != '.' && n - extension < EXTENSION_MAX - 1; extension--)
    ;
  if (extension == from || s[extension - 1] != '.') extension = n;
  else extension--;
  out->s = s + from;
  out->len = n - from;
  if (out->len > NAME_MAX_OCTETS) {
    size_t const tail = n - extension, stem = cut(s + from, extension - from, NAME_MAX_OCTETS - tail);
    memmove(s + from + stem, s + extension, tail);
    out->len = stem + tail;
    while (strchr(". ", out->s[out->len - 1])) out->len--;
  }
  if (!out->len && file_name.len) *out = (slice){ "unnamed", 7 };
  return 1;
}
