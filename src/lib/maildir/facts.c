/* What is known of a mail besides its names: sizes, times, what its head says. An index says it, or the file's name, or the file. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "indexed.h"

int folder_size(folder *f, mail_entry *e, uint64_t *size)
{
  struct stat st;
  if (maildir_name_size(e->base, size)) return 1;
  if (!folder_try(f, e, mail_entry_stat, &st)) return 0;
  *size = (uint64_t)st.st_size;
  return 1;
}

int folder_arrival(folder *f, mail_entry *e, int64_t *seconds)
{
  struct stat st;
  if (maildir_name_time(e->base, f->now, seconds)) return 1;
  if (!folder_try(f, e, mail_entry_stat, &st)) return 0;
  *seconds = st.st_mtim.tv_sec;
  return 1;
}

slice mail_flags(mail_entry const *e)
{
  char const *const info = e->name + e->info, *end;
  if (!*info || info[1] != '2') return (slice){ info, 0 };
  for (end = info + 3; *end && *end != ','; end++)
    ;
  return (slice){ info + 3, (size_t)(end - info) - 3 };
}

static int mail_entry_unread(mail_entry const *e) { return !slice_has(mail_flags(e), 'S'); }

int mail_mid(arena *a, mail_entry const *e, slice *mid) { return maildir_mid(a, e->base, e->twin, e->inode, mid); }

int folder_count_mails(folder *f, int with_octets, folder_count *count)
{
  int const indexed = !f->known && folder_index_count(f, count);
  if (indexed && !with_octets) count->octets = 0;
  if (indexed) return 1;
  *count = (folder_count){ 0 };
  if (!folder_know(f)) return 0;
  for (size_t i = 0; i < f->mails.count; i++) {
    mail_entry *e = f->mails.mail + i;
    uint64_t size = 0;
    if (with_octets && !folder_size(f, e, &size)) {
      if (errno != ENOENT) return 0;
      continue;
    }
    count->mails++;
    count->unread += (uint64_t)mail_entry_unread(e);
    count->octets = count->octets > UINT64_MAX - size ? UINT64_MAX : count->octets + size;
  }
  return 1;
}

int mail_unreadable(int error) { return error == EACCES || error == EPERM || error == EIO; }

void folder_unread_file(folder *f, mail_entry *e)
{
  slice mid;
  int error = errno;
  if (e->unreadable) return;
  e->unreadable = 1;
  if (!f->unread_files++ && mail_mid(&f->a, e, &mid)) mailbox_warn(f->box, "unable to read mail", mid, error);
  errno = error;
}

size_t folder_unread_files(folder const *f) { return f->unread_files; }

static int take_ids(arena *a, slice raw, slice **list, size_t *count)
{
  *count = 0;
  return !raw.s || mail_ids(a, raw, list, count);
}

static void keep_last(mail_facts *facts)
{
  if (facts->reference_count <= MAIL_REFERENCES_MAX) return;
  facts->references += facts->reference_count - MAIL_REFERENCES_MAX;
  facts->reference_count = MAIL_REFERENCES_MAX;
}

static int is_reference(mail_facts const *facts, slice id)
{
  for (size_t i = facts->reference_count; i-- > 0;)
    if (slice_same(facts->references[i], id)) return 1;
  return 0;
}

#define ANSWERED_MAX 8 /* ids of an In-Reply-To that are looked for among the references */

/* What a mail answers may be missing among what it refers to. */
static int add_answered(arena *a, slice const *list, size_t count, mail_facts *facts)
{
  slice *const all = arena_array(a, facts->reference_count + ANSWERED_MAX, sizeof *all);
  if (!all) return 0;
  if (count > ANSWERED_MAX) count = ANSWERED_MAX;
  memcpy(all, facts->references, facts->reference_count * sizeof *all);
  facts->references = all;
  for (size_t i = 0; i < count; i++)
    if (!is_reference(facts, list[i])) all[facts->reference_count++] = list[i];
  return 1;
}

static int take_references(arena *a, slice const *field, mail_facts *facts)
{
  slice *list = NULL;
  size_t count = 0;
  if (!take_ids(a, field[FIELD_MESSAGE_ID], &list, &count)) return 0;
  if (count) facts->message_id = list[0];
  if (!take_ids(a, field[FIELD_REFERENCES], &facts->references, &facts->reference_count)) return 0;
  keep_last(facts);
  if (!take_ids(a, field[FIELD_IN_REPLY_TO], &list, &count)) return 0;
  if (!facts->reference_count) facts->references = list, facts->reference_count = count;
  else if (count && !(count == 1 && is_reference(facts, *list)) && !add_answered(a, list, count, facts)) return 0;
  keep_last(facts);
  return 1;
}

#define START 16384 /* holds the heads of nearly every mail, and those of its parts up to the first attachment */

/* What the octets say, of which the mail may have more: 1, 0 with errno, -1 where more of it has to be seen. */
static int facts_of(mail_facts *facts, unsigned int wanted, arena *a, char const *s, size_t len, int whole, charset const *fallback)
{
  mail_charsets charsets = { .looked = 1, .fallback = fallback };
  mail_head head;
  mail_date date;
  mime_tree tree;
  mail_head_scan(&head, s, len);
  if (!whole && !head.complete) return -1;
  int const raw =
    (wanted & FACT_SENDER && mail_field_is_raw(head.field[FIELD_FROM])) || (wanted & FACT_SUBJECT && mail_field_is_raw(head.field[FIELD_SUBJECT]));
  if (wanted & FACT_ATTACHMENT || raw) {
    if (!whole && raw && len < MAIL_DECLARED_MAX) return -1;
    if (!mime_parse(a, s, len, fallback, &tree)) return 0;
    if (!whole && wanted & FACT_ATTACHMENT && !mail_start_says_all(&tree, s, len)) return -1;
    if (wanted & FACT_ATTACHMENT && !mail_has_attachment(a, &tree, &facts->has_attachment)) return 0;
    charsets = mail_charsets_of(&tree, 0);
  }
  if (wanted & FACT_DATE && head.field[FIELD_DATE].s && mail_date_parse(head.field[FIELD_DATE], &date)) facts->date = date.seconds;
  if (wanted & FACT_SENDER && !order_sender(a, &charsets, head.field[FIELD_FROM], &facts->sender)) return 0;
  if (wanted & FACT_SUBJECT && !order_subject(a, &charsets, head.field[FIELD_SUBJECT], &facts->subject)) return 0;
  return !(wanted & FACT_IDS) || take_references(a, head.field, facts);
}

static int read_facts(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  int said;
  if (!mail_file_begin(&f->file, f, e, START)) return 0;
  said = facts_of(facts, wanted, a, f->file.s, f->file.len, f->file.len < START, f->box->fallback);
  if (said >= 0) return said;
  return mail_file_all(&f->file, f, e) && facts_of(facts, wanted, a, f->file.s, f->file.len, 1, f->box->fallback);
}

#define FACTS_OF_HEAD (FACT_DATE | FACT_SENDER | FACT_SUBJECT)

static int copy_text(arena *a, char const *s, size_t len, slice *text)
{
  *text = (slice){ arena_copy(a, s, len), len };
  return text->s != NULL;
}

/* What a fresh index has of the head: 1; 0 where the mail has to be read; -1 where memory fails. */
static int facts_indexed(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  index_room room;
  index_mail m;
  if (!(wanted & FACTS_OF_HEAD) || wanted & (FACT_IDS | FACT_ATTACHMENT)) return 0;
  if (!folder_index_record(f, e, &m, &room) || m.r.provisional) return 0;
  facts->size = m.r.size;
  facts->arrival = m.r.arrival;
  facts->date = m.r.date;
  if (wanted & FACT_SENDER && !copy_text(a, m.text.s, m.r.sender_len, &facts->sender)) return -1;
  if (wanted & FACT_SUBJECT && !copy_text(a, m.text.s + m.r.sender_len, m.r.subject_len, &facts->subject)) return -1;
  return 1;
}

/* All but what its name says. *trouble: the errno of what could not be read, else 0. */
static int make_facts(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts, int *trouble)
{
  int known;
  *facts = (mail_facts){ 0 };
  *trouble = 0;
  known = facts_indexed(f, e, wanted, a, facts);
  if (known) return known > 0;
  if (wanted & FACT_SIZE && !folder_size(f, e, &facts->size)) return 0;
  if (wanted & (FACT_ARRIVAL | FACT_DATE) && !folder_arrival(f, e, &facts->arrival)) return 0;
  facts->date = facts->arrival;
  if (wanted & ~(unsigned int)(FACT_SIZE | FACT_ARRIVAL) && !read_facts(f, e, wanted, a, facts)) {
    if (!mail_unreadable(errno)) return 0;
    *trouble = errno;
    facts->unreadable = 1;
  }
  return 1;
}

int folder_facts_quietly(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  int trouble;
  return make_facts(f, e, wanted, a, facts, &trouble);
}

int folder_facts(folder *f, mail_entry *e, unsigned int wanted, arena *a, mail_facts *facts)
{
  int trouble;
  if (!make_facts(f, e, wanted, a, facts, &trouble)) return 0;
  if (trouble) errno = trouble, folder_unread_file(f, e);
  maildir_name_split(&facts->name, e->name, strlen(e->name));
  facts->unread = mail_entry_unread(e);
  return mail_mid(a, e, &facts->mid);
}
