/* The floor of tests/bench/ctl: what a process for each connection costs whatever it does. It has the shape of ctlmsg and none of its work:
 * a message is a slot in memory that all share, there is no lock, no name, no check; one write to a pipe wakes everybody.
 * usage: ctl_floor SOCKET. Speaks as much of the control protocol as the load does.
 * usage: ctl_floor SOCKET TORSOCKET. In front of a tor, octets to and fro that it does not look at. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SLOTS 8192
#define SLOT 192
#define GIVE_WAY 3    /* as ctlmsg does */

struct slot { size_t len; char event[SLOT]; };
struct log { _Atomic uint64_t count; struct slot slot[SLOTS]; };

static struct log *shared;
static int bell[2];

static _Noreturn void die(char const *what)
{
  fprintf(stderr, "ctl_floor: fatal: %s: %s\n", what, strerror(errno));
  exit(111);
}

static void put(int fd, char const *s, size_t len)
{
  while (len) {
    ssize_t n = write(fd, s, len);
    if (n <= 0) exit(0);
    s += n;
    len -= (size_t)n;
  }
}

static void post(char const *line, size_t len)
{
  uint64_t id = atomic_load(&shared->count);
  struct slot *s = shared->slot + id % SLOTS;
  char const *text = memchr(line + 13, ' ', len - 13);
  int n = snprintf(s->event, SLOT, "650 POSTMESSAGE %llu unset @all%.*s\r\n", (unsigned long long)id + 1, (int)(line + len - text), text);
  s->len = (size_t)n;
  atomic_store(&shared->count, id + 1);
}

static void ring(void)
{
  char bytes[4096];
  while (write(bell[1], "", 1) < 0)
    if (read(bell[0], bytes, sizeof bytes) <= 0) return;
}

/* The commands that are whole; returns the octets of the rest, which then begin s. */
static size_t commands(int fd, char *s, size_t len, int *listening, uint64_t *cursor)
{
  char replies[65536], *start = s;
  size_t reply = 0;
  int posted = 0;
  for (char *end; (end = memchr(start, '\n', len)); start = end + 1) {
    size_t n = (size_t)(end + 1 - start);
    if (n > 15 && !memcmp(start, "POSTMESSAGE @", 13)) post(start, n - 2), posted = 1;
    else if (!memcmp(start, "SETEVENTS", 9)) *listening = 1, *cursor = atomic_load(&shared->count);
    if (reply + 8 > sizeof replies) put(fd, replies, reply), reply = 0;
    memcpy(replies + reply, "250 OK\r\n", 8);
    reply += 8;
    len -= n;
  }
  put(fd, replies, reply);
  if (posted) ring();
  memmove(s, start, len);
  return len;
}

static void deliver(int fd, uint64_t *cursor)
{
  char out[65536];
  size_t len = 0;
  for (uint64_t end = atomic_load(&shared->count); *cursor < end; ++*cursor) {
    struct slot const *s = shared->slot + *cursor % SLOTS;
    if (len + s->len > sizeof out) put(fd, out, len), len = 0;
    memcpy(out + len, s->event, s->len);
    len += s->len;
  }
  put(fd, out, len);
}

static _Noreturn void serve(int fd)
{
  static char in[1 << 20];
  struct epoll_event client = { .events = EPOLLIN }, rung = { .events = EPOLLIN | EPOLLET, .data.u32 = 1 }, event;
  int e = epoll_create1(0), listening = 0;
  size_t have = 0;
  uint64_t cursor = 0;
  if (e < 0 || epoll_ctl(e, EPOLL_CTL_ADD, fd, &client) < 0 || epoll_ctl(e, EPOLL_CTL_ADD, bell[0], &rung) < 0) die("epoll");
  for (;;) {
    if (epoll_wait(e, &event, 1, -1) < 0) die("epoll_wait");
    if (!event.data.u32) {
      ssize_t n = read(fd, in + have, sizeof in - have);
      if (n <= 0) exit(0);
      have = commands(fd, in, have + (size_t)n, &listening, &cursor);
    }
    if (listening) deliver(fd, &cursor);
  }
}

/* In front of a tor: six system calls for each command and its reply. */
static _Noreturn void relay(int client, struct sockaddr_un const *tor)
{
  static char s[65536];
  int t = socket(AF_UNIX, SOCK_STREAM, 0), e = epoll_create1(0);
  struct epoll_event from_client = { .events = EPOLLIN, .data.fd = client }, from_tor = { .events = EPOLLIN, .data.fd = t }, event;
  if (t < 0 || connect(t, (struct sockaddr const *)tor, sizeof *tor) < 0) die("connect");
  if (e < 0 || epoll_ctl(e, EPOLL_CTL_ADD, client, &from_client) < 0 || epoll_ctl(e, EPOLL_CTL_ADD, t, &from_tor) < 0) die("epoll");
  for (;;) {
    if (epoll_wait(e, &event, 1, -1) < 0) die("epoll_wait");
    ssize_t n = read(event.data.fd, s, sizeof s);
    if (n <= 0) exit(0);
    put(event.data.fd == t ? client : t, s, (size_t)n);
  }
}

int main(int argc, char **argv)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX }, tor = { .sun_family = AF_UNIX };
  struct sched_param param = { .sched_priority = 0 };
  int l = socket(AF_UNIX, SOCK_STREAM, 0);
  if (argc < 2 || argc > 3 || strlen(argv[1]) >= sizeof address.sun_path || (argc > 2 && strlen(argv[2]) >= sizeof tor.sun_path)) return 100;
  if (argc > 2) strcpy(tor.sun_path, argv[2]);
  strcpy(address.sun_path, argv[1]);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED || pipe2(bell, O_NONBLOCK) < 0) die("share");
  signal(SIGCHLD, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  if (sched_setscheduler(0, SCHED_BATCH, &param) < 0) die("sched_setscheduler");
  setpriority(PRIO_PROCESS, 0, GIVE_WAY);
  if (l < 0 || bind(l, (struct sockaddr *)&address, sizeof address) < 0 || listen(l, 128) < 0) die("listen");
  for (;;) {
    int fd = accept(l, NULL, NULL);
    if (fd < 0) continue;
    if (!fork()) {
      if (argc > 2) relay(fd, &tor);
      else serve(fd);
    }
    close(fd);
  }
}
