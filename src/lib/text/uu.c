/* uuencode (POSIX uuencode(1), historical algorithm): a line is a length character, then groups of four. */
#include <string.h>

#include <porter/text.h>

/* The line at octet i of from, without its line end; *next is where the following one begins. */
static slice line_at(slice from, size_t i, size_t *next)
{
  char const *end = memchr(from.s + i, '\n', from.len - i);
  slice line = { from.s + i, end ? (size_t)(end - from.s) - i : from.len - i };
  *next = i + line.len + (end != NULL);
  if (line.len && line.s[line.len - 1] == '\r') line.len--;
  return line;
}

/* begin MODE NAME */
static int is_begin(slice line)
{
  size_t i = 6;
  if (line.len < 9 || memcmp(line.s, "begin ", 6)) return 0;
  while (i < line.len && line.s[i] >= '0' && line.s[i] <= '7') i++;
  return i > 6 && i + 1 < line.len && line.s[i] == ' ';
}

static int is_end(slice line)
{
  while (line.len && strchr(" \t\f\r", line.s[line.len - 1])) line.len--;
  return line.len == 3 && !memcmp(line.s, "end", 3);
}

int uu_find(slice from, slice *lines)
{
  size_t i = 0, start, next, empty = 0;
  while (i < from.len && !is_begin(line_at(from, i, &next))) i = next;
  if (i >= from.len) return 0;
  start = i = next;
  /* What was cut short has no end line: an empty line, or the end of the octets, ends it then. */
  for (; i < from.len; i = next) {
    slice const line = line_at(from, i, &next);
    if (is_end(line)) break;
    if (!line.len && !empty) empty = i;
  }
  if (i >= from.len && empty) i = empty;
  lines->s = from.s + start;
  lines->len = i - start;
  return 1;
}

static uint32_t uu_value(slice line, size_t i)
{
  /* Blanks at the end of a line may be lost on the way; they stand for 0. */
  return i < line.len ? (uint32_t)(line.s[i] - ' ') & 63 : 0;
}

int uu_decode(slice lines, sink_func *sink, void *context)
{
  char out[4096];
  size_t n = 0, next;
  for (size_t i = 0; i < lines.len; i = next) {
    slice line = line_at(lines, i, &next);
    size_t want = line.len ? uu_value(line, 0) : 0;
    if (n > sizeof out - 64) {
      if (!sink(context, out, n)) return 0;
      n = 0;
    }
    for (size_t group = 1; want; group += 4) {
      uint32_t bits = uu_value(line, group) << 18 | uu_value(line, group + 1) << 12 | uu_value(line, group + 2) << 6 | uu_value(line, group + 3);
      for (int k = 0; k < 3 && want; k++, want--, bits <<= 8) out[n++] = (char)(bits >> 16);
    }
  }
  return !n || sink(context, out, n);
}
