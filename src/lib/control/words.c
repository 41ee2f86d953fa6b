/* Words of control lines, as tor takes them apart. */
#include <string.h>
#include <strings.h>

#include <porter/control_words.h>

/* TOR_ISSPACE */
int control_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static slice cut_at_nul(slice s)
{
  char const *nul = s.len ? memchr(s.s, 0, s.len) : NULL;
  if (nul) s.len = (size_t)(nul - s.s);
  return s;
}

slice control_word(slice line)
{
  size_t n = 0;
  while (n < line.len && !control_space(line.s[n])) n++;
  line.len = n;
  return cut_at_nul(line);
}

slice control_arguments(slice line)
{
  size_t n = 0;
  while (n < line.len && !control_space(line.s[n])) n++;
  while (n < line.len && control_space(line.s[n])) n++;
  line.s += n;
  line.len -= n;
  line = cut_at_nul(line);
  while (line.len && control_space(line.s[line.len - 1])) line.len--;
  return line;
}

int control_next(slice *arguments, slice *word)
{
  while (arguments->len) {
    char const *end = memchr(arguments->s, ' ', arguments->len);
    size_t n = end ? (size_t)(end - arguments->s) : arguments->len;
    *word = (slice){ .s = arguments->s, .len = n };
    if (end) n++;
    arguments->s += n;
    arguments->len -= n;
    while (word->len && control_space(*word->s)) word->s++, word->len--;
    while (word->len && control_space(word->s[word->len - 1])) word->len--;
    if (word->len) return 1;
  }
  return 0;
}

unsigned int control_count(slice arguments, unsigned int max)
{
  slice word;
  unsigned int n = 0;
  while (n < max && control_next(&arguments, &word)) n++;
  return n;
}

int control_is(slice word, char const *name) { return word.len == strlen(name) && !strncasecmp(word.s, name, word.len); }

int control_equal(slice word, char const *name) { return word.len == strlen(name) && !memcmp(word.s, name, word.len); }

slice control_chop(slice line)
{
  if (line.len && line.s[line.len - 1] == '\n') {
    line.len--;
    if (line.len && line.s[line.len - 1] == '\r') line.len--;
  }
  return line;
}

/* tor's kvline_parse with KV_OMIT_KEYS and KV_QUOTED_QSTRING, as far as one value is concerned.
 *
 *   state    white space   "          \        =             other          end
 *   BETWEEN  BETWEEN       QUOTED     WORD     MALFORMED     WORD           done
 *   WORD     BETWEEN       WORD       WORD     KEYWORD       WORD           done
 *   QUOTED   QUOTED        BETWEEN    ESCAPED  QUOTED        QUOTED         MALFORMED
 *   ESCAPED  QUOTED        QUOTED     QUOTED   QUOTED        QUOTED         MALFORMED
 *
 * After the = of a KEYWORD comes a value, quoted or not. Form feed is no white space here. */
enum control_value control_value_scan(char *s, size_t len, slice *value)
{
  enum { BETWEEN, WORD, QUOTED, ESCAPED, VALUE } state = BETWEEN;
  unsigned int count = 0;
  int keyword = 0;
  char *to = s;
  value->s = s;
  value->len = 0;
  for (size_t i = 0; i < len; i++) {
    char c = s[i];
    int white = c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\n';
    if (state == VALUE) state = c == '"' ? QUOTED : white ? BETWEEN : WORD;
    else switch (state) {
      case BETWEEN:
        if (white) break;
        if (c == '=') return VALUE_MALFORMED;
        if (!count++) value->s = to = s + i;
        if (c == '"') state = QUOTED;
        else {
          state = WORD;
          *to++ = c;
        }
        break;
      case WORD:
        if (white) state = BETWEEN;
        else if (c == '=' && !keyword) keyword = 1, state = VALUE;
        else if (count == 1) *to++ = c;
        break;
      case QUOTED:
        if (c == '"') state = BETWEEN;
        else if (c == '\\') state = ESCAPED;
        else if (count == 1) *to++ = c;
        break;
      default:
        if (count == 1) *to++ = c;
        state = QUOTED;
      }
  }
  if (state == QUOTED || state == ESCAPED) return VALUE_MALFORMED;
  if (count == 1) value->len = (size_t)(to - value->s);
  return !count ? VALUE_NONE : count > 1 ? VALUE_MANY : keyword ? VALUE_KEYWORD : VALUE_ONE;
}
