/* mail-show FILE...: what the mail reader sees in each, a JSON document a line. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <skalibs/buffer.h>
#include <skalibs/strerr.h>

#include <porter/mail_json.h>

#define USAGE "mail-show file..."
#define dieusage() strerr_dieusage(100, USAGE)

/* Maps a file: a mail may be larger than what memory there is. 0 with errno where it cannot be read. */
static int map(char const *file, slice *octets)
{
  struct stat st;
  int const fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  *octets = (slice)SLICE_ZERO;
  if (fd < 0) return 0;
  if (fstat(fd, &st) < 0) goto no;
  if (!S_ISREG(st.st_mode)) {
    errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
    goto no;
  }
  if (st.st_size) {
    void *const p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) goto no;
    *octets = (slice){ p, (size_t)st.st_size };
  }
  close(fd);
  return 1;
no:
  close(fd);
  return 0;
}

static json_t *document_of(char const *file, int *code)
{
  json_t *const document = json_pack("{s:s%}", "file", file, strlen(file));
  slice octets;
  if (!document) strerr_dief3x(100, "file name is not UTF-8: ", file, "");
  if (!map(file, &octets)) {
    strerr_warnwu2sys("read ", file);
    json_object_set_new(document, "error", json_string(strerror(errno)));
    *code = 111;
    return document;
  }
  json_t *const mail = mail_json(octets);
  if (!mail || json_object_update(document, mail) < 0) strerr_diefu2sys(111, "show ", file);
  json_decref(mail);
  if (octets.len) munmap((void *)(uintptr_t)octets.s, octets.len);
  return document;
}

int main(int argc, char const *const *argv)
{
  int code = 0;
  PROG = "mail-show";
  if (argc < 2) dieusage();
  for (argv++; *argv; argv++) {
    json_t *const document = document_of(*argv, &code);
    char *const line = json_dumps(document, JSON_ENSURE_ASCII);
    if (!line) strerr_diefu2sys(111, "show ", *argv);
    if (buffer_puts(buffer_1, line) < 0 || buffer_put(buffer_1, "\n", 1) < 0) strerr_diefu1sys(111, "write to stdout");
    free(line);
    json_decref(document);
  }
  if (!buffer_flush(buffer_1)) strerr_diefu1sys(111, "write to stdout");
  return code;
}
