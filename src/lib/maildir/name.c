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

/* A number of digits at s, up to end; *size is untouched where there is none or it is too large. Returns where it ends. */
static char const *digits_scan(char const *s, char const *end, uint64_t *size)
{
  char const *p = s;
  uint64_t n = 0;
  for (; p < end && *p >= '0' && *p <= '9'; p++) {
    unsigned int const digit = (unsigned int)(*p - '0');
    if (n > (UINT64_MAX - digit) / 10) return s;
    n = 10 * n + digit;
  }
  if (p > s) *size = n;
  return p;
}

int maildir_name_size(slice base, uint64_t *size)
{
  char const *s = base.s, *const end = base.s + base.len;
  uint64_t n = 0;
  while (s < end && (s = memchr(s, ',', (size_t)(end - s)))) {
    char const *digits, *behind;
    s++;
    if (end - s < 2 || s[0] != 'S' || s[1] != '=') continue;
    digits = s + 2;
    behind = digits_scan(digits, end, &n);
    if (behind == digits || (behind < end && *behind != ',')) return 0;
    *size = n;
    return 1;
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

static int is_special(unsigned char c)
{
  return c == '%' || c < 0x21 || c > 0x7e;
}

/* Whether any of eight octets is special: in each, the top bit says it. */
static int some_special(char const *s)
{
  uint64_t const ones = UINT64_MAX / 255, tops = ones << 7;
  uint64_t w, percent;
  memcpy(&w, s, 8);
  percent = w ^ (ones * '%');
  return (((w - ones * 0x21) | w | (w + ones) | ((percent - ones) & ~percent)) & tops) != 0;
}

/* How many octets of s a mid writes as %XX: hardly any name has one. */
static size_t count_special(slice s)
{
  size_t i = 0, n = 0;
  if (s.len >= 8) {
    while (i + 8 <= s.len && !some_special(s.s + i)) i += 8;
    if (i + 8 > s.len && !some_special(s.s + s.len - 8)) return 0;
  }
  for (; i < s.len; i++) n += (size_t)is_special((unsigned char)s.s[i]);
  return n;
}

int maildir_mid(arena *a, slice base, int twin, uint64_t inode, slice *mid)
{
  static char const hex[] = "0123456789ABCDEF";
  size_t special = count_special(base), len = 0;
  char *s;
  if (!special && !twin) return *mid = base, 1;
  s = arena_take(a, base.len + 2 * special + 1 + UINT64_FMT);
  if (!s) return 0;
  for (size_t i = 0; i < base.len; i++) {
    unsigned char c = (unsigned char)base.s[i];
    if (is_special(c)) {
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
