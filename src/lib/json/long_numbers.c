/* Numbers beyond jansson's, as marked strings.
 *
 *   state    "            \               digit                        other
 *   between  -> string    copy            a run of digits: copy or     copy
 *                                         quote; stay
 *   string   -> between   copy two;       copy                         copy
 *                         \u0000: refuse
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "long_numbers.h"

#define LONG_DIGITS 19
static char const mark[] = "\"\\u0000";

static size_t digits_at(slice json, size_t i)
{
  size_t n = 0;
  while (i + n < json.len && json.s[i + n] >= '0' && json.s[i + n] <= '9') n++;
  return n;
}

/* A run of digits that is a whole number of its own: no sign, fraction or exponent touches it. */
static int stands_alone(slice json, size_t i, size_t n)
{
  return !(i && strchr("+-.eE", json.s[i - 1])) && !(i + n < json.len && strchr(".eE", json.s[i + n]));
}

char *quote_long_numbers(slice json, size_t *len)
{
  char *s;
  size_t n = 0;
  int inside = 0;
  if (json.len > ((size_t)-1 >> 2)) return errno = ENOMEM, NULL;
  s = malloc(json.len + json.len / LONG_DIGITS * sizeof mark + 1);
  if (!s) return NULL;
  for (size_t i = 0; i < json.len;) {
    size_t take = 1, digits = inside ? 0 : digits_at(json, i);
    if (json.s[i] == '"') {
      inside = !inside;
    } else if (inside && json.s[i] == '\\') {
      if (json.len - i >= 6 && !memcmp(json.s + i, mark + 1, 6)) {
        free(s);
        return errno = EPROTO, NULL;
      }
      if (json.len - i > 1) take = 2;
    } else if (digits) {
      take = digits;
    }
    if (digits >= LONG_DIGITS && stands_alone(json, i, digits)) {
      memcpy(s + n, mark, sizeof mark - 1);
      memcpy(s + n + sizeof mark - 1, json.s + i, digits);
      n += sizeof mark - 1 + digits;
      s[n++] = '"';
    } else {
      memcpy(s + n, json.s + i, take);
      n += take;
    }
    i += take;
  }
  *len = n;
  return s;
}
