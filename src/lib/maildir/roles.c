/* Roles of folders, subscriptions, ids. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/allreadwrite.h>
#include <skalibs/blake2s.h>

#include <porter/closing.h>
#include <porter/hex.h>
#include <porter/roles.h>
#include <porter/text.h>

#include "private.h"

#define FILE_MAX 65536

/* Names as they are folded; the first that is there counts. */
static char const *const drafts[] = { "drafts", "entwürfe", "brouillons", "borradores", "bozze", "concepten", "черновики", "草稿", "下書き", NULL };
static char const *const sent[] = { "sent", "sent messages", "sent items", "sent mail", "gesendet", "gesendete objekte", "gesendete elemente",
  "envoyés", "éléments envoyés", "enviados", "inviata", "verzonden", "wysłane", "отправленные", "已发送", "送信済み", NULL };
static char const *const trash[] = { "trash", "deleted", "deleted messages", "deleted items", "papierkorb", "gelöschte elemente", "corbeille",
  "papelera", "cestino", "prullenbak", "kosz", "корзина", "已删除", "ごみ箱", NULL };
static char const *const junk[] = { "junk", "spam", "bulk mail", "junk e-mail", "indésirables", "спам", "垃圾邮件", "迷惑メール", NULL };
static char const *const archive[] = { "archive", "archives", "archiv", "archivo", "archivio", "архив", "归档", NULL };
static char const *const *const usual[ROLES] = {
  [ROLE_DRAFTS] = drafts, [ROLE_SENT] = sent, [ROLE_TRASH] = trash, [ROLE_JUNK] = junk, [ROLE_ARCHIVE] = archive
};
static char const *const role_name[ROLES] = { "", "inbox", "drafts", "sent", "trash", "junk", "archive" };

/* All of a small file of the mailbox. Empty where there is none. 0 with errno. */
static int read_small(arena *a, mailbox const *box, char const *name, slice *text)
{
  int good, fd = openat(box->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  struct stat st;
  char *s;
  *text = (slice){ "", 0 };
  if (fd < 0) return errno == ENOENT || errno == ELOOP || errno == EACCES || errno == ENXIO;
  if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return close_keeping(fd, S_ISREG(st.st_mode) ? 0 : 1);
  s = arena_take(a, FILE_MAX);
  if (!s) return close_keeping(fd, 0);
  errno = 0;
  *text = (slice){ s, allread(fd, s, FILE_MAX) };
  good = text->len == FILE_MAX || !errno;
  arena_shrink(a, s, FILE_MAX, text->len);
  return close_keeping(fd, good);
}

/* Takes the next line off the front of text. */
static int next_line(slice *text, slice *line)
{
  char const *end;
  if (!text->len) return 0;
  end = memchr(text->s, '\n', text->len);
  *line = (slice){ text->s, end ? (size_t)(end - text->s) : text->len };
  text->s += line->len + (end ? 1 : 0);
  text->len -= line->len + (end ? 1 : 0);
  while (line->len && (line->s[line->len - 1] == '\r' || line->s[line->len - 1] == ' ')) line->len--;
  return 1;
}

/* --- roles --- */

enum folder_role role_of(folder_roles const *roles, slice name)
{
  if (!name.len) return ROLE_INBOX;
  for (int r = ROLE_DRAFTS; r < ROLES; r++)
    if (roles->name[r].s && slice_same(roles->name[r], name)) return (enum folder_role)r;
  return ROLE_NONE;
}

/* "sent My letters": only what is a folder, and each role and folder once. */
static void take_line(folder_roles *roles, slice line, slice const *names, size_t count)
{
  char const *blank = memchr(line.s, ' ', line.len);
  slice name;
  if (!blank) return;
  name = (slice){ blank + 1, (size_t)(line.s + line.len - blank - 1) };
  for (int r = ROLE_DRAFTS; r < ROLES; r++) {
    if (strlen(role_name[r]) != (size_t)(blank - line.s) || strncasecmp(line.s, role_name[r], strlen(role_name[r]))) continue;
    if (!roles->name[r].s && slice_find(names, count, name) < count && role_of(roles, name) == ROLE_NONE) roles->name[r] = name;
  }
}

/* The first of the usual names that a folder has; its own name. */
static slice find_usual(char const *const *list, slice const *folded, slice const *names, size_t count, folder_roles const *roles)
{
  for (; *list; list++)
    for (size_t i = 0; i < count; i++)
      if (slice_is(folded[i], *list) && role_of(roles, names[i]) == ROLE_NONE) return names[i];
  return (slice)SLICE_ZERO;
}

int roles_read(folder_roles *roles, arena *a, mailbox const *box, slice const *names, size_t count)
{
  slice text, line, *folded = arena_array(a, count ? count : 1, sizeof *folded);
  *roles = (folder_roles){ .name = { SLICE_ZERO } };
  if (!folded || !read_small(a, box, "porter.roles", &text)) return 0;
  while (next_line(&text, &line))
    if (line.len) take_line(roles, line, names, count);
  for (size_t i = 0; i < count; i++)
    if (!text_fold(a, names[i], folded + i)) return 0;
  for (int r = ROLE_DRAFTS; r < ROLES; r++)
    if (!roles->name[r].s) roles->name[r] = find_usual(usual[r], folded, names, count, roles);
  return 1;
}

/* --- subscriptions: Dovecot's file --- */

/* One name, in the form of people: levels that are parted by tabs (version 2) or dots, each in modified UTF-7 or UTF-8. */
static int people_name(arena *a, slice line, slice *name)
{
  char *s = arena_copy(a, line.s, line.len);
  if (!s) return 0;
  for (size_t i = 0; i < line.len; i++)
    if (s[i] == '\t') s[i] = '.';
  *name = (slice){ s, line.len };
  if (name->len > 6 && !strncasecmp(s, "INBOX.", 6)) *name = (slice){ s + 6, line.len - 6 };
  if (mutf7_decode(a, *name, &line)) *name = line;
  else if (errno != EILSEQ) return 0;
  return 1;
}

static int by_octets(void const *x, void const *y) { return slice_compare(*(slice const *)x, *(slice const *)y); }

int subscriptions_read(arena *a, mailbox const *box, slice **names, size_t *count)
{
  slice text, line, rest;
  size_t lines = 0;
  *count = 0;
  if (!read_small(a, box, "subscriptions", &text)) return 0;
  for (rest = text; next_line(&rest, &line);) lines++;
  if (!(*names = arena_array(a, lines ? lines : 1, sizeof **names))) return 0;
  while (next_line(&text, &line)) {
    if (!line.len || (line.len == 3 && !memcmp(line.s, "V\t2", 3))) continue;
    if (!people_name(a, line, *names + (*count)++)) return 0;
  }
  if (*count) qsort(*names, *count, sizeof **names, by_octets);
  return 1;
}

/* --- of one folder --- */

int folder_origin_of(int fd, folder_origin *origin)
{
  struct statx st;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &st) < 0) return 0;
  *origin = (folder_origin){ .inode = st.stx_ino };
  if (st.stx_mask & STATX_BTIME) origin->seconds = st.stx_btime.tv_sec, origin->nanoseconds = st.stx_btime.tv_nsec;
  return 1;
}

int folder_origin_take(folder const *f, folder_origin *origin) { return folder_origin_of(f->fd, origin); }

int folder_id(folder const *f, char *id)
{
  folder_origin of;
  blake2s_ctx ctx;
  unsigned char digest[32];
  if (!folder_origin_take(f, &of)) return 0;
  blake2s_init(&ctx, 32);
  blake2s_update(&ctx, (char const *)&of, sizeof of);
  blake2s_final(&ctx, (char *)digest);
  id[hex_fmt(id, digest, FOLDER_ID_LEN / 2, HEX_LOWER)] = 0;
  return 1;
}

int folder_writable(folder const *f) { return !faccessat(f->place[PLACE_CUR], ".", W_OK | X_OK, AT_EACCESS); }
