/* bench/text speed: octets a second of the transfer decoders and charsets, each the best of some rounds over 8 MiB in pieces of
 * 8 KiB, as bodies are read. Lines "NAME MB/s".
 * bench/text search MAILDIR PATTERN ROUNDS: one line: mails, octets, microseconds a mail (medians) that reading and memmem take, and
 * reading and search; how many mails each finds. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <porter/mail.h>
#include <porter/search.h>
#include <porter/text.h>

#define SIZE (8u << 20)
#define PIECE 8192
#define ROUNDS_MAX 101

static char in[1 << 24], out[SIZE + 4096];
static size_t sum;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int drop(void *context, char const *s, size_t len)
{
  (void)context;
  sum += len + (unsigned char)s[0];
  return 1;
}

static void base64(void)
{
  base64_state st = BASE64_ZERO;
  for (size_t i = 0; i < SIZE; i += PIECE) sum += base64_decode(&st, out, in + i, PIECE);
}

static void qp(void)
{
  qp_state st = QP_ZERO;
  for (size_t i = 0; i < SIZE; i += PIECE) sum += qp_decode(&st, out, in + i, PIECE);
}

static charset const *chosen;

static void charset_run(void)
{
  charset_stream cs;
  charset_open(&cs, chosen);
  for (size_t i = 0; i < SIZE; i += PIECE) charset_feed(&cs, in + i, PIECE, drop, NULL);
  charset_finish(&cs, drop, NULL);
}

static void measure(char const *name, void (*run)(void))
{
  double best = 1e9;
  for (int i = 0; i < 9; i++) {
    double const from = now();
    run();
    if (now() - from < best) best = now() - from;
  }
  printf("%s %.0f\n", name, SIZE / best / 1e6);
}

/* Fills the input with line after line, the last one cut. */
static void fill(char const *line)
{
  size_t const len = strlen(line);
  for (size_t i = 0; i < SIZE; i += len) memcpy(in + i, line, len < SIZE - i ? len : SIZE - i);
}

static int speed(void)
{
  static struct { char const *name, *label, *line; } const texts[] = {
    { "utf-8,ascii", "utf-8", "The quick brown fox jumps over the lazy dog, and the dog does not mind at all.\n" },
    { "utf-8,german", "utf-8", "F\xc3\xbc" "r die \xc3\x9c" "bung der gro\xc3\x9f" "en W\xc3\xb6rter gen\xc3\xbcgt ein Satz wie dieser.\n" },
    { "utf-8,russian", "utf-8", "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82 \xd0\xbc\xd0\xb8\xd1\x80\n" },
    { "windows-1252,german", "iso-8859-1", "F\xfcr die \xdc" "bung der gro\xdf" "en W\xf6rter gen\xfcgt ein Satz wie dieser.\n" },
    { "koi8-r,russian", "koi8-r", "\xd0\xd2\xc9\xd7\xc5\xd4 \xcd\xc9\xd2\n" },
    { "gb18030,chinese", "gb2312", "\xc4\xe3\xba\xc3\xca\xc0\xbd\xe7 " },
    { "iso-2022-jp,japanese", "iso-2022-jp", "\x1b$B$3$s$K$A$O\x1b(B mail\n" },
    { "utf-16,ascii", "utf-16", "h" },
    { "unknown,german", "", "F\xfcr die \xdc" "bung der gro\xdf" "en W\xf6rter gen\xfcgt ein Satz wie dieser.\n" } };
  fill("VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHRoZSBkb2cg\r\n");
  measure("base64,lines", base64);
  fill("VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZywgYW5kIHRoZSBkb2cg");
  measure("base64,one-line", base64);
  fill("The quick brown fox jumps over the lazy dog, and the dog does not mind i=\r\n");
  measure("qp,plain", qp);
  fill("F=C3=BCr die =C3=9Cbung der gro=C3=9Fen W=C3=B6rter gen=C3=BCgt ein Satz=\r\n");
  measure("qp,german", qp);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    fill(texts[i].line);
    chosen = charset_find(texts[i].label, strlen(texts[i].label));
    measure(texts[i].name, charset_run);
  }
  return 0;
}

/* --- search --- */

static size_t mails, octets, found;
static arena scratch = ARENA_ZERO;

/* Reads every mail and looks for the pattern: with memmem where m is null, else with search. */
static double look(char const *maildir, mail_matcher const *m, char const *pattern)
{
  static char const *const subs[] = { "cur", "new" };
  double const from = now();
  mails = octets = found = 0;
  for (int i = 0; i < 2; i++) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", maildir, subs[i]);
    DIR *dir = opendir(path);
    if (!dir) perror(path), exit(111);
    for (struct dirent *e; (e = readdir(dir));) {
      size_t len = 0;
      ssize_t r;
      int fd;
      if (e->d_name[0] == '.' || (fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_CLOEXEC)) < 0) continue;
      while ((r = read(fd, in + len, sizeof in - len)) > 0) len += (size_t)r;
      close(fd);
      mails++;
      octets += len;
      if (!m) found += memmem(in, len, pattern, strlen(pattern)) != NULL;
      else {
        int partly;
        found += mail_matches(m, &scratch, (slice){ in, len }, &partly) == 1;
        arena_reset(&scratch);
      }
    }
    closedir(dir);
  }
  return (now() - from) / (double)mails * 1e6;
}

static int compare(void const *a, void const *b)
{
  double const x = *(double const *)a, y = *(double const *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
  arena a = ARENA_ZERO;
  mail_matcher m;
  double time[2][ROUNDS_MAX];
  size_t hits[2] = { 0, 0 };
  int rounds;
  if (argc == 2 && !strcmp(argv[1], "speed")) return speed();
  if (argc != 5 || strcmp(argv[1], "search") || (rounds = atoi(argv[4])) < 1 || rounds > ROUNDS_MAX)
    return fputs("usage: text speed | text search MAILDIR PATTERN ROUNDS\n", stderr), 100;
  if (!mail_matcher_init(&m, &a, (slice){ argv[3], strlen(argv[3]) }, NULL)) return 111;
  for (int i = 0; i < rounds; i++) for (int k = 0; k < 2; k++) {
    time[k][i] = look(argv[2], k ? &m : NULL, argv[3]);
    hits[k] = found;
  }
  for (int k = 0; k < 2; k++) qsort(time[k], (size_t)rounds, sizeof **time, compare);
  printf("%zu %zu %.3f %.3f %zu %zu\n", mails, octets / mails, time[0][rounds / 2], time[1][rounds / 2], hits[0], hits[1]);
  return 0;
}
