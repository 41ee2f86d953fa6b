/* ISO-2022-JP, -JP-1, -JP-2, -KR, -CN and -CN-EXT (RFC 1468, 2237, 1554, 1557, 1922), all read by one machine: they differ in
 * what is designated before the first escape only.
 *
 * input                        what it does
 * ESC ( F, ESC ) F             a set of 94 to G0, G1
 * ESC $ F, ESC $ ( F           a set of 94 x 94 to G0
 * ESC $ ) F, ESC $ * F, ESC $ + F    to G1, G2, G3
 * ESC . F                      a set of 96 to G2
 * ESC & @                      nothing (announces JIS X 0208-1990)
 * SO, SI                       from now on G1, G0
 * ESC N, ESC O                 the next character is of G2, G3
 * LF                           itself, and G0
 * other controls, blank        themselves
 * 21..7E                       a character, or the first octet of one, of the set in use
 * 80..FF, unknown escapes      U+FFFD */
#include "charset.h"

#define SHIFTED (UINT32_C(1) << 20) /* of the state: G1 is in use */

static enum charset_set designated(uint32_t state, int g) { return (enum charset_set)(state >> 5 * g & 31); }

static void designate(uint32_t *state, int g, enum charset_set set) { *state = (*state & ~(UINT32_C(31) << 5 * g)) | (uint32_t)set << 5 * g; }

/* The set of 94 with that final octet. */
static enum charset_set single(unsigned char final)
{
  switch (final) {
  case 'B': return SET_ASCII;
  case 'J':
  case 'H': return SET_ROMAN; /* H is Swedish; old Japanese software writes it for J */
  case 'I': return SET_KATAKANA;
  default: return SET_UNKNOWN;
  }
}

/* The set of 94 x 94 with that final octet. JIS X 0213's plane 1 (O, Q) is JIS X 0208 and more; of its plane 2 (P) nothing is read. */
static enum charset_set multiple(unsigned char final)
{
  switch (final) {
  case '@':
  case 'B': return SET_JIS0208;
  case 'O':
  case 'Q': return SET_JIS0213;
  case 'P': return SET_JIS0213_2;
  case 'A': return SET_GB2312;
  case 'C': return SET_KSX1001;
  case 'D': return SET_JIS0212;
  case 'E': return SET_ISO_IR_165;
  default: return final >= 'G' && final <= 'M' ? (enum charset_set)(SET_CNS1 + final - 'G') : SET_UNKNOWN;
  }
}

static uint32_t grid(uint16_t const *table, unsigned char const *s) { return table[(s[0] - 0x21) * 94 + s[1] - 0x21]; }

/* A character of two octets of 21 to 7E; 0 where there is none. */
static uint32_t two(enum charset_set set, unsigned char const *s)
{
  switch (set) {
  case SET_JIS0208: return grid(charset_jis0208, s);
  case SET_JIS0213: return s[0] < 0x79 ? grid(charset_jis0208, s) : 0; /* what Windows added is elsewhere */
  case SET_JIS0212: return grid(charset_jis0212, s);
  case SET_ISO_IR_165: return grid(charset_iso_ir_165, s);
  case SET_GB2312: return charset_gb(s[0] | 0x80, s[1] | 0x80);
  case SET_KSX1001: return charset_ksc(s[0] | 0x80, s[1] | 0x80);
  default: return set >= SET_CNS1 && set <= SET_CNS7 ? charset_cns((unsigned int)(set - SET_CNS1) + 1, s[0] | 0x80, s[1] | 0x80) : 0;
  }
}

static uint32_t one(enum charset_set set, unsigned char c)
{
  switch (set) {
  case SET_ASCII: return c;
  case SET_ROMAN: return c == '\\' ? 0xa5 : c == '~' ? 0x203e : c;
  case SET_KATAKANA: return c <= 0x5f ? 0xff61u + c - 0x21 : 0;
  case SET_LATIN1: return c | 0x80;
  case SET_GREEK: return charset_single[CHARSET_iso8859_7][c | 0x80];
  default: return 0;
  }
}

/* A character of that set. Returns the octets used; 0 where there are too few. */
static size_t graphic(enum charset_set set, unsigned char const *s, size_t len, int last, char **out)
{
  uint32_t c;
  if (set < SET_JIS0208) {
    c = one(set, s[0]);
    return put(out, c ? c : BAD), 1;
  }
  if (len < 2) return last ? put(out, BAD), 1 : 0;
  if (s[1] < 0x21 || s[1] > 0x7e) return put(out, BAD), 1;
  c = two(set, s);
  return put(out, c ? c : BAD), 2;
}

/* What begins with ESC. Returns the octets used; 0 where there are too few. */
static size_t escape(uint32_t *state, unsigned char const *s, size_t len, int last, char **out)
{
  enum charset_set set = SET_UNKNOWN;
  int g = 0;
  size_t i = 1;
  if (len < 2) goto incomplete;
  if (s[1] == '$') {
    if (len < 3) goto incomplete;
    g = s[2] >= '(' && s[2] <= '+' ? s[2] - '(' : 0;
    i = s[2] >= '(' && s[2] <= '+' ? 3 : 2;
    if (i == len) goto incomplete;
    set = multiple(s[i]);
  } else if (s[1] == '(' || s[1] == ')' || s[1] == '.' || s[1] == '&') {
    if (len < 3) goto incomplete;
    i = 2;
    if (s[1] == '&' && s[2] == '@') return 3;
    if (s[1] == '.') {
      g = 2;
      set = s[2] == 'A' ? SET_LATIN1 : s[2] == 'F' ? SET_GREEK : SET_UNKNOWN;
    } else if (s[1] != '&') {
      g = s[1] - '(';
      set = single(s[2]);
    }
  } else if (s[1] == 'N' || s[1] == 'O') {
    size_t used;
    if (len < 3) goto incomplete;
    set = designated(*state, s[1] == 'N' ? 2 : 3);
    if (s[2] < (set == SET_LATIN1 || set == SET_GREEK ? 0x20 : 0x21) || s[2] > 0x7e) return put(out, BAD), 2;
    used = graphic(set, s + 2, len - 2, last, out);
    return used ? used + 2 : 0;
  }
  if (set == SET_UNKNOWN) return put(out, BAD), 1;
  designate(state, g, set);
  return i + 1;
incomplete:
  return last ? put(out, BAD), 1 : 0;
}

size_t decode_2022(charset_stream *cs, unsigned char const *s, size_t len, int last, char **out)
{
  size_t i = 0;
  while (i < len) {
    unsigned char c = s[i];
    size_t used = 1;
    enum charset_set set = designated(cs->state, !!(cs->state & SHIFTED));
    if (c == 0x1b) used = escape(&cs->state, s + i, len - i, last, out);
    else if (c == 0x0e) cs->state |= SHIFTED;
    else if (c == 0x0f) cs->state &= ~SHIFTED;
    else if (c >= 0x80) put(out, BAD);
    else if (c <= ' ' || c == 0x7f) {
      if (c == '\n') cs->state &= ~SHIFTED;
      put_ascii(out, &c, 1);
    } else if (set == SET_ASCII) {
      while (i + used < len && s[i + used] >= ' ' && s[i + used] < 0x7f) used++;
      memcpy(*out, s + i, used);
      *out += used;
    } else used = graphic(set, s + i, len - i, last, out);
    if (!used) break;
    i += used;
  }
  return i;
}
