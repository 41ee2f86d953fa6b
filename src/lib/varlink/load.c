/* JSON from outside. jansson reads it; what it does not bound is bounded here, before it takes memory: how many values there are, and how deep
 * objects and arrays lie in each other.
 *
 *   state    "            \            [ {                    ] }             other
 *   between  -> string    stay         one level more         one level less  stay
 *   string   -> between   -> escape    stay                   stay            stay
 *   escape   -> string    -> string    -> string              -> string       -> string
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <porter/message_json.h>
#include <porter/varlink.h>

static int is_flat_enough(char const *s, size_t len)
{
  enum { BETWEEN, STRING, ESCAPE } state = BETWEEN;
  unsigned int levels = 0;
  for (size_t i = 0; i < len; i++) {
    if (state == ESCAPE) state = STRING;
    else if (state == STRING) state = s[i] == '"' ? BETWEEN : s[i] == '\\' ? ESCAPE : STRING;
    else if (s[i] == '"') state = STRING;
    else if (s[i] == '[' || s[i] == '{') {
      if (++levels > VARLINK_LEVELS_MAX) return 0;
    } else if (s[i] == ']' || s[i] == '}') levels -= levels > 0;
  }
  return 1;
}

static size_t digits(char const *s) { return strspn(s, "0123456789"); }

/* The length of a JSON number (RFC 8259 6); 0 where there is none. */
static size_t number(char const *s, int *whole)
{
  size_t n = *s == '-', more = digits(s + n);
  *whole = 1;
  if (!more || (more > 1 && s[n] == '0')) return 0;
  n += more;
  if (s[n] == '.') {
    if (!(more = digits(s + n + 1))) return 0;
    *whole = 0;
    n += 1 + more;
  }
  if (s[n] == 'e' || s[n] == 'E') {
    size_t sign = s[n + 1] == '-' || s[n + 1] == '+';
    if (!(more = digits(s + n + 1 + sign))) return 0;
    *whole = 0;
    n += 1 + sign + more;
  }
  return n;
}

static int too_large(char const *s, int whole)
{
  errno = 0;
  if (whole) return (void)strtoll(s, NULL, 10), errno == ERANGE;
  return isinf(strtod(s, NULL));
}

/* Numbers that jansson refuses become 0.5 and blanks: the shortest of them, 1e309, has as many octets. A NUL ends the text. Digits that are no
 * number (of 00, 1. and 1e) are passed over together: looked at one by one, each would have all behind it read again. */
static void tame_numbers(char *s)
{
  int inside = 0, whole;
  while (*s) {
    size_t n = inside ? 0 : number(s, &whole);
    if (n && too_large(s, whole)) {
      memset(s, ' ', n);
      memcpy(s, "0.5", 3);
    }
    if (!n && !inside) n = digits(s);
    if (n) {
      s += n;
      continue;
    }
    if (*s == '"') inside = !inside;
    if (inside && *s == '\\' && s[1]) s++;
    s++;
  }
}

json_t *varlink_load(char *text, size_t len)
{
  size_t const flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY;
  json_error_t error;
  json_t *root;
  if (memchr(text, 0, len) || json_values((slice){ text, len }) > VARLINK_VALUES_MAX || !is_flat_enough(text, len)) return errno = EPROTO, NULL;
  root = json_loadb(text, len, flags, &error);
  if (!root && json_error_code(&error) == json_error_numeric_overflow) {
    tame_numbers(text);
    root = json_loadb(text, len, flags, &error);
  }
  if (!root) errno = json_error_code(&error) == json_error_out_of_memory ? ENOMEM : EPROTO;
  return root;
}
