/* Who wants events, and waking him. */
#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bus_internal.h"

int bus_listen(bus *b, int on)
{
  if (!on) return b->listening = 0, 1;
  bus_check(b, 1);
  if (!bus_join(b)) return 0;
  if (!b->listening && !bus_cursor_to_end(b)) return 0;
  b->listening = 1;
  return 1;
}

/* Under the lock, so that nobody else empties it as well: an edge is reported only while there is something to read. */
void bus_bell_trim(bus *b)
{
  char bytes[4096];
  int left;
  if (ioctl(b->bell, FIONREAD, &left) < 0) return;
  while (left > 1) {
    ssize_t n = read(b->bell, bytes, left - 1 < (int)sizeof bytes ? (size_t)(left - 1) : sizeof bytes);
    if (n <= 0) return;
    left -= (int)n;
  }
}

void bus_wake(bus *b)
{
  for (unsigned int i = 0; i < b->named_count; i++) {
    bus_fifo_wake(b->named[i]);
    close(b->named[i]);
  }
  b->named_count = 0;
  if (b->wake_all) bus_fifo_wake(b->bell);
  b->wake_all = 0;
}

void bus_drain(bus *b)
{
  char bytes[512];
  ssize_t n;
  do n = read(b->fifo, bytes, sizeof bytes);
  while (n == (ssize_t)sizeof bytes || (n < 0 && errno == EINTR));
}
