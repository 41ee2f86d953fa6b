/* A mail's head as messages of maildir.proto. */
#include <string.h>

#include <porter/method.h>

char *build_string(arena *a, slice s) { return arena_copy(a, s.s, s.len); }

static int build_params(arena *a, mail_charsets *charsets, mime_part const *part, Porter__Param ***out, size_t *count)
{
  mime_param *list;
  Porter__Param *all;
  if (!mime_params(a, charsets, part, &list, count)) return 0;
  if (!*count) return 1;
  *out = arena_array(a, *count, sizeof **out);
  all = arena_array(a, *count, sizeof *all);
  if (!*out || !all) return 0;
  for (size_t i = 0; i < *count; i++) {
    all[i] = (Porter__Param)PORTER__PARAM__INIT;
    all[i].name = build_string(a, list[i].name);
    all[i].value = build_string(a, list[i].value);
    if (!all[i].name || !all[i].value) return 0;
    (*out)[i] = all + i;
  }
  return 1;
}

int build_strings(arena *a, slice const *list, size_t count, char ***out)
{
  *out = arena_array(a, count, sizeof **out);
  for (size_t i = 0; *out && i < count; i++)
    if (!((*out)[i] = build_string(a, list[i]))) return 0;
  return *out != NULL;
}

/* What the part's head says besides: most parts have nothing of it. */
static int build_mime_more(arena *a, mime_tree const *tree, size_t i, Porter__MIMEHeader *m)
{
  mime_part const *part = tree->part + i;
  mail_charsets charsets = mail_charsets_of(tree, i);
  slice text, *languages;
  m->raw_size = part->body.len;
  m->opaque = mime_opaque(part);
  if (!build_params(a, &charsets, part, &m->params, &m->n_params)) return 0;
  if (part->head.field[FIELD_CONTENT_ENCODING].len && (!mime_encoding_word(a, part, &text) || !(m->encoding = build_string(a, text)))) return 0;
  if (part->head.field[FIELD_CONTENT_LOCATION].len && (!mime_location(a, &charsets, part, &text) || !(m->location = build_string(a, text)))) return 0;
  if (!part->head.field[FIELD_CONTENT_LANGUAGE].len) return 1;
  return mime_languages(a, part, &languages, &m->n_languages) && build_strings(a, languages, m->n_languages, &m->languages);
}

Porter__MIMEHeader *build_mime(arena *a, mime_tree const *tree, size_t i)
{
  mime_part const *part = tree->part + i;
  Porter__MIMEHeader *m = arena_take(a, sizeof *m);
  char path[MIME_PATH_FMT];
  slice safe = SLICE_ZERO;
  if (!m || !mail_part_name(a, tree, i, &safe)) return NULL;
  *m = (Porter__MIMEHeader)PORTER__MIMEHEADER__INIT;
  m->main_type = build_string(a, part->type);
  m->sub_type = build_string(a, part->subtype);
  m->content_dispo = part->disposition == DISPOSITION_INLINE ? PORTER__MIMEHEADER__DISPOSITION__INLINE
    : part->disposition == DISPOSITION_ATTACHMENT            ? PORTER__MIMEHEADER__DISPOSITION__ATTACHMENT
                                                             : PORTER__MIMEHEADER__DISPOSITION__NONE;
  m->file_name = build_string(a, part->file_name);
  m->safe_name = build_string(a, safe);
  m->charset = build_string(a, part->charset);
  m->content_id = build_string(a, part->content_id);
  m->path = build_string(a, (slice){ path, mime_path(tree, i, path) });
  if (!m->main_type || !m->sub_type || !m->file_name || !m->safe_name || !m->charset || !m->content_id || !m->path) return NULL;
  return build_mime_more(a, tree, i, m) ? m : NULL;
}

Porter__MailAddr *build_address(arena *a, mail_address const *from)
{
  Porter__MailAddr *m = arena_take(a, sizeof *m);
  if (!m) return NULL;
  *m = (Porter__MailAddr)PORTER__MAIL_ADDR__INIT;
  m->name = build_string(a, from->name);
  m->address = build_string(a, from->address);
  return m->name && m->address ? m : NULL;
}

int build_addresses(arena *a, mail_address const *list, size_t n, Porter__MailAddr ***out, size_t *count)
{
  *count = 0;
  *out = arena_array(a, n, sizeof **out);
  for (size_t i = 0; *out && i < n; i++)
    if (!list[i].group && !((*out)[(*count)++] = build_address(a, list + i))) return 0;
  return *out != NULL;
}

/* Of all fields of that kind of which more than one counts. */
static int field_addresses(arena *a, mail_charsets *charsets, mime_part const *part, enum mail_field which, Porter__MailAddr ***out, size_t *count)
{
  mail_address *list;
  size_t n;
  if (!part->head.field[which].s) return 1;
  return mail_address_fields(a, charsets, &part->head, part->header, which, &list, &n) && build_addresses(a, list, n, out, count);
}

static int build_ids(arena *a, slice raw, char ***out, size_t *count)
{
  slice *list;
  *count = 0;
  return !raw.s || (mail_ids(a, raw, &list, count) && build_strings(a, list, *count, out));
}

typedef struct texts_s texts;
struct texts_s {
  arena *a;
  mail_charsets *charsets;
  char **list; /* null while they are counted */
  size_t count;
};

static int add_text(void *context, char const *s, size_t len)
{
  texts *t = context;
  slice text;
  if (t->list) {
    if (!mail_text(t->a, t->charsets, (slice){ s, len }, &text) || !(t->list[t->count] = build_string(t->a, text))) return 0;
  }
  t->count++;
  return 1;
}

static int build_texts(arena *a, mail_charsets *charsets, slice header, enum mail_field which, char ***out, size_t *count)
{
  texts t = { .a = a, .charsets = charsets };
  mail_field_each(header.s, header.len, which, add_text, &t);
  *count = 0;
  if (!t.count) return 1;
  t.list = arena_array(a, t.count, sizeof *t.list);
  t.count = 0;
  if (!t.list || !mail_field_each(header.s, header.len, which, add_text, &t)) return 0;
  *out = t.list;
  *count = t.count;
  return 1;
}

Porter__MailHeader *build_head(arena *a, mime_tree const *tree, size_t i)
{
  mime_part const *part = tree->part + i;
  slice const *field = part->head.field;
  mail_charsets charsets = mail_charsets_of(tree, i);
  Porter__MailHeader *h = arena_take(a, sizeof *h);
  Porter__MailAddr **sender = NULL;
  char **ids = NULL;
  size_t senders = 0, n = 0;
  char date[MAIL_DATE_FMT];
  mail_date d;
  slice subject = SLICE_ZERO, when = { date, 0 };
  if (!h) return NULL;
  *h = (Porter__MailHeader)PORTER__MAIL_HEADER__INIT;
  if (field[FIELD_DATE].s && mail_date_parse(field[FIELD_DATE], &d)) when.len = mail_date_fmt(date, &d);
  h->send_date = build_string(a, when);
  if (field[FIELD_SUBJECT].s && !mail_text(a, &charsets, field[FIELD_SUBJECT], &subject)) return NULL;
  h->subject = build_string(a, subject);
  h->mime = build_mime(a, tree, i);
  if (!h->send_date || !h->subject || !h->mime || !field_addresses(a, &charsets, part, FIELD_FROM, &h->written_from, &h->n_written_from)
    || !field_addresses(a, &charsets, part, FIELD_SENDER, &sender, &senders)
    || !field_addresses(a, &charsets, part, FIELD_REPLY_TO, &h->reply_to, &h->n_reply_to)
    || !field_addresses(a, &charsets, part, FIELD_TO, &h->send_to, &h->n_send_to) || !field_addresses(a, &charsets, part, FIELD_CC, &h->cc, &h->n_cc)
    || !field_addresses(a, &charsets, part, FIELD_BCC, &h->bcc, &h->n_bcc)
    || !build_texts(a, &charsets, part->header, FIELD_COMMENTS, &h->comments, &h->n_comments)
    || !build_texts(a, &charsets, part->header, FIELD_KEYWORDS, &h->keywords, &h->n_keywords) || !build_ids(a, field[FIELD_MESSAGE_ID], &ids, &n)
    || !build_ids(a, field[FIELD_IN_REPLY_TO], &h->in_reply_to, &h->n_in_reply_to)
    || !build_ids(a, field[FIELD_REFERENCES], &h->references, &h->n_references))
    return NULL;
  if (senders) h->sender = sender[0];
  if (n) h->message_id = ids[0];
  return h;
}

int build_file(arena *a, mail_facts const *facts, char **rec_date, char **flags)
{
  char date[MAIL_DATE_FMT], standard[sizeof MAILDIR_FLAGS];
  mail_date d = { facts->arrival, 0 };
  maildir_name_standard(standard, &facts->name);
  *rec_date = build_string(a, (slice){ date, mail_date_fmt(date, &d) });
  *flags = build_string(a, slice_of(standard));
  return *rec_date && *flags;
}

Porter__ListMailHeader *build_list_head(arena *a, mail_facts const *facts, mime_tree const *tree, int preview)
{
  Porter__ListMailHeader *h = arena_take(a, sizeof *h);
  slice text = SLICE_ZERO;
  int has_attachment;
  if (!h || (preview && !mail_preview(a, tree, &text)) || !mail_has_attachment(a, tree, &has_attachment)) return NULL;
  *h = (Porter__ListMailHeader)PORTER__LIST_MAIL_HEADER__INIT;
  h->byte_size = facts->size;
  h->unread = facts->unread;
  h->mid = build_string(a, facts->mid);
  h->header = build_head(a, tree, 0);
  h->has_attachment = has_attachment;
  h->preview = build_string(a, text);
  return build_file(a, facts, &h->rec_date, &h->flags) && h->mid && h->header && h->preview ? h : NULL;
}
