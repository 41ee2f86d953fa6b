#include <string.h>

#include <skalibs/sha256.h>

#include <porter/hmac.h>

#define BLOCK 64

static void hash(char *out, char const *pad, slice const *piece, size_t n)
{
  SHA256Schedule h;
  sha256_init(&h);
  sha256_update(&h, pad, BLOCK);
  for (size_t i = 0; i < n; i++) sha256_update(&h, piece[i].s, piece[i].len);
  sha256_final(&h, out);
  explicit_bzero(&h, sizeof h);
}

void hmac_sha256(char *out, slice key, slice const *piece, size_t n)
{
  char pad[BLOCK] = { 0 };
  if (key.len > BLOCK) {
    SHA256Schedule h;
    sha256_init(&h);
    sha256_update(&h, key.s, key.len);
    sha256_final(&h, pad);
    explicit_bzero(&h, sizeof h);
  } else if (key.len) memcpy(pad, key.s, key.len);
  for (size_t i = 0; i < BLOCK; i++) pad[i] ^= 0x36;
  hash(out, pad, piece, n);
  for (size_t i = 0; i < BLOCK; i++) pad[i] ^= 0x36 ^ 0x5c;
  slice const inner = { .s = out, .len = HMAC_SHA256_SIZE };
  hash(out, pad, &inner, 1);
  explicit_bzero(pad, sizeof pad);
}

int hmac_equal(char const *a, char const *b, size_t len)
{
  unsigned char volatile differ = 0;
  for (size_t i = 0; i < len; i++) differ |= (unsigned char)a[i] ^ (unsigned char)b[i];
  return !differ;
}
