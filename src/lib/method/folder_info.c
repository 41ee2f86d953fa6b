/* FolderInfo and EmptyFolder. */
#include <errno.h>
#include <string.h>

#include <porter/exit.h>
#include <porter/roles.h>
#include "conversations.h"
#include "state.h"

typedef struct info_s info;
struct info_s {
  method_call *call;
  scope s;
  state now; /* where asked */
  folder_roles roles;
  slice *subscribed;
  size_t subscribed_count;
};

static int is_subscribed(info const *in, slice name)
{
  if (!name.len) name = (slice){ "INBOX", 5 };
  return slice_find(in->subscribed, in->subscribed_count, name) < in->subscribed_count;
}

static int add_keywords(info *in, folder *f, Porter__Folder *out)
{
  keywords k;
  if (!folder_keywords(f, &k, in->call->a) || !(out->keywords = arena_array(in->call->a, KEYWORDS_MAX, sizeof *out->keywords))) return 0;
  for (size_t i = 0; i < KEYWORDS_MAX; i++)
    if (k.name[i].len && !(out->keywords[out->n_keywords++] = build_string(in->call->a, k.name[i]))) return 0;
  return 1;
}

/* Threads, and which of them have something unread. */
typedef struct thread_count_s thread_count;
struct thread_count_s {
  thread_numbers all, unread;
};

static int count_thread(void *context, folder *f, mail_line const *line)
{
  thread_count *const c = context;
  maildir_name name;
  (void)f;
  maildir_name_split(&name, line->name.s, line->name.len);
  if (!slice_has(name.flags, 'S') && thread_number(&c->unread, line->thread) == UINT32_MAX) return 0;
  return thread_number(&c->all, line->thread) != UINT32_MAX;
}

static void forget_count(void *context)
{
  thread_count *const c = context;
  thread_numbers_free(&c->all);
  thread_numbers_free(&c->unread);
}

/* Of folder i; its folder may have been opened anew since threads were given. */
static int add_threads(info *in, size_t i, Porter__Folder *out)
{
  scope one = { .call = in->call, .name = in->s.name + i, .f = in->s.f + i, .count = 1 };
  thread_count c = { .all = { .id = NULL } };
  int code = conversations_of(in->call, in->s.f[i]);
  if (code == EXIT_DONE) code = conversations_lines(&one, 1, NULL, count_thread, forget_count, &c);
  out->thread_count = c.all.count;
  out->unread_thread_count = c.unread.count;
  forget_count(&c);
  return code;
}

/* 1, or 0 with errno. */
static int add_counts(info *in, folder *f, Porter__Folder *out)
{
  folder_count all;
  if (!folder_count_mails(f, 1, &all) || !add_keywords(in, f, out)) return 0;
  out->mail_count = all.mails;
  out->unread_count = all.unread;
  out->byte_size = all.octets;
  out->writable = folder_writable(f);
  return 1;
}

static Porter__Error *no_folder(method_call *call, slice name)
{
  int error = errno == EINVAL || errno == ENOENT ? 0 : errno;
  return method_error(call, error ? PORTER__ERROR__CODE__UNKNOWN : PORTER__ERROR__CODE__INVALID_FOLDER,
    error ? "unable to read folder" : "no such folder", name, error);
}

/* Of one folder. */
static int folder_state(info *in, size_t i, char *text)
{
  if (!in->now.kept) return state_bare(&in->s, i, i + 1, text);
  state_folder_text(&in->now, in->s.name[i], text);
  return EXIT_DONE;
}

/* One that is not there, by errno: of those that were not named it has just gone. */
static int write_missing(info *in, slice name)
{
  Porter__Folder out = PORTER__FOLDER__INIT;
  if (!((Porter__FolderInfoReq const *)in->call->request)->n_folders && errno == ENOENT) return EXIT_DONE;
  if (!(out.error = no_folder(in->call, name)) || !(out.name = build_string(in->call->a, name))) return method_temporary(in->call, "take memory");
  return method_write_field(in->call, 1, &out.base);
}

static int write_folder(info *in, size_t i)
{
  Porter__FolderInfoReq const *request = in->call->request;
  Porter__Folder out = PORTER__FOLDER__INIT;
  slice name = in->s.name[i];
  char id[FOLDER_ID_LEN + 1], state[STATE_FMT];
  int code = EXIT_DONE, there = scope_open(&in->s, i);
  if (there < 0) return method_temporary(in->call, "read folder");
  if (!there) return write_missing(in, name);
  if (!(out.name = build_string(in->call->a, name))) return method_temporary(in->call, "take memory");
  if (!folder_id(in->s.f[i], id)) return method_temporary(in->call, "look at folder");
  out.id = id;
  out.role = (Porter__Folder__Role)role_of(&in->roles, name);
  out.subscribed = is_subscribed(in, name);
  /* The state first: what changes while mails are counted shows in the next one. */
  if (request->state && !request->names_only) code = folder_state(in, i, state), out.state = state;
  if (code == EXIT_DONE && !request->names_only && !add_counts(in, in->s.f[i], &out)) code = method_temporary(in->call, "read folder");
  if (code == EXIT_DONE && request->threads && !request->names_only) code = add_threads(in, i, &out);
  if (code != EXIT_DONE) return code;
  return folder_gone(in->s.f[i]) ? (errno = ENOENT, write_missing(in, name)) : method_write_field(in->call, 1, &out.base);
}

static int begin(info *in)
{
  Porter__FolderInfoReq const *request = in->call->request;
  slice *names;
  size_t count;
  int code = scope_named(in->call, &in->s, request->folders, request->n_folders);
  if (code != EXIT_DONE) return code;
  /* All folders without the inbox, which is the first of the scope where none is named. */
  if (!request->n_folders) names = in->s.name + 1, count = in->s.count - 1;
  else if (!mailbox_folders(in->call->box, in->call->a, &names, &count)) return method_temporary(in->call, "read mailbox");
  if (!roles_read(&in->roles, in->call->a, in->call->box, names, count)
    || !subscriptions_read(in->call->a, in->call->box, &in->subscribed, &in->subscribed_count))
    return method_temporary(in->call, "read mailbox");
  return EXIT_DONE;
}

int method_folder_info(method_call *call)
{
  Porter__FolderInfoReq const *request = call->request;
  Porter__FolderInfoResp response = PORTER__FOLDER_INFO_RESP__INIT;
  info in = { .call = call };
  scope every = { .count = 0 };
  char state[STATE_FMT];
  int code = begin(&in);
  if (code == EXIT_DONE && request->state) code = state_write(&in.s, !request->n_folders, &every, &in.now, state), response.state = state;
  /* Of all at once: a conversation may go through several. */
  if (code == EXIT_DONE && request->threads && !request->names_only) code = conversations_make(&in.s, 0);
  for (size_t i = 0; code == EXIT_DONE && i < in.s.count; i++) {
    code = write_folder(&in, i);
    scope_shut(&in.s, i);
  }
  scope_end(&every);
  scope_end(&in.s);
  return code == EXIT_DONE ? method_write(call, &response.base) : code;
}

/* --- EmptyFolder --- */

/* Removes what arrived before that time, the oldest first; all where there is none. */
static int empty(method_call *call, folder *f, int64_t const *before, Porter__EmptyFolderResp *response)
{
  order_key k;
  cursor *c;
  int there = -1;
  if (cursor_open(&c, f, before ? ORDER_ARRIVAL : ORDER_BASE, NULL, NULL))
    while ((there = cursor_next(c, &k)) > 0 && (!before || k.number < *before)) {
      if (folder_remove(f, k.mail)) response->removed++;
      else if (errno != ENOENT) response->failed++;
    }
  cursor_close(c);
  if (there < 0) return method_temporary(call, "read folder");
  return folder_sync(f) ? EXIT_DONE : method_temporary(call, "sync folder");
}

int method_empty_folder(method_call *call)
{
  Porter__EmptyFolderReq const *request = call->request;
  Porter__EmptyFolderResp response = PORTER__EMPTY_FOLDER_RESP__INIT;
  int64_t before = 0;
  folder *f;
  int code = *request->before ? method_date(call, request->before, &before) : EXIT_DONE;
  if (code != EXIT_DONE) return code;
  code = method_folder(call, &f, request->folder);
  if (code == EXIT_DONE) code = empty(call, f, *request->before ? &before : NULL, &response);
  if (code == EXIT_DONE) code = method_still(call, f, request->folder);
  folder_close(f);
  return code == EXIT_DONE ? method_write(call, &response.base) : code;
}
