/* One octet of UTF-8 after the other, by the table in utf8.c; private to src/lib/text. */
#ifndef PORTER_TEXT_UTF8_H
#define PORTER_TEXT_UTF8_H

#include <porter/text.h>

/* What follows first octet c; 0 where c begins nothing. */
static inline int utf8_lead(utf8_state *st, unsigned char c)
{
  st->low = 0x80;
  st->high = 0xbf;
  if (c < 0xc2 || c > 0xf4) return 0;
  st->need = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
  if (c == 0xe0) st->low = 0xa0;
  if (c == 0xed) st->high = 0x9f;
  if (c == 0xf0) st->low = 0x90;
  if (c == 0xf4) st->high = 0x8f;
  return 1;
}

/* Whether c continues it. */
static inline int utf8_next(utf8_state *st, unsigned char c)
{
  if (c < st->low || c > st->high) return 0;
  st->low = 0x80;
  st->high = 0xbf;
  st->need--;
  return 1;
}

#endif
