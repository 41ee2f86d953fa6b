/* The load of tests/bench/ctl: one poster and some listeners of a message bus, each listener a process of its own, as controllers are;
 * they share memory, and the clock is the machine's. Every bus has the same clients. Each system differs only in how a message is sent and told apart:
 *   ctl    POSTMESSAGE to @all, one line a reply, one line an event
 *   redis  PUBLISH and SUBSCRIBE (RESP 2)
 *   dbus   a signal and a match rule (no reply)
 * usage: ctl SYSTEM SOCKET WHAT LISTENERS COUNT; prints one number.
 *   reply     posts, 200 a second: us from the write to the reply, median
 *   all       one post at a time: us until every listener has it, median
 *   flood     20 posts in one write, until all have all: deliveries a second
 *   latency   posts, 1000 a second: us from the write to a listener, median of all deliveries
 * and of a control port alone: ctl tor SOCKET WHAT LISTENERS COUNT
 *   version   GETINFO version: us a round trip, median
 *   bulk      GETINFO with a reply of megabytes: MB/s
 *   connect   connect, authenticate, quit, end: us, median
 *   idle      LISTENERS connections that listen: says "ready", waits for a line on standard input, posts, prints how many got it */
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TEXT 100       /* octets of a message */
#define REPLY_PACE 200      /* a second */
#define LATENCY_PACE 1000
#define BATCH 20
#define LISTENERS_MAX 600
#define POSTS_MAX 20000

typedef struct client_s client;
struct client_s {
  int fd;
  size_t have;            /* octets of a message that is not whole yet */
  uint64_t got;           /* messages so far */
  char partial[512];      /* dbus */
};

typedef struct system_s system_kind;
struct system_s {
  char const *name;
  void (*join) (client *c, int listens);
  size_t (*format) (char *s);                                  /* one message to post */
  unsigned int (*count) (client *c, char const *s, size_t len); /* messages that are whole with these octets */
  int replies;
};

static _Noreturn void die (char const *what)
{
  fprintf(stderr, "ctl: fatal: %s: %s\n", what, strerror(errno));
  exit(111);
}

static uint64_t now (void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static int by_size (void const *a, void const *b)
{
  uint64_t const x = *(uint64_t const *)a, y = *(uint64_t const *)b;
  return (x > y) - (x < y);
}

static double median_us (uint64_t *ns, size_t n)
{
  qsort(ns, n, sizeof *ns, by_size);
  return (double)ns[n / 2] / 1000;
}

static int dial (char const *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int const fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || strlen(path) >= sizeof address.sun_path) die("socket");
  memcpy(address.sun_path, path, strlen(path) + 1);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) die("connect");
  return fd;
}

static void put (int fd, void const *s, size_t len)
{
  for (size_t done = 0; done < len;) {
    ssize_t const n = write(fd, (char const *)s + done, len - done);
    if (n < 0) die("write");
    done += (size_t)n;
  }
}

static size_t get (int fd, char *s, size_t len)
{
  ssize_t const n = read(fd, s, len);
  if (n <= 0) die("read");
  return (size_t)n;
}

/* Says s and reads that many lines. */
static void talk (int fd, char const *s, unsigned int lines)
{
  char octets[8192];
  put(fd, s, strlen(s));
  while (lines) {
    size_t const n = get(fd, octets, sizeof octets);
    for (size_t i = 0; i < n; i++) lines -= octets[i] == '\n';
  }
}

static unsigned int count_lines (client *c, char const *s, size_t len)
{
  unsigned int n = 0;
  (void)c;
  for (char const *end; (end = memchr(s, '\n', len)); n++) {
    len -= (size_t)(end + 1 - s);
    s = end + 1;
  }
  return n;
}

/* --- ctlmsg --- */

static void ctl_join (client *c, int listens)
{
  talk(c->fd, "AUTHENTICATE\r\n", 1);
  if (listens) talk(c->fd, "SETEVENTS POSTMESSAGE\r\n", 1);
}

static size_t ctl_format (char *s)
{
  return (size_t)sprintf(s, "POSTMESSAGE @all %0*d\r\n", TEXT, 0);
}

/* --- redis --- */

#define REDIS_MESSAGE (sizeof "*3\r\n$7\r\nmessage\r\n$3\r\nbus\r\n$100\r\n\r\n" - 1 + TEXT)

static void redis_join (client *c, int listens)
{
  if (listens) talk(c->fd, "*2\r\n$9\r\nSUBSCRIBE\r\n$3\r\nbus\r\n", 6);
}

static size_t redis_format (char *s)
{
  return (size_t)sprintf(s, "*3\r\n$7\r\nPUBLISH\r\n$3\r\nbus\r\n$100\r\n%0*d\r\n", TEXT, 0);
}

static unsigned int redis_count (client *c, char const *s, size_t len)
{
  (void)s;
  c->have += len;
  unsigned int const n = (unsigned int)(c->have / REDIS_MESSAGE);
  c->have %= REDIS_MESSAGE;
  return n;
}

/* --- dbus (its specification, "Message Protocol"; little-endian) --- */

static size_t align (size_t n, size_t to) { return (n + to - 1) & ~(to - 1); }

static size_t put_u32 (char *s, size_t at, uint32_t n)
{
  for (unsigned int i = 0; i < 4; i++) s[at + i] = (char)(n >> 8 * i);
  return at + 4;
}

static size_t put_string (char *s, size_t at, char const *value)
{
  at = put_u32(s, at, (uint32_t)strlen(value));
  strcpy(s + at, value);
  return at + strlen(value) + 1;
}

static size_t put_field (char *s, size_t at, char code, char const *type, char const *value)
{
  if (!value) return at;
  at = align(at, 8);
  s[at++] = code;
  s[at++] = 1;
  s[at++] = *type;
  s[at++] = 0;
  if (*type != 'g') return put_string(s, at, value);
  s[at++] = (char)strlen(value);
  strcpy(s + at, value);
  return at + strlen(value) + 1;
}

static size_t dbus_message (char *s, char type, char const *destination, char const *path, char const *interface,
  char const *member, char const *text)
{
  memset(s, 0, 512);
  size_t at = 16;
  at = put_field(s, at, 1, "o", path);
  at = put_field(s, at, 2, "s", interface);
  at = put_field(s, at, 3, "s", member);
  at = put_field(s, at, 6, "s", destination);
  at = put_field(s, at, 8, "g", text ? "s" : 0);
  size_t const fields = at - 16, body = align(at, 8), end = text ? put_string(s, body, text) : body;
  s[0] = 'l';
  s[1] = type;
  s[2] = type == 4;    /* a signal wants no reply */
  s[3] = 1;
  put_u32(s, 4, (uint32_t)(end - body));
  put_u32(s, 8, 1);
  put_u32(s, 12, (uint32_t)fields);
  return end;
}

static size_t dbus_length (char const *s)
{
  uint32_t body, fields;
  memcpy(&body, s + 4, 4);
  memcpy(&fields, s + 12, 4);
  return align(16 + fields, 8) + body;
}

/* Signals of ours, told from the bus's own by their length: what a listener gets otherwise comes before it has joined. */
static unsigned int dbus_count (client *c, char const *s, size_t len)
{
  unsigned int n = 0;
  while (len) {
    size_t const whole = c->have < 16 ? 16 : dbus_length(c->partial), want = whole - c->have;
    size_t const part = len < want ? len : want;
    if (c->have < 16) memcpy(c->partial + c->have, s, part);
    c->have += part;
    s += part;
    len -= part;
    if (c->have >= 16 && c->have == dbus_length(c->partial)) {
      n++;
      c->have = 0;
    }
  }
  return n;
}

static void dbus_call (int fd, char const *member, char const *text)
{
  char s[512], reply[4096];
  client c = { .fd = fd };
  put(fd, s, dbus_message(s, 1, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", member, text));
  /* Hello has a signal behind its reply. */
  for (unsigned int left = text ? 1 : 2; left;) left -= dbus_count(&c, reply, get(fd, reply, sizeof reply));
}

static void dbus_join (client *c, int listens)
{
  char hello[64], uid[24];
  size_t len = 1 + (size_t)sprintf(hello + 1, "AUTH EXTERNAL ");
  hello[0] = 0;
  sprintf(uid, "%u", (unsigned int)geteuid());
  for (char const *p = uid; *p; p++) len += (size_t)sprintf(hello + len, "%02x", (unsigned int)*p);
  len += (size_t)sprintf(hello + len, "\r\n");
  put(c->fd, hello, len);
  talk(c->fd, "", 1);
  put(c->fd, "BEGIN\r\n", 7);
  dbus_call(c->fd, "Hello", 0);
  if (listens) dbus_call(c->fd, "AddMatch", "type='signal',interface='bus.bench'");
}

static size_t dbus_format (char *s)
{
  char text[TEXT + 1];
  sprintf(text, "%0*d", TEXT, 0);
  return dbus_message(s, 4, 0, "/", "bus.bench", "Message", text);
}

static system_kind const systems[] = {
  { "ctl", ctl_join, ctl_format, count_lines, 1 },
  { "redis", redis_join, redis_format, redis_count, 1 },
  { "dbus", dbus_join, dbus_format, dbus_count, 0 },
  { "tor", ctl_join, ctl_format, count_lines, 1 }
};

/* --- the loads --- */

/* What the listeners share with the poster. */
typedef struct board_s board;
struct board_s {
  _Atomic uint64_t delivered, target;   /* messages to all listeners together; how many the poster waits for */
  _Atomic uint32_t bell;                /* changes when the target is reached: a futex */
  uint64_t sent[POSTS_MAX];             /* when */
  uint32_t latency[LISTENERS_MAX][POSTS_MAX];   /* ns, by the number of the message */
};

static client poster;
static unsigned int listeners;
static system_kind const *kind;
static board *shared;

static _Noreturn void listen_on (client *c, unsigned int me)
{
  static char octets[65536];
  for (;;) {
    ssize_t const n = read(c->fd, octets, sizeof octets);
    if (n <= 0) _exit(0);
    unsigned int const got = kind->count(c, octets, (size_t)n);
    uint64_t const when = now();
    for (unsigned int k = 0; k < got && c->got + k < POSTS_MAX; k++)
      shared->latency[me][c->got + k] = (uint32_t)(when - shared->sent[c->got + k]);
    c->got += got;
    uint64_t const before = atomic_fetch_add(&shared->delivered, got), target = atomic_load(&shared->target);
    if (before < target && before + got >= target) {
      atomic_fetch_add(&shared->bell, 1);
      syscall(SYS_futex, &shared->bell, FUTEX_WAKE, 1, 0, 0, 0);
    }
  }
}

/* Until all listeners together have had so many messages, at most 10 s. */
static int arrived (uint64_t messages)
{
  struct timespec const limit = { .tv_sec = 10 };
  uint32_t bell = atomic_load(&shared->bell);
  atomic_store(&shared->target, messages);
  while (atomic_load(&shared->delivered) < messages) {
    if (syscall(SYS_futex, &shared->bell, FUTEX_WAIT, bell, &limit, 0, 0) < 0 && errno == ETIMEDOUT) return 0;
    bell = atomic_load(&shared->bell);
  }
  return 1;
}

static void all_arrived (uint64_t messages)
{
  if (!arrived(messages)) die("messages are missing");
}

static void replies (unsigned int n)
{
  char octets[8192];
  while (kind->replies && n) n -= count_lines(&poster, octets, get(poster.fd, octets, sizeof octets));
}

static uint64_t *numbers (size_t n)
{
  uint64_t *p = calloc(n ? n : 1, sizeof *p);
  if (!p) die("calloc");
  return p;
}

static void until (uint64_t due)
{
  struct timespec const t = { .tv_sec = (time_t)(due / 1000000000u), .tv_nsec = (long)(due % 1000000000u) };
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, 0) == EINTR) ;
}

/* Posts count messages, so many a second. */
static double paced (char const *message, size_t len, size_t count, int until_reply)
{
  uint64_t *took = numbers(until_reply ? count : count * listeners), due = now();
  for (size_t i = 0; i < count; i++, due += 1000000000u / (until_reply ? REPLY_PACE : LATENCY_PACE)) {
    until(due);
    shared->sent[i] = now();
    put(poster.fd, message, len);
    replies(1);
    if (until_reply) took[i] = now() - shared->sent[i];
  }
  all_arrived((uint64_t)count * listeners);
  if (until_reply) return median_us(took, count);
  for (unsigned int l = 0; l < listeners; l++) for (size_t i = 0; i < count; i++) took[l * count + i] = shared->latency[l][i];
  return median_us(took, count * listeners);
}

static double one_by_one (char const *message, size_t len, size_t count)
{
  uint64_t *took = numbers(count);
  for (size_t i = 0; i < count; i++) {
    uint64_t const start = now();
    put(poster.fd, message, len);
    replies(1);
    all_arrived((uint64_t)(i + 1) * listeners);
    took[i] = now() - start;
  }
  return median_us(took, count);
}

static double flood (char const *message, size_t len, size_t count)
{
  static char batch[BATCH * 512];
  for (unsigned int i = 0; i < BATCH; i++) memcpy(batch + i * len, message, len);
  uint64_t const start = now();
  for (size_t i = 0; i < count; i += BATCH) {
    put(poster.fd, batch, BATCH * len);
    replies(BATCH);
    all_arrived((uint64_t)(i + BATCH) * listeners);
  }
  return (double)atomic_load(&shared->delivered) * 1e9 / (double)(now() - start);
}

/* --- a control port by itself --- */

static double version (size_t count)
{
  uint64_t *took = numbers(count);
  for (size_t i = 0; i < count; i++) {
    uint64_t const start = now();
    talk(poster.fd, "GETINFO version\r\n", 2);
    took[i] = now() - start;
  }
  return median_us(took, count);
}

/* Many keys with a long value in one line, read to its "250 OK". */
static double bulk (size_t count)
{
  static char command[65536], octets[65536];
  char const end[] = ".\r\n250 OK\r\n";
  char tail[sizeof end] = "";
  size_t len = (size_t)sprintf(command, "GETINFO");
  uint64_t total = 0;
  for (unsigned int i = 0; i < 100; i++) len += (size_t)sprintf(command + len, " config/names");
  len += (size_t)sprintf(command + len, "\r\n");
  uint64_t const start = now();
  for (size_t i = 0; i < count; i++) {
    put(poster.fd, command, len);
    do {
      size_t const n = get(poster.fd, octets, sizeof octets), keep = sizeof end - 1;
      total += n;
      if (n >= keep) memcpy(tail, octets + n - keep, keep);
      else {
        memmove(tail, tail + n, keep - n);
        memcpy(tail + keep - n, octets, n);
      }
    } while (memcmp(tail, end, sizeof end - 1));
  }
  return (double)total * 1e3 / (double)(now() - start);
}

static double connections (char const *path, size_t count)
{
  uint64_t *took = numbers(count);
  char octets[512];
  for (size_t i = 0; i < count; i++) {
    uint64_t const start = now();
    int const fd = dial(path);
    talk(fd, "AUTHENTICATE\r\n", 1);
    talk(fd, "QUIT\r\n", 1);
    while (read(fd, octets, sizeof octets) > 0) ;
    close(fd);
    took[i] = now() - start;
  }
  return median_us(took, count);
}

static double idle (char const *message, size_t len)
{
  char line[16];
  puts("ready");
  fflush(stdout);
  if (!fgets(line, sizeof line, stdin)) die("read");
  put(poster.fd, message, len);
  replies(1);
  arrived(listeners);
  return (double)atomic_load(&shared->delivered);
}

int main (int argc, char **argv)
{
  char message[512];
  if (argc != 6) return 100;
  for (unsigned int i = 0; i < sizeof systems / sizeof *systems; i++) if (!strcmp(argv[1], systems[i].name)) kind = systems + i;
  listeners = (unsigned int)atoi(argv[4]);
  size_t const count = (size_t)atoi(argv[5]), len = kind ? kind->format(message) : 0;
  if (!kind || listeners > LISTENERS_MAX || !count || count > POSTS_MAX) return 100;
  shared = mmap(0, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) die("mmap");
  for (unsigned int i = 0; i < listeners; i++) {
    client c = { .fd = dial(argv[2]) };
    kind->join(&c, 1);
    switch (fork()) {
      case -1: die("fork");
      case 0:
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        listen_on(&c, i);
    }
    close(c.fd);
  }
  double result = 0;
  if (!strcmp(argv[3], "connect")) result = connections(argv[2], count);
  else {
    poster.fd = dial(argv[2]);
    kind->join(&poster, 0);
    if (!strcmp(argv[3], "reply")) result = paced(message, len, count, 1);
    else if (!strcmp(argv[3], "latency")) result = paced(message, len, count, 0);
    else if (!strcmp(argv[3], "all")) result = one_by_one(message, len, count);
    else if (!strcmp(argv[3], "flood")) result = flood(message, len, count);
    else if (!strcmp(argv[3], "version")) result = version(count);
    else if (!strcmp(argv[3], "bulk")) result = bulk(count);
    else if (!strcmp(argv[3], "idle")) result = idle(message, len);
    else return 100;
  }
  printf("%.2f\n", result);
  return 0;
}
