/* Keys that are made, of mails as they are: what an order reads of a mail, and whether it matches. Where a mail is read for its key in any case it
 * is matched by the way.
 *
 * A mail that has gone meanwhile is not on the way. One that cannot be read is noted, has the key of a mail without that field, and matches no text;
 * any other trouble ends the call. */
#include <errno.h>
#include <stdlib.h>

#include "cursor_internal.h"

static enum mail_field const field_of[] = { [ORDER_DATE] = FIELD_DATE, [ORDER_SENDER] = FIELD_FROM, [ORDER_SUBJECT] = FIELD_SUBJECT };

int cursor_is_free(enum order_by by) { return by == ORDER_SIZE || by == ORDER_ARRIVAL || by == ORDER_BASE; }

/* What octets of the field are read as that no encoded word explains: then more of the mail is read, of which read says that all of it
 * is in file. *value goes into scratch memory. A mail that has gone meanwhile declares nothing. */
static int find_charsets(cursor *c, order_key const *k, int read, mime_tree *tree, mail_charsets *charsets, slice *value)
{
  *charsets = (mail_charsets){ .looked = 1, .fallback = c->f->box->fallback };
  if (!value->s || !mail_field_is_raw(*value)) return 1;
  if (!(value->s = arena_copy(&c->scratch, value->s, value->len))) return 0;
  if (!read && !mail_file_start(&c->file, c->f, k->mail, MAIL_DECLARED_MAX)) return errno != ENOMEM;
  if (!mime_parse(&c->scratch, c->file.s, c->file.len < MAIL_DECLARED_MAX ? c->file.len : MAIL_DECLARED_MAX, charsets->fallback, tree)) return 0;
  *charsets = mail_charsets_of(tree, 0);
  return 1;
}

/* From the value of the field that the order asks for. */
static int key_of_value(cursor *c, order_key *k, int read, slice value)
{
  mime_tree tree;
  mail_charsets charsets;
  mail_date date;
  slice text;
  int good;
  if (c->by == ORDER_DATE) {
    if (value.s && mail_date_parse(value, &date)) return k->number = date.seconds, 1;
    return folder_arrival(c->f, k->mail, &k->number);
  }
  good = find_charsets(c, k, read, &tree, &charsets, &value)
    && (c->by == ORDER_SENDER ? order_sender : order_subject)(&c->scratch, &charsets, value, &text);
  if (good && text.len) good = (k->text.s = arena_copy(&c->a, text.s, text.len)) != NULL;
  k->text.len = good ? text.len : 0;
  arena_reset(&c->scratch);
  return good;
}

static int free_key(cursor *c, order_key *k)
{
  uint64_t size = 0;
  if (c->by == ORDER_BASE) return 1;
  if (c->by == ORDER_ARRIVAL) return folder_arrival(c->f, k->mail, &k->number);
  if (!folder_size(c->f, k->mail, &size)) return 0;
  k->number = (int64_t)size;
  return 1;
}

/* What errno says of one mail: 0 it has gone, 1 it cannot be read, which is noted, -1 the call fails. */
static int trouble(cursor *c, mail_entry *e)
{
  if (errno == ENOENT) return 0;
  if (!mail_unreadable(errno)) return -1;
  folder_unread_file(c->f, e);
  return 1;
}

int cursor_ask(cursor *c, mail_entry *e, int answer)
{
  slice octets;
  if (answer != MATCH_UNKNOWN) return answer;
  if (!mail_file_octets(&c->file, c->f, e)) return trouble(c, e) < 0 ? MATCH_FAILED : MATCH_NO;
  octets = (slice){ c->file.s, c->file.len };
  return c->match(c->context, c->f, e, &octets);
}

/* Matches the mail now, as it is read for its key in any case; *read: its octets are in file. */
static int match_early(cursor *c, place *p, int *read)
{
  *read = p->match == MATCH_UNKNOWN && !cursor_is_free(c->by);
  if (*read) p->match = cursor_ask(c, p->key.mail, p->match);
  return p->match;
}

static int make_key(cursor *c, order_key *k, int read)
{
  slice value;
  int good;
  if (cursor_is_free(c->by)) return free_key(c, k);
  if (read) good = mail_head_find(&value, field_of[c->by], c->file.s, c->file.len, 1) >= 0;
  else good = mail_file_field(&c->file, c->f, k->mail, field_of[c->by], &value);
  if (!good) {
    if (trouble(c, k->mail) <= 0) return 0;
    value = (slice)SLICE_ZERO;
  }
  return key_of_value(c, k, read, value);
}

/* 1: the mail is, or may be, on the way; 0: it is not; -1 with errno. */
static int consider(cursor *c, place *p, mail_entry *e)
{
  int read;
  *p = (place){ .key = { .mail = e }, .match = MATCH_YES };
  if (c->match) p->match = c->match(c->context, c->f, e, NULL);
  if (p->match > MATCH_NO) match_early(c, p, &read);
  if (p->match <= MATCH_NO) return p->match;
  if (make_key(c, &p->key, read)) return 1;
  return errno == ENOENT ? 0 : -1;
}

int cursor_make_places(cursor *c)
{
  folder *f = c->f;
  if (!folder_know(f)) return 0;
  c->place = place_large_take(f->mails.count * sizeof *c->place);
  if (!c->place) return 0;
  for (size_t i = 0; i < f->mails.count; i++) {
    int one = consider(c, c->place + c->count, f->mails.mail + i);
    if (one < 0) return 0;
    c->count += (size_t)one;
  }
  return 1;
}
