/* Proposal 197's grammar, and the safe cookie's codes. */
#include <string.h>

#include <skalibs/types.h>

#include <porter/control_message.h>
#include <porter/control_words.h>
#include <porter/hmac.h>

#define LITERAL(s) \
  { \
    (s), sizeof(s) - 1 \
  }

/* How many octets at its start are a name's. */
static size_t name_span(slice s)
{
  size_t i = 0;
  while (i < s.len && ((s.s[i] >= '0' && s.s[i] <= '9') || (s.s[i] >= 'A' && s.s[i] <= 'Z') || (s.s[i] >= 'a' && s.s[i] <= 'z') || s.s[i] == '_'))
    i++;
  return i;
}

int control_name_formed(char const *s)
{
  slice name = { .s = s, .len = strlen(s) };
  return name.len && name_span(name) == name.len;
}

int control_name_valid(slice s) { return s.len && s.len <= CONTROL_NAME_MAX && name_span(s) == s.len; }

int control_name_reserved(slice s) { return control_is(s, "all") || control_is(s, "unset"); }

/* Eight octets at once, as a long text costs more than all the rest of a post: an octet below a blank, a DEL or one above it sets its
 * high bit in one of the three. */
static int text_printable(slice s)
{
  uint64_t const ones = UINT64_C(0x0101010101010101), high = 0x80 * ones;
  size_t i = 0;
  while (i < s.len) {
    uint64_t word;
    size_t end = s.len;
    if (s.len - i >= sizeof word) {
      memcpy(&word, s.s + i, sizeof word);
      end = i + sizeof word;
      if (!((word | (word - 0x20 * ones) | (word + ones)) & high)) {
        i = end;
        continue;
      }
    }
    for (; i < end; i++) {
      unsigned char octet = (unsigned char)s.s[i];
      if (octet != '\t' && (octet < 32 || octet > 126)) return 0;
    }
  }
  return 1;
}

int control_text_valid(slice s) { return s.len && s.len <= CONTROL_TEXT_MAX && text_printable(s); }

int control_key_valid(char const *key)
{
  if (!*key) return 0;
  for (; *key; key++)
    if (*key <= 0x20 || *key > 0x7e) return 0;
  return 1;
}

int control_prefix_take(slice *s, char const *prefix)
{
  size_t n = strlen(prefix);
  if (s->len < n || memcmp(s->s, prefix, n)) return 0;
  s->s += n;
  s->len -= n;
  return 1;
}

/* Takes a name and the space behind it off s. */
static int name_take(slice *s, slice *name)
{
  size_t n = name_span(*s);
  if (!n || n > CONTROL_NAME_MAX || n == s->len || s->s[n] != ' ') return 0;
  *name = (slice){ .s = s->s, .len = n };
  s->s += n + 1;
  s->len -= n + 1;
  return 1;
}

int control_message_parse(control_message *m, slice text)
{
  slice id;
  control_prefix_take(&text, "650 ");
  if (!control_prefix_take(&text, CONTROL_EVENT " ")) return 0;
  m->line = text;
  if (!name_take(&text, &id) || id.len > 20 || uint64_scan(id.s, &m->id) != id.len || !m->id) return 0;
  if (!name_take(&text, &m->from) || !control_prefix_take(&text, "@") || !name_take(&text, &m->to)) return 0;
  m->text = text;
  return control_text_valid(text);
}

char const *control_post_parse(slice arguments, slice *destination, slice *text)
{
  size_t n = 0;
  while (n < arguments.len && arguments.s[n] != ' ') n++;
  *destination = (slice){ .s = arguments.s, .len = n };
  *text = n < arguments.len ? (slice){ .s = arguments.s + n + 1, .len = arguments.len - n - 1 } : (slice)SLICE_ZERO;
  if (!text->len) return "512 Bad arguments to POSTMESSAGE: Need at least 2 argument(s)";
  if (!control_prefix_take(destination, "@")) return "512 Bad arguments to POSTMESSAGE: Destination must begin with @";
  if (!destination->len || name_span(*destination) < destination->len) return "512 Bad arguments to POSTMESSAGE: Invalid destination";
  if (text->len > CONTROL_TEXT_MAX) return "512 Bad arguments to POSTMESSAGE: Message too long";
  if (!text_printable(*text)) return "512 Bad arguments to POSTMESSAGE: Invalid octet in message";
  /* A name that is too long is nobody's. */
  if (destination->len > CONTROL_NAME_MAX || control_is(*destination, "unset")) return "552 Invalid destination controller name";
  if (control_is(*destination, "all")) destination->len = 0;
  return NULL;
}

void control_code_make(char code[CONTROL_CODE_SIZE], enum control_code of, char const *cookie, slice client_nonce, slice server_nonce)
{
  static slice const key[] = {
    [CONTROL_CODE_OF_SERVER] = LITERAL("Tor safe cookie authentication server-to-controller hash"),
    [CONTROL_CODE_OF_CLIENT] = LITERAL("Tor safe cookie authentication controller-to-server hash"),
  };
  slice const pieces[] = { { cookie, CONTROL_COOKIE_SIZE }, client_nonce, server_nonce };
  hmac_sha256(code, key[of], pieces, 3);
}
