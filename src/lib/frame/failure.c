/* The message Failure (maildir.proto), by hand: programs of a few kilobytes need no protobuf library for two fields. */
#include <stdint.h>
#include <string.h>

#include <skalibs/uint32.h>

#include <maildir.pb-c.h>
#include <porter/exit.h>
#include <porter/frame.h>

#define TEXT_MAX 100

size_t frame_failure(char *s, int code, char const *text)
{
  size_t len = strnlen(text, TEXT_MAX), n = 6;
  if (code) {
    s[n++] = 0x08;  /* Error.code = 1, varint: all are below 128 */
    s[n++] = (char)code;
  }
  s[n++] = 0x12;    /* Error.text = 2, octets */
  s[n++] = (char)len;
  memcpy(s + n, text, len);
  n += len;
  s[4] = 0x7a;      /* Failure.error = 15, octets */
  s[5] = (char)(n - 6);
  uint32_pack_big(s, (uint32_t)(n - 4));
  return n;
}

typedef struct wire_s wire;
struct wire_s { unsigned char const *s, *end; };

static int varint(wire *w, uint64_t *value)
{
  *value = 0;
  for (unsigned int shift = 0; shift < 64 && w->s < w->end; shift += 7) {
    unsigned char c = *w->s++;
    *value |= (uint64_t)(c & 0x7f) << shift;
    if (!(c & 0x80)) return 1;
  }
  return 0;
}

/* One field: its number, its value where it is a varint, its octets where it has any. 1, 0 at the end, -1 where it is none. */
static int field(wire *w, uint64_t *number, uint64_t *value, slice *octets)
{
  uint64_t key;
  *octets = (slice)SLICE_ZERO;
  *value = 0;
  if (w->s == w->end) return 0;
  if (!varint(w, &key) || !(key >> 3)) return -1;
  *number = key >> 3;
  size_t left = (size_t)(w->end - w->s), skip;
  switch (key & 7) {
    case 0: return varint(w, value) ? 1 : -1;
    case 1: skip = 8; break;
    case 5: skip = 4; break;
    case 2: {
      uint64_t len;
      if (!varint(w, &len)) return -1;
      left = (size_t)(w->end - w->s);
      if (len > left) return -1;
      octets->s = (char const *)w->s;
      octets->len = skip = (size_t)len;
      break;
    }
    default: return -1;  /* groups: no message of ours has them */
  }
  if (skip > left) return -1;
  w->s += skip;
  return 1;
}

int frame_failure_find(char const *s, size_t len, int *code, slice *text)
{
  wire outer = { (unsigned char const *)s, (unsigned char const *)s + len };
  uint64_t number, value;
  slice octets;
  int r, found = 0;
  *code = 0;
  *text = (slice)SLICE_ZERO;
  while ((r = field(&outer, &number, &value, &octets)) > 0) {
    if (number != 15 || !octets.s) continue;
    wire inner = { (unsigned char const *)octets.s, (unsigned char const *)octets.s + octets.len };
    found = 1;
    while ((r = field(&inner, &number, &value, &octets)) > 0) {
      if (number == 1) *code = (int)value;
      if (number == 2 && octets.s) *text = octets;
    }
    if (r < 0) return -1;
  }
  return r < 0 ? -1 : found;
}

int frame_failure_exit(int code)
{
  switch (code) {
    case PORTER__ERROR__CODE__BAD_REQUEST: return EXIT_REQUEST;
    case PORTER__ERROR__CODE__UNSUPPORTED: return EXIT_UNSUPPORTED;
    case PORTER__ERROR__CODE__INVALID_FOLDER: case PORTER__ERROR__CODE__NO_SUCH_MAIL: case PORTER__ERROR__CODE__NO_SUCH_PART:
    case PORTER__ERROR__CODE__FOLDER_EXISTS: case PORTER__ERROR__CODE__FOLDER_NOT_EMPTY: case PORTER__ERROR__CODE__OVER_QUOTA:
      return EXIT_ERROR;
    case PORTER__ERROR__CODE__REFUSED: return EXIT_REFUSED;
    case PORTER__ERROR__CODE__TEMPORARY: return EXIT_TEMPORARY;
    case PORTER__ERROR__CODE__NO_MAILBOX: return EXIT_ACCOUNT;
    default: return EXIT_PERMANENT;
  }
}
