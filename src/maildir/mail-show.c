/* mail-show [-c CHARSET] FILE...: what the mail reader sees in each, a JSON document a line. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <skalibs/buffer.h>
#include <skalibs/sgetopt.h>
#include <skalibs/strerr.h>

#include <porter/closing.h>
#include <porter/mail_json.h>
#include <porter/text.h>

#define USAGE "mail-show [ -c charset ] file..."
#define dieusage() strerr_dieusage(100, USAGE)

/* Maps a file: a mail may be larger than what memory there is. 0 with errno where it cannot be read. */
static int map(char const *file, slice *octets)
{
  struct stat st;
  int const fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  *octets = (slice)SLICE_ZERO;
  if (fd < 0) return 0;
  if (fstat(fd, &st) < 0) return close_keeping(fd, 0);
  if (!S_ISREG(st.st_mode)) return errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL, close_keeping(fd, 0);
  if (st.st_size) {
    void *const p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED) return close_keeping(fd, 0);
    *octets = (slice){ p, (size_t)st.st_size };
  }
  return close_keeping(fd, 1);
}

static void die_write(void) { strerr_diefu1sys(111, "write to stdout"); }

static int put(void *context, char const *s, size_t len)
{
  (void)context;
  return buffer_put(buffer_1, s, len) == (ssize_t)len;
}

static void show(char const *file, charset const *fallback, int *code)
{
  json_output out;
  slice octets;
  if (utf8_valid(file, strlen(file)) < strlen(file)) strerr_dief3x(100, "file name is not UTF-8: ", file, "");
  json_put_start(&out, &put, NULL, 1);
  json_put_text(&out, "{\"file\": ");
  json_put_string(&out, file, strlen(file));
  if (!map(file, &octets)) {
    char const *const reason = strerror(errno);
    strerr_warnwu2sys("read ", file);
    json_put_text(&out, ", \"error\": ");
    json_put_string(&out, reason, strlen(reason));
    *code = 111;
  } else {
    if (!mail_json(&out, octets, fallback)) strerr_diefu2sys(111, "show ", file);
    if (octets.len) munmap((void *)(uintptr_t)octets.s, octets.len);
  }
  json_put_text(&out, "}\n");
  if (!json_put_end(&out)) die_write();
}

int main(int argc, char const *const *argv)
{
  charset const *fallback = NULL;
  int code = 0;
  PROG = "mail-show";
  for (subgetopt l = SUBGETOPT_ZERO;;) {
    int opt = subgetopt_r(argc, argv, "c:", &l);
    if (opt == -1) {
      argc -= l.ind, argv += l.ind;
      break;
    }
    if (opt != 'c') dieusage();
    fallback = charset_find(l.arg, strlen(l.arg));
    if (!fallback) strerr_dief2x(100, "no charset that is known: ", l.arg);
  }
  if (!argc) dieusage();
  for (; *argv; argv++) show(*argv, fallback, &code);
  if (!buffer_flush(buffer_1)) die_write();
  return code;
}
