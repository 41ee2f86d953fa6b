/* Which descriptors go on to the next program. */
#include <sys/resource.h>
#include <unistd.h>

#include <skalibs/types.h>

#include <porter/descriptors.h>

#define LIMIT_SURE 65536u /* where the kernel has no close_range, and a limit says nothing */

int descriptors_add(descriptors *d, unsigned int fd)
{
  unsigned int i = d->n;
  if (d->n == DESCRIPTORS_MAX) return 0;
  for (; i && d->fd[i - 1] > fd; i--) d->fd[i] = d->fd[i - 1];
  d->fd[i] = fd;
  d->n++;
  return 1;
}

int descriptors_scan(descriptors *d, char const *s)
{
  for (;;) {
    unsigned int fd;
    size_t n = uint_scan(s, &fd);
    if (!n || (s[n] && s[n] != ',') || fd > INT32_MAX || !descriptors_add(d, fd)) return 0;
    if (!s[n]) return 1;
    s += n + 1;
  }
}

/* first to last, both included. */
static void close_from_to(unsigned int first, unsigned int last)
{
  struct rlimit limit;
  if (first > last || close_range(first, last, 0) == 0) return;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max > LIMIT_SURE) limit.rlim_max = LIMIT_SURE;
  for (unsigned int fd = first; fd <= last && fd < limit.rlim_max; fd++) close((int)fd);
}

void descriptors_close_others(descriptors const *d)
{
  unsigned int from = 3;
  for (unsigned int i = 0; i < d->n; i++) {
    if (d->fd[i] < from) continue;
    close_from_to(from, d->fd[i] - 1);
    from = d->fd[i] + 1;
  }
  close_from_to(from, ~0u);
}
