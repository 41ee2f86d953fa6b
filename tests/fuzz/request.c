/* Requests of maildir-op, all methods, on a small mailbox: an answer always, of the right form, and nothing outside the mailbox. An input is a
 * method's name, LF, and the request; else the first octet chooses the method. In Big are so many mails that it has an index. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/exit.h>
#include <porter/method.h>

#include "check.h"
#include "directory.h"

#define MAILS 4

static char const mail[] =
  "Message-ID: <1@x>\nReferences: <2@x> <3@x>\nDate: Tue, 14 Nov 2023 22:13:20 +0100\nFrom: \"Zo\303\253\" <zoe@example.org>\nSubject: =?utf-8?q?h=C3=A4?=\nContent-Type: multipart/mixed; boundary=b\n\n"
  "--b\n\ntext\n--b\nContent-Type: message/rfc822\n\nSubject: inner\n\nbody\n--b\nContent-Transfer-Encoding: base64\nContent-Type: a/b; name=x.y\n\nAAECAw==\n--b--\n";

static void put_text(char const *name, char const *text)
{
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

static void put(char const *name) { put_text(name, mail); }

/* Names of one file: enough for an index. */
static void furnish_big(void)
{
  if (!access(".Big/cur/1700000299.M1P1.h:2,S", F_OK)) return;
  for (int i = 0; i < 300; i++) {
    char name[64];
    snprintf(name, sizeof name, ".Big/cur/17000%05d.M1P1.h:2,S", i);
    put(name);
  }
}

static void furnish(void)
{
  static char const *const directories[] = { "cur", "new", "tmp", ".A", ".A/cur", ".A/new", ".A/tmp", ".Trash", ".Trash/cur", ".Trash/new", ".Drafts", ".Drafts/cur",
    ".Drafts/new", ".Drafts/tmp", ".A.b", ".A.b/cur", ".A.b/new", ".A.b/tmp", ".Big", ".Big/cur", ".Big/new", ".Big/tmp", "porter.uploads" };
  static char const *const names[MAILS] = { "cur/1700000000.M1P1.h:2,S", "cur/1700000001.M2P1.h,S=9", "new/1700000002.M3P1.h", ".A/cur/1700000003.M4P1.h:2,FT" };
  for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) mkdir(directories[i], 0700);
  for (size_t i = 0; i < MAILS; i++) put(names[i]);
  put("porter.uploads/0123456789abcdef0123456789abcdef");
  put_text("dovecot-keywords", "0 work\n1 later\n");
  put_text("porter.roles", "sent A\njunk A.b\n");
  put_text("maildirsize", "1000000S,1000C\n1000 4\n");
  furnish_big();
}

typedef struct text_s { char *s; size_t len; } text;

static int keep(void *context, char const *s, size_t len)
{
  text *t = context;
  t->s = realloc(t->s, t->len + len + 1);
  check(t->s);
  memcpy(t->s + t->len, s, len);
  t->len += len;
  return 1;
}

/* As maildir-op has it: the request comes from a file. */
static int answer(mailbox *box, char const *name, char const *s, size_t len, text *response, char const **failed)
{
  static char message[REQUEST_MAX + 1];
  method_request request = { .s = message };
  arena a = ARENA_ZERO;
  int code, fd = memfd_create("request", MFD_CLOEXEC);
  check(fd >= 0 && write(fd, s, len) == (ssize_t)len && !lseek(fd, 0, SEEK_SET));
  check(method_request_read(&request, name, box, fd, &a));
  code = method_answer(box, name, &request, keep, response, failed);
  close(fd);
  arena_free(&a);
  return code;
}

static char const *method_of(uint8_t const **data, size_t *size)
{
  char const *by_octet = method_table[**data % method_count].name;
  for (size_t i = 0; i < method_count; i++) {
    size_t const len = strlen(method_table[i].name);
    if (*size <= len || memcmp(*data, method_table[i].name, len) || (*data)[len] != '\n') continue;
    *data += len + 1;
    *size -= len + 1;
    return method_table[i].name;
  }
  ++*data;
  --*size;
  return by_octet;
}

int LLVMFuzzerTestOneInput(uint8_t const *data, size_t size)
{
  static unsigned int calls;
  static mailbox box;
  char const *failed = NULL;
  text response = { 0 };
  Porter__Failure *failure;
  char const *method;
  int code;
  if (!calls) {
    fuzz_enter();
    furnish();
    check(mailbox_open(&box));
  }
  if (++calls % 64 == 0) furnish();
  if (!size) return 0;
  method = method_of(&data, &size);
  code = answer(&box, method, (char const *)data, size, &response, &failed);
  check(code == EXIT_DONE || code == EXIT_ERROR || code == EXIT_REQUEST);
  check(!failed);
  failure = porter__failure__unpack(NULL, response.len, (uint8_t *)response.s);
  check(failure && (code == EXIT_DONE) == !failure->error);
  porter__failure__free_unpacked(failure, NULL);
  free(response.s);
  return 0;
}
