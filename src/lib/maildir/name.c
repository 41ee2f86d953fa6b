/* Names of files in a Maildir: base, info, flags, what a base says of size and time, mids. */
#include <errno.h>
#include <string.h>

#include <skalibs/types.h>

#include <porter/hex.h>
#include <porter/maildir.h>

/* Searched from the end: the first "2," or "1," behind a separator that is met is the last.
 *
 *   S b a s e , U = 7 , t a i l : 2 , F L A G S , r e s t
 *     `base'  ^ `uid' ^ `tail'  ^     `flags'   ^ rest (with its comma)
 *                               separator
 */
/* Takes the first ",U=" that digits and a comma or the end follow out of the base, as mbsync looks for it. */
static void split_uid(maildir_name *n)
{
  char const *const end = n->base.s + n->base.len;
  for (char const *s = n->base.s; s < end && (s = memchr(s, ',', (size_t)(end - s))); s++) {
    char const *digits = s + 3, *behind = digits;
    if (end - s < 4 || s[1] != 'U' || s[2] != '=') continue;
    while (behind < end && *behind >= '0' && *behind <= '9') behind++;
    if (behind == digits || (behind < end && *behind != ',')) continue;
    n->uid = (slice){ s, (size_t)(behind - s) };
    n->tail = (slice){ behind, (size_t)(end - behind) };
    n->base.len = (size_t)(s - n->base.s);
    return;
  }
}

/* Whether the comma at i ends a "2," or "1," behind a separator. */
static int ends_version(char const *s, size_t i)
{
  return i >= 2 && (s[i - 1] == '2' || s[i - 1] == '1') && (s[i - 2] == ':' || s[i - 2] == ';' || s[i - 2] == '!');
}

void maildir_name_info(maildir_name *n, char const *s, size_t len)
{
  char const *comma, *behind = s + len; /* the comma that was met before, or the end */
  n->base = (slice){ s, len };
  /* One after the other: a copy of what was just written would wait until that is in memory. */
  n->flags = (slice){ s + len, 0 };
  n->rest = (slice){ s + len, 0 };
  n->separator = 0;
  for (; (comma = memrchr(s, ',', (size_t)(behind - s))); behind = comma) {
    if (!ends_version(s, (size_t)(comma - s))) continue;
    n->base.len = (size_t)(comma - s) - 2;
    n->separator = comma[-2];
    if (comma[-1] == '2') {
      n->flags = (slice){ comma + 1, (size_t)(behind - comma) - 1 };
      n->rest = (slice){ behind, (size_t)(s + len - behind) };
    }
    return;
  }
}

void maildir_name_split(maildir_name *n, char const *s, size_t len)
{
  maildir_name_info(n, s, len);
  n->uid = (slice){ n->base.s + n->base.len, 0 };
  n->tail = (slice){ n->base.s + n->base.len, 0 };
  split_uid(n);
}

int maildir_name_base(arena *a, maildir_name const *n, slice *base)
{
  char *s;
  *base = n->base;
  if (!n->tail.len) return 1;
  s = arena_take(a, n->base.len + n->tail.len);
  if (!s) return 0;
  memcpy(s, n->base.s, n->base.len);
  memcpy(s + n->base.len, n->tail.s, n->tail.len);
  *base = (slice){ s, n->base.len + n->tail.len };
  return 1;
}

static size_t add_slice(char *s, size_t len, slice more)
{
  if (more.len) memcpy(s + len, more.s, more.len);
  return len + more.len;
}

/* Letters: a bit for each octet. */
typedef struct letters_s letters;
struct letters_s {
  uint64_t bits[4];
};

static void letters_set(letters *l, char letter, int to)
{
  uint64_t *const bits = l->bits + (unsigned char)letter / 64, bit = (uint64_t)1 << (unsigned char)letter % 64;
  *bits = to ? *bits | bit : *bits & ~bit;
}

static size_t letters_count(letters const *l)
{
  size_t n = 0;
  for (unsigned int i = 0; i < 4; i++) n += (size_t)__builtin_popcountll(l->bits[i]);
  return n;
}

/* In ASCII order, to s. Returns how many. */
static size_t letters_write(letters const *l, char *s)
{
  size_t n = 0;
  for (unsigned int i = 0; i < 4; i++)
    for (uint64_t rest = l->bits[i]; rest; rest &= rest - 1) s[n++] = (char)(64 * i + (unsigned int)__builtin_ctzll(rest));
  return n;
}

size_t maildir_name_flags(char *s, maildir_name const *n, char const *add, char const *remove, int elsewhere)
{
  letters set = { { 0 } };
  size_t len = n->base.len + (elsewhere ? 0 : n->uid.len) + n->tail.len;
  for (size_t i = 0; i < n->flags.len; i++)
    if (!elsewhere || n->flags.s[i] < 'a' || n->flags.s[i] > 'z') letters_set(&set, n->flags.s[i], 1);
  for (; *add; add++) letters_set(&set, *add, 1);
  for (; *remove; remove++) letters_set(&set, *remove, 0);
  if (len + 3 + letters_count(&set) + n->rest.len > MAILDIR_NAME_MAX) return errno = ENAMETOOLONG, 0;
  len = add_slice(s, 0, n->base);
  if (!elsewhere) len = add_slice(s, len, n->uid);
  len = add_slice(s, len, n->tail);
  s[len++] = n->separator ? n->separator : ':';
  s[len++] = '2';
  s[len++] = ',';
  len += letters_write(&set, s + len);
  len = add_slice(s, len, n->rest);
  s[len] = 0;
  return len;
}

void maildir_name_standard(char *s, maildir_name const *n)
{
  for (char const *c = MAILDIR_FLAGS; *c; c++)
    if (slice_has(n->flags, *c)) *s++ = *c;
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
    if (behind == digits || (behind < end && *behind != ',') || n > MAILDIR_SIZE_MAX) return 0;
    *size = n;
    return 1;
  }
  return 0;
}

#define TIME_FIRST 315532800 /* 1980: no Maildir is older, and a smaller number is a counter */

int maildir_name_time(slice base, int64_t now, int64_t *time)
{
  int64_t t = 0;
  size_t const most = base.len < 12 ? base.len : 12;
  size_t i = 0;
  for (; i < most && base.s[i] >= '0' && base.s[i] <= '9'; i++) t = t * 10 + (base.s[i] - '0');
  if (!i || i == base.len || base.s[i] != '.' || t < TIME_FIRST || t > now + 86400) return 0;
  *time = t;
  return 1;
}

static int is_special(unsigned char c) { return c == '%' || c < 0x21 || c > 0x7e; }

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

#define MID_EMPTY "%00" /* of a base that is empty, as no name has a NUL */

int maildir_mid(arena *a, slice base, int twin, uint64_t inode, slice *mid)
{
  size_t special = count_special(base), len = 0;
  char *s;
  if (!special && !twin && base.len) return *mid = base, 1;
  s = arena_take(a, base.len + 2 * special + sizeof MID_EMPTY + UINT64_FMT);
  if (!s) return 0;
  if (!base.len) len = (size_t)(stpcpy(s, MID_EMPTY) - s);
  for (size_t i = 0; i < base.len; i++) {
    unsigned char c = (unsigned char)base.s[i];
    if (is_special(c)) {
      s[len++] = '%';
      len += hex_fmt(s + len, &c, 1, HEX_UPPER);
    } else s[len++] = (char)c;
  }
  if (twin) {
    s[len++] = '/';
    len += uint64_fmt(s + len, inode);
  }
  *mid = (slice){ s, len };
  return 1;
}

static int unhex(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; }

/* The octets that a mid writes, exactly as maildir_mid would. */
static int unescape(char *s, size_t *len, char const *mid, size_t end)
{
  *len = 0;
  if (end && end <= MAILDIR_NAME_MAX && !count_special((slice){ mid, end })) return memcpy(s, mid, *len = end), 1;
  if (end == strlen(MID_EMPTY) && !memcmp(mid, MID_EMPTY, end)) return 1;
  for (size_t i = 0; i < end; i++) {
    char c = mid[i];
    int escaped = c == '%';
    if (*len == MAILDIR_NAME_MAX) return 0;
    if (escaped) {
      if (end - i < 3 || unhex(mid[i + 1]) < 0 || unhex(mid[i + 2]) < 0) return 0;
      c = (char)(unhex(mid[i + 1]) << 4 | unhex(mid[i + 2]));
      i += 2;
    }
    if (escaped != is_special((unsigned char)c) || !c || c == '/') return 0;
    s[(*len)++] = c;
  }
  return *len > 0;
}

static int inode_scan(slice s, uint64_t *inode)
{
  char digits[UINT64_FMT + 1];
  if (!s.len || s.len >= sizeof digits) return 0;
  memcpy(digits, s.s, s.len);
  digits[s.len] = 0;
  return *digits != '0' && uint640_scan(digits, inode);
}

int maildir_mid_scan(arena *a, slice mid, slice *base, uint64_t *inode)
{
  char const *slash = mid.len ? memchr(mid.s, '/', mid.len) : NULL;
  size_t end = slash ? (size_t)(slash - mid.s) : mid.len, len;
  char *s = arena_take(a, MAILDIR_NAME_MAX);
  maildir_name n = { 0 };
  if (!s) return 0;
  *inode = 0;
  if (slash && !inode_scan((slice){ slash + 1, mid.len - end - 1 }, inode)) return errno = EINVAL, 0;
  if (!unescape(s, &len, mid.s, end)) return errno = EINVAL, 0;
  n.base = (slice){ s, len };
  split_uid(&n);
  return maildir_name_base(a, &n, base);
}
