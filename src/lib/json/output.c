/* JSON text in pieces (RFC 8259 7; base64 as RFC 4648 4). */
#include <errno.h>
#include <string.h>

#include <skalibs/types.h>

#include <porter/hex.h>
#include <porter/json_output.h>
#include <porter/text.h>

void json_put_start(json_output *out, sink_func *sink, void *context, int ascii)
{
  out->sink = sink;
  out->context = context;
  out->ascii = ascii;
  out->failure = 0;
  out->len = 0;
}

static void give(json_output *out, char const *s, size_t len)
{
  if (!len || out->failure) return;
  errno = 0;
  if (!out->sink(out->context, s, len)) out->failure = errno ? errno : EIO;
}

static void empty_buffer(json_output *out)
{
  size_t len = out->len;
  out->len = 0;
  give(out, out->buffer, len);
}

void json_put(json_output *out, char const *s, size_t len)
{
  if (len > sizeof out->buffer - out->len) {
    empty_buffer(out);
    if (len >= sizeof out->buffer) {
      give(out, s, len);
      return;
    }
  }
  if (len) memcpy(out->buffer + out->len, s, len);
  out->len += len;
}

void json_put_text(json_output *out, char const *text) { json_put(out, text, strlen(text)); }

void json_put_number(json_output *out, uint64_t number)
{
  char digits[UINT64_FMT];
  json_put(out, digits, uint64_fmt(digits, number));
}

static void put_unit(json_output *out, unsigned int unit)
{
  char s[6] = { '\\', 'u', HEX_LOWER[unit >> 12 & 15], HEX_LOWER[unit >> 8 & 15], HEX_LOWER[unit >> 4 & 15], HEX_LOWER[unit & 15] };
  json_put(out, s, sizeof s);
}

static void put_code_point(json_output *out, uint32_t c)
{
  if (c < 0x10000) {
    put_unit(out, c);
  } else {
    put_unit(out, 0xd800 + ((c - 0x10000) >> 10));
    put_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
  }
}

static char short_escape(unsigned char c)
{
  switch (c) {
  case '"':
  case '\\': return (char)c;
  case '\n': return 'n';
  case '\r': return 'r';
  case '\t': return 't';
  case '\b': return 'b';
  case '\f': return 'f';
  default: return 0;
  }
}

void json_put_string(json_output *out, char const *s, size_t len)
{
  size_t i = 0;
  json_put(out, "\"", 1);
  while (i < len) {
    size_t start = i;
    unsigned char c;
    while (i < len && (c = (unsigned char)s[i]) >= 0x20 && c != '"' && c != '\\' && (c < 0x7f || (!out->ascii && c > 0x7f))) i++;
    json_put(out, s + start, i - start);
    if (i == len) break;
    c = (unsigned char)s[i];
    if (short_escape(c)) {
      char escape[2] = { '\\', short_escape(c) };
      json_put(out, escape, 2);
      i++;
    } else if (c < 0x80) {
      put_unit(out, c);
      i++;
    } else {
      uint32_t point;
      i += utf8_get(&point, s + i, len - i);
      put_code_point(out, point);
    }
  }
  json_put(out, "\"", 1);
}

void json_put_base64_octets(json_output *out, char const *s, size_t len)
{
  static char const alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  unsigned char const *from = (unsigned char const *)s;
  while (len) {
    char *to;
    size_t n = len < 3 ? len : 3;
    uint32_t bits = (uint32_t)from[0] << 16 | (n > 1 ? (uint32_t)from[1] << 8 : 0) | (n > 2 ? from[2] : 0);
    if (sizeof out->buffer - out->len < 4) empty_buffer(out);
    to = out->buffer + out->len;
    to[0] = alphabet[bits >> 18];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
    to[3] = n > 2 ? alphabet[bits & 63] : '=';
    out->len += 4;
    from += n;
    len -= n;
  }
}

void json_put_base64(json_output *out, char const *s, size_t len)
{
  json_put(out, "\"", 1);
  json_put_base64_octets(out, s, len);
  json_put(out, "\"", 1);
}

int json_put_end(json_output *out)
{
  empty_buffer(out);
  if (out->failure) errno = out->failure;
  return !out->failure;
}
