/* The state directory within one process: several connections, the log turning over, damage, readers at every place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <porter/control_bus.h>
#include <porter/control_watch.h>

#include "tap.h"

#define SLICE(literal) ((slice){ (literal), sizeof(literal) - 1 })
static slice const ALL = SLICE_ZERO;

static bus a, b, c;
static control_watch watch, second;
static char path[64], file[128];

struct reading { size_t count; uint64_t first, last; char text[64]; size_t stop; };

static int read_one(void *context, bus_record const *r)
{
  struct reading *g = context;
  if (g->stop && g->count == g->stop) return 0;
  if (!g->count++) g->first = r->id;
  g->last = r->id;
  snprintf(g->text, sizeof g->text, "%.*s@%.*s:%.*s", (int)r->source.len, r->source.s, (int)r->destination.len, r->destination.s, (int)r->text.len, r->text.s);
  return 1;
}

static uint64_t post(bus *from, slice to, slice text)
{
  uint64_t id = 0, next;
  int good;
  if (!bus_post_open(from)) return 0;
  good = bus_post(from, to, text, &id);
  if (!bus_post_close(from, &next)) return 0;
  bus_wake(from);
  return good && id < next ? id : 0;
}

/* The id of the next message. */
static uint64_t end(bus *b)
{
  uint64_t next;
  return bus_post_open(b) && bus_post_close(b, &next) ? next : 0;
}

static struct reading read_all(bus *from, size_t stop)
{
  struct reading g = { .stop = stop };
  if (!bus_scan(from, &from->cursor, &read_one, &g)) g.count = SIZE_MAX;
  return g;
}

static int claimed(bus *by, char const *name)
{
  while (!bus_claim(by, (slice){ .s = name, .len = strlen(name) }, 1))
    if (errno != EINPROGRESS) return 0;
    else bus_drain(&a), bus_drain(&b);
  return 1;
}

static void list_one(void *context, char const *name)
{
  char *s = context;
  strcat(strcat(s, name[0] ? name : "-"), " ");
}

static char const *list(bus *from)
{
  static char s[1024];
  s[0] = 0;
  return bus_list(from, &list_one, s) ? s : "failed";
}

static int has_byte(bus const *w)
{
  char byte;
  return read(w->fifo, &byte, 1) == 1;
}

/* Whether the bell was rung since the last look. */
static int bell_rings(control_watch *w)
{
  uint32_t happened[WATCH_COUNT];
  return watch_wait(w, 0, happened) == 1 && happened[WATCH_BELL];
}

static int in_bell(bus const *w)
{
  int n;
  return ioctl(w->bell, FIONREAD, &n) == 0 ? n : -1;
}

static int is_watched(control_watch *w, bus const *who)
{
  return watch_open(w) && watch_set(w, WATCH_BELL, who->bell, EPOLLIN | EPOLLET);
}

static int removed(char const *what)
{
  snprintf(file, sizeof file, "rm -r %s/%s", path, what);
  return system(file) == 0;
}

/* Three connections with names, in a new state directory. */
static int three(void)
{
  bus_leave(&a);
  bus_leave(&b);
  bus_leave(&c);
  return removed("") && claimed(&a, "anna") && claimed(&b, "bert") && claimed(&c, "carl");
}

/* A state directory of which a part was removed. */
static void partly_removed(void)
{
  char const *const part[] = { "bell", "conn", "conn/*", "name", "name/*", "log", "log/*", "head", "*" };
  for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
    bus fresh, *const all[] = { &a, &b, &c, &fresh };
    unsigned int reached = 0;
    ok(three() && removed(part[i]), "%s is removed", part[i]);
    bus_init(&fresh, path, 4, -1);
    ok(bus_join(&fresh) && claimed(&fresh, "eve") && post(&fresh, ALL, SLICE("x")), "%s: one who comes then has his name, and posts", part[i]);
    for (size_t k = 0; k < 4; k++) bus_check(all[k], 1);
    for (size_t k = 0; k < 4; k++) read_all(all[k], 0);
    for (size_t k = 0; k < 4; k++) reached += post(all[k], slice_of(all[(k + 1) % 4]->name), SLICE("y")) != 0;
    is_int(reached, 4, "each posts to another by his name");
    for (size_t k = 0; k < 4; k++) reached += read_all(all[k], 0).count == 4;
    is_int(reached, 8, "all of them find what was posted");
    is_int((long long)strlen(list(&fresh)), (long long)strlen("anna bert carl eve "), "and all are listed");
    bus_leave(&fresh);
  }

  /* Leaving what has been made anew takes nothing from who is there. */
  ok(three() && removed("*") && bus_join(&b) && claimed(&b, "anna"), "all in it is removed, and another has the name");
  bus_leave(&a);
  bus_leave(&c);
  is_str(list(&b), "anna ", "who had it leaves, and takes nothing along");
  ok(post(&b, SLICE("anna"), SLICE("x")) == 1, "nor the name");
  bus_leave(&b);
}

int main(void)
{
  struct reading g;
  char text[CONTROL_TEXT_MAX];
  uint64_t id, next;
  unsigned int many;
  int fd;
  memset(text, 'x', sizeof text);
  strcpy(path, "/tmp/porter-unit.XXXXXX");
  if (!mkdtemp(path)) return 111;
  strcat(path, "/state");
  bus_init(&a, path, 1, -1);
  bus_init(&b, path, 2, -1);
  bus_init(&c, path, BUS_UID_NONE, -1);

  ok(bus_join(&a) && bus_join(&b), "two connections");
  is_str(list(&a), "- - ", "without names");
  ok(claimed(&a, "anna") && claimed(&b, "bert"), "names");
  ok(!claimed(&b, "anna") && errno == EEXIST, "a taken one");
  ok(claimed(&a, "anna"), "one's own");
  ok(claimed(&a, "ada") && claimed(&b, "anna"), "renaming frees");
  is_str(list(&b), "ada anna ", "list");
  ok(control_name_valid(SLICE("a_Z9")) && !control_name_valid(SLICE("")) && !control_name_valid(SLICE("a/b")) && !control_name_valid(SLICE("..")), "what is a name");

  is_int((long long)post(&a, ALL, SLICE("one")), 1, "the first id");
  ok(bus_listen(&b, 1) && is_watched(&watch, &b) && is_watched(&second, &b), "listen");
  ok(bell_rings(&watch) && bell_rings(&second), "whoever begins looks once");
  ok(!bell_rings(&watch) && !bell_rings(&second), "and then sleeps");
  is_int((long long)post(&a, ALL, SLICE("two")), 2, "the next");
  ok(bell_rings(&watch) && !bell_rings(&watch), "a listener is woken, once");
  ok(bell_rings(&second) && !bell_rings(&second), "so is another");
  ok(!has_byte(&b), "by the bell alone");
  g = read_all(&b, 0);
  ok(g.count == 1 && g.first == 2, "and reads from where it began to listen");
  is_str(g.text, "ada@all:two", "what was posted");
  is_int((long long)post(&b, SLICE("ada"), SLICE("three")), 3, "to a name");
  ok(has_byte(&a) && !bell_rings(&watch), "wakes its holder only");
  ok(!post(&b, SLICE("nobody"), SLICE("x")), "nobody has that name");
  is_int((long long)end(&a), 4, "and no id was used up");
  g = read_all(&a, 0);
  ok(g.count == 3 && g.first == 1 && g.last == 3, "all in the log, in order");
  is_str(g.text, "anna@ada:three", "with source and destination");

  /* Batches: full of names, full of octets. */
  ok(bus_post_open(&a), "a batch");
  for (many = 0; many < 3 * BUS_NAMED && bus_post(&a, SLICE("anna"), SLICE("x"), &id); many++);
  ok(many == BUS_NAMED && errno == ENOBUFS, "takes so many destinations by name");
  for (unsigned int i = 0; i < 20; i++)
    if (!bus_post(&a, ALL, (slice){ .s = text, .len = sizeof text }, &id)) many = 0;
  ok(bus_post_close(&a, &next) && many && next == id + 1, "and more octets than its memory");
  bus_wake(&a);
  g = read_all(&b, 5);
  is_int((long long)g.count, 5, "a reader can stop");
  g = read_all(&b, 0);
  is_int((long long)(g.last + 1), (long long)next, "and go on");

  /* The log turns over. */
  bus_init(&c, path, BUS_UID_NONE, -1);
  ok(bus_join(&c), "one who does not read");
  next = end(&a);
  many = 0;
  for (unsigned int i = 0; i < 200; i++) many += post(&a, ALL, (slice){ .s = text, .len = sizeof text }) != 0;
  is_int(many, 200, "200 long messages");
  g = read_all(&c, 0);
  is_int((long long)(g.count + c.cursor.lost), 200, "what was read and what was lost is all");
  ok(g.count >= 31 && g.count <= 64 && g.last == end(&a) - 1, "at least one segment, at most two are kept");
  bus_cursor at;
  g = (struct reading){ .count = 0 };
  ok(bus_oldest(&b, &at) && bus_scan(&b, &at, &read_one, &g) && g.last == end(&a) - 1 && !at.lost, "the oldest that is kept");

  /* The bell is never full, never empty. */
  many = 0;
  for (unsigned int i = 0; i < 3 * BUS_BELL; i++) {
    if (!post(&a, ALL, SLICE("x")) || !bell_rings(&watch)) break;
    if (in_bell(&a) >= 1 && in_bell(&a) <= 2 * BUS_BELL) many++;
  }
  is_int(many, 3 * BUS_BELL, "the bell wakes again and again, though nobody empties it");
  read_all(&c, 0);

  /* Damage. */
  post(&a, ALL, SLICE("before"));
  snprintf(file, sizeof file, "%s/log/%llu", path, (unsigned long long)a.slot.cur_first);
  fd = open(file, O_WRONLY | O_TRUNC);
  ok(fd >= 0 && close(fd) == 0, "a segment is cut");
  g = read_all(&c, 0);
  ok(g.count == SIZE_MAX && errno == EBADMSG, "reading says so");
  ok(bus_heal(&c, &c.cursor), "the segment is given up");
  next = c.cursor.lost;
  g = read_all(&c, 0);
  ok(g.count == 0 && c.cursor.lost == next + 1, "what it held is lost");
  ok(post(&a, ALL, SLICE("after")) && read_all(&c, 0).count == 1, "and all goes on");

  /* Ends. */
  bus_leave(&b);
  is_str(list(&a), "ada - ", "who left is not in the list");
  ok(!post(&a, SLICE("anna"), SLICE("x")), "his name is nobody's");
  close(c.fifo);
  c.fifo = -1;
  is_str(list(&a), "ada ", "nor is who died");
  ok(bus_join(&b), "the next who comes");
  snprintf(file, sizeof file, "%s/conn/%llu.%lu", path, (unsigned long long)c.serial, (unsigned long)c.uid);
  ok(access(file, F_OK) < 0, "sweeps up after him");
  bus_leave(&a);
  bus_leave(&b);
  bus_leave(&c);

  /* Not ours. */
  chmod(path, 0750);
  ok(!bus_join(&a) && errno == EPERM, "open to others");
  chmod(path, 0700);
  ok(bus_join(&a), "and not");
  next = end(&a);
  ok(next > 200, "ids go on");
  bus_leave(&a);
  snprintf(file, sizeof file, "rm -r %s", path);
  ok(system(file) == 0, "wiped");
  ok(bus_join(&a) && end(&a) == 1, "ids begin at 1");
  bus_leave(&a);
  partly_removed();
  *strrchr(path, '/') = 0;
  snprintf(file, sizeof file, "rm -r %s", path);
  return done() || system(file) != 0;
}
