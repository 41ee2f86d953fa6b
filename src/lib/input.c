/* slurp() of skalibs with a bound: memory grows with what really came. */
#include <errno.h>

#include <skalibs/allreadwrite.h>

#include <porter/input.h>

#define STEP 16384 /* most requests and responses fit: one read, and one for the end */

int input_read(int fd, size_t max, stralloc *input)
{
  size_t from = input->len;
  for (;;) {
    ssize_t r;
    if (!stralloc_readyplus(input, STEP)) return 0;
    r = fd_read(fd, input->s + input->len, input->a - input->len);
    if (r < 0) return 0;
    if (!r) return 1;
    input->len += (size_t)r;
    if (input->len - from > max) return errno = EMSGSIZE, 0;
  }
}
