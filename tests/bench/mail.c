/* bench/mail MAILDIR ROUNDS: what reading a mail's head, and all of a mail with its text, costs beyond reading the file.
 * Each round reads every mail in cur/ four times: the first 8 KB, the same with the head found, all, all with everything
 * decoded. Prints the medians in microseconds a mail. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <porter/mail.h>

static mail_charsets plain_charsets = MAIL_CHARSETS_ZERO;

#define HEAD 8192
#define FILES_MAX 100000
#define ROUNDS_MAX 101

enum mode { READ_HEAD, SCAN_HEAD, READ_ALL, SHOW_ALL, MODES };

static char buffer[1 << 24];
static char *files[FILES_MAX];
static size_t file_count, octets, sum;

static int compare(void const *a, void const *b)
{
  double const x = *(double const *)a, y = *(double const *)b;
  return (x > y) - (x < y);
}

static int add(void *context, char const *s, size_t len)
{
  (void)context;
  sum += len + (unsigned char)s[0];
  return 1;
}

/* What Show does with a mail: all fields, the tree, all text. */
static void show(size_t len)
{
  static enum mail_field const lists[] = { FIELD_FROM, FIELD_TO, FIELD_CC, FIELD_REPLY_TO, FIELD_SENDER, FIELD_BCC };
  arena a = ARENA_ZERO;
  mime_tree tree;
  mail_address *list;
  mail_date date;
  slice text, *ids;
  size_t count;
  if (!mime_parse(&a, buffer, len, NULL, &tree)) exit(111);
  slice const *const field = tree.part->head.field;
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    if (mail_addresses(&a, &plain_charsets, FIELD_TO, field[lists[i]], &list, &count)) sum += count;
  if (mail_text(&a, &plain_charsets, field[FIELD_SUBJECT], &text)) sum += text.len;
  if (mail_ids(&a, field[FIELD_MESSAGE_ID], &ids, &count)) sum += count;
  sum += (size_t)mail_date_parse(field[FIELD_DATE], &date);
  for (size_t i = 0; i < tree.count; i++)
    if (tree.part[i].kind == MIME_LEAF && tree.part[i].type.len == 4 && !memcmp(tree.part[i].type.s, "text", 4))
      mime_text(tree.part + i, &add, NULL);
  arena_free(&a);
}

static double run(int dir, enum mode mode)
{
  struct timespec from, to;
  size_t const max = mode <= SCAN_HEAD ? HEAD : sizeof buffer;
  mail_head head;
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (size_t i = 0; i < file_count; i++) {
    int const fd = openat(dir, files[i], O_RDONLY | O_CLOEXEC);
    ssize_t const len = fd < 0 ? -1 : read(fd, buffer, max);
    if (len < 0) exit(111);
    close(fd);
    if (mode == SCAN_HEAD) mail_head_scan(&head, buffer, (size_t)len), sum += head.body;
    if (mode == SHOW_ALL) show((size_t)len);
    if (mode == READ_ALL) octets += (size_t)len;
  }
  clock_gettime(CLOCK_MONOTONIC, &to);
  return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / 1e3 / (double)file_count;
}

int main(int argc, char **argv)
{
  static double times[MODES][ROUNDS_MAX];
  char path[4096];
  if (argc != 3) return fprintf(stderr, "usage: mail MAILDIR ROUNDS\n"), 100;
  int const rounds = atoi(argv[2]);
  if (rounds < 1 || rounds > ROUNDS_MAX) return 100;
  snprintf(path, sizeof path, "%s/cur", argv[1]);
  DIR *const d = opendir(path);
  if (!d) return perror(path), 111;
  for (struct dirent const *e; (e = readdir(d)) && file_count < FILES_MAX;)
    if (e->d_name[0] != '.' && !(files[file_count++] = strdup(e->d_name))) return 111;
  if (!file_count) return 111;
  for (int round = 0; round < rounds; round++)
    for (enum mode mode = READ_HEAD; mode < MODES; mode++) times[mode][round] = run(dirfd(d), mode);
  for (enum mode mode = READ_HEAD; mode < MODES; mode++) qsort(times[mode], (size_t)rounds, sizeof **times, &compare);
  printf("%zu %.0f", file_count, (double)octets / (double)(file_count * (size_t)rounds));
  for (enum mode mode = READ_HEAD; mode < MODES; mode++) printf(" %.2f", times[mode][rounds / 2]);
  printf("\n");
  return sum == 1;
}
