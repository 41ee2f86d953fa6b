/* bench/floor MODE MAILDIR: what a call on a folder costs at least, in one process without a library: the names of new and cur
 * read (readdir), the first 8 KB of each mail read and its lines compared with five names of fields (hdrscan), each mail read
 * and searched with memmem for a word that is there rarely (memmem) or often (memmem-often). hdrscan-confined gives up first what a call of
 * maildir-op gives up that reads one folder: what the kernel takes for that at each open.
 * Prints the number of mails, microseconds a mail by the clock and of processor time, and what was found. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <porter/confine.h>

#define HEAD 8192

struct floor { enum { READDIR, HDRSCAN, MEMMEM } work; int confined; size_t mails, found; char const *word; };

static char buffer[1 << 24];

static size_t read_mail(int dir, char const *name, size_t max)
{
  int const fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
  size_t len = 0;
  ssize_t r;
  if (fd < 0) return 0;
  while (len < max && (r = read(fd, buffer + len, max - len)) > 0) len += (size_t)r;
  close(fd);
  return len;
}

static size_t scan_head(size_t len)
{
  static char const *const names[] = { "From:", "To:", "Cc:", "Subject:", "Date:" };
  size_t found = 0;
  for (size_t i = 0; i < len && buffer[i] != '\n';) {
    char const *const end = memchr(buffer + i, '\n', len - i);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) found += !strncasecmp(buffer + i, names[n], strlen(names[n]));
    i = end ? (size_t)(end - buffer) + 1 : len;
  }
  return found;
}

static int walk(struct floor *f, char const *maildir, char const *place)
{
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", maildir, place);
  DIR *const dir = opendir(path);
  if (!dir) return perror(path), 0;
  for (struct dirent *entry; (entry = readdir(dir));) {
    if (entry->d_name[0] == '.') continue;
    f->mails++;
    if (f->work == HDRSCAN) f->found += scan_head(read_mail(dirfd(dir), entry->d_name, HEAD));
    if (f->work == MEMMEM) f->found += !!memmem(buffer, read_mail(dirfd(dir), entry->d_name, sizeof buffer), f->word, strlen(f->word));
  }
  return !closedir(dir);
}

static void confine(char const *maildir)
{
  confine_place const place = { open(maildir, O_PATH | O_DIRECTORY | O_CLOEXEC), CONFINE_WRITE };
  char const *lacking = confine_mailbox(&place, 1, 0);
  if (!lacking) lacking = confine_folder(place.fd, place.fd);
  if (lacking) perror(lacking);
}

static double seconds(clockid_t clock)
{
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
  static struct { char const *name; struct floor floor; } const modes[] = {
    { "readdir", { .work = READDIR } }, { "hdrscan", { .work = HDRSCAN } }, { "hdrscan-confined", { .work = HDRSCAN, .confined = 1 } },
    { "memmem", { .work = MEMMEM, .word = "xyzzyneedle" } }, { "memmem-often", { .work = MEMMEM, .word = "quarterly" } }
  };
  double const wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
  for (size_t i = 0; argc == 3 && i < sizeof modes / sizeof *modes; i++) {
    if (strcmp(argv[1], modes[i].name)) continue;
    struct floor f = modes[i].floor;
    if (f.confined) confine(argv[2]);
    if (!walk(&f, argv[2], "new") || !walk(&f, argv[2], "cur")) return 111;
    double const each = 1e6 / (double)(f.mails ? f.mails : 1);
    char line[128]; /* a confined program must not ask whether its output is a terminal */
    int const len = snprintf(line, sizeof line, "%zu %.3f %.3f %zu\n", f.mails, (seconds(CLOCK_MONOTONIC) - wall) * each,
      (seconds(CLOCK_PROCESS_CPUTIME_ID) - processor) * each, f.found);
    return write(1, line, (size_t)len) == len ? 0 : 111;
  }
  fprintf(stderr, "floor: usage: floor readdir|hdrscan|hdrscan-confined|memmem|memmem-often MAILDIR\n");
  return 100;
}
