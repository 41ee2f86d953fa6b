/* The table of methods, and how a request is answered. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/message.h>
#include <porter/message_field.h>
#include <porter/method.h>
#include <porter/outcome.h>
#include <porter/text.h>
#include <porter/wire.h>

method const method_table[] = {
  { "Capabilities", &porter__capabilities_req__descriptor, method_capabilities, 0, METHOD_LOOKS },
  { "Folders", &porter__folders_req__descriptor, method_folders, 0, METHOD_LOOKS },
  { "Stats", &porter__stats_req__descriptor, method_stats, 0, METHOD_READS },
  { "List", &porter__list_req__descriptor, method_list, 0, METHOD_READS },
  { "Search", &porter__search_req__descriptor, method_search, 0, METHOD_READS },
  { "ListSearch", &porter__list_search_req__descriptor, method_list_search, 0, METHOD_READS },
  { "Show", &porter__show_req__descriptor, method_show, 0, METHOD_READS },
  { "Raw", &porter__raw_req__descriptor, method_raw, 0, METHOD_READS },
  { "Move", &porter__move_req__descriptor, method_move, 0, METHOD_CHANGES },
  { "Remove", &porter__remove_req__descriptor, method_remove, 0, METHOD_CHANGES },
  { "AddFolder", &porter__add_folder_req__descriptor, method_add_folder, 0, METHOD_CHANGES },
  { "SetFlags", &porter__set_flags_req__descriptor, method_set_flags, 0, METHOD_CHANGES },
  { "Append", &porter__append_req__descriptor, method_append, 14, METHOD_CHANGES },
  { "Upload", &porter__upload_req__descriptor, method_upload, 14, METHOD_CHANGES },
  { "RenameFolder", &porter__rename_folder_req__descriptor, method_rename_folder, 0, METHOD_CHANGES },
  { "RemoveFolder", &porter__remove_folder_req__descriptor, method_remove_folder, 0, METHOD_CHANGES },
  { "Find", &porter__find_req__descriptor, method_find_mails, 0, METHOD_READS_FOLDERS },
  { "Threads", &porter__threads_req__descriptor, method_threads, 0, METHOD_READS_FOLDERS },
  { "Fetch", &porter__fetch_req__descriptor, method_fetch, 0, METHOD_READS_FOLDERS },
  { "FolderInfo", &porter__folder_info_req__descriptor, method_folder_info, 0, METHOD_READS_FOLDERS },
  { "EmptyFolder", &porter__empty_folder_req__descriptor, method_empty_folder, 0, METHOD_CHANGES },
  { "Changes", &porter__changes_req__descriptor, method_changes, 0, METHOD_READS_FOLDERS },
  { "Wait", &porter__wait_req__descriptor, method_wait, 0, METHOD_READS_FOLDERS },
  { "Copy", &porter__copy_req__descriptor, method_copy, 0, METHOD_CHANGES },
  { "Quota", &porter__quota_req__descriptor, method_quota, 0, METHOD_CHANGES },
};
size_t const method_count = sizeof method_table / sizeof *method_table;

method const *method_find(char const *name)
{
  for (size_t i = 0; i < method_count; i++)
    if (!strcmp(method_table[i].name, name)) return method_table + i;
  return NULL;
}

/* --- failing --- */

#define ERROR_MAX (TEXT_ESCAPE_MAX + 1024) /* octets of an error's text; ours and the system's words are far below what is left */

/* The text of an error into s, of ERROR_MAX octets; its length. */
static size_t error_text(char *s, char const *text, slice outside, int errno_value)
{
  char escaped[TEXT_ESCAPE_MAX + 1];
  int const quoted = outside.s ? (int)text_escape(escaped, outside.s, outside.len) : 0;
  char const *const quote = outside.s ? "\"" : "", *const reason = errno_value ? strerror(errno_value) : "";
  int const n = snprintf(
    s, ERROR_MAX, "%s%s%s%.*s%s%s%s", text, outside.s ? " " : "", quote, quoted, quoted ? escaped : "", quote, errno_value ? ": " : "", reason);
  return n < 0 ? *s = 0, 0 : n < ERROR_MAX ? (size_t)n : ERROR_MAX - 1;
}

Porter__Error *method_error(method_call *call, Porter__Error__Code code, char const *text, slice outside, int errno_value)
{
  char words[ERROR_MAX];
  size_t const len = error_text(words, text, outside, errno_value);
  Porter__Error *e = arena_take(call->a, sizeof *e);
  char *s = arena_copy(call->a, words, len);
  if (!e || !s) return NULL;
  *e = (Porter__Error)PORTER__ERROR__INIT;
  e->code = code;
  e->text = s;
  return e;
}

/* Takes no memory: it may tell that there is none. */
int method_fail(method_call *call, Porter__Error__Code code, char const *text, slice outside, int errno_value)
{
  char words[ERROR_MAX];
  Porter__Error error = PORTER__ERROR__INIT;
  Porter__Failure failure = PORTER__FAILURE__INIT;
  error_text(words, text, outside, errno_value);
  error.code = code;
  error.text = words;
  failure.error = &error;
  return method_write(call, &failure.base) == EXIT_DONE ? code == PORTER__ERROR__CODE__UNKNOWN ? EXIT_ERROR : outcome_exit(code) : EXIT_TEMPORARY;
}

int method_temporary(method_call *call, char const *failed)
{
  call->failed = failed;
  return EXIT_TEMPORARY;
}

int method_fail_folder(method_call *call, slice folder_name)
{
  switch (errno) {
  case ENOENT: return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no such folder", folder_name, 0);
  case EINVAL: return method_fail(call, PORTER__ERROR__CODE__INVALID_FOLDER, "no folder can have the name", folder_name, 0);
  case EACCES:
  case EPERM: return method_fail(call, PORTER__ERROR__CODE__UNKNOWN, "unable to read folder", folder_name, errno);
  default: return method_temporary(call, "read folder");
  }
}

int method_fail_mail(method_call *call, slice mid)
{
  switch (errno) {
  case ENOENT:
  case EINVAL: return method_fail(call, PORTER__ERROR__CODE__NO_SUCH_MAIL, "no such mail", mid, 0);
  case EACCES: return method_fail(call, PORTER__ERROR__CODE__NO_SUCH_MAIL, "unable to read mail", mid, EACCES);
  default: return method_temporary(call, "read mail");
  }
}

int method_fail_store(method_call *call, char const *text, slice outside)
{
  switch (errno) {
  case ENOSPC:
  case EDQUOT:
  case EFBIG: return method_fail(call, PORTER__ERROR__CODE__OVER_QUOTA, text, outside, errno);
  case EACCES:
  case EPERM:
  case EROFS: return method_fail(call, PORTER__ERROR__CODE__UNKNOWN, text, outside, errno);
  default: return method_temporary(call, text + strlen("unable to "));
  }
}

int method_fail_upload(method_call *call, slice name)
{
  switch (errno) {
  case ENOENT:
  case ELOOP:
  case ENOTDIR:
  case EINVAL: return method_fail(call, PORTER__ERROR__CODE__NO_SUCH_UPLOAD, "no such upload", name, 0);
  default: return method_temporary(call, "read upload");
  }
}

int method_date(method_call *call, char const *text, int64_t *seconds)
{
  slice const s = slice_of(text);
  mail_date date;
  if (!mail_date_scan(s, &date)) return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "no date of RFC 3339:", s, 0);
  *seconds = date.seconds;
  return EXIT_DONE;
}

int method_folder(method_call *call, folder **f, char const *name)
{
  slice s = slice_of(name);
  return folder_open(f, call->box, s) ? EXIT_DONE : method_fail_folder(call, s);
}

int method_still(method_call *call, folder const *f, char const *name)
{
  return folder_gone(f) ? (errno = ENOENT, method_fail_folder(call, slice_of(name))) : EXIT_DONE;
}

mail_named *method_named(method_call *call, char *const *mids, size_t count)
{
  mail_named *const list = arena_array(call->a, count + 1, sizeof *list);
  for (size_t i = 0; list && i < count; i++)
    if (!mail_named_scan(list + i, call->a, slice_of(mids[i]))) return NULL;
  return list;
}

int method_read(method_call *call, folder *f, slice mid, mail_file *m, mail_entry **entry)
{
  mail_named *const named = arena_take(call->a, sizeof *named);
  mail_entry *e;
  if (!named || !mail_named_scan(named, call->a, mid)) return method_temporary(call, "take memory");
  folder_expect(f, named, 1);
  e = folder_find_named(f, named);
  if (entry) *entry = e;
  return e && mail_file_whole(m, f, e) ? EXIT_DONE : method_fail_mail(call, mid);
}

int method_tree(method_call *call, arena *a, mail_file const *m, mime_tree *tree)
{
  return mime_parse(a, m->s, m->len, call->box->fallback, tree) ? EXIT_DONE : method_temporary(call, "take memory");
}

int method_part(method_call *call, mime_tree const *tree, slice path, size_t *i)
{
  *i = path.len ? mime_find(tree, path.s, path.len) : 0;
  return *i < tree->count ? EXIT_DONE : method_fail(call, PORTER__ERROR__CODE__NO_SUCH_PART, "no such part", path, 0);
}

/* --- answering --- */

typedef struct write_buffer_s write_buffer;
struct write_buffer_s {
  ProtobufCBuffer base;
  method_call *call;
  int good;
};

static void append(ProtobufCBuffer *buffer, size_t len, uint8_t const *data)
{
  write_buffer *w = (write_buffer *)buffer;
  if (w->good && len) w->good = w->call->write(w->call->context, (char const *)data, len);
}

int method_write(method_call *call, ProtobufCMessage const *message)
{
  write_buffer w = { .base = { append }, .call = call, .good = 1 };
  protobuf_c_message_pack_to_buffer(message, &w.base);
  return w.good ? EXIT_DONE : method_temporary(call, "write response");
}

int method_write_head(method_call *call, unsigned int number, uint64_t len)
{
  uint8_t head[20];
  size_t n = message_varint(head, (uint64_t)number << 3 | WIRE_OCTETS);
  n += message_varint(head + n, len);
  return call->write(call->context, (char const *)head, n) ? EXIT_DONE : method_temporary(call, "write response");
}

int method_write_field(method_call *call, unsigned int number, ProtobufCMessage const *message)
{
  int code = method_write_head(call, number, protobuf_c_message_get_packed_size(message));
  return code == EXIT_DONE ? method_write(call, message) : code;
}

static int run(method_call *call, method const *m, method_request const *r)
{
  char const *why = r->fault;
  if (r->error) return errno = r->error, method_fail_store(call, "unable to keep the request", (slice)SLICE_ZERO);
  if (r->len > REQUEST_MAX) why = "the request is too long";
  if (why) return method_fail(call, r->too_large ? PORTER__ERROR__CODE__TOO_LARGE : PORTER__ERROR__CODE__BAD_REQUEST, why, (slice)SLICE_ZERO, 0);
  if (!wire_check(m->request, (uint8_t const *)r->s, r->len, &why))
    return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, why, (slice)SLICE_ZERO, 0);
  call->octets = r->octets;
  call->request = message_unpack(m->request, (slice){ r->s, r->len }, call->a);
  if (!call->request) return method_fail(call, PORTER__ERROR__CODE__BAD_REQUEST, "not a protobuf message", (slice)SLICE_ZERO, 0);
  return m->run(call);
}

int method_answer(mailbox *box, char const *name, method_request const *request, sink_func *write, void *context, char const **failed)
{
  arena a = ARENA_ZERO;
  method_call call = { .box = box, .a = &a, .write = write, .context = context };
  method const *m = method_find(name);
  int error, code = m ? run(&call, m, request) : method_fail(&call, PORTER__ERROR__CODE__UNSUPPORTED, "no such method", slice_of(name), 0);
  error = errno;
  arena_free(&a);
  *failed = call.failed;
  return errno = error, code;
}
