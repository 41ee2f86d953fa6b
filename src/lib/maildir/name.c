/* Names of files in a Maildir: base, info, flags, what a base says of size and time, mids. */
#include <errno.h>
#include <string.h>

#include <skalibs/types.h>

#include <porter/maildir.h>

/* Searched from the end: the first "2," or "1," behind a separator that is met is the last.
 *
 *   S b a s e : 2 , F L A G S , r e s t
 *     `base'  ^     `flags'   ^ rest (with its comma)
 *             separator
 */
void maildir_name_split(maildir_name *n, char const *s, size_t len)
{
  n->base = (slice){ s, len };
  n->flags = n->rest = (slice){ s + len, 0 };
  n->separator = 0;
  for (size_t i = len; i-- > 0;) {
    if (s[i] != ':' && s[i] != ';' && s[i] != '!') continue;
    if (len - i < 3 || (s[i + 1] != '2' && s[i + 1] != '1') || s[i + 2] != ',') continue;
    n->base.len = i;
    n->separator = s[i];
    if (s[i + 1] == '2') {
      char const *flags = s + i + 3;
      char const *comma = memchr(flags, ',', len - i - 3);
      size_t flags_len = comma ? (size_t)(comma - flags) : len - i - 3;
      n->flags = (slice){ flags, flags_len };
      n->rest = (slice){ flags + flags_len, len - i - 3 - flags_len };
    }
    return;
  }
}

size_t maildir_name_flags(char *s, maildir_name const *n, char const *add, char const *remove, int drop_keywords)
{
  unsigned char set[256] = { 0 };
  size_t len = n->base.len, flags = 0;
  for (size_t i = 0; i < n->flags.len; i++) set[(unsigned char)n->flags.s[i]] = 1;
  for (; *add; add++) set[(unsigned char)*add] = 1;
  for (; *remove; remove++) set[(unsigned char)*remove] = 0;
  if (drop_keywords) memset(&set['a'], 0, 'z' - 'a' + 1);
  for (size_t c = 0; c < sizeof set; c++) flags += set[c];
  if (len + 3 + flags + n->rest.len > MAILDIR_NAME_MAX) return errno = ENAMETOOLONG, 0;
  memcpy(s, n->base.s, len);
  s[len++] = n->separator ? n->separator : ':';
  s[len++] = '2';
  s[len++] = ',';
  for (size_t c = 0; c < sizeof set; c++) if (set[c]) s[len++] = (char)c;
  memcpy(s + len, n->rest.s, n->rest.len);
  len += n->rest.len;
  s[len] = 0;
  return len;
}

void maildir_name_standard(char *s, maildir_name const *n)
{
  for (char const *c = MAILDIR_FLAGS; *c; c++)
    if (n->flags.len && memchr(n->flags.s, *c, n->flags.len)) *s++ = *c;
  *s = 0;
}

int maildir_name_size(slice base, uint64_t *size)
{
  char digits[UINT64_FMT + 1];
  for (size_t i = 0; i + 3 < base.len; i++) {
    size_t n = 0;
    if (memcmp(base.s + i, ",S=", 3)) continue;
    for (char const *p = base.s + i + 3; p < base.s + base.len && *p >= '0' && *p <= '9'; p++) {
      if (n + 1 == sizeof digits) return 0;
      digits[n++] = *p;
    }
    digits[n] = 0;
    return (i + 3 + n == base.len || base.s[i + 3 + n] == ',') && uint640_scan(digits, size);
  }
  return 0;
}

#define TIME_FIRST 315532800  /* 1980: no Maildir is older, and a smaller number is a counter */

int maildir_name_time(slice base, int64_t now, int64_t *time)
{
  int64_t t = 0;
  size_t i = 0;
  for (; i < base.len && i < 12 && base.s[i] >= '0' && base.s[i] <= '9'; i++) t = t * 10 + (base.s[i] - '0');
  if (!i || i == base.len || base.s[i] != '.' || t < TIME_FIRST || t > now + 86400) return 0;
  *time = t;
  return 1;
}

int maildir_mid(arena *a, slice base, int twin, uint64_t inode, slice *mid)
{
  static char const hex[] = "0123456789ABCDEF";
  size_t special = 0, len = 0;
  char *s;
  for (size_t i = 0; i < base.len; i++) {
    unsigned char c = (unsigned char)base.s[i];
    special += c == '%' || c < 0x21 || c > 0x7e;
  }
  if (!special && !twin) return *mid = base, 1;
  s = arena_take(a, base.len + 2 * special + 1 + UINT64_FMT);
  if (!s) return 0;
  for (size_t i = 0; i < base.len; i++) {
    unsigned char c = (unsigned char)base.s[i];
    if (c == '%' || c < 0x21 || c > 0x7e) {
      s[len++] = '%';
      s[len++] = hex[c >> 4];
      s[len++] = hex[c & 15];
    } else s[len++] = (char)c;
  }
  if (twin) {
    s[len++] = '/';
    len += uint64_fmt(s + len, inode);
  }
  *mid = (slice){ s, len };
  return 1;
}
