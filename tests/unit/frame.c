/* Frames: reading octet for octet, deadlines, what becomes of a message, writing, failures. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <maildir.pb-c.h>
#include <porter/exit.h>
#include <porter/frame.h>
#include <porter/outcome.h>

#include "tap.h"

/* A descriptor from which the len octets of s can be read, and then end of file, or nothing more if open is set. */
static int holding(char const *s, size_t len, int *open)
{
  int p[2];
  if (pipe(p) < 0 || write(p[1], s, len) != (ssize_t)len) exit(111);
  if (open) *open = p[1];
  else close(p[1]);
  return p[0];
}

static void request(char const *name, char const *s, size_t len, enum frame_status want, uint32_t max)
{
  frame_request r;
  int fd = holding(s, len, NULL);
  is_int(frame_request_read(fd, &r, max, 1), want, name);
  close(fd);
}
#define REQUEST(name, s, want, max) request(name, s, sizeof s - 1, want, max)

static void heads(void)
{
  frame_request r;
  char c;
  int open, fd = holding("\0\0\0\4Show\0\0\1\2x", 13, NULL);
  is_int(frame_request_read(fd, &r, 258, 1), FRAME_OK, "a head");
  is_str(r.method, "Show", "its method");
  is_int(r.len, 258, "its length");
  ok(read(fd, &c, 1) == 1 && c == 'x', "nothing behind it was read");
  close(fd);
  REQUEST("end of file", "", FRAME_END, 9);
  REQUEST("end of file in the first length", "\0\0\0", FRAME_CUT, 9);
  REQUEST("end of file behind it", "\0\0\0\4", FRAME_CUT, 9);
  REQUEST("end of file in the method", "\0\0\0\4Sho", FRAME_CUT, 9);
  REQUEST("end of file in the second length", "\0\0\0\4Show\0\0\0", FRAME_CUT, 9);
  REQUEST("a message as long as allowed", "\0\0\0\4Show\0\0\0\11", FRAME_OK, 9);
  REQUEST("a message that is longer", "\0\0\0\4Show\0\0\0\12", FRAME_LENGTH, 9);
  REQUEST("a message of 2^32-1", "\0\0\0\4Show\377\377\377\377", FRAME_LENGTH, 1u << 31);
  REQUEST("a method of 0", "\0\0\0\0\0\0\0\0", FRAME_METHOD, 9);
  REQUEST("a method of 65", "\0\0\0\101", FRAME_METHOD, 9);
  REQUEST("a method of 2^32-1", "\377\377\377\377", FRAME_METHOD, 9);
  REQUEST("a method of 2^32-4", "\377\377\377\374aaaaaaaaaaaaaaaaaa", FRAME_METHOD, 9);
  REQUEST("a method that begins with a digit", "\0\0\0\2" "1a\0\0\0\0", FRAME_METHOD, 9);
  REQUEST("a method with a NUL", "\0\0\0\2a\0\0\0\0\0", FRAME_METHOD, 9);
  fd = holding("", 0, &open);
  is_int(frame_request_read(fd, &r, 9, 1), FRAME_IDLE, "nothing comes");
  close(fd), close(open);
  fd = holding("\0", 1, &open);
  is_int(frame_request_read(fd, &r, 9, 1), FRAME_LATE, "the rest does not come");
  close(fd), close(open);
}

static char big[(1 << 20) + 1], back[sizeof big];

/* A message of len octets comes through: as a pipe or a memfd, closed on exec, at its beginning, to end of file. */
static void message(size_t len)
{
  struct stat st;
  int in = -1, fd = memfd_create("test", 0);
  size_t n = 0;
  for (size_t i = 0; i < len; i++) big[i] = (char)(i * 7 + i / 251);
  if (write(fd, big, len + 1) != (ssize_t)len + 1 || lseek(fd, 0, SEEK_SET) < 0) exit(111);
  is_int(frame_message_read(fd, (uint32_t)len, 1, NULL, &in), FRAME_OK, "a message");
  for (ssize_t r; n < sizeof back && (r = read(in, back + n, sizeof back - n)) > 0; ) n += (size_t)r;
  is_bytes(back, n, big, len, "its octets");
  is_int(lseek(fd, 0, SEEK_CUR), (long long)len, "nothing behind it was read");
  ok(fstat(in, &st) == 0 && (len <= FRAME_PIECE ? S_ISFIFO(st.st_mode) : S_ISREG(st.st_mode)), "a pipe if it is short");
  ok(fcntl(in, F_GETFD) & FD_CLOEXEC, "closed on exec");
  close(in), close(fd);
}

static void messages(void)
{
  int in, open, fd;
  message(0), message(1), message(4097), message(FRAME_PIECE), message(FRAME_PIECE + 1), message(1 << 20);
  fd = holding("abc", 3, NULL);
  is_int(frame_message_read(fd, 4, 1, NULL, &in), FRAME_CUT, "a message cut short");
  close(fd);
  fd = holding("abc", 3, &open);
  is_int(frame_message_read(fd, 4, 1, NULL, &in), FRAME_LATE, "a message that stays away");
  close(fd), close(open);
}

static void late_octets(void)
{
  char s[8];
  int open, fd = holding("ab", 2, &open);
  int64_t begun = frame_clock();
  is_int((long long)frame_fill(fd, s, 3, begun + 50), 2, "what came by the deadline");
  is_int(errno, ETIMEDOUT, "errno");
  ok(frame_clock() - begun >= 50, "not before the deadline");
  close(open);
  is_int((long long)frame_fill(fd, s, 3, frame_clock() + 50), 0, "end of file");
  is_int(errno, 0, "errno");
  close(fd);
  is_int((long long)frame_fill(fd, s, 3, frame_clock() + 50), 0, "a closed descriptor");
  is_int(errno, EBADF, "errno");
}

/* Sends len octets of a file to a socket or pipe whose other end is read by a child that reads want octets, slowly. */
static void put(char const *name, int kind, size_t len, size_t want, int good)
{
  int p[2], fd = memfd_create("test", 0);
  pid_t pid;
  if ((kind ? socketpair(AF_UNIX, SOCK_STREAM, 0, p) : pipe(p)) < 0 || ftruncate(fd, (off_t)len) < 0) exit(111);
  int from = kind ? p[1] : p[0], to = kind ? p[0] : p[1];
  pid = fork();
  if (!pid) {
    size_t n = 0;
    close(to);
    for (ssize_t r; n < want && (r = read(from, back, sizeof back)) > 0; ) n += (size_t)r;
    if (n < want) _exit(1);
    if (!good) pause();  /* open, and not read any more */
    _exit(read(from, back, 1) != 0);
  }
  close(from);
  errno = 0;
  is_int(frame_put_file(to, fd, len, 1, 0), good, name);
  if (!good) is_int(errno, ETIMEDOUT, "errno");
  close(to), close(fd);
  if (!good) kill(pid, SIGKILL);
  int status;
  waitpid(pid, &status, 0);
  if (good) is_int(status, 0, "all of it came, and no more");
}

/* A sealed file in memory of which a quarter has gone, to a reader who then reads no more. */
static void memfd_sent(void)
{
  int pair[2], fd = memfd_create("test", MFD_ALLOW_SEALING);
  struct stat st;
  char byte = 'x';
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || ftruncate(fd, 8 << 20) < 0) exit(111);
  for (off_t at = 0; at < 8 << 20; at += 4096) if (pwrite(fd, &byte, 1, at) != 1) exit(111);
  if (fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0) exit(111);
  pid_t pid = fork();
  if (!pid) {
    static char back[2 << 20];
    size_t bad = 0;
    close(pair[0]);
    for (size_t n = 0; n < sizeof back; ) {
      ssize_t r = read(pair[1], back + n, sizeof back - n);
      if (r <= 0) _exit(2);
      n += (size_t)r;
    }
    for (size_t n = 0; n < sizeof back; n++) bad += back[n] != (n % 4096 ? 0 : 'x');
    if (bad) kill(getppid(), SIGTERM);
    pause();
  }
  close(pair[1]);
  ok(!frame_put_file(pair[0], fd, 8 << 20, 1, 1) && errno == ETIMEDOUT, "a reader who stops in the middle of a file in memory");
  ok(fstat(fd, &st) == 0 && st.st_blocks <= (6 << 20) / 512, "what has gone takes no memory any more");
  kill(pid, SIGKILL);
  waitpid(pid, NULL, 0);
  close(pair[0]), close(fd);
}

static void too_slow(void)
{
  ok(!frame_slow(0, 59999, 60), "nobody is too slow before the patience is over");
  ok(frame_slow(4096 * 60 - 1, 60000, 60), "less than 4096 octets a second then");
  ok(!frame_slow(4096 * 60, 60000, 60), "as much as that");
  ok(frame_slow(4096ull * 3600 - 1, 3600000, 60), "less in an hour");
  ok(!frame_slow(40u << 20, 3600000, 60), "who took much at first has time left");
}

static void puts_away(void)
{
  char name[] = "/tmp/porter-frame.XXXXXX";
  struct stat st;
  int fd = memfd_create("test", 0), to = mkstemp(name);
  signal(SIGPIPE, SIG_IGN);
  ok(frame_tick(1), "the clock ticks");
  put("a file into a socket", 1, 5 << 20, 5 << 20, 1);
  put("a file into a pipe", 0, 5 << 20, 5 << 20, 1);
  put("a file into a socket that is not read", 1, 5 << 20, 1000, 0);
  put("a file into a pipe that is not read", 0, 5 << 20, 1000, 0);
  if (ftruncate(fd, 300000) < 0) exit(111);
  fcntl(to, F_SETFL, O_APPEND);
  ok(frame_put_file(to, fd, 300000, 1, 0) && fstat(to, &st) == 0 && st.st_size == 300000, "a file behind another, which sendfile refuses");
  close(to);
  errno = 0;
  ok(!frame_put_file(to, fd, 300000, 1, 0) && errno == EBADF, "a closed descriptor");
  to = memfd_create("test", 0);
  ok(!frame_put_file(to, fd, 300001, 1, 0) && errno == EIO, "more than the file has");
  close(to);
  memfd_sent();
  ok(frame_tick(0), "it stands still");
  unlink(name);
  close(fd);
}

static void failures(void)
{
  char s[FRAME_FAILURE_MAX], text[200];
  int code;
  slice t;
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = 0;
  for (int c = 0; c <= PORTER__ERROR__CODE__NO_MAILBOX; c++) {
    size_t len = frame_failure(s, 0, c, c % 2 ? "why" : text);
    Porter__Failure *f = porter__failure__unpack(NULL, len - 4, (uint8_t *)s + 4);
    ok(len <= sizeof s && !s[0] && !s[1] && !s[2] && (size_t)s[3] == len - 4, "the length of a failure");
    ok(f && f->error && (int)f->error->code == c, "protobuf-c reads its code");
    is_str(f && f->error ? f->error->text : NULL, c % 2 ? "why" : text + sizeof text - 101, "and its text");
    ok(frame_failure_find(s + 4, len - 4, &code, &t) == 1 && code == c, "so do we");
    if (f) porter__failure__free_unpacked(f, NULL);
  }
  is_int(frame_failure_find("", 0, &code, &t), 0, "an empty response has none");
  is_int(frame_failure_find("\x0a\x01x\x10\x05\x19" "12345678" "\x25" "1234", 19, &code, &t), 0, "fields of all kinds, and none");
  is_int(frame_failure_find("\x7a\x05\x0a", 3, &code, &t), -1, "a field that is cut");
  is_int(frame_failure_find("\x7b", 1, &code, &t), -1, "a group");
  is_int(frame_failure_find("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11, &code, &t), -1, "a number without end");
  is_int(frame_failure_find("\x7a\x02\x08", 3, &code, &t), -1, "an error that is cut");
  is_int(frame_failure_find("\x7a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, &code, &t), -1, "a length of 2^64-1");
  is_int(outcome_exit(PORTER__ERROR__CODE__REFUSED), EXIT_REFUSED, "exit codes");
  is_int(outcome_exit(99), EXIT_PERMANENT, "of an error that is not known");
}

int main(void)
{
  heads();
  messages();
  late_octets();
  too_slow();
  puts_away();
  failures();
  return done();
}
