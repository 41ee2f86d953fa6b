/* What a connection waits for: the same few descriptors again and again, so the kernel is told only of changes. */
#include <errno.h>
#include <unistd.h>

#include <porter/control_watch.h>

int watch_open(control_watch *w)
{
  for (unsigned int i = 0; i < WATCH_COUNT; i++) w->on[i] = (struct watch_slot){ .fd = -1 };
  w->epoll = epoll_create1(EPOLL_CLOEXEC);
  return w->epoll >= 0;
}

void watch_close(control_watch *w) { close(w->epoll); }

void watch_closed(control_watch *w, enum watch_what what) { w->on[what].fd = -1; }

int watch_set(control_watch *w, enum watch_what what, int fd, uint32_t events)
{
  struct watch_slot *slot = w->on + what;
  struct epoll_event event = { .events = events, .data = { .u32 = what } };
  if (fd == slot->fd && (fd < 0 || events == slot->events)) return 1;
  if (slot->fd >= 0 && fd != slot->fd) {
    if (!slot->file) epoll_ctl(w->epoll, EPOLL_CTL_DEL, slot->fd, &event);
    slot->fd = -1;
  }
  if (fd < 0) return 1;
  if (slot->fd < 0) slot->file = 0;
  if (!slot->file && epoll_ctl(w->epoll, slot->fd < 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &event) < 0) {
    if (errno != EPERM) return 0;
    slot->file = 1;
  }
  slot->fd = fd;
  slot->events = events;
  return 1;
}

int watch_wait(control_watch *w, int milliseconds, uint32_t happened[WATCH_COUNT])
{
  struct epoll_event event[WATCH_COUNT];
  int n, files = 0;
  for (unsigned int i = 0; i < WATCH_COUNT; i++) {
    happened[i] = w->on[i].fd >= 0 && w->on[i].file ? w->on[i].events : 0;
    if (happened[i]) milliseconds = 0, files = 1;
  }
  n = epoll_wait(w->epoll, event, WATCH_COUNT, milliseconds);
  if (n < 0 && errno != EINTR) return -1;
  for (int i = 0; i < n; i++) happened[event[i].data.u32] = event[i].events;
  return n != 0 || files;
}
