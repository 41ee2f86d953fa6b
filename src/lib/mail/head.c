/* The head: where each field begins and ends. RFC 5322 2.2 and 4.5.2; what is no field is judged as doc/differences says.
 *
 *   a line that begins with    is                              then
 *   name WSP* ":"              a field                         it and the folded lines behind it
 *   ":"                        a field without a name          the same
 *   nothing                    the end of the head             the body is behind it
 *   WSP, after a field         folded: belongs to the field
 *   "From ", ">From "          mbox's, if the first line       skipped; in a part, only if a field follows
 *   anything else: junk        in a message, a field follows   skipped up to there
 *                              else                            the head ends before it: it is the body's first line
 */
#include <porter/mail.h>

#include "private.h"

/* How many octets of s from its start are those of a field name (RFC 5322 3.6.8): 33 to 126 without the colon. */
static inline size_t name_run(char const *s, size_t len)
{
  size_t n = 0;
  for (; len - n >= 8; n += 8) {
    uint64_t const w = eight(s + n), marks = eight_unseen(w) | eight_equal(w, ':');
    if (marks) return n + eight_first(marks);
  }
  while (n < len && s[n] > 32 && s[n] < 127 && s[n] != ':') n++;
  return n;
}

/* Where a colon is behind the blanks of s, or len. */
static size_t colon_behind(char const *s, size_t len)
{
  size_t i = 0;
  while (i < len && is_blank(s[i])) i++;
  return i < len && s[i] == ':' ? i : len;
}

/* Whether the line s begins a field: how long its name is, and where its value begins. An empty name is one too. */
static inline int is_field(char const *s, size_t len, size_t *name, size_t *value)
{
  size_t const n = name_run(s, len);
  size_t const colon = !n || n == len || s[n] == ':' ? n : n + colon_behind(s + n, len - n);
  *name = n;
  *value = colon + 1;
  return colon < len && s[colon] == ':';
}

int is_cr_only(char const *s, size_t len)
{
  if (len > CR_ONLY) len = CR_ONLY;
  return len && !memchr(s, '\n', len) && memchr(s, '\r', len);
}

static int is_empty_line(char end, char const *s, size_t len) { return !len || s[0] == end || (s[0] == '\r' && len > 1 && s[1] == '\n'); }

static int starts(char const *s, size_t len, char const *with)
{
  size_t n = strlen(with);
  return len >= n && !memcmp(s, with, n);
}

/* Where the line of an mbox ends, if the message begins with one, else 0. */
static size_t mbox_line(char end, char const *s, size_t len)
{
  size_t n = starts(s, len, ">From ") ? 6 : starts(s, len, "From ") ? 5 : 0, i = n;
  while (i < len && is_blank(s[i])) i++;
  return n && (i == len || s[i] != ':') ? line_end_by(end, s, len, 0) : 0;
}

/* Whether the line that ends at end was seen whole: one that was cut off may yet become anything. */
static int is_whole(head_cursor const *c, size_t end) { return end && c->s[end - 1] == c->end; }

/* The first field behind the junk at pos; 0 where something else is, len where nothing is. */
static size_t skip_junk(head_cursor *c, size_t pos)
{
  size_t name, value;
  if (starts(c->s + pos, c->len - pos, "--")) return 0;
  for (;;) {
    pos = line_end_by(c->end, c->s, c->len, pos);
    size_t end = line_end_by(c->end, c->s, c->len, pos), i = pos;
    char const *s = c->s + pos;
    if (pos == c->len) return pos;
    if (starts(s, end - pos, "--")) return 0;
    if (is_field(s, end - pos, &name, &value)) return starts(s, end - pos, "http:") || starts(s, end - pos, "https:") ? 0 : pos;
    while (i < end && is_space(c->s[i])) i++;
    if (i == end) return is_whole(c, end) ? 0 : c->len;
  }
}

/* mbox's line at the start of a part, where a message was put in as it was: a field is behind it, else it is text. */
static size_t skip_mbox(char const *s, size_t len)
{
  size_t const pos = mbox_line('\n', s, len);
  size_t name, value;
  return !starts(s + pos, len - pos, "--") && is_field(s + pos, len - pos, &name, &value) ? pos : 0;
}

/* Folded lines at the start of a part, whose field was lost: skipped if they are blank or a field follows. */
static size_t skip_folded(char const *s, size_t len)
{
  size_t pos = 0, name, value;
  int blank = 1;
  while (pos < len && is_blank(s[pos])) {
    size_t const end = line_end(s, len, pos);
    while (pos < end && is_space(s[pos])) pos++;
    blank &= pos == end;
    pos = end;
  }
  return blank || (!starts(s + pos, len - pos, "--") && is_field(s + pos, len - pos, &name, &value)) ? pos : 0;
}

int head_next(head_cursor *c, slice *name, slice *value)
{
  if (!c->pos) {
    /* Alone on its line it is junk. */
    if (c->message && starts(c->s, c->len, "\xef\xbb\xbf") && !is_empty_line(c->end, c->s + 3, c->len - 3)) c->pos = 3;
    c->pos += c->message ? mbox_line(c->end, c->s + c->pos, c->len - c->pos) : 0;
    if (!c->message) c->pos = skip_mbox(c->s, c->len), c->pos += skip_folded(c->s + c->pos, c->len - c->pos);
  }
  while (c->pos < c->len) {
    char const *s = c->s + c->pos;
    size_t n, behind;
    if (is_empty_line(c->end, s, c->len - c->pos)) {
      c->complete = 1;
      c->pos += *s == c->end ? 1 : 2;
      return 0;
    }
    if (!(c->inside && starts(s, c->len - c->pos, "--")) && is_field(s, c->len - c->pos, &n, &behind)) {
      size_t start = c->pos + behind, end = line_end_by(c->end, c->s, c->len, start);
      while (end < c->len && is_blank(c->s[end])) end = line_end_by(c->end, c->s, c->len, end);
      *name = (slice){ s, n };
      c->pos = end;
      while (end > start && (c->s[end - 1] == '\n' || c->s[end - 1] == '\r')) end--;
      *value = (slice){ c->s + start, end - start };
      return 1;
    }
    n = c->message ? skip_junk(c, c->pos) : 0;
    if (!n || n == c->len) {
      c->complete = !n && (c->message || is_whole(c, line_end_by(c->end, s, c->len - c->pos, 0) + c->pos));
      return 0;
    }
    c->pos = n;
  }
  return 0;
}

static char const *const known[FIELD_COUNT] = { [FIELD_FROM] = "from",
  [FIELD_SENDER] = "sender",
  [FIELD_REPLY_TO] = "reply-to",
  [FIELD_TO] = "to",
  [FIELD_CC] = "cc",
  [FIELD_BCC] = "bcc",
  [FIELD_SUBJECT] = "subject",
  [FIELD_DATE] = "date",
  [FIELD_MESSAGE_ID] = "message-id",
  [FIELD_IN_REPLY_TO] = "in-reply-to",
  [FIELD_REFERENCES] = "references",
  [FIELD_COMMENTS] = "comments",
  [FIELD_KEYWORDS] = "keywords",
  [FIELD_CONTENT_TYPE] = "content-type",
  [FIELD_CONTENT_DISPOSITION] = "content-disposition",
  [FIELD_CONTENT_ENCODING] = "content-transfer-encoding",
  [FIELD_CONTENT_ID] = "content-id",
  [FIELD_CONTENT_LOCATION] = "content-location",
  [FIELD_CONTENT_LANGUAGE] = "content-language" };

/* Of each length, the fields with a name that long: most fields of a mail (Received, X-...) are none of ours. */
static uint32_t const of_length[] = { [2] = 1 << FIELD_TO | 1 << FIELD_CC,
  [3] = 1 << FIELD_BCC,
  [4] = 1 << FIELD_FROM | 1 << FIELD_DATE,
  [6] = 1 << FIELD_SENDER,
  [7] = 1 << FIELD_SUBJECT,
  [8] = 1 << FIELD_REPLY_TO | 1 << FIELD_COMMENTS | 1 << FIELD_KEYWORDS,
  [10] = 1 << FIELD_MESSAGE_ID | 1 << FIELD_REFERENCES | 1 << FIELD_CONTENT_ID,
  [11] = 1 << FIELD_IN_REPLY_TO,
  [12] = 1 << FIELD_CONTENT_TYPE,
  [16] = 1 << FIELD_CONTENT_LOCATION | 1 << FIELD_CONTENT_LANGUAGE,
  [19] = 1 << FIELD_CONTENT_DISPOSITION,
  [25] = 1 << FIELD_CONTENT_ENCODING };

/* Of one length; a name's octets are above 32, so that a bit tells letter case and changes nothing else into a letter or a dash. */
static inline int is_known(slice name, char const *word)
{
  size_t i = 0;
  for (; name.len - i >= 8; i += 8)
    if ((eight(name.s + i) | EIGHT(0x20)) != eight(word + i)) return 0;
  for (; i < name.len; i++)
    if ((name.s[i] | 0x20) != word[i]) return 0;
  return 1;
}

/* Which field this is, or FIELD_COUNT. */
static enum mail_field field_known(slice name)
{
  uint32_t left = name.len < sizeof of_length / sizeof *of_length ? of_length[name.len] : 0;
  for (; left; left &= left - 1) {
    enum mail_field const i = (enum mail_field)__builtin_ctz(left);
    if (is_known(name, known[i])) return i;
  }
  return FIELD_COUNT;
}

static void scan(mail_head *head, head_cursor c)
{
  slice name, value;
  memset(head, 0, sizeof *head);
  while (head_next(&c, &name, &value)) {
    enum mail_field i = field_known(name);
    if (i == FIELD_COUNT) continue;
    if (head->field[i].s) head->repeated |= UINT32_C(1) << i;
    else head->field[i] = value;
  }
  head->body = c.pos;
  head->complete = c.complete;
}

void head_scan(mail_head *head, char const *s, size_t len, int message, int inside)
{
  scan(head, (head_cursor){ .s = s, .len = len, .message = message, .inside = inside, .end = '\n' });
}

void mail_head_scan(mail_head *head, char const *s, size_t len)
{
  scan(head, (head_cursor){ .s = s, .len = len, .message = 1, .end = is_cr_only(s, len) ? '\r' : '\n' });
}

int mail_head_find(slice *value, enum mail_field which, char const *s, size_t len, int whole)
{
  int const cr = is_cr_only(s, len);
  head_cursor c = { .s = s, .len = len, .message = 1, .end = cr ? '\r' : '\n' };
  slice name;
  if (cr && !whole && len < CR_ONLY) return -1;
  while (head_next(&c, &name, value)) /* What begins behind a field says that it is whole. */
    if (field_known(name) == which) return whole || c.pos < len ? 1 : -1;
  *value = (slice)SLICE_ZERO;
  return whole || c.complete ? 0 : -1;
}

int mail_field_each(char const *s, size_t len, enum mail_field which, sink_func *each, void *context)
{
  head_cursor c = { .s = s, .len = len, .message = 1, .end = is_cr_only(s, len) ? '\r' : '\n' };
  slice name, value;
  unsigned int count = 0;
  int r = 1;
  while (r && count < MAIL_FIELD_EACH_MAX && head_next(&c, &name, &value))
    if (is_word(name, known[which])) r = each(context, value.s, value.len), count++;
  return r;
}
