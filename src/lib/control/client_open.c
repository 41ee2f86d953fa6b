/* How a conversation begins: descriptors, who we are, what we are called. */
#include <string.h>

#include <skalibs/djbunix.h>
#include <skalibs/fmtscan.h>
#include <skalibs/random.h>

#include <porter/control_client.h>
#include <porter/hmac.h>

#define COOKIE 32    /* octets of a cookie and of our nonce */
#define NONCE_MAX 64    /* of the server's; tor's has 32 */
#define WORD(s) { s, sizeof s - 1 }

/* control-spec 3.24: the keys of the two codes */
static slice const server_key = WORD("Tor safe cookie authentication server-to-controller hash");
static slice const client_key = WORD("Tor safe cookie authentication controller-to-server hash");

typedef struct challenge_s challenge;
struct challenge_s {
  char hash[HMAC_SHA256_SIZE], nonce[NONCE_MAX];
  size_t nonce_len;
};

/* Decodes the hexadecimal octets at the start of s, at most max; *s goes behind them. 0 where there are more, or half of one. */
static size_t unhex (slice *s, char *out, size_t max)
{
  size_t n = 0;
  while (n < s->len && memchr("0123456789ABCDEFabcdef", s->s[n], 22)) n++;
  if (n % 2 || n / 2 > max) return 0;
  for (size_t i = 0; i < n; i += 2) ucharn_scan((char const[]){ s->s[i], s->s[i + 1], 0 }, out + i / 2, 1);
  s->s += n;
  s->len -= n;
  return n / 2;
}

static int skip (slice *s, slice word)
{
  if (s->len < word.len || memcmp(s->s, word.s, word.len)) return 0;
  s->s += word.len;
  s->len -= word.len;
  return 1;
}

/* 250 AUTHCHALLENGE SERVERHASH=hex SERVERNONCE=hex */
static int challenge_line (void *context, control_line const *line)
{
  challenge *ch = context;
  slice s = line->text;
  if (line->kind != CONTROL_END || line->status == 650) return 1;
  if (!skip(&s, (slice)WORD("AUTHCHALLENGE SERVERHASH=")) || unhex(&s, ch->hash, sizeof ch->hash) != sizeof ch->hash) return 1;
  if (!skip(&s, (slice)WORD(" SERVERNONCE="))) return 1;
  ch->nonce_len = unhex(&s, ch->nonce, sizeof ch->nonce);
  if (s.len) ch->nonce_len = 0;
  return 1;
}

static int safe_cookie (control_client *c, char const *cookie)
{
  char nonce[COOKIE], hex[2 * COOKIE], code[HMAC_SHA256_SIZE];
  challenge ch = { .nonce_len = 0 };
  random_buf(nonce, sizeof nonce);
  ucharn_fmt(hex, nonce, sizeof nonce);
  if (!control_client_ask(c, (slice const[]){ WORD("AUTHCHALLENGE SAFECOOKIE "), { hex, sizeof hex } }, 2, challenge_line, &ch)) return 0;
  if (!ch.nonce_len) return control_client_broken(c, "the server's reply to AUTHCHALLENGE is malformed");
  slice const all[] = { { cookie, COOKIE }, { nonce, sizeof nonce }, { ch.nonce, ch.nonce_len } };
  hmac_sha256(code, server_key, all, 3);
  if (!hmac_equal(code, ch.hash, sizeof code)) return control_client_broken(c, "the server does not know the cookie");
  hmac_sha256(code, client_key, all, 3);
  ucharn_fmt(hex, code, sizeof code);
  return control_client_ask(c, (slice const[]){ WORD("AUTHENTICATE "), { hex, sizeof hex } }, 2, 0, 0);
}

static int authenticate (control_client *c, char const *cookie_file)
{
  char cookie[COOKIE + 1];
  if (!cookie_file) return control_client_ask(c, &(slice)WORD("AUTHENTICATE"), 1, 0, 0);
  ssize_t const r = openreadnclose(cookie_file, cookie, sizeof cookie);
  int const good = r < 0 ? control_client_broken_sys(c, "unable to read the cookie file")
    : r != COOKIE ? control_client_broken(c, "the cookie file does not hold 32 octets")
    : safe_cookie(c, cookie);
  explicit_bzero(cookie, sizeof cookie);
  return good;
}

int control_client_open (control_client *c, int in, int out, unsigned int patience, char const *cookie_file)
{
  buffer_init(&c->in, &buffer_read, in, c->in_space, sizeof c->in_space);
  buffer_init(&c->out, &buffer_write, out, c->out_space, sizeof c->out_space);
  c->block = c->status = 0;
  c->patience = patience;
  if (ndelay_on(in) < 0 || ndelay_on(out) < 0 || coe(in) < 0 || coe(out) < 0)
    return control_client_broken_sys(c, "unable to use the connection");
  return authenticate(c, cookie_file);
}

int control_client_name (control_client *c, char const *name, control_line_func *each, void *context)
{
  return control_client_ask(c, (slice const[]){ WORD("CONTROLLERNAME "), { name, strlen(name) } }, 2, each, context);
}
