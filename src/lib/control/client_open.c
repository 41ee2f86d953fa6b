/* How a conversation begins: descriptors, who we are, what we are called. */
#include <errno.h>
#include <string.h>

#include <skalibs/djbunix.h>
#include <skalibs/random.h>

#include <porter/control_client.h>
#include <porter/control_message.h>
#include <porter/hex.h>
#include <porter/hmac.h>

#define NONCE_MAX 64 /* of the server's; tor's has 32 */
#define WORD(s) \
  { \
    s, sizeof s - 1 \
  }

typedef struct challenge_s challenge;
struct challenge_s {
  char hash[CONTROL_CODE_SIZE], nonce[NONCE_MAX];
  size_t nonce_len;
};

/* Decodes the hexadecimal octets at the start of s, at most max; *s goes behind them. 0 where there are more, or half of one. */
static size_t unhex(slice *s, char *out, size_t max)
{
  size_t n = 0;
  while (n < s->len && hex_value(s->s[n]) >= 0) n++;
  if (n / 2 > max || !hex_scan(out, s->s, n)) return 0;
  s->s += n;
  s->len -= n;
  return n / 2;
}

/* 250 AUTHCHALLENGE SERVERHASH=hex SERVERNONCE=hex */
static int challenge_line(void *context, control_line const *line)
{
  challenge *ch = context;
  slice s = line->text;
  if (line->kind != CONTROL_END || line->status == 650) return 1;
  if (!control_prefix_take(&s, "AUTHCHALLENGE SERVERHASH=") || unhex(&s, ch->hash, sizeof ch->hash) != sizeof ch->hash) return 1;
  if (!control_prefix_take(&s, " SERVERNONCE=")) return 1;
  ch->nonce_len = unhex(&s, ch->nonce, sizeof ch->nonce);
  if (s.len) ch->nonce_len = 0;
  return 1;
}

static int safe_cookie(control_client *c, char const *cookie)
{
  char nonce[CONTROL_NONCE_SIZE], hex[2 * CONTROL_CODE_SIZE], code[CONTROL_CODE_SIZE];
  slice const ours = { nonce, sizeof nonce };
  challenge ch = { .nonce_len = 0 };
  random_buf(nonce, sizeof nonce);
  hex_fmt(hex, nonce, sizeof nonce, HEX_LOWER);
  if (!control_client_ask(c, (slice const[]){ WORD("AUTHCHALLENGE SAFECOOKIE "), { hex, sizeof hex } }, 2, challenge_line, &ch)) return 0;
  if (!ch.nonce_len) return control_client_broken(c, "the server's reply to AUTHCHALLENGE is malformed");
  slice const theirs = { ch.nonce, ch.nonce_len };
  control_code_make(code, CONTROL_CODE_OF_SERVER, cookie, ours, theirs);
  if (!hmac_equal(code, ch.hash, sizeof code)) return control_client_broken(c, "the server does not know the cookie");
  control_code_make(code, CONTROL_CODE_OF_CLIENT, cookie, ours, theirs);
  hex_fmt(hex, code, sizeof code, HEX_LOWER);
  return control_client_ask(c, (slice const[]){ WORD("AUTHENTICATE "), { hex, sizeof hex } }, 2, 0, 0);
}

static int authenticate(control_client *c, char const *cookie_file, control_ready_func *ready)
{
  char cookie[CONTROL_COOKIE_SIZE + 1];
  ssize_t const r = cookie_file ? openreadnclose(cookie_file, cookie, sizeof cookie) : 0;
  int const e = errno;
  if (ready) (*ready)();
  if (!cookie_file) return control_client_ask(c, &(slice)WORD("AUTHENTICATE"), 1, 0, 0);
  errno = e;
  int const good = r < 0       ? control_client_broken_sys(c, "unable to read the cookie file")
    : r != CONTROL_COOKIE_SIZE ? control_client_broken(c, "the cookie file does not hold 32 octets")
                               : safe_cookie(c, cookie);
  explicit_bzero(cookie, sizeof cookie);
  return good;
}

int control_client_open(control_client *c, int in, int out, unsigned int patience, char const *cookie_file, control_ready_func *ready)
{
  buffer_init(&c->in, &buffer_read, in, c->in_space, sizeof c->in_space);
  buffer_init(&c->out, &buffer_write, out, c->out_space, sizeof c->out_space);
  c->block = c->status = 0;
  c->patience = patience;
  if (ndelay_on(in) < 0 || ndelay_on(out) < 0 || coe(in) < 0 || coe(out) < 0) return control_client_broken_sys(c, "unable to use the connection");
  return authenticate(c, cookie_file, ready);
}

int control_client_name(control_client *c, char const *name, control_line_func *each, void *context)
{
  return control_client_ask(c, (slice const[]){ WORD("CONTROLLERNAME "), { name, strlen(name) } }, 2, each, context);
}
