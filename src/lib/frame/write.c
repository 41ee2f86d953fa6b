/* Writing a response, and ending the stream. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <skalibs/uint32.h>

#include <porter/frame.h>

size_t frame_request_head(char *s, char const *method, uint32_t len)
{
  size_t n = strlen(method);
  uint32_pack_big(s, (uint32_t)n);
  memcpy(s + 4, method, n);
  uint32_pack_big(s + 4 + n, len);
  return n + 8;
}

int frame_put(int fd, char const *s, size_t len, unsigned int patience)
{
  int64_t deadline = frame_clock() + (int64_t)patience * 1000;
  while (len) {
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int64_t left = deadline - frame_clock();
    int ready = poll(&p, 1, left < 0 ? 0 : left > INT32_MAX ? INT32_MAX : (int)left);
    ssize_t w;
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return 0;
    if (!ready) return errno = ETIMEDOUT, 0;
    w = write(fd, s, len);
    if (w < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (w < 0) return 0;
    s += w;
    len -= (size_t)w;
  }
  return 1;
}

/* sendfile refuses some descriptors (those opened for appending); then a piece is copied through memory. */
static ssize_t copy_piece(int fd, int from, off_t *at, size_t len)
{
  char s[16384];
  ssize_t w, r = pread(from, s, len < sizeof s ? len : sizeof s, *at);
  if (r <= 0) return r;
  w = write(fd, s, (size_t)r);
  if (w > 0) *at += w;
  return w;
}

int frame_slow(uint64_t octets, int64_t milliseconds, unsigned int patience)
{
  return milliseconds >= (int64_t)patience * 1000 && octets / FRAME_RATE < (uint64_t)milliseconds / 1000;
}

#define TICK_MS 1000 /* of frame_tick */

void frame_pace_start(frame_pace *p, unsigned int patience)
{
  int64_t const now = frame_clock();
  *p = (frame_pace){ .patience = patience, .mark = FRAME_PIECE, .start = now, .deadline = now + (int64_t)patience * 1000, .looked = now };
}

static void forgive(frame_pace *p, int64_t away)
{
  p->start += away;
  p->deadline += away;
}

void frame_pace_forgive(frame_pace *p)
{
  int64_t const now = frame_clock();
  forgive(p, now - p->looked);
  p->looked = now;
}

int frame_pace_kept(frame_pace *p, uint64_t len)
{
  int64_t const now = frame_clock(), still = now - p->looked - TICK_MS;
  if (still > 0) forgive(p, still);
  p->looked = now;
  p->sent += len;
  if (frame_slow(p->sent, now - p->start, p->patience)) return 0;
  if (p->sent < p->mark) return now < p->deadline;
  p->mark = p->sent + FRAME_PIECE;
  p->deadline = now + (int64_t)p->patience * 1000;
  return 1;
}

/* The kernel keeps the pages that a socket has not sent yet. */
static off_t take_out(int from, off_t taken, off_t at)
{
  off_t piece = (at - taken) & ~(off_t)(FRAME_PIECE - 1);
  if (piece && fallocate(from, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, taken, piece) == 0) taken += piece;
  return taken;
}

int frame_put_file(int fd, int from, uint64_t len, unsigned int patience, int punch)
{
  off_t at = 0, taken = 0;
  int whole = 1;
  frame_pace pace;
  frame_pace_start(&pace, patience);
  while ((uint64_t)at < len) {
    off_t const before = at;
    size_t rest = len - (uint64_t)at < (1u << 30) ? (size_t)(len - (uint64_t)at) : 1u << 30;
    ssize_t w = whole ? sendfile(fd, from, &at, rest) : copy_piece(fd, from, &at, rest);
    if (!w) return errno = EIO, 0;
    if (w < 0) switch (errno) {
      case EINTR:
      case EAGAIN: break;
      case EINVAL:
      case ENOSYS:
        if (whole) {
          whole = 0;
          continue;
        }
        return 0;
      default: return 0;
      }
    if (punch) taken = take_out(from, taken, at);
    if ((uint64_t)at < len && !frame_pace_kept(&pace, (uint64_t)(at - before))) return errno = ETIMEDOUT, 0;
  }
  return 1;
}

static void nothing(int sig) { (void)sig; }

int frame_tick(int on)
{
  struct sigaction action = { .sa_handler = nothing }; /* without SA_RESTART */
  struct itimerval every = { { on, 0 }, { on, 0 } };
  sigset_t alarm;
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  if (on && (sigaction(SIGALRM, &action, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &alarm, NULL) < 0)) return 0;
  return setitimer(ITIMER_REAL, &every, NULL) == 0;
}

void frame_end(int in, int out)
{
  char s[FRAME_PIECE];
  int64_t deadline = frame_clock() + FRAME_DRAIN_MS;
  if (shutdown(out, SHUT_WR) < 0) close(out);
  for (size_t dropped = 0; dropped < FRAME_DRAIN_MAX;) {
    struct pollfd p = { .fd = in, .events = POLLIN };
    int64_t left = deadline - frame_clock();
    ssize_t r;
    if (left <= 0 || poll(&p, 1, (int)left) == 0) return;
    r = read(in, s, sizeof s);
    if (!r || (r < 0 && errno != EINTR && errno != EAGAIN)) return;
    if (r > 0) dropped += (size_t)r;
  }
}
