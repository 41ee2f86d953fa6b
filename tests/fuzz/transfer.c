/* base64, quoted-printable, uuencode: pieces give what the whole gives. The first octet makes the pieces. */
#include "check.h"

static size_t base64(char *out, char const *s, size_t len, size_t step)
{
  base64_state st = BASE64_ZERO;
  size_t n = 0;
  for (size_t i = 0; i < len; i += step) n += base64_decode(&st, out + n, s + i, len - i < step ? len - i : step);
  return n + base64_finish(&st, out + n);
}

static size_t qp(char *out, char const *s, size_t len, size_t step)
{
  qp_state st = QP_ZERO;
  size_t n = 0;
  for (size_t i = 0; i < len; i += step) n += qp_decode(&st, out + n, s + i, len - i < step ? len - i : step);
  return n + qp_finish(&st, out + n);
}

static int count(void *context, char const *s, size_t len)
{
  *(size_t *)context += len + (s[len - 1] == 'x');
  return 1;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static size_t (*const decoders[])(char *, char const *, size_t, size_t) = { base64, qp };
  size_t sum = 0;
  slice from, lines;
  if (!size) return 0;
  from = (slice){ (char const *)data + 1, size - 1 };
  char *const whole = malloc(from.len + 2 * TRANSFER_ROOM), *const pieces = malloc(from.len + 2 * TRANSFER_ROOM);
  for (int i = 0; i < 2; i++) {
    size_t const n = decoders[i](whole, from.s, from.len, from.len + 1), m = decoders[i](pieces, from.s, from.len, 1 + data[0] % 100);
    check(n == m && !memcmp(whole, pieces, n) && n <= from.len);
  }
  if (uu_find(from, &lines)) uu_decode(lines, count, &sum);
  free(whole);
  free(pieces);
  return 0;
}
